"""How the Bulk API 2.0 is read: a job is made, waited for, and its results are fetched.

A job's rows come in no order, so the bookmark moves when all of them are out, and not further than
Salesforce's clock when the job was made. Until then the job's id and the place in its results are
in the state: a run that finds them there goes on where the last one died.
"""

from __future__ import annotations

import csv
import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import requests

from tap_salesforce_chat.connection import MAX_TRIES
from tap_salesforce_chat.errors import (
    BulkRefusedError,
    IncompleteError,
    JobLostError,
    NotFoundError,
    RetryLaterError,
    SalesforceError,
    UnexpectedFormError,
    printable,
)
from tap_salesforce_chat.reading.bulk_csv import Body, CellError, RowMaker, cells, columns
from tap_salesforce_chat.reading.windows import Batch, Window, cut_at
from tap_salesforce_chat.timestamps import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping

    from tap_salesforce_chat.connection import Connection
    from tap_salesforce_chat.reading.rest import RestSource
    from tap_salesforce_chat.reading.rows import Row, Schemas
    from tap_salesforce_chat.soql import Query

# Where a stream's state keeps its job.
JOB_KEY = "bulk_job"

_LONGEST_WAIT = 30  # seconds between two looks at a job
_PAGE_BYTES = 16_000_000
_FIRST_PAGE, _SMALLEST_PAGE, _LARGEST_PAGE = 2_000, 1_000, 250_000
_CHUNK_BYTES = 2**16
_BATCH_ROWS, _BATCH_BYTES = 2_000, 2_000_000
# Bytes of room for a byte of results. Decoded, a text takes up to four: one emoji makes each of its
# characters that wide. And more ahead would do no good: it has left the processor's cache by then.
_ROOM_FOR_A_BYTE = 16
# A body that ends too early, noticed by the network, the parser of CSV, or the types.
_BROKEN_OFF = (requests.RequestException, csv.Error, ValueError, KeyError, ArithmeticError)
_NO_MORE = "null"  # what `Sforce-Locator` says on the last page


@dataclass(slots=True)
class Job:
    """A job as the state keeps it."""

    id: str
    query: str  # a digest: the query itself may hold data
    clock: str | None  # Salesforce's when the job was made
    locator: str | None = None  # of the next page; None: the first one
    rows: int = 0  # that are out and changed before `clock`
    newest: str | None = None  # change among them, up to `clock`


