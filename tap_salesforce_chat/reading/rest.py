"""How the REST API is read: window by window, with nothing lost on the way.

What Salesforce may do in the middle of it: forget a query (asked again, behind the last row), find
a window too large to search in time (halved, at last read by Id), or send fewer rows than it
counts (read again; what stays different ends the run).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import methodcaller
from typing import TYPE_CHECKING, cast

from tap_salesforce_chat.errors import (
    HostMovedError,
    LoginError,
    QueryLocatorExpiredError,
    QueryTimeoutError,
    RowCountError,
    SalesforceError,
    SessionExpiredError,
)
from tap_salesforce_chat.reading.field_parts import FieldParts
from tap_salesforce_chat.reading.verification import Member, groups_for
from tap_salesforce_chat.reading.windows import (
    Batch,
    Tally,
    Window,
    after_timeout,
    cut,
    parts_for,
)
from tap_salesforce_chat.soql import Position
from tap_salesforce_chat.timestamps import format_instant, is_later, parse_instant

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tap_salesforce_chat.reading.pagination import Asker, Page
    from tap_salesforce_chat.reading.prefetch import HandOver, Lanes, Reading
    from tap_salesforce_chat.reading.rows import Row, Schemas
    from tap_salesforce_chat.reading.verification import Group
    from tap_salesforce_chat.soql import Query

# A locator lives for two days: losing more than this without a row in between is no accident.
_MAX_FRUITLESS_RESTARTS = 5
# Rows by Id, for a window that is too much for Salesforce in one go; fewer when it still is.
_MOST_BY_ID, _FEWEST_BY_ID = 2000, 50
# How often a window is read when rows and count differ.
_MAX_READINGS = 3


@dataclass(frozen=True, slots=True)
class RestSource:
    """Reads queries of one stream.

    Args:
        asker: Runs queries.
        schemas: The schema of each field.
        clock: Tells what time it is at Salesforce, as far as known.
        lanes: Where windows are in flight.
        verify: Whether rows are compared with Salesforce's count.
        logger: Gets what is worth a line.
    """

    asker: Asker
    schemas: Schemas
    clock: Callable[[], datetime | None]
    lanes: Lanes
    verify: bool
    logger: logging.Logger

    def batches(self, query: Query) -> Iterator[Batch]:
        """Yield the rows of a query.

        Raises:
            RowCountError: They are not as many as Salesforce counts, whatever is done.
        """
        yield from self.lanes.batches(self.open(query))

    def open(self, query: Query) -> Reading:
        """Have a query read when the ones before it leave time for it."""
        fields = FieldParts(self.asker, query, self.schemas, self.logger)

        def read(window: Window, hand_over: HandOver) -> Iterator[Batch]:
            if window.proof:
                return window.proof(hand_over)
            return _WindowReader(self, fields, window, hand_over).batches()

        return self.lanes.open(read, Window(query))

    def count(self, query: Query) -> int | None:
        """Return Salesforce's count of a query, None where it does not tell."""
        try:
            return self.asker.count(query.count())
        except (HostMovedError, LoginError, SessionExpiredError):
            raise
        except SalesforceError as exc:
            # The rows are out; what cannot be done is to prove it.
            message = "%s from %s to %s: not compared with Salesforce's count. %s"
            self.logger.warning(message, query.sobject, query.since, query.until, exc)
            return None


