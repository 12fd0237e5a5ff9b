"""The evidence for the roles of a chat's speakers, and the decisions made from it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from target_creovai.model.participants import Role
from target_creovai.parsers.transcript.speakers.names import name_key

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping


class Evidence(StrEnum):
    """What may decide who somebody is; `decide` has their order."""

    RULE = "speaker_roles"
    PRINTED_ROLE = "the part printed beside the name"
    NAME = "a name in the record, a header, a notice or a transfer"
    LABEL = "a label such as Visitor"
    SHORT_NAME = "a first or shortened name"
    ONE_VISITOR = "a chat has one visitor"
    COUNTS = "the message counts on the record"
    OTHER_CHATS = "other chats"
    NOTHING = "nothing tells"


class PrintedName(NamedTuple):
    """A name as printed, with the role printed beside it, if any ("Ann (Customer)")."""

    name: str
    printed_role: str | None = None


class SpeakerKey(NamedTuple):
    """The same for all printings of a name: the keys of name and printed role."""

    name: str
    printed_role: str = ""


def speaker_key(printed: PrintedName) -> SpeakerKey:
    """Return the key of the speaker whose name was printed so."""
    return SpeakerKey(
        name_key(printed.name), name_key(printed.printed_role) if printed.printed_role else ""
    )


class KnownNames(msgspec.Struct, frozen=True):
    """Names that the record's other fields, the settings and other chats supply.

    Attributes:
        agents: Full names; the short forms that chats print ("Ann B", "Ann B.") are derived.
        customers: Names of the visitor, contact or lead, as printed.
        bots: Names that bots sign with, as printed.
        patterns: Those of the setting `speaker_roles`, the strongest evidence: the first that
            matches a name decides.
        other_chats: Roles that other chats have decided, by key; the weakest evidence.
    """

    agents: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()
    bots: frozenset[str] = frozenset()
    patterns: tuple[tuple[re.Pattern[str], Role], ...] = ()
    other_chats: Mapping[str, Role] = msgspec.field(default_factory=dict)


class MessageCounts(NamedTuple):
    """OperatorMessageCount and VisitorMessageCount; None where the record has none."""

    operator: int | None = None
    visitor: int | None = None


class Transfer(msgspec.Struct, frozen=True):
    """`Chat Transferred From A To B`; `by_bot` when a notice just before it names the bot."""

    giver: str
    taker: str
    by_bot: bool


class SegmentFacts(msgspec.Struct):
    """What the lines of one segment state about its speakers."""

    agent: str | None = None
    transfers: list[Transfer] = msgspec.field(default_factory=list)
    message_counts: dict[PrintedName, int] = msgspec.field(default_factory=dict)
    """How many messages each printed name has, in order of appearance."""
    agents: list[str] = msgspec.field(default_factory=list)
    """Agents whom notices name."""
    bots: list[str] = msgspec.field(default_factory=list)
    """Bots whom notices name."""
    has_bot: bool = False
    """Whether a notice names the bot, whatever it did."""
    left_by_bot: bool = False
    """Whether a notice says that the bot hands the chat over."""
    left_to_bot: bool = False
    """Whether a notice says that a bot takes the chat over."""


class Decision(NamedTuple):
    """A speaker's role, and what decided; a role of None is an agent's or a bot's."""

    role: Role | None
    evidence: Evidence


UNDECIDED = Decision(Role.UNKNOWN, Evidence.NOTHING)


class SpeakerRoles(msgspec.Struct, frozen=True):
    """Who is who in a chat.

    Attributes:
        decisions: One for each speaker; no role in it is None.
        only_swapped_fits: Whether the record's counts contradict it, and would not if the
            customer's messages were somebody else's.
    """

    decisions: Mapping[SpeakerKey, Decision] = msgspec.field(default_factory=dict)
    only_swapped_fits: bool = False
