"""Participants as rows describe them: users, contacts, leads, and who has only a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from target_creovai.model.participants import Participant, Role
from target_creovai.salesforce.rows import parent_of, text_of

if TYPE_CHECKING:
    from target_creovai.model.rows import Row

# User types that see a case from outside (Salesforce object reference, User.UserType).
CUSTOMER_USER_TYPES = frozenset(
    {"CspLitePortal", "CustomerSuccess", "PowerCustomerSuccess", "PowerPartner", "Guest"}
)

# What `agent_id` falls back on where a row does not hold the wanted field.
_AGENT_KEYS = {
    "Email": ("Email", "Username"),
    "Username": ("Username", "Email"),
    "Id": (),
}


def agent_from(row: Row, relationship: str, agent_id: str) -> Participant | None:
    """Return the agent that a row's `CreatedBy` or `Owner` names; None if it names nobody.

    The key is the field that `agent_id` names, else what the row has, else the
    user's Id, which every Salesforce row holds.
    """
    user = parent_of(row, relationship)
    keys = [text_of(user, field) for field in _AGENT_KEYS[agent_id]]
    key = next((key for key in [*keys, text_of(row, f"{relationship}Id")] if key), None)
    return _person(key, Role.AGENT, user) if key else None


def contact_from(row: Row, relationship: str, key: str) -> Participant:
    """Return the customer that a row's `Contact` or `Lead` describes."""
    return _person(key, Role.CUSTOMER, parent_of(row, relationship))


def named_person(key: str, role: Role, name: str | None) -> Participant:
    """Return someone of whom only a name is known."""
    first, _, last = (name or "").strip().partition(" ")
    return Participant(key, role, first_name=first or None, last_name=last.strip() or None)


def is_user(row: Row, relationship: str) -> bool:
    """Tell whether an owner is a person rather than a queue (key prefix 005: User)."""
    kind = text_of(parent_of(row, relationship), "Type")
    return kind == "User" if kind else str(row.get(f"{relationship}Id") or "").startswith("005")


def valid_email(address: str | None) -> str | None:
    """Return an address that Creovai takes (one @, not first, not last), else None."""
    address = (address or "").strip()
    local, at, host = address.partition("@")
    fine = local and at and host and "@" not in host and not set(address) & set("\r\n")
    return address if fine else None


def _person(key: str, role: Role, fields: Row) -> Participant:
    known = Participant(
        key,
        role,
        first_name=text_of(fields, "FirstName"),
        last_name=text_of(fields, "LastName"),
        email=valid_email(text_of(fields, "Email")),
        phone=text_of(fields, "Phone"),
    )
    if known.first_name or known.last_name:
        return known
    named = named_person(key, role, text_of(fields, "Name"))
    return replace(known, first_name=named.first_name, last_name=named.last_name)
