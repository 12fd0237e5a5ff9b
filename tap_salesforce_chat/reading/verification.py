"""Windows side by side, compared with Salesforce's count in one request instead of one each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING

from tap_salesforce_chat.reading.windows import MAX_PAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tap_salesforce_chat.reading.prefetch import Enqueue
    from tap_salesforce_chat.reading.windows import Batch, RowCounter, Window
    from tap_salesforce_chat.soql import Query

    Count = Callable[[Query], int | None]

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CountedWindow:
    """A window that has ended.

    Args:
        tally: Its rows.
        proof: Compares just this window with Salesforce's count, and reads what it lacks.
    """

    tally: RowCounter
    proof: Window


class WindowGroup:
    """Windows that meet. Salesforce counts them all while the last of them is read.

    Whichever ends last, the count or a window, compares. A count that came later would add its
    latency to each run, and know of no row that the lookback of the next run does not know.

    Args:
        queries: Those of the windows, in order.
        clock: Salesforce's. What changes from then on may still come, and is not compared.
        count: Returns Salesforce's count of a query, None where it does not tell.
    """

    def __init__(self, queries: Sequence[Query], clock: datetime, count: Count) -> None:
        self.last = queries[-1]
        self._whole = replace(queries[0], until=min(self.last.until or clock, clock))
        self._count = count
        self._lock = Lock()
        self._missing = len(queries) + 1  # windows that have not ended, and the count
        self._ended: list[CountedWindow] = []
        self._counted: int | None = None
        self._enqueue: Enqueue | None = None
        self._meet = True

    def leave(self) -> None:
        """Take note that a window has left rows to others: there is a gap behind it."""
        self._meet = False

    def count(self, enqueue: Enqueue) -> Iterator[Batch]:
        """Count, as a window of its own behind the others, and yield nothing."""
        self._enqueue = enqueue
        self._counted = self._count(self._whole) if self._meet else None
        self._end()
        return iter(())

    def end(self, member: CountedWindow | None) -> None:
        """Take note that a window has ended, with None if it has left all of its rows to others."""
        if member:
            self._ended.append(member)
        self._end()

    def _end(self) -> None:
        with self._lock:
            self._missing -= 1
            if self._missing:
                return
        # Windows know their group to the end of the query: their tallies must not stay with it.
        ended, self._ended = self._ended, []
        if self._enqueue and not (self._meet and self._agrees(ended)):
            proofs = [member.proof for member in ended]
            self._enqueue(sorted(proofs, key=lambda proof: proof.query.since or _BEGINNING), 0)

    def _agrees(self, ended: list[CountedWindow]) -> bool:
        rows = sum(member.tally.before(self._whole.until) for member in ended)
        return self._counted in {rows, None}


def groups_for(
    queries: Sequence[Query], pages: float, clock: datetime, count: Count
) -> list[WindowGroup | None]:
    """Return the group of each window, in order: as many together as a large one has pages.

    None stands for a window that is compared by itself.

    Args:
        queries: Those of the windows, in order.
        pages: How many each of them has, about.
        clock: Salesforce's.
        count: Returns Salesforce's count of a query, None where it does not tell.
    """
    most, rest = max(1, int(MAX_PAGES / pages)), iter(queries)
    groups: list[WindowGroup | None] = []
    while together := list(islice(rest, most)):
        group = WindowGroup(together, clock, count) if len(together) > 1 else None
        groups += [group] * len(together)
    return groups
