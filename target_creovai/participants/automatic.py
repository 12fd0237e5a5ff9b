"""The bot or system that wrote a mail or comment: auto-replies, and Salesforce's automation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from target_creovai.model.participants import Participant, Role
from target_creovai.participants.users_and_contacts import named_person
from target_creovai.salesforce.rows import parent_of, text_of

if TYPE_CHECKING:
    from target_creovai.model.rows import Row

AUTOMATED_PROCESS = "AutomatedProcess"

# RFC 3834, and what was common before it. `X-Auto-Response-Suppress` is none of them: it asks
# others not to answer automatically, and stands in ordinary mails.
_AUTOMATIC = re.compile(
    r"^(?:(?:auto-submitted|x-autoreply):\s*+(?!no\b)\S|precedence:\s*+auto_reply\b)",
    re.IGNORECASE | re.MULTILINE,
)


def automatic_mail(mail: Row) -> Participant | None:
    """Return the bot or system that sent a mail, None if a person did.

    What the Automated Process user received was written by its sender: only what it
    sent is its own.
    """
    address = (text_of(mail, "FromAddress") or "").strip().casefold()
    if mail.get("AutomationType") == "AiAutomated":
        return Participant(address or "AiAutomated", Role.BOT)
    if mail.get("Incoming") is not True and (author := automated_process(mail)):
        return author
    if _AUTOMATIC.search(text_of(mail, "Headers") or ""):
        return named_person(address or "System", Role.SYSTEM, text_of(mail, "FromName"))
    return None


def automated_process(row: Row) -> Participant | None:
    """Return the Automated Process user if it made this row."""
    user = parent_of(row, "CreatedBy")
    if user.get("UserType") != AUTOMATED_PROCESS:
        return None
    name = text_of(user, "Name") or "Automated Process"
    return named_person(name, Role.SYSTEM, name)
