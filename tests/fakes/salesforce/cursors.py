"""Open queries: which ids they found, and how far a locator has come."""

from __future__ import annotations

import re
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from tests.fakes.salesforce.errors import Code, SalesforceError
from tests.fakes.salesforce.ids import make_id

if TYPE_CHECKING:
    from tests.fakes.salesforce.evaluate import Result

MAX_PAGE, _MIN_PAGE = 2_000, 200
# Two long custom texts in a row, and Salesforce sends this many rows a page at most.
_WIDE_PAGE, _WIDE_COLUMNS = 200, 2
_BATCH_SIZE = re.compile(r"\bbatchSize\s*=\s*(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cursor:
    """An open query: its ids are settled, its rows are read page by page.

    It ends with the session that opened it, known by its `Authorization` header.
    """

    locator: str
    result: Result
    page_size: int
    session: str


class Cursors:
    """All open queries of the org."""

    def __init__(self) -> None:
        self._open: dict[str, Cursor] = {}
        self._opened = 0
        self._lock = Lock()

    def open(self, result: Result, page_size: int, session: str) -> Cursor:
        """Give a result a locator."""
        if result.long_texts >= _WIDE_COLUMNS:
            page_size = min(page_size, _WIDE_PAGE)
        with self._lock:
            self._opened += 1
            cursor = Cursor(make_id("01g", self._opened), result, page_size, session)
            self._open[cursor.locator] = cursor
        return cursor

    def resume(self, place: str) -> tuple[Cursor, int]:
        """Return the query of `locator-offset`, and the offset.

        Raises:
            SalesforceError: There is no such query, or not so many rows.
        """
        locator, _, offset = place.partition("-")
        cursor = self._open.get(locator)
        if cursor is None or not offset.isdecimal() or int(offset) >= len(cursor.result.ids):
            raise SalesforceError(Code.INVALID_QUERY_LOCATOR, "invalid query locator")
        return cursor, int(offset)

    def expire(self) -> None:
        """Close all queries; new ones get new locators."""
        with self._lock:
            self._open.clear()


def wished_page_size(options: str) -> int:
    """Return what a `Sforce-Query-Options` header asks for, within what Salesforce grants."""
    wish = _BATCH_SIZE.search(options)
    size = int(wish[1]) if wish else MAX_PAGE
    return size if _MIN_PAGE <= size <= MAX_PAGE else MAX_PAGE
