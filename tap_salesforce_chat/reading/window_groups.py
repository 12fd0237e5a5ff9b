"""Verify neighbouring windows by one count of Salesforce's instead of one for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING

from tap_salesforce_chat.reading.windows import MAX_PAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tap_salesforce_chat.reading.tasks import Batch, Count, Enqueue, WindowTask
    from tap_salesforce_chat.reading.verification import RowCounter
    from tap_salesforce_chat.soql import Query

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CountedWindow:
    """A window that was read to its end.

    Args:
        counter: Its rows.
        verification: Compares this window alone with Salesforce's count, and reads what it lacks.
    """

    counter: RowCounter
    verification: WindowTask


class WindowGroup:
    """Adjacent windows. Salesforce counts all of them while the last one is being read.

    Whichever ends last, the count or a window, compares. Counting after the rows would add the
    latency of a request to each run, and would find no row that the next run's lookback misses.

    Args:
        queries: The windows, in order.
        clock: Salesforce's time. Later changes are not compared: more of them may still come.
        count: Returns Salesforce's count of a query, None where Salesforce refuses to count.
    """

    def __init__(self, queries: Sequence[Query], clock: datetime, count: Count) -> None:
        self.last = queries[-1]
        self._whole = replace(queries[0], until=min(self.last.until or clock, clock))
        self._count = count
        self._lock = Lock()
        self._unfinished = len(queries) + 1  # the windows and the count
        self._read: list[CountedWindow] = []
        self._counted: int | None = None
        self._enqueue: Enqueue | None = None
        self._adjacent = True

    def mark_gap(self) -> None:
        """Record that rows of one window are read elsewhere: one count cannot verify the group."""
        self._adjacent = False

    def count(self, enqueue: Enqueue) -> Iterator[Batch]:
        """Count, as a task behind those of the windows; yield nothing."""
        self._enqueue = enqueue
        self._counted = self._count(self._whole) if self._adjacent else None
        self._finish_one()
        return iter(())

    def finish(self, window: CountedWindow | None) -> None:
        """Record that a window was read; None if all of its rows are read elsewhere."""
        if window:
            self._read.append(window)
        self._finish_one()

    def _finish_one(self) -> None:
        with self._lock:
            self._unfinished -= 1
            if self._unfinished:
                return
        # Tasks refer to the group until the query ends: it must not keep their counters alive.
        windows, self._read = self._read, []
        if self._enqueue and not (self._adjacent and self._agrees(windows)):
            tasks = [window.verification for window in windows]
            self._enqueue(sorted(tasks, key=lambda task: task.query.since or _BEGINNING), 0)

    def _agrees(self, windows: list[CountedWindow]) -> bool:
        rows = sum(window.counter.count_before(self._whole.until) for window in windows)
        return self._counted in {rows, None}


def groups_for(
    queries: Sequence[Query], pages: float, clock: datetime, count: Count
) -> list[WindowGroup | None]:
    """Return the group of each window, in order. A group has no more pages than a large window.

    None stands for a window that is verified alone.

    Args:
        queries: The windows, in order.
        pages: How many pages each of them has, about.
        clock: Salesforce's time.
        count: Returns Salesforce's count of a query, None where Salesforce refuses to count.
    """
    most, rest = max(1, int(MAX_PAGES / pages)), iter(queries)
    groups: list[WindowGroup | None] = []
    while together := list(islice(rest, most)):
        group = WindowGroup(together, clock, count) if len(together) > 1 else None
        groups += [group] * len(together)
    return groups
