"""A conversation, before it takes Creovai's shape.

Values only. Every point in time is an aware `datetime` in UTC.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from target_creovai.model.verdicts import Deleted, SetAside, Skipped, Waiting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from target_creovai.model.findings import Findings
    from target_creovai.model.participants import Participant, Role, Speaker


class Interface(StrEnum):
    """Which of Creovai's interfaces takes a conversation: what it looks like there."""

    CHAT = "chat"
    CASE = "case"

    @property
    def sent_once(self) -> bool:
        """Whether it is unknown what a second post does; that of a case is an update."""
        return self is Interface.CHAT


class Replacement(NamedTuple):
    """A place in a redacted text, by the setting that names it, and what stood there."""

    start: int
    end: int
    rule: str
    original: str


class Removed(NamedTuple):
    """What is not sent of a message.

    `whole` is its text before quotes and `signature` were taken out, None where nothing was;
    `replaced` is what was redacted.
    """

    whole: str | None = None
    signature: tuple[str, ...] = ()
    replaced: tuple[Replacement, ...] = ()


NOTHING_REMOVED = Removed()


class Message(msgspec.Struct, frozen=True):
    """A message, in plain text. `channel` is given in cases only.

    `removed` is empty without `AssemblySettings.keep_removed`.
    """

    at: datetime
    sender: Participant
    text: str
    channel: str | None = None
    removed: Removed = NOTHING_REMOVED


class Why(StrEnum):
    """Why a message is not part of the conversation that is sent."""

    INTERNAL = "internal"
    ROLE = "role"
    REPEATED = "repeated"
    REDACTED = "redacted"


class LeftOut(msgspec.Struct, frozen=True):
    """A message that is not sent, though its row is there. `name` is its author's, if known."""

    at: datetime
    why: Why
    text: str
    name: str | None = None
    channel: str | None = None


class Conversation(msgspec.Struct, frozen=True):
    """A conversation, complete, before it takes Creovai's shape.

    `messages` are in time order and every sender is one of `participants`;
    `modified` is the main row's SystemModstamp. `proven` is false where only what was
    read of its streams can show that no row is missing. `roles_by_name` are the roles of names for
    use in other conversations; `doubt` is why it must not be sent as it is. `left_out` is empty
    without `AssemblySettings.keep_removed`.
    """

    interface: Interface
    session_id: str
    start: datetime
    end: datetime
    participants: tuple[Participant, ...]
    messages: tuple[Message, ...]
    metadata: Mapping[str, Any]
    modified: datetime
    case_reference_id: str | None = None
    master_id: str | None = None
    collection_id: str | None = None
    proven: bool = True
    findings: Findings = msgspec.field(default_factory=dict)
    speakers: tuple[Speaker, ...] = ()
    roles_by_name: Mapping[str, Role] = msgspec.field(default_factory=dict)
    doubt: SetAside | None = None
    left_out: tuple[LeftOut, ...] = ()


Assembly = Conversation | Waiting | Skipped | Deleted | SetAside
