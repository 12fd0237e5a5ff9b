"""How a query is cut into windows of time. Pure: values in, values out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from tap_salesforce_chat.timestamps import format_instant, is_later

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_salesforce_chat.reading.prefetch import Enqueue
    from tap_salesforce_chat.reading.rows import Row
    from tap_salesforce_chat.reading.verification import WindowGroup
    from tap_salesforce_chat.soql import Query

# No row is older than Salesforce.
_FIRST_DAY = datetime(1999, 1, 1, tzinfo=UTC)
# A window that runs for too long is halved down to this, and from there on read by Id.
SHORTEST = timedelta(minutes=1)
# Bytes that rows which wait may take, with those that are on their way. Measured with pages of
# 20 MB: with half of it, answers that take 150 ms cost half as much time again.
BUFFER_BYTES = 110_000_000
# A window of more pages is cut: where rows and count differ, there is little to read again.
MAX_PAGES = 10
# Time cuts rows unevenly: a window that is to fit one page gets somewhat less.
_SLACK = 1.1


@dataclass(frozen=True, slots=True)
class Window:
    """A window to read: oldest change first, or by Id where that is too much for Salesforce.

    A part of a query knows what Salesforce's clock said when it began to read the query. A member
    of a group is compared with Salesforce's count together with it. A proof is what is to be done
    about windows that are being read, or were.
    """

    query: Query
    by_id: bool = False
    clock: datetime | None = None
    group: WindowGroup | None = None
    proof: Callable[[Enqueue], Iterator[Batch]] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows on their way out, and how far they may move the bookmark.

    No further than `until`, the end of the window, and than `clock`, Salesforce's when it began to
    read the query: what is committed late while it is read, into windows that were read before,
    has to be in reach of the next run's lookback. And not before all rows are out, where they come
    in no order.
    """

    rows: list[Row] = field(repr=False)
    clock: str | None
    until: str | None
    in_order: bool
    size: int = 0  # bytes that the rows take
    at_end: bool = False  # no rows follow in this window, so far as it is known
    locator: str | None = None  # where a Bulk job goes on behind these rows
    newest: str | None = None  # change among the rows of the job that an earlier run has emitted
    lacking: Query | None = None  # a window that went before, and lacks rows


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
    """Return smaller windows for what a query still has to read from an instant on.

    Args:
        query: What Salesforce did not manage to find in time.
        low: Where to go on; None: at the beginning.
        clock: Salesforce's; what changes later is a window of its own.
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
    if high - low <= SHORTEST:
        return [Window(query, by_id=True)]
    return [Window(half) for half in cut(query, low, high, 2)]


def parts_for(pages_left: float, size: int, workers: int, *, nested: bool) -> int:
    """Return how many windows to make of a query that has pages left behind its first one.

    A query of one more page stays one. More are shared among the workers: in windows so small that
    those in flight fit into memory together, or else they would wait for each other. Only a window
    that has become far too large is cut again.
    """
    if pages_left <= (2 * MAX_PAGES if nested else 1):
        return 1
    if workers == 1:
        return ceil(pages_left / MAX_PAGES)
    fitting = BUFFER_BYTES / (workers * max(size, 1))
    by_size = ceil(pages_left / min(max(fitting, 1), MAX_PAGES))
    parts = max(by_size, min(workers, ceil(pages_left)))
    return parts if parts < pages_left else ceil(pages_left * _SLACK)


class RowCounter:
    """The rows of a window that were read, to be compared with what Salesforce counts."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self._instants: Counter[str] = Counter()

    def take(self, rows: list[Row]) -> list[Row]:
        """Note rows; return those that are new."""
        new = [row for row in rows if row.Id not in self.ids]
        self.ids.update([row.Id for row in new])
        self._instants.update([row.SystemModstamp for row in rows])
        return new

    def forget(self) -> None:
        """Count from the beginning; the rows stay known."""
        self._instants.clear()

    def before(self, until: datetime | None) -> int:
        """Return the number of rows that changed before an instant."""
        if until is None:
            return sum(self._instants.values())
        bound = format_instant(until)
        return sum(count for text, count in self._instants.items() if is_later(bound, text))
