"""The customers of one case: a person has one key, whichever channel they use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from target_creovai.kinds.people import contact_from, named_person, valid_email
from target_creovai.model import Participant, Role
from target_creovai.rows import parent_of, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_creovai.model import Row


@dataclass(frozen=True, slots=True)
class Customers:
    """Who the customer of a case is, and who else writes in.

    `primary` is the case's contact, else whoever opened the case; `addresses`
    (lower case) and `names` are theirs.
    """

    primary: Participant
    addresses: frozenset[str]
    names: frozenset[str]

    @classmethod
    def of(cls, case: Row, mails: Sequence[Row]) -> Customers:
        """Tell the customer of a case from its row and its mails in time order.

        The contact's Id is the key where there is one, else the address, else the
        name; a case that names nobody has a key of its own.
        """
        addresses, name = _addresses(case), _name(case)
        opener = next((mail for mail in mails if mail.get("Incoming") is True), None)
        if opener and not addresses:
            addresses = _lower(text_of(opener, "FromAddress"))
            name = name or text_of(opener, "FromName")
        if contact_id := text_of(case, "ContactId"):
            primary = contact_from(case, "Contact", contact_id)
        else:
            key = next(iter(addresses), None) or name or f"customer-{case['Id']}"
            primary = named_person(key, Role.CUSTOMER, name)
        return cls(
            primary=replace(
                primary,
                email=primary.email or next(map(valid_email, addresses), None),
                phone=primary.phone
                or text_of(case, "ContactPhone")
                or text_of(case, "SuppliedPhone"),
            ),
            addresses=frozenset(addresses),
            names=frozenset({name.casefold()} if name else ()),
        )

    def find(self, address: str | None, name: str | None) -> Participant:
        """Return the customer with this address, compared without case, or this name."""
        known = (address or "").strip().casefold()
        if known in self.addresses or (name or "").casefold() in self.names:
            return self.primary
        if not known and not name:
            return self.primary
        person = named_person(known or name or "", Role.CUSTOMER, name)
        return replace(person, email=valid_email(address))


def _addresses(case: Row) -> list[str]:
    contact = parent_of(case, "Contact")
    return _lower(
        text_of(contact, "Email"), text_of(case, "ContactEmail"), text_of(case, "SuppliedEmail")
    )


def _lower(*addresses: str | None) -> list[str]:
    return list(dict.fromkeys(a.strip().casefold() for a in addresses if a))


def _name(case: Row) -> str | None:
    return text_of(parent_of(case, "Contact"), "Name") or text_of(case, "SuppliedName")
