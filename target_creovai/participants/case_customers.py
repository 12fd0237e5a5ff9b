"""The customers of one case: one key for a person, whichever channel they use."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from target_creovai.model.participants import Participant, Role
from target_creovai.participants.users_and_contacts import contact_from, named_person, valid_email
from target_creovai.salesforce.rows import parent_of, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_creovai.model.rows import Row


class Writer(NamedTuple):
    """What a mail or a portal user's comment shows of its author."""

    address: str | None
    name: str | None


class CaseCustomers:
    """The customer of a case, and the other customers who write in it.

    The contact's Id is the key where there is one, else the address, else the name.
    Addresses and names are compared without case.
    """

    def __init__(self, cases: Sequence[Row], writers: Sequence[Writer]) -> None:
        """Collect the contacts of the cases: the case itself first, then those merged into it.

        Args:
            cases: Their rows.
            writers: All who wrote in, in time order; the first opened the case.
        """
        self._by_address: dict[str, Participant] = {}
        self._by_name: dict[str, Participant] = {}
        self._by_case: dict[str, Participant] = {}
        self._addresses_of = _addresses_by_name(writers)
        # Contacts first: whoever else has a contact's address is that contact.
        for case in sorted(cases, key=lambda case: text_of(case, "ContactId") is None):
            self._add(case, writers[0] if writers and case is cases[0] else None)
        main = cases[0]
        self.primary = self._by_case.get(main["Id"]) or Participant(
            f"customer-{main['Id']}", Role.CUSTOMER, phone=_phone(main)
        )

    def _add(self, case: Row, opener: Writer | None) -> None:
        addresses = contact_addresses(case) + _lower(text_of(case, "SuppliedEmail"))
        name = text_of(parent_of(case, "Contact"), "Name") or text_of(case, "SuppliedName")
        if opener and not addresses:
            addresses, name = _lower(opener.address), name or opener.name
        person = self._person(case, addresses, name)
        if person is None:
            return
        self._by_case[case["Id"]] = person
        for address in addresses:
            self._by_address.setdefault(address, person)
        if name:
            self._by_name.setdefault(_key(name), person)

    def _person(self, case: Row, addresses: list[str], name: str | None) -> Participant | None:
        contact_id = text_of(case, "ContactId")
        if contact_id:
            person = contact_from(case, "Contact", contact_id)
        elif found := self._find(addresses, name):
            return found
        elif key := next(iter(addresses), None) or name:
            person = named_person(key, Role.CUSTOMER, name)
        else:
            return None
        email = person.email or next(filter(None, map(valid_email, addresses)), None)
        return replace(person, email=email, phone=person.phone or _phone(case))

    def _find(self, addresses: Sequence[str], name: str | None) -> Participant | None:
        found = (self._by_address.get(address) for address in addresses)
        return next(filter(None, found), None) or self._by_name.get(_key(name))

    def of_case(self, case: Row) -> Participant:
        """Return the customer whom a case is about."""
        return self._by_case.get(case["Id"]) or self.primary

    def of_writer(self, writer: Writer) -> Participant:
        """Return the customer with this address or this name."""
        address, name = _key(writer.address), _key(writer.name)
        if person := self._find([address], name):
            return person
        if not address and len(others := self._addresses_of.get(name, set())) == 1:
            (address,) = others
        if not address and not name:
            return self.primary
        person = named_person(address or (writer.name or "").strip(), Role.CUSTOMER, writer.name)
        return replace(person, email=valid_email(writer.address or address))


def contact_addresses(case: Row) -> list[str]:
    """Return the addresses of a case's contact, in lower case."""
    return _lower(text_of(parent_of(case, "Contact"), "Email"), text_of(case, "ContactEmail"))


def _addresses_by_name(writers: Sequence[Writer]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for address, name in writers:
        if address and name:
            found.setdefault(_key(name), set()).add(_key(address))
    return found


def _lower(*addresses: str | None) -> list[str]:
    return list(dict.fromkeys(_key(address) for address in addresses if address))


def _key(text: str | None) -> str:
    return (text or "").strip().casefold()


def _phone(case: Row) -> str | None:
    return text_of(case, "ContactPhone") or text_of(case, "SuppliedPhone")