@dataclass(frozen=True, slots=True)
class BulkSource:
    """Reads queries of one stream.

    Args:
        connection: The way to Salesforce.
        rest: Counts, and reads what a job has left out.
        operation: `query`, or `queryAll` for deleted rows too.
        schemas: The schema of each field.
        state: The stream's state.
        save: Writes the state out.
        deadline: Seconds to wait for a job.
    """

    connection: Connection
    rest: RestSource
    operation: str
    schemas: Schemas
    state: MutableMapping[str, Any]
    save: Callable[[], None]
    deadline: int

    def batches(self, query: Query) -> Iterator[Batch]:
        """Yield the rows of a query.

        Raises:
            BulkRefusedError: Bulk does not take the query, or fails over it.
            IncompleteError: The rows are not as many as Salesforce counts, whatever is done.
        """
        soql = replace(query, fields=tuple(columns(query.fields))).unordered()
        if job := self._earlier_job(soql, query.sobject):
            try:
                yield from self._job_batches(job, query)
            except (JobLostError, NotFoundError, BulkRefusedError) as exc:
                self.rest.logger.warning("%s Making a new Bulk job.", exc)
            else:
                return
        yield from self._job_batches(self._new_job(soql, query.sobject), query)

    def _job_batches(self, job: Job, query: Query) -> Iterator[Batch]:
        self._wait_for(job, query.sobject)
        days: Counter[str] | None = None if job.locator else Counter()
        yield Batch([], job.clock, None, in_order=False, newest=job.newest)
        # One lane: fetching and decoding overlap with emitting.
        results = self.rest.lanes.open(lambda *_: self._results(job, query), Window(query))
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
            except IncompleteError:
                # Its number of rows is that of its time: the next run has to begin anew.
                self._forget(job, query.sobject)
                raise
        self._forget(job, query.sobject)

    # -- jobs ----------------------------------------------------------------------------------

    def _new_job(self, soql: str, sobject: str) -> Job:
        self.connection.check_quota()
        body = {
            "operation": self.operation,
            "query": soql,
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        }
        answer = self.connection.send("POST", "jobs/query", subject=_subject(sobject), json=body)
        clock = format_instant(answer.date) if answer.date else None
        job = Job(str(answer.document["id"]), _digest(soql), clock)
        self._keep(job)
        return job

    def _earlier_job(self, soql: str, sobject: str) -> Job | None:
        """Return the job of an earlier run, if it is of use; else have it removed."""
        found = self.state.get(JOB_KEY)
        if not isinstance(found, dict):
            return None
        try:
            job = Job(**found)
        except TypeError:
            return None
        if job.query == _digest(soql):
            self.rest.logger.info("Going on with the Bulk job %s of an earlier run.", job.id)
            return job
        self._forget(job, sobject)
        return None

    def _wait_for(self, job: Job, sobject: str) -> None:
        with self._aborted_when_cancelled(job, sobject):
            waited, wait = 0, 1
            while not self._is_complete(job, sobject):
                if waited >= self.deadline:
                    self._abort(job, sobject)
                    raise _too_slow(job, sobject, waited)
                time.sleep(wait)
                waited, wait = waited + wait, min(2 * wait, _LONGEST_WAIT)

    def _is_complete(self, job: Job, sobject: str) -> bool:
        document = self._ask("GET", job, sobject)
        state = document.get("state")
        if state not in {"Failed", "Aborted"}:
            return bool(state == "JobComplete")
        del self.state[JOB_KEY]
        reason = printable(str(document.get("errorMessage") or "no reason given"))
        msg = f"Bulk job {job.id} of {sobject}: {state} ({reason})."
        raise BulkRefusedError(msg)

    @contextmanager
    def _aborted_when_cancelled(self, job: Job, sobject: str) -> Iterator[None]:
        try:
            yield
        except Exception:
            raise
        except BaseException:
            self._abort(job, sobject)
            raise

    def _abort(self, job: Job, sobject: str) -> None:
        with suppress(SalesforceError, RetryLaterError):
            self._ask("PATCH", job, sobject, json={"state": "Aborted"})
        self.state.pop(JOB_KEY, None)

    def _forget(self, job: Job, sobject: str) -> None:
        self.state.pop(JOB_KEY, None)
        # Nobody needs it any more; Salesforce removes it by itself after a week.
        with suppress(SalesforceError, RetryLaterError):
            self._ask("DELETE", job, sobject)

    def _ask(self, method: str, job: Job, sobject: str, **options: Any) -> dict[str, Any]:
        path, subject = f"jobs/query/{job.id}", _subject(sobject)
        answer = self.connection.send(method, path, subject=subject, **options)
        document: dict[str, Any] = answer.document
        return document

    def _keep(self, job: Job) -> None:
        self.state[JOB_KEY] = asdict(job)
        self.save()

    def _note(self, job: Job, batch: Batch, instants: list[str], over: int) -> None:
        """Take note that a batch is out."""
        job.rows += over
        reached = [text for text in instants if job.clock is None or text <= job.clock]
        job.newest = max(filter(None, (job.newest, *reached)), default=None)
        if batch.locator:
            job.locator = batch.locator
            self._keep(job)

    # -- results -------------------------------------------------------------------------------

    def _results(self, job: Job, query: Query) -> Iterator[Batch]:
        locator, most = job.locator, _FIRST_PAGE
        sobject, until = query.sobject, format_instant(query.until) if query.until else None
        while True:
            page = _Page(partial(self._fetch, job, sobject, locator, most), self.schemas, sobject)
            for rows, size in page.batches():
                yield Batch(rows, job.clock, until, in_order=False, size=_ROOM_FOR_A_BYTE * size)
            if page.following == _NO_MORE:
                return
            locator = page.following
            yield Batch([], job.clock, None, in_order=False, locator=locator)
            fitting = _PAGE_BYTES * max(page.rows, 1) // max(page.size, 1)
            most = max(_SMALLEST_PAGE, min(fitting, _LARGEST_PAGE))

    def _fetch(self, job: Job, sobject: str, locator: str | None, most: int) -> requests.Response:
        self.connection.check_quota()
        params = {"maxRecords": str(most)} | ({"locator": locator} if locator else {})
        return self.connection.download(
            f"jobs/query/{job.id}/results", subject=_subject(sobject), params=params
        )

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
    """A page of results, asked for again where it breaks off, behind the rows that are through."""

    def __init__(
        self, fetch: Callable[[], requests.Response], schemas: Schemas, sobject: str
    ) -> None:
        self._fetch = fetch
        self._schemas = schemas
        self._sobject = sobject
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
            except _BROKEN_OFF as exc:
                failures = 1 if self.rows > before else failures + 1
                if isinstance(exc, CellError) and failures > 1:
                    raise _unexpected(self._sobject) from None
                if failures == MAX_TRIES:
                    msg = (
                        f"{_subject(self._sobject)}: results cannot be read ({type(exc).__name__})."
                    )
                    raise RetryLaterError(msg) from None
                time.sleep(2**failures)
            else:
                return

    def _read(self, response: requests.Response) -> Iterator[tuple[list[Row], int]]:
        body = Body(response.iter_content(_CHUNK_BYTES))
        records = cells(body)
        make = RowMaker(next(records, []), self._schemas)
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


def _unexpected(sobject: str) -> UnexpectedFormError:
    return UnexpectedFormError(
        f"{_subject(sobject)}: a field of the results has another type than the catalog says."
    )


def _too_slow(job: Job, sobject: str, waited: int) -> SalesforceError:
    return SalesforceError(
        f"Bulk job {job.id} of {sobject}: not finished after {waited // 60} minutes, so it is "
        "aborted. Raise bulk_timeout_minutes, or set api_type to REST."
    )


def _subject(sobject: str) -> str:
    return f"Bulk query of {sobject}"


def _digest(soql: str) -> str:
    return sha256(soql.encode()).hexdigest()[:16]
