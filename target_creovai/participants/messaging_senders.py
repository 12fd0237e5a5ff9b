"""Who sent the entries of a messaging session."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from target_creovai.model.participants import Participant, Role
from target_creovai.parsers.messaging import display_names
from target_creovai.participants.users_and_contacts import (
    agent_from,
    contact_from,
    is_user,
    named_person,
)
from target_creovai.salesforce.ids import LONG, SHORT
from target_creovai.salesforce.rows import parent_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_creovai.model.rows import Row
    from target_creovai.model.settings import AssemblySettings

# Messaging users of phone channels are called by their number.
_PHONE = re.compile(r"\+?[\d ()./-]{6,}")


class MessagingSenders:
    """The people and bots of one session."""

    def __init__(self, session: Row, joined: Iterable[Row], settings: AssemblySettings) -> None:
        """Collect them from the session and from the entries of type `ParticipantChanged`."""
        owner = agent_from(session, "Owner", settings.agent_id)
        self._owner = owner if is_user(session, "Owner") else None
        self._owner_id = _short(text_of(session, "OwnerId"))
        self._customer = _customer(session)
        names = display_names(entry.get("Payload") for entry in joined)
        self._names = {_short(subject): name for subject, name in names.items()}

    def of(self, entry: Row, role: Role) -> Participant:
        """Return the participant who sent an entry in this role."""
        if role is Role.CUSTOMER:
            return self._customer
        sender = text_of(entry, "SenderId")
        name = self._names.get(_short(sender)) or text_of(entry, "SenderName")
        if role is not Role.AGENT:
            # Ids of bots change with every version of a bot.
            return Participant(name or role.capitalize(), role)
        if self._owner and sender and _short(sender) == self._owner_id:
            return self._owner
        return named_person(sender or name or "Agent", Role.AGENT, name)


def _short(identifier: str | None) -> str:
    identifier = identifier or ""
    return identifier[:SHORT] if len(identifier) == LONG else identifier


def _customer(session: Row) -> Participant:
    contact = text_of(session, "EndUserContactId")
    if contact and parent_of(session, "EndUserContact"):
        return contact_from(session, "EndUserContact", contact)
    others = (text_of(session, field) for field in ("LeadId", "MessagingEndUserId"))
    key = contact or next(filter(None, others), f"visitor-{session['Id']}")
    name = text_of(parent_of(session, "MessagingEndUser"), "Name")
    if name and _PHONE.fullmatch(name.strip()):
        return Participant(key, Role.CUSTOMER, phone=name.strip())
    return named_person(key, Role.CUSTOMER, name)
