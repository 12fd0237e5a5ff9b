"""Compare the rows of a window with Salesforce's count, and read again what is missing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_salesforce_chat.errors import QueryLocatorExpiredError, QueryTimeoutError, RowCountError
from tap_salesforce_chat.reading.tasks import Batch
from tap_salesforce_chat.timestamps import format_instant, is_later

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tap_salesforce_chat.reading.field_parts import FieldParts
    from tap_salesforce_chat.reading.query_client import Page
    from tap_salesforce_chat.reading.rows import Row
    from tap_salesforce_chat.reading.tasks import Count
    from tap_salesforce_chat.soql import Query

# How often a window is read when rows and count differ.
_MAX_READINGS = 3


class RowCounter:
    """Counts the rows of a window by the instant of their change."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self._instants: Counter[str] = Counter()

    def add(self, rows: list[Row]) -> list[Row]:
        """Count rows; return those whose Ids are new."""
        new = [row for row in rows if row.Id not in self.ids]
        self.ids.update([row.Id for row in new])
        self._instants.update([row.SystemModstamp for row in rows])
        return new

    def restart(self) -> None:
        """Count from zero; Ids stay known."""
        self._instants.clear()

    def count_before(self, until: datetime | None) -> int:
        """Return the number of rows that changed before an instant."""
        if until is None:
            return sum(self._instants.values())
        bound = format_instant(until)
        return sum(count for text, count in self._instants.items() if is_later(bound, text))


@dataclass(slots=True)
class Verification:
    """Verifies one window.

    Args:
        query: The window, up to Salesforce's time when it was read.
        counter: Its rows so far.
        count: Returns Salesforce's count of a query, None where Salesforce refuses to count.
        fields: Reads its pages again.
        by_id: Whether it is read by Id.
        batch: Makes a batch of rows of a page.
        logger: Gets a line when Salesforce interrupts the reading.
    """

    query: Query
    counter: RowCounter
    count: Count
    fields: FieldParts
    by_id: bool
    batch: Callable[[list[Row], Page], Batch]
    logger: logging.Logger

    def missing_rows(self) -> Iterator[Batch]:
        """Yield the rows that only come when asked for again.

        A row that changes meanwhile leaves the window, and a transaction that commits late puts
        one into it: reading again explains both.

        Raises:
            RowCountError: Rows and count still differ after some readings.
        """
        query, counter = self.query, self.counter
        if query.since and query.until and query.since >= query.until:
            return
        for reading in range(_MAX_READINGS + 1):
            read, counted = counter.count_before(query.until), self.count(query)
            if counted is None or counted == read:
                return
            if reading == _MAX_READINGS:
                raise _incomplete(query, read, counted)
            if counted > read:
                # The run may end before they come: the bookmark has to go back first.
                yield Batch([], None, None, in_order=False, incomplete=query)
            known = len(counter.ids)
            yield from self._read_again()
            if counted < read and len(counter.ids) == known:
                return  # no row is missing; those that are too many have left the window

    def _read_again(self) -> Iterator[Batch]:
        self.counter.restart()
        fields, query = self.fields, self.query
        try:
            for page in fields.pages_by_id(query) if self.by_id else fields.pages(query):
                if new := self.counter.add(page.rows):
                    yield self.batch(new, page)
        except (QueryLocatorExpiredError, QueryTimeoutError) as exc:
            self.logger.warning("%s Reading and counting again.", exc)
            self.by_id |= isinstance(exc, QueryTimeoutError)


def _incomplete(query: Query, read: int, counted: int) -> RowCountError:
    start = format_instant(query.since) if query.since else "the beginning"
    end = format_instant(query.until) if query.until else "now"
    return RowCountError(
        f"{query.sobject} from {start} to {end}: {read} rows came, but Salesforce counts "
        f"{counted}, and reading again does not explain it. The bookmark stays before them: run "
        "again, and ask Salesforce's support if it stays so. To do without this check, set "
        "verify_counts to false."
    )
