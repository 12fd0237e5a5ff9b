"""Download one page of a Bulk job's results, and go on behind the last row if it breaks off."""

from __future__ import annotations

import csv
import time
from contextlib import closing
from typing import TYPE_CHECKING

import requests

from tap_salesforce_chat.errors import RetryLaterError, UnexpectedResponseError
from tap_salesforce_chat.http.retry import MAX_TRIES
from tap_salesforce_chat.http.transport import size_limited
from tap_salesforce_chat.reading.bulk.csv_rows import FieldTypeError, MeasuredChunks, cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_salesforce_chat.reading.bulk.csv_rows import RowMaker
    from tap_salesforce_chat.reading.rows import Row

LAST_LOCATOR = "null"  # the `Sforce-Locator` of the last page

_CHUNK_BYTES = 2**16
_BATCH_ROWS, _BATCH_BYTES = 2_000, 2_000_000
# A body that ends too early: found by the network, the CSV parser, or the number of cells or rows.
_BROKEN_OFF = (requests.RequestException, OSError, csv.Error, ValueError)


class ResultsPage:
    """A page of results.

    Args:
        fetch: Requests it.
        maker: Makes a maker of rows, from the header.
        subject: Names the page in error messages.
    """

    def __init__(
        self,
        fetch: Callable[[], requests.Response],
        maker: Callable[[list[str]], RowMaker],
        subject: str,
    ) -> None:
        self._fetch = fetch
        self._maker = maker
        self._subject = subject
        self.next_locator = LAST_LOCATOR
        self.rows = 0
        self.size = 0  # bytes

    def batches(self) -> Iterator[tuple[list[Row], int]]:
        """Yield rows and their size in bytes, some at a time.

        Raises:
            UnexpectedResponseError: A value is not of the type that the catalog names.
            RetryLaterError: The page broke off several times without a new row.
        """
        failures = 0
        while True:
            before = self.rows
            try:
                with closing(self._fetch()) as response:
                    yield from self._read(response)
            except FieldTypeError as exc:
                msg = f"{self._subject}: {exc}"
                raise UnexpectedResponseError(msg) from None
            except _BROKEN_OFF as exc:
                failures = 1 if self.rows > before else failures + 1
                if failures == MAX_TRIES:
                    msg = f"{self._subject}: results cannot be read ({type(exc).__name__})."
                    raise RetryLaterError(msg) from None
                time.sleep(2**failures)
            else:
                return

    def _read(self, response: requests.Response) -> Iterator[tuple[list[Row], int]]:
        body = MeasuredChunks(size_limited(response.iter_content(_CHUNK_BYTES), self._subject))
        records = cells(body)
        make = self._maker(next(records, []))
        rows: list[Row] = []
        skip, place, start = self.rows, 0, 0
        for place, record in enumerate(records, 1):
            if place <= skip:
                continue
            rows.append(make(record))
            if len(rows) == _BATCH_ROWS or body.size - start > _BATCH_BYTES:
                self.rows += len(rows)
                yield rows, body.size - start
                rows, start = [], body.size
        self.rows += len(rows)
        yield rows, body.size - start
        self.size = body.size
        self.next_locator = response.headers.get("Sforce-Locator", LAST_LOCATOR)
        if place != int(response.headers.get("Sforce-NumberOfRecords", place)):
            msg = "fewer or more records than announced"
            raise ValueError(msg)
