"""The times of a conversation: `settle_minutes`, start and end, and distinct times for turns."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby, zip_longest
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.verdicts import Waiting
from target_creovai.salesforce.rows import latest_change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from target_creovai.model.conversation import Message
    from target_creovai.model.rows import Row
    from target_creovai.model.settings import AssemblySettings


_MILLISECOND = timedelta(milliseconds=1)
_MICROSECOND = timedelta(microseconds=1)
_TURNS_A_SECOND = 890


def settling(rows: Iterable[Row], settings: AssemblySettings, now: datetime) -> Waiting | None:
    """Return until when a conversation of these rows waits for `settle_minutes`, if it does."""
    changed = latest_change(rows)
    if not settings.settle_minutes or changed is None:
        return None
    until = changed + timedelta(minutes=settings.settle_minutes)
    return Waiting(Reason(Code.UNSETTLED), until=until) if now < until else None


def in_turns(messages: Iterable[Message]) -> Iterator[Message]:
    """Yield messages, which are in time order, so that sorting by time keeps their order.

    The order of turns is the only order where several people write at the same time, and
    Creovai takes a chat's messages by participant. So each turn of such a time gets a fraction of
    its own. All have the same number of digits, or text would sort otherwise than time.
    """
    moments = [[*tied] for _, tied in groupby(messages, key=attrgetter("at"))]
    for tied, end in zip_longest(moments, [later[0].at for later in moments[1:]]):
        turns = [[*turn] for _, turn in groupby(tied, key=attrgetter("sender"))]
        if len(turns) == 1:
            yield from tied
            continue
        at = tied[0].at
        step = _step(at, len(turns), end)
        for number, turn in enumerate(turns, start=1):
            later = at + step * _without_last_zero(number)
            yield from (replace(message, at=later) for message in turn)


def _step(at: datetime, turns: int, end: datetime | None) -> timedelta:
    """Return what is between two turns: less where they would reach the next message's time."""
    last = at + _MILLISECOND * _without_last_zero(turns)
    is_wide = turns <= _TURNS_A_SECOND and (end is None or last < end)
    return _MILLISECOND if is_wide and not at.microsecond else _MICROSECOND


def _without_last_zero(number: int) -> int:
    """Return the number-th of 1 to 9, 11 to 19, and so on: the zero at the end is not printed."""
    return number + (number - 1) // 9


def window(
    messages: Sequence[Message], start: datetime | None, end: datetime | None
) -> tuple[datetime, datetime]:
    """Return a chat's start and end as its record has them, widened to take every message in."""
    times = [message.at for message in messages]
    first = min([start, *times] if start else times)
    return first, max([end, first, *times] if end else [first, *times])
