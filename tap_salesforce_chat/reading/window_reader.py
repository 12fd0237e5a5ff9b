"""Read one window by REST, page by page; enqueue the parts that other threads read.

Salesforce may lose a query (it runs again behind the last row), or find a window too large to
sort in time (the rest is halved, and in the end read by Id).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tap_salesforce_chat.errors import QueryLocatorExpiredError, QueryTimeoutError
from tap_salesforce_chat.reading.tasks import Batch, WindowTask
from tap_salesforce_chat.reading.verification import RowCounter, Verification
from tap_salesforce_chat.reading.window_groups import CountedWindow, groups_for
from tap_salesforce_chat.reading.windows import Window, after_timeout, cut, window_count
from tap_salesforce_chat.soql import Position
from tap_salesforce_chat.timestamps import format_instant, is_later, parse_instant

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tap_salesforce_chat.reading.field_parts import FieldParts
    from tap_salesforce_chat.reading.query_client import Page
    from tap_salesforce_chat.reading.rows import Row
    from tap_salesforce_chat.reading.tasks import Count, Enqueue
    from tap_salesforce_chat.reading.window_groups import WindowGroup
    from tap_salesforce_chat.soql import Query

# A locator lives for two days: losing more in a row without reading a row is no coincidence.
_MAX_RESTARTS_WITHOUT_ROWS = 5


@dataclass(frozen=True, slots=True)
class QueryReader:
    """What the windows of one query have in common.

    Args:
        fields: Reads pages.
        count: Returns Salesforce's count of a query, None where Salesforce refuses to count.
        clock: Returns Salesforce's time, None before its first answer.
        workers: How many windows may be in flight.
        verify: Whether rows are compared with Salesforce's count.
        logger: Gets a line when Salesforce interrupts the reading.
    """

    fields: FieldParts
    count: Count
    clock: Callable[[], datetime | None]
    workers: int
    verify: bool
    logger: logging.Logger

    def task(self, window: Window, group: WindowGroup | None = None) -> WindowTask:
        """Return the task that reads a window, and verifies it alone or with its group."""

        def read(enqueue: Enqueue) -> Iterator[Batch]:
            return _WindowReader(self, window, group, enqueue).batches()

        return WindowTask(window.query, read)


class _WindowReader:
    """Reads one window, or its first part, and enqueues the rest."""

    def __init__(
        self, common: QueryReader, window: Window, group: WindowGroup | None, enqueue: Enqueue
    ) -> None:
        self._common = common
        self._query = window.query
        self._by_id = window.by_id
        self._group = group
        self._enqueue = enqueue
        self._is_part = window.clock is not None
        self._clock = window.clock  # Salesforce's when it began to run the query
        self._queried_at: datetime | None = None  # the same of this window
        self._last = window.query.after
        self._left_all = False  # other windows read all rows
        self._counter = RowCounter()

    def batches(self) -> Iterator[Batch]:
        query, group = self._query, self._group
        if group and group.last is query:
            self._enqueue([WindowTask(query, group.count, has_rows=False)], 0)
        yield from self._rows_by_id() if self._by_id else self._rows_in_order()
        if self._common.verify:
            self._finish()

    # -- oldest change first -------------------------------------------------------------------

    def _rows_in_order(self) -> Iterator[Batch]:
        query, restarts = self._query, 0
        while True:
            before = self._last
            try:
                yield from self._pages(replace(query, after=before))
            except QueryLocatorExpiredError as exc:
                restarts = 0 if self._last != before else restarts + 1
                if restarts > _MAX_RESTARTS_WITHOUT_ROWS:
                    raise
                message = "%s Asking again for the rows that are still missing."
                self._common.logger.warning(message, exc)
            except QueryTimeoutError as exc:
                self._enqueue_rest(exc)
                return
            else:
                return

    def _pages(self, query: Query) -> Iterator[Batch]:
        first = self._queried_at is None
        for page in self._common.fields.pages(query):
            if first:
                self._record_clock(page)
                self._enqueue_parts(page)
                first = False
            rows, is_over = self._within_window(page)
            self._record(rows, page)
            yield self._batch(rows, page, in_order=True, at_end=is_over or page.is_last)
            if is_over:
                return

    def _record_clock(self, page: Page) -> None:
        self._queried_at = self._queried_at or page.queried_at
        self._clock = self._clock or self._queried_at

    def _enqueue_parts(self, page: Page) -> None:
        """Cut a large window, keep its first part, and enqueue the others."""
        query, clock = self._query, page.queried_at
        if clock is None or len(page.rows) in {0, page.total}:
            return
        pages_left = (page.total - len(page.rows)) / len(page.rows)
        workers = self._common.workers
        parts = window_count(pages_left, page.size, workers, is_part=self._is_part)
        # Only the past by Salesforce's clock can be divided: the rest is still being written.
        low = parse_instant(page.rows[-1].SystemModstamp)
        high = min(query.until or clock, clock)
        if parts > 1 and low < high:
            queries, pages = cut(query, low, high, parts), pages_left / parts
            groups = self._groups(queries, pages, clock)
            self._query, self._group = queries[0], groups[0]
            others = zip(queries[1:], groups[1:], strict=True)
            tasks = [
                self._common.task(Window(one, clock=self._clock), group) for one, group in others
            ]
            self._enqueue(tasks, int(page.size * min(pages, 1)))

    def _groups(
        self, queries: list[Query], pages: float, clock: datetime
    ) -> list[WindowGroup | None]:
        """Return the group of each window: small ones are verified together."""
        if not self._common.verify:
            return [None] * len(queries)
        if not self._is_part:
            return groups_for(queries, pages, clock, self._common.count)
        self._mark_gap()
        return [self._group, *groups_for(queries[1:], pages, clock, self._common.count)]

    def _mark_gap(self) -> None:
        if self._group:
            self._group.mark_gap()

    def _within_window(self, page: Page) -> tuple[list[Row], bool]:
        """Return the rows before the end of the window, and whether the end is on the page.

        A row that changed since the query comes in its old place with a new time: it does not mark
        the end.
        """
        rows, until = page.rows, self._query.until
        if until is None or page.queried_at is None or not rows:
            return rows, False
        end, now = format_instant(until), format_instant(page.queried_at)
        if is_later(end, rows[-1].SystemModstamp):
            return rows, False
        for place, row in enumerate(rows):
            modified = row.SystemModstamp
            if is_later(now, modified) and not is_later(end, modified):
                return rows[:place], True
        return rows, False

    def _record(self, rows: list[Row], page: Page) -> None:
        """Count rows, and keep the last one from which a query can go on."""
        if self._common.verify:
            self._counter.add(rows)
        for row in reversed(rows):
            modified = parse_instant(row.SystemModstamp)
            # One that changed in the second of the query may have come in its old place.
            if page.queried_at is None or modified < page.queried_at:
                self._last = Position(modified, row.Id)
                return

    def _batch(self, rows: list[Row], page: Page, *, in_order: bool, at_end: bool = False) -> Batch:
        until = self._query.until
        return Batch(
            rows,
            clock=format_instant(self._clock) if self._clock else None,
            until=format_instant(until) if until else None,
            in_order=in_order,
            size=page.size,
            at_end=at_end,
        )

    # -- windows that time out -----------------------------------------------------------------

    def _enqueue_rest(self, exc: QueryTimeoutError) -> None:
        """Enqueue the rest in smaller windows, from the second of the last row on."""
        query, clock = self._query, self._common.clock()
        if clock is None:
            raise exc
        self._common.logger.warning("%s Asking for less at a time.", exc)
        self._mark_gap()
        low = self._last.modified if self._last else query.since
        windows = after_timeout(query, low, clock)
        start = self._clock or clock
        self._enqueue([self._common.task(replace(one, clock=start)) for one in windows], 0)
        self._left_all = self._queried_at is None
        self._query = replace(query, until=low)

    def _rows_by_id(self) -> Iterator[Batch]:
        for page in self._common.fields.pages_by_id(self._query):
            self._record_clock(page)
            self._record(page.rows, page)
            yield self._batch(page.rows, page, in_order=False)

    # -- verification --------------------------------------------------------------------------

    def _finish(self) -> None:
        """Have the rows compared with Salesforce's count."""
        window = None if self._left_all else self._counted_window()
        if self._group:
            self._group.finish(window)
        elif window:
            self._enqueue([window.verification], 0)

    def _counted_window(self) -> CountedWindow:
        query, queried_at = self._query, self._queried_at
        until = min(query.until or queried_at, queried_at) if queried_at else query.until
        verification = Verification(
            replace(query, until=until),
            self._counter,
            count=self._common.count,
            fields=self._common.fields,
            by_id=self._by_id,
            batch=partial(self._batch, in_order=False),
            logger=self._common.logger,
        )
        task = WindowTask(verification.query, lambda _: verification.missing_rows(), has_rows=False)
        return CountedWindow(self._counter, task)