class _WindowReader:
    """Reads one window, or its first part, and hands over the rest."""

    def __init__(
        self,
        source: RestSource,
        fields: FieldParts,
        window: Window,
        hand_over: HandOver,
    ) -> None:
        self._source = source
        self._fields = fields
        self._query: Query | None = window.query
        self._by_id = window.by_id
        self._group = window.group
        self._hand_over = hand_over
        self._nested = window.clock is not None
        self._clock = window.clock  # Salesforce's when it began to read the query
        self._began: datetime | None = None  # and this window
        self._last = window.query.after
        self._tally = Tally()

    def batches(self) -> Iterator[Batch]:
        query, group = cast("Query", self._query), self._group
        if group and group.last is query:
            self._hand_over([Window(query, proof=group.count)], 0)
        yield from self._rows_by_id(query) if self._by_id else self._rows_in_order(query)
        if self._source.verify:
            self._end()

    # -- oldest change first -------------------------------------------------------------------

    def _rows_in_order(self, query: Query) -> Iterator[Batch]:
        fruitless = 0
        while True:
            before = self._last
            try:
                yield from self._pages(replace(query, after=before))
            except QueryLocatorExpiredError as exc:
                fruitless = 0 if self._last != before else fruitless + 1
                if fruitless > _MAX_FRUITLESS_RESTARTS:
                    raise
                message = "%s Asking again for the rows that are still missing."
                self._source.logger.warning(message, exc)
            except QueryTimeoutError as exc:
                self._leave_the_rest(exc)
                return
            else:
                return

    def _pages(self, asked: Query) -> Iterator[Batch]:
        first = self._began is None
        for page in self._ask(asked):
            if first:
                self._begin(page)
                self._share(page)
                first = False
            rows, over = self._within_window(page)
            self._note(rows, page)
            yield self._batch(rows, page, in_order=True, at_end=over or page.is_last)
            if over:
                return

    def _ask(self, query: Query, write: Callable[[Query], str] = str) -> Iterator[Page]:
        return self._fields.pages(lambda fields: write(replace(query, fields=fields)))

    def _begin(self, page: Page) -> None:
        self._began = self._began or page.queried_at
        self._clock = self._clock or self._began

    def _share(self, page: Page) -> None:
        """Leave most of a large window to others."""
        query, clock = cast("Query", self._query), page.queried_at
        if clock is None or len(page.rows) in {0, page.total}:
            return
        pages_left = (page.total - len(page.rows)) / len(page.rows)
        parts = parts_for(pages_left, page.size, self._source.lanes.workers, nested=self._nested)
        # Only what is over at Salesforce can be divided: the rest is still being written.
        low = parse_instant(page.rows[-1].SystemModstamp)
        high = min(query.until or clock, clock)
        if parts > 1 and low < high:
            queries, pages = cut(query, low, high, parts), pages_left / parts
            groups = self._groups(queries, pages, clock)
            self._query, self._group = queries[0], groups[0]
            others = zip(queries[1:], groups[1:], strict=True)
            windows = [Window(query, clock=self._clock, group=group) for query, group in others]
            self._hand_over(windows, int(page.size * min(pages, 1)))

    def _groups(self, queries: list[Query], pages: float, clock: datetime) -> list[Group | None]:
        """Return the group of each query: small ones are proved together."""
        if not self._source.verify:
            return [None] * len(queries)
        if not self._nested:
            return groups_for(queries, pages, clock, self._source.count)
        self._leave_rows()
        return [self._group, *groups_for(queries[1:], pages, clock, self._source.count)]

    def _leave_rows(self) -> None:
        """Tell the group that others are to read rows of this window."""
        if self._group:
            self._group.leave()

    def _within_window(self, page: Page) -> tuple[list[Row], bool]:
        """Return the rows up to where the next window begins, and whether that is on the page.

        Rows that changed since the query come in their old place with a new time: no sign of it.
        """
        rows, until = page.rows, cast("Query", self._query).until
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

    def _note(self, rows: list[Row], page: Page) -> None:
        if self._source.verify:
            self._tally.take(rows)
        for row in reversed(rows):
            modified = parse_instant(row.SystemModstamp)
            # One that changed in the second of the query may have come in its old place.
            if page.queried_at is None or modified < page.queried_at:
                self._last = Position(modified, row.Id)
                return

    def _batch(self, rows: list[Row], page: Page, *, in_order: bool, at_end: bool = False) -> Batch:
        until = cast("Query", self._query).until
        return Batch(
            rows,
            clock=format_instant(self._clock) if self._clock else None,
            until=format_instant(until) if until else None,
            in_order=in_order,
            size=page.size,
            at_end=at_end,
        )

    # -- too much for Salesforce ---------------------------------------------------------------

    def _leave_the_rest(self, exc: QueryTimeoutError) -> None:
        """Hand the rest over in smaller windows, from the second of the last row on."""
        query, clock = cast("Query", self._query), self._source.clock()
        if clock is None:
            raise exc
        self._source.logger.warning("%s Asking for less at a time.", exc)
        self._leave_rows()
        low = self._last.modified if self._last else query.since
        windows = after_timeout(query, low, clock)
        self._hand_over([replace(one, clock=self._clock or clock) for one in windows], 0)
        self._query = replace(query, until=low) if self._began else None

    def _rows_by_id(self, query: Query) -> Iterator[Batch]:
        for page in self._pages_by_id(query):
            self._begin(page)
            self._note(page.rows, page)
            yield self._batch(page.rows, page, in_order=False)

    def _pages_by_id(self, query: Query) -> Iterator[Page]:
        limit, last = _MOST_BY_ID, None
        while True:
            try:
                pages = list(self._ask(query, methodcaller("by_id", last, limit)))
            except (QueryTimeoutError, QueryLocatorExpiredError):
                limit //= 2
                if limit < _FEWEST_BY_ID:
                    raise
                continue
            # Before they leave: whoever gets the rows clears their lists.
            ids = [row.Id for page in pages for row in page.rows]
            yield from pages
            # A row that goes while they are read does not make them the last ones.
            if not ids or max(len(ids), pages[0].total) < limit:
                return
            last = ids[-1]

    # -- the proof -----------------------------------------------------------------------------

    def _end(self) -> None:
        """Leave the rows that are here to be compared with Salesforce's count."""
        query, member = self._query, None
        if query:
            until = min(query.until or self._began, self._began) if self._began else query.until
            closed = replace(query, until=until)
            proof = Window(closed, proof=lambda _: self._missing_rows(closed))
            member = Member(self._tally, proof)
        if self._group:
            self._group.end(member)
        elif member:
            self._hand_over([member.proof], 0)

    def _missing_rows(self, query: Query) -> Iterator[Batch]:
        """Compare with Salesforce's count; yield rows that only come when asked again.

        A row that changes meanwhile leaves the window, and a transaction that commits late puts
        one into it: both are settled by reading again.
        """
        if query.since and query.until and query.since >= query.until:
            return
        for reading in range(_MAX_READINGS + 1):
            read, counted = self._tally.before(query.until), self._source.count(query)
            if counted is None or counted == read:
                return
            if reading == _MAX_READINGS:
                raise _incomplete(query, read, counted)
            if counted > read:
                # Whatever comes next, be it the end of the run: they are not to be forgotten.
                yield Batch([], None, None, in_order=False, lacking=query)
            known = len(self._tally.ids)
            yield from self._rows_again(query)
            if counted < read and len(self._tally.ids) == known:
                return  # nothing is missing, and what is too much has left the window

    def _rows_again(self, query: Query) -> Iterator[Batch]:
        self._tally.forget()
        try:
            for page in self._pages_by_id(query) if self._by_id else self._ask(query):
                if new := self._tally.take(page.rows):
                    yield self._batch(new, page, in_order=False)
        except (QueryLocatorExpiredError, QueryTimeoutError) as exc:
            self._source.logger.warning("%s Reading and counting again.", exc)
            self._by_id |= isinstance(exc, QueryTimeoutError)


def _incomplete(query: Query, read: int, counted: int) -> RowCountError:
    start = format_instant(query.since) if query.since else "the beginning"
    end = format_instant(query.until) if query.until else "now"
    return RowCountError(
        f"{query.sobject} from {start} to {end}: {read} rows came, but Salesforce counts "
        f"{counted}, and reading again does not settle it. The bookmark stays before them: run "
        "again, and ask Salesforce's support if it stays so. To do without this check, set "
        "verify_counts to false."
    )
