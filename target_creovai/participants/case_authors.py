"""Who wrote each row of a case: an agent, a customer, a bot, or nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.model.participants import Participant, Role
from target_creovai.participants.automatic import (
    AUTOMATED_PROCESS,
    automated_process,
    automatic_mail,
)
from target_creovai.participants.case_customers import CaseCustomers, Writer, contact_addresses
from target_creovai.participants.users_and_contacts import (
    CUSTOMER_USER_TYPES,
    agent_from,
    is_user,
    named_person,
)
from target_creovai.salesforce.rows import parent_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_creovai.model.rows import Row

CUSTOMER_ORIGINS = frozenset({"web", "email"})
# A user that stands for whoever visits a site without logging in: its name is nobody's.
GUEST = "Guest"


class CaseAuthors:
    """The authors of a case's rows and of those of the cases merged into it."""

    def __init__(
        self,
        cases: Sequence[Row],
        mails: Sequence[Row],
        comments: Sequence[Row],
        agent_id: str,
    ) -> None:
        """Collect agents and customers from all rows; the case first, mails in time order."""
        self._agent_id = agent_id
        contacts = {address for case in cases for address in contact_addresses(case)}
        self._staff = _staff([*cases, *mails, *comments], agent_id, contacts)
        writers = [_sender(mail) for mail in mails if self._is_customers(mail)]
        writers += [_user(comment) for comment in comments if _is_portal_users(comment)]
        self._customers = CaseCustomers(cases, writers)

    def of_description(self, case: Row) -> Participant:
        """Return the customer where they wrote it themselves, else who created the case."""
        if not _is_customers_own(case):
            author = agent_from(case, "CreatedBy", self._agent_id)
        elif text_of(case, "ContactId") is None:
            author = self._staff.get(_address(text_of(case, "SuppliedEmail")))
        else:
            author = None
        return author or self._customers.of_case(case)

    def of_mail(self, mail: Row) -> Participant:
        """Return who wrote a mail, which need not be whose address it bears."""
        if author := automatic_mail(mail):
            return author
        address, name = _sender(mail)
        if mail.get("Incoming") is True:
            return self._staff.get(_address(address)) or self._customers.of_writer(_sender(mail))
        # A shared mailbox is many agents' address: the author is who made the row.
        author = agent_from(mail, "CreatedBy", self._agent_id)
        return author or named_person(address or name or "Agent", Role.AGENT, name)

    def of_comment(self, comment: Row) -> Participant:
        """Return the user who made a comment; a guest of the site is the case's customer."""
        if author := automated_process(comment):
            return author
        if parent_of(comment, "CreatedBy").get("UserType") == GUEST:
            return self._customers.primary
        author = None
        if not _is_by_customer(comment):
            author = agent_from(comment, "CreatedBy", self._agent_id)
        return author or self._customers.of_writer(_user(comment))

    def _is_customers(self, mail: Row) -> bool:
        by_staff = _address(text_of(mail, "FromAddress")) in self._staff
        return mail.get("Incoming") is True and not by_staff and automatic_mail(mail) is None


def _staff(rows: Iterable[Row], agent_id: str, contacts: set[str]) -> dict[str, Participant]:
    """Return the agents among owners and creators by address, except the case's own contact."""
    found: dict[str, Participant] = {}
    for row in rows:
        for relationship in ("Owner", "CreatedBy"):
            address = _address(text_of(parent_of(row, relationship), "Email"))
            if address and address not in contacts and _is_staff(row, relationship):
                agent = agent_from(row, relationship, agent_id)
                if agent:
                    found.setdefault(address, agent)
    return found


def _is_staff(row: Row, relationship: str) -> bool:
    if relationship == "Owner":
        return is_user(row, relationship)
    user_type = parent_of(row, relationship).get("UserType")
    return user_type not in CUSTOMER_USER_TYPES | {AUTOMATED_PROCESS}


def _is_customers_own(case: Row) -> bool:
    origin = text_of(case, "Origin") or ""
    letters = "".join(filter(str.isalpha, origin)).casefold()
    return letters in CUSTOMER_ORIGINS or _is_by_customer(case)


def _is_by_customer(row: Row) -> bool:
    return parent_of(row, "CreatedBy").get("UserType") in CUSTOMER_USER_TYPES


def _is_portal_users(comment: Row) -> bool:
    user_type = parent_of(comment, "CreatedBy").get("UserType")
    return user_type in CUSTOMER_USER_TYPES - {GUEST}


def _sender(mail: Row) -> Writer:
    return Writer(text_of(mail, "FromAddress"), text_of(mail, "FromName"))


def _user(comment: Row) -> Writer:
    user = parent_of(comment, "CreatedBy")
    return Writer(text_of(user, "Email"), text_of(user, "Name"))


def _address(text: str | None) -> str:
    return (text or "").strip().casefold()
