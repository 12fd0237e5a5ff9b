"""Windows side by side, compared with Salesforce's count in one request instead of one each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from tap_salesforce_chat.reading.windows import MAX_PAGES, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_salesforce_chat.reading.lanes import HandOver
    from tap_salesforce_chat.reading.windows import Batch, Tally
    from tap_salesforce_chat.soql import Query

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Member:
    """A window that has ended.

    Args:
        start: Where it began.
        query: What was read, no further than Salesforce's clock; None: all was left to others.
        tally: Its rows.
        missing: Compares just this window with Salesforce's count, and reads what it lacks.
        hand_over: Has windows read behind this one.
    """

    start: datetime | None
    query: Query | None
    tally: Tally
    missing: Callable[[Query], Iterator[Batch]]
    hand_over: HandOver


class Group:
    """Windows that meet, read at the same time. Whichever ends last is to look after all.

    Args:
        size: How many windows there are.
        count: Returns Salesforce's count of a query, None where it does not tell.
    """

    def __init__(self, size: int, count: Callable[[Query], int | None]) -> None:
        self._size = size
        self._count = count
        self._lock = Lock()
        self._ended: list[Member] = []
        self._meet = True

    def leave(self) -> None:
        """Take note that a window has left rows to others: there is a gap behind it."""
        self._meet = False

    def end(self, member: Member) -> None:
        """Take note that a window has ended.

        When all have, and their count is not known to agree, they are compared one by one, behind
        the last of them.
        """
        with self._lock:
            self._ended.append(member)
            if len(self._ended) < self._size:
                return
            # Windows know their group to the end of the query: their tallies must not stay with it.
            members, self._ended = self._ended, []
        ended = sorted(members, key=lambda ended: ended.start or _BEGINNING)
        read = [(member.query, member) for member in ended if member.query]
        if len(read) == self._size > 1 and self._meet and self._agrees(read):
            return
        proofs = [Window(query, proof=partial(one.missing, query)) for query, one in read]
        ended[-1].hand_over(proofs, 0)

    def _agrees(self, read: list[tuple[Query, Member]]) -> bool:
        rows = sum(member.tally.before(query.until) for query, member in read)
        whole = replace(read[0][0], until=read[-1][0].until)
        return self._count(whole) in {rows, None}


def groups_for(windows: int, pages: float, count: Callable[[Query], int | None]) -> list[Group]:
    """Return the group of each window, in order: as many together as a large one has pages.

    Args:
        windows: How many there are.
        pages: How many each of them has, about.
        count: Returns Salesforce's count of a query, None where it does not tell.
    """
    most = max(1, int(MAX_PAGES / pages))
    sizes = [min(most, windows - start) for start in range(0, windows, most)]
    return [group for size in sizes for group in [Group(size, count)] * size]
