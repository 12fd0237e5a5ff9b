"""Sets of moments: in what time all rows of a stream were read.

A moment is a text in the one form in which the store keeps SystemModstamp, so that text order
is time order. The empty text is before all of them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from target_creovai.salesforce.rows import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BEGINNING = ""

_IN_SECONDS = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\dZ", re.ASCII).fullmatch


class Interval(NamedTuple):
    """All moments from `begin` on and before `end`."""

    begin: str
    end: str


def moment_of(value: Any) -> str | None:
    """Return a date-time of any form as a moment; None where there is none to read."""
    parsed = parse_time(value)
    if parsed is None:
        return None
    # Most are of this form, and `datetime` takes four times as long to write it.
    return f"{value[:19]}.000000Z" if _IN_SECONDS(value) else text_of_moment(parsed)


def text_of_moment(moment: datetime) -> str:
    """Return an aware date-time as a moment."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Return the same moments in as few intervals as there can be, in order."""
    merged: list[Interval] = []
    for begin, end in sorted(intervals):
        if merged and begin <= merged[-1].end:
            merged[-1] = Interval(merged[-1].begin, max(merged[-1].end, end))
        elif begin < end:
            merged.append(Interval(begin, end))
    return tuple(merged)


def around(intervals: Iterable[Interval], moment: str) -> Interval | None:
    """Return the interval that a moment is in."""
    return next((one for one in intervals if one.begin <= moment < one.end), None)


def up_to(intervals: Iterable[Interval], moment: str) -> Interval | None:
    """Return the interval in which all was read up to a moment, if not the moment itself."""
    return next((one for one in intervals if one.begin <= moment <= one.end), None)


def end_before(intervals: Sequence[Interval], moment: str) -> str | None:
    """Return where the last interval ends that does so before a moment."""
    return max((one.end for one in intervals if one.end <= moment), default=None)


def moment_after(moment: str) -> str:
    """Return the least moment after one, so that all up to it is before the end."""
    parsed = parse_time(moment)
    start = datetime.min.replace(tzinfo=UTC) if parsed is None else parsed
    return text_of_moment(start + timedelta(microseconds=1))
