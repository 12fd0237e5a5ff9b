"""How the Bulk API 2.0 is read: a job is made, waited for, and its results are fetched.

A job's rows come in no order, so the bookmark moves when all of them are out, and not further than
Salesforce's clock when the job was made. Until then the job's id and the place in its results are
in the state: a run that finds them there goes on where the last one died.
"""

from __future__ import annotations

import csv
import time
from collections import Counter
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import requests

from tap_salesforce_chat.errors import (
    BulkJobFailedError,
    BulkJobGoneError,
    BulkUnsupportedError,
    RetryLaterError,
    RowCountError,
    SalesforceError,
    UnexpectedResponseError,
)
from tap_salesforce_chat.http.retry import MAX_TRIES
from tap_salesforce_chat.http.transport import size_limited
from tap_salesforce_chat.reading.bulk_csv import Body, MisfitError, RowMaker, cells, columns
from tap_salesforce_chat.reading.windows import Batch, Window, cut_at
from tap_salesforce_chat.timestamps import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_salesforce_chat.reading.bulk_jobs import Job, Jobs
    from tap_salesforce_chat.reading.rest import RestSource
    from tap_salesforce_chat.reading.rows import Row, Schemas
    from tap_salesforce_chat.soql import Query

    Guard = AbstractContextManager[None]

_PAGE_BYTES = 16_000_000
_FIRST_PAGE, _SMALLEST_PAGE, _LARGEST_PAGE = 2_000, 1_000, 250_000
_CHUNK_BYTES = 2**16
_BATCH_ROWS, _BATCH_BYTES = 2_000, 2_000_000
# Bytes of room for a byte of results. Decoded, a text takes up to four: one emoji makes each of its
# characters that wide. And more ahead would do no good: it has left the processor's cache by then.
_ROOM_FOR_A_BYTE = 16
# A body that ends too early, noticed by the network, the parser of CSV, or the number of cells.
_BROKEN_OFF = (requests.RequestException, OSError, csv.Error, ValueError)
_NO_MORE = "null"  # what `Sforce-Locator` says on the last page


