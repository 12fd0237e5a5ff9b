"""What travels through the target: rows become conversations.

Values only. Every point in time is an aware `datetime` in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from target_creovai.model.outcomes import Code, Reason

if TYPE_CHECKING:
    from datetime import datetime

Row = dict[str, Any]
"""One Salesforce row as the tap emitted it: field name to JSON value, parents nested."""


PERSON = "person"  # the kind of rows that are of no conversation
# What is kept of a person: the fields that a row has of its parent.
PEOPLE: Mapping[str, frozenset[str]] = {
    "User": frozenset({"FirstName", "LastName", "Name", "Email", "Username", "UserType"}),
    "Contact": frozenset({"FirstName", "LastName", "Name", "Email", "Phone"}),
}


# Where a stored row names fields that were not read with it: others have not understood them, or
# their values are those of an earlier version.
UNREAD = ":unread"


# An auto-number of Salesforce has 30 characters at most.
LONGEST_NUMBER = 40


class DroppedRow(dict[str, Any]):
    """What `retention_days` has left of a row: its Id and its SystemModstamp."""


class Role(StrEnum):
    """Who speaks, in our words; `participant_types` gives Creovai's names."""

    AGENT = "agent"
    CUSTOMER = "customer"
    BOT = "bot"
    SYSTEM = "system"
    UNKNOWN = "unknown"


class Interface(StrEnum):
    """Which of Creovai's interfaces takes a conversation: what it looks like there."""

    CHAT = "chat"
    CASE = "case"

    @property
    def sent_once(self) -> bool:
        """Whether it is unknown what a second post does; that of a case is an update."""
        return self is Interface.CHAT


class OpenInput(StrEnum):
    """An input whose rows may be half of what is to come."""

    RUNNING = "another input is being read"
    BROKEN = "the tap did not finish"


class Finding(StrEnum):
    """What assembling noticed; `summary` counts it and says it in words."""

    STRIPPED = "stripped"
    KEPT_WHOLE = "kept whole"
    REPEATED = "repeated"
    AUTOMATIC = "automatic"
    UNPLACED = "unplaced"
    CUT_OFF = "cut off"
    OPERATOR_COUNT = "OperatorMessageCount"
    VISITOR_COUNT = "VisitorMessageCount"
    DURATION = "ChatDuration"
    AGENT_COUNT = "AgentMessageCount"
    END_USER_COUNT = "EndUserMessageCount"
    UNSUPPORTED = "unsupported"
    UNDELIVERED = "undelivered"
    NOBODYS = "nobody's"
    BARE = "bare"
    OTHER_CHATS = "other chats"


Findings = Mapping[Finding, int]
"""How often, or of how many characters; what was not found is absent."""


class Participant(msgspec.Struct, frozen=True):
    """Someone who took part. `reference_id` and `role` together are the key."""

    reference_id: str
    role: Role
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None

    @property
    def name(self) -> str:
        """First and last name as far as they are known, else the key."""
        return " ".join(filter(None, (self.first_name, self.last_name))) or self.reference_id


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
    """One thing that was said, in plain text. `channel` is given in cases only.

    `removed` says nothing without `Rules.keep_removed`.
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


class Speaker(NamedTuple):
    """A name that a transcript prints, whose it is, and what tells so."""

    name: str
    role: Role
    evidence: str


class Conversation(msgspec.Struct, frozen=True):
    """A conversation, complete, before it takes Creovai's shape.

    `messages` are in time order and every sender is one of `participants`;
    `modified` is the main row's SystemModstamp. `proven` is false where only what was
    read of its streams can tell that no row is missing. `lessons` is what it
    tells of names in other conversations; `doubt` is why it must not go as it is. `left_out` is
    empty without `Rules.keep_removed`.
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
    lessons: Mapping[str, Role] = msgspec.field(default_factory=dict)
    doubt: Unfit | None = None
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not a conversation yet. `until` is when time alone may change that.

    `for_main_row`: the row that is the conversation itself is not there.
    """

    reason: Reason
    until: datetime | None = None
    for_main_row: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Nothing to deliver here, unless the rows change; `proven` as a conversation is."""

    reason: Reason
    findings: Findings = field(default_factory=dict)
    proven: bool = field(default=True, compare=False)


class Deleted(msgspec.Struct, frozen=True):
    """Its record is in Salesforce's recycle bin: never sent, and taken back if it was."""

    reason: Reason = Reason(Code.DELETED)


@dataclass(frozen=True, slots=True)
class Unfit:
    """Rows that make no payload that could be sent.

    `reason` holds no customer text. `detail`, which may, goes into the ledger only.
    """

    reason: Reason
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSpeakers(Unfit):
    """A chat that leaves open who speaks; other chats may tell."""

    speakers: tuple[Speaker, ...]


# Sent from what is left, it would be incomplete. The command names Ids, and belongs to a report.
NEEDS_ROWS = Unfit(Reason(Code.NEEDS_ROWS))

Assembly = Conversation | Waiting | Skipped | Deleted | Unfit


# So much of a fingerprint of rules is of those that shape what Creovai gets.
SHAPE_LENGTH = 32
# And so much, behind that, of what decides whether a conversation is open.
OPENING_LENGTH = 8


class Rules(msgspec.Struct, frozen=True):
    """The settings that decide how rows become conversations."""

    case_delivery: str = "closed"
    settle_minutes: int = 0
    include_internal_comments: bool = False
    strip_quoted_replies: bool = True
    strip_signatures: bool = False
    participant_types: Mapping[str, str | None] = msgspec.field(
        default_factory=lambda: {"agent": "Agent", "customer": "Customer", "bot": "Bot"}
    )
    speaker_roles: tuple[tuple[str, Role], ...] = ()
    agent_id: str = "Email"
    session_id_prefix: str = ""
    metadata_exclude: frozenset[str] = frozenset()
    accept_missing: tuple[str, ...] = ()
    max_payload_bytes: int | None = None
    redact: tuple[tuple[str, str], ...] = ()
    redact_region: str | None = None
    other_chats: Mapping[str, Role] = msgspec.field(default_factory=dict)
    """No setting: what other chats have settled, where one leaves open who speaks."""
    keep_removed: bool = False
    """No setting: whether conversations also tell what is not sent of them, for `preview`."""

    def leaves_out(self, role: Role) -> bool:
        """Tell whether messages of this role are not to be sent."""
        return self.participant_types.get(role) is None


class Policy(msgspec.Struct, frozen=True):
    """The settings that decide how delivery goes."""

    workers: int = 4
    case_updates: str = "resend"
    on_delete: str = "ignore"
    max_deletes: int = 100
    max_failures: int | None = None
    doubt_minutes: int = 15


def number_of(value: object) -> str | None:
    """Return a CaseNumber as it is looked for, without leading zeros; None if it is none.

    What cannot be printed is none: databases refuse NUL and halves of surrogate pairs.
    """
    bare = str(value or "").strip().lstrip("0")
    return bare if 0 < len(bare) <= LONGEST_NUMBER and bare.isprintable() else None


def whole_name(pattern: str) -> re.Pattern[str]:
    """Return what a pattern of `speaker_roles` means: the whole name, in any case.

    Raises:
        re.error: It is no pattern, or one with flags in front (`(?i)`).
    """
    return re.compile(rf"\A(?:{pattern})\Z", re.IGNORECASE)
