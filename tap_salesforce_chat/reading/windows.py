"""Cut a query into windows of time. Pure: values in, values out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from tap_salesforce_chat.reading.tasks import BUFFER_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_salesforce_chat.soql import Query

# No row is older than Salesforce.
_FIRST_DAY = datetime(1999, 1, 1, tzinfo=UTC)
# A window whose query times out is halved down to this, and from there on read by Id.
_SHORTEST = timedelta(minutes=1)
# A window of more pages is cut: where rows and count differ, little has to be read again.
MAX_PAGES = 10
# Time cuts rows unevenly: a window that is to fit one page gets somewhat less.
_SLACK = 1.1


@dataclass(frozen=True, slots=True)
class Window:
    """A window to read: oldest change first, or by Id where Salesforce cannot sort it in time.

    Args:
        query: The window.
        by_id: Whether it is read by Id.
        clock: Salesforce's time when it began to run the query that the window is a part of; None
            for the whole query.
    """

    query: Query
    by_id: bool = False
    clock: datetime | None = None


def cut(query: Query, low: datetime, high: datetime, parts: int) -> list[Query]:
    """Cut a query into up to as many windows, at whole seconds evenly between two instants."""
    seconds = int((high - low).total_seconds())
    offsets = {seconds * number // parts for number in range(1, parts)} - {0}
    cuts = [low.replace(microsecond=0) + timedelta(seconds=offset) for offset in sorted(offsets)]
    return cut_at(query, cuts)


def cut_at(query: Query, cuts: Iterable[datetime]) -> list[Query]:
    """Cut a query at instants within its window, given in order."""
    bounds = [query.since, *cuts, query.until]
    windows = [replace(query, since=low, until=high) for low, high in pairwise(bounds)]
    return [windows[0], *(replace(window, after=None) for window in windows[1:])]


def after_timeout(query: Query, low: datetime | None, clock: datetime) -> list[Window]:
    """Return smaller windows for the part of a query that is not read yet.

    Args:
        query: The query that timed out.
        low: The instant to go on from; None: the beginning.
        clock: Salesforce's time. Later changes get a window of their own.
    """
    rest = replace(query, since=low, after=None)
    start, end = low or _FIRST_DAY, rest.until
    if end and end <= clock:
        return _halved(rest, start, end)
    if clock <= start:
        return [Window(rest, by_id=True)]
    older, newer = cut_at(rest, [clock])
    return [*_halved(older, start, clock), Window(newer)]


def _halved(query: Query, low: datetime, high: datetime) -> list[Window]:
    if high - low <= _SHORTEST:
        return [Window(query, by_id=True)]
    return [Window(half) for half in cut(query, low, high, 2)]


def window_count(pages_left: float, size: int, workers: int, *, is_part: bool) -> int:
    """Return into how many windows to cut what a query has left behind its first page.

    One more page stays one window. More are shared among the workers, in windows so small that
    those in flight fit into the buffer together; larger ones would wait for each other.

    Args:
        pages_left: The number of pages that follow the first one.
        size: Bytes of a page.
        workers: How many windows may be in flight.
        is_part: Whether the query is a window already: it is cut only if it is far too large.
    """
    if pages_left <= (2 * MAX_PAGES if is_part else 1):
        return 1
    if workers == 1:
        return ceil(pages_left / MAX_PAGES)
    fitting = BUFFER_BYTES / (workers * max(size, 1))
    by_size = ceil(pages_left / min(max(fitting, 1), MAX_PAGES))
    parts = max(by_size, min(workers, ceil(pages_left)))
    return parts if parts < pages_left else ceil(pages_left * _SLACK)