@dataclass(frozen=True, slots=True)
class BulkSource:
    """Reads queries of one stream.

    Args:
        jobs: The stream's jobs.
        rest: Counts, and reads what a job has left out.
        schemas: The schema of each field.
    """

    jobs: Jobs
    rest: RestSource
    schemas: Schemas

    def batches(self, query: Query) -> Iterator[Batch]:
        """Yield the rows of a query.

        Raises:
            BulkUnsupportedError: Bulk does not take the query, or fails over it.
            RowCountError: The rows are not as many as Salesforce counts, whatever is done.
        """
        soql = replace(query, fields=tuple(columns(query.fields))).unordered()
        if job := self.jobs.earlier(soql):
            try:
                yield from self._job_batches(job, query, self.jobs.lost_where_refused)
            except (BulkJobGoneError, BulkUnsupportedError) as exc:
                self.rest.logger.warning("%s Making a new Bulk job.", exc)
            else:
                return
        try:
            yield from self._job_batches(self.jobs.make(soql), query)
        except (BulkJobFailedError, BulkJobGoneError) as exc:
            self.rest.logger.warning("%s Making another Bulk job, once.", exc)
            yield from self._job_batches(self.jobs.make(soql), query)

    def _job_batches(
        self, job: Job, query: Query, guard: Callable[[], Guard] = nullcontext
    ) -> Iterator[Batch]:
        with guard():
            self.jobs.wait_for(job)
        days: Counter[str] | None = None if job.locator else Counter()
        yield Batch([], job.clock, None, in_order=False, newest=job.newest)
        # One lane: fetching and decoding overlap with emitting.
        results = self.rest.lanes.open(lambda *_: self._results(job, query, guard), Window(query))
        for batch in self.rest.lanes.batches(results):
            instants = [row.SystemModstamp for row in batch.rows]
            yield batch
            over = [text for text in instants if _is_over(text, job)]
            self._note(job, batch, instants, len(over))
            if days is not None:
                days.update([text[:10] for text in over])
        if self.rest.verify and job.clock:
            until = parse_instant(job.clock)
            closed = replace(query, until=min(query.until or until, until))
            try:
                yield from self._missing_rows(_days(closed, days, job.rows))
            except RowCountError:
                # Its number of rows is that of its time: the next run has to begin anew.
                self.jobs.forget(job)
                raise
        self.jobs.forget(job)

    def _note(self, job: Job, batch: Batch, instants: list[str], over: int) -> None:
        """Take note that a batch is out."""
        job.rows += over
        reached = [text for text in instants if job.clock is None or text <= job.clock]
        job.newest = max(filter(None, (job.newest, *reached)), default=None)
        if batch.locator:
            job.locator = batch.locator
            self.jobs.keep(job)

    # -- results -------------------------------------------------------------------------------

    def _results(self, job: Job, query: Query, guard: Callable[[], Guard]) -> Iterator[Batch]:
        locator, most, seen = job.locator, _FIRST_PAGE, {job.locator}
        until = format_instant(query.until) if query.until else None
        while True:
            page = _Page(
                partial(self._fetch, job, locator, most, guard),
                partial(RowMaker, columns(query.fields), self.schemas),
                self.jobs.subject,
            )
            for rows, size in page.batches():
                yield Batch(rows, job.clock, until, in_order=False, size=_ROOM_FOR_A_BYTE * size)
            if page.following == _NO_MORE:
                return
            locator = page.following
            if locator in seen:
                msg = f"{self.jobs.subject}: Salesforce's answer has a locator that leads back."
                raise SalesforceError(msg)
            seen.add(locator)
            yield Batch([], job.clock, None, in_order=False, locator=locator)
            fitting = _PAGE_BYTES * max(page.rows, 1) // max(page.size, 1)
            most = max(_SMALLEST_PAGE, min(fitting, _LARGEST_PAGE))

    def _fetch(
        self, job: Job, locator: str | None, most: int, guard: Callable[[], Guard]
    ) -> requests.Response:
        client, subject = self.jobs.client, self.jobs.subject
        client.check_quota()
        params = {"maxRecords": str(most)} | ({"locator": locator} if locator else {})
        with guard():
            return client.download(f"jobs/query/{job.id}/results", subject=subject, params=params)

    # -- the proof -----------------------------------------------------------------------------

    def _missing_rows(self, spans: list[tuple[Query, int]]) -> Iterator[Batch]:
        """Compare spans of time with Salesforce's count; read those again that lack rows."""
        query = replace(spans[0][0], until=spans[-1][0].until)
        if query.since and query.until and query.since >= query.until:
            return
        read, counted = sum(rows for _, rows in spans), self.rest.count(query)
        if counted in {read, None}:
            return
        if len(spans) > 1:
            middle = len(spans) // 2
            yield from self._missing_rows(spans[:middle])
            yield from self._missing_rows(spans[middle:])
        elif counted > read:
            for batch in self.rest.batches(query):
                yield replace(batch, in_order=False)


class _Page:
    """A page of results, asked for again where it breaks off, behind the rows that are through.

    Args:
        fetch: Asks for it.
        maker: Makes what makes rows, from a header.
        subject: What is asked for, for error messages.
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
        self.following = _NO_MORE
        self.rows = 0
        self.size = 0  # bytes

    def batches(self) -> Iterator[tuple[list[Row], int]]:
        """Yield rows and their size in bytes, some at a time."""
        failures = 0
        while True:
            before = self.rows
            try:
                with closing(self._fetch()) as response:
                    yield from self._read(response)
            except MisfitError as exc:
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
        body = Body(size_limited(response.iter_content(_CHUNK_BYTES), self._subject))
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
        self.following = response.headers.get("Sforce-Locator", _NO_MORE)
        if place != int(response.headers.get("Sforce-NumberOfRecords", place)):
            msg = "fewer or more records than announced"
            raise ValueError(msg)


def _days(query: Query, days: Counter[str] | None, rows: int) -> list[tuple[Query, int]]:
    """Return the query in spans of days, each with the number of rows that came."""
    if not days:
        return [(query, rows)]
    first, *others = sorted(days)
    windows = cut_at(query, [parse_instant(day) for day in others])
    return [(window, days[day]) for window, day in zip(windows, [first, *others], strict=True)]


def _is_over(text: str, job: Job) -> bool:
    """Tell whether an instant was over when the job was made: all its rows are in the results.

    Instants in their one form compare as text, but for fractions, which Salesforce does not have.
    """
    return job.clock is None or text < job.clock
