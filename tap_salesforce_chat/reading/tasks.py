"""The types that the modules of `reading` share: batches of rows, and tasks that read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_salesforce_chat.reading.rows import Row
    from tap_salesforce_chat.soql import Query

    # Returns Salesforce's count of a query, None where Salesforce refuses to count.
    Count = Callable[[Query], int | None]
    # Adds tasks behind the running one; the number is the bytes to expect of their first batch.
    Enqueue = Callable[[Iterable["WindowTask"], int], None]

# Bytes that batches in memory and requests in flight may take together. Measured with pages of
# 20 MB: with half of it, answers that take 150 ms cost half as much time again.
BUFFER_BYTES = 110_000_000


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one window, and the instants up to which they may move the bookmark.

    The bookmark does not pass `until`, the end of the window, nor `clock`, Salesforce's time when
    it began to run the query: a row that is committed late into a window that was read before has
    to be within the lookback of the next run. Where rows come in no order, the bookmark moves only
    when all of them are emitted.
    """

    rows: list[Row] = field(repr=False)
    clock: str | None
    until: str | None
    in_order: bool
    size: int = 0  # bytes that the rows take
    at_end: bool = False  # no rows are expected behind these in the window
    locator: str | None = None  # of the page of a Bulk job that follows these rows
    newest: str | None = None  # latest change among the job's rows that an earlier run emitted
    incomplete: Query | None = None  # a window that was read before, and lacks rows


@dataclass(frozen=True, slots=True)
class WindowTask:
    """What one thread of the prefetcher does.

    Args:
        query: The window of time.
        read: Yields its batches. The tasks that it enqueues run right behind it.
        has_rows: False for a task that counts: no buffer is reserved for it.
    """

    query: Query
    read: Callable[[Enqueue], Iterator[Batch]]
    has_rows: bool = True
