"""What is kept of runs and deliveries over time: counts, codes and names of staff. Pure.

No customer text: a report may be shown to anyone.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from target_creovai.model.participants import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from target_creovai.kinds import Kind
    from target_creovai.model.conversation import Conversation, Message
    from target_creovai.model.participants import Participant

# More than a year, so that a week can be compared with the same one a year before.
KEPT_DAYS = 400
# Each bucket of lags is so much wider than the one before: what is read from it is right to 5 %.
_GROWTH = math.log(1.1)
# As wide as the columns that hold them.
_CHANNEL_LENGTH, _AGENT_LENGTH = 80, 200
# What has no field for its channel.
CHAT = "Chat"


class Traits(msgspec.Struct, frozen=True):
    """What a history counts a conversation by.

    `agent` is who of them wrote most, empty where none did; `channel` is empty where it is not
    known. `last_change` is the newest SystemModstamp of its rows, None where they have none.
    """

    channel: str = ""
    agent: str = ""
    messages: int = 0
    last_change: datetime | None = None


UNKNOWN = Traits()


class RunFacts(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a run wrote down when it ended.

    By stream: `rows` and `changed_rows`. By kind: `sent`, `updates` (later changes of metadata),
    `held` and `aside` (all that is set aside by now). By kind and code of the reason: `set_aside`
    in this run, and what is `waiting` at its end. `requests` are Creovai's answers by path and
    status, `retries` those that were asked for again. `salesforce_requests` is what the tap says
    of a sync that it finished, None where it says nothing. `counts` are those of `status`.
    """

    counts: dict[str, int] = {}
    stopped: str | None = None
    rows: dict[str, int] = {}
    changed_rows: dict[str, int] = {}
    sent: dict[str, int] = {}
    updates: dict[str, int] = {}
    held: dict[str, int] = {}
    aside: dict[str, int] = {}
    set_aside: dict[str, dict[str, int]] = {}
    waiting: dict[str, dict[str, int]] = {}
    requests: dict[str, dict[int, int]] = {}
    retries: int = 0
    salesforce_requests: int | None = None


class Run(msgspec.Struct, frozen=True):
    """One run. Without `ended_at` it runs still, or it was killed or stopped by a signal."""

    began_at: str
    ended_at: str | None
    exit_code: int | None
    facts: RunFacts


class OfDay(msgspec.Struct, frozen=True):
    """What Creovai took in one day (UTC) of one kind; `updates` are later changes of metadata."""

    day: str
    kind: str
    conversations: int
    messages: int
    updates: int


class OfAgent(msgspec.Struct, frozen=True):
    """What Creovai took of one kind, channel and agent; both may be empty, see `Traits`."""

    kind: str
    channel: str
    agent: str
    conversations: int
    messages: int


class Lag(msgspec.Struct, frozen=True):
    """How many conversations of a kind took how long, in one day (UTC)."""

    day: str
    kind: str
    bucket: int
    conversations: int


def traits_of(conversation: Conversation, kind: Kind, last_change: datetime | None) -> Traits:
    """Return what a history counts a conversation by, as it leaves.

    `last_change` is that of the rows that made it.
    """
    messages = conversation.messages
    channel = channel_of(kind, conversation.metadata, (one.channel for one in messages))
    return Traits(
        channel=_stored(channel, _CHANNEL_LENGTH),
        agent=_stored(_agent(conversation.participants, messages), _AGENT_LENGTH),
        messages=len(messages),
        last_change=last_change,
    )


def _stored(name: str, length: int) -> str:
    """Return a name as any database takes it: PostgreSQL's texts hold no NUL."""
    return name.replace("\0", "")[:length]


def channel_of(kind: Kind, metadata: Mapping[str, Any], channels: Iterable[str | None]) -> str:
    """Return by which way a conversation came; empty where it is not known.

    Args:
        kind: Its kind, which names the field that says so.
        metadata: Its fields.
        channels: Those of its messages, in order of time.
    """
    if kind.channel is None:
        return CHAT
    value = metadata.get(kind.channel)
    return value if value and isinstance(value, str) else next(filter(None, channels), "")


def _agent(participants: Iterable[Participant], messages: Iterable[Message]) -> str:
    """Return the name of the agent who wrote most, of equals the first."""
    role = Role.AGENT
    agents = [who for who in participants if who.role is role]
    if len(agents) <= 1:
        return agents[0].name if agents else ""
    spoken = Counter(id(message.sender) for message in messages)
    return max(agents, key=lambda who: spoken[id(who)]).name


def bucket_of(seconds: float) -> int:
    """Return the bucket that a time belongs to; the first is of a second and less."""
    return round(math.log(seconds) / _GROWTH) if seconds > 1 else 0


def seconds_of(bucket: int) -> float:
    """Return the time that a bucket stands for."""
    return math.exp(bucket * _GROWTH)


def share_of(buckets: Mapping[int, int], percent: int) -> float | None:
    """Return the seconds within which so many percent were sent; None of none."""
    wanted = math.ceil(sum(buckets.values()) * percent / 100)
    for bucket in sorted(buckets):
        wanted -= buckets[bucket]
        if wanted <= 0:
            return seconds_of(bucket)
    return None
