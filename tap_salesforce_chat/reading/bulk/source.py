"""Read the queries of one stream by the Bulk API 2.0: create a job, wait for it, fetch its results.

A job's rows come in no order, so the bookmark moves when all of them are emitted, and not past
Salesforce's time when the job was created. Until then the stream's bookmark holds the job's Id and
the place in its results: the next run goes on from there if this one dies.
"""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from tap_salesforce_chat.errors import (
    BulkJobFailedError,
    BulkJobGoneError,
    BulkUnsupportedError,
    RowCountError,
    SalesforceError,
)
from tap_salesforce_chat.reading.bulk.csv_rows import RowMaker, columns
from tap_salesforce_chat.reading.bulk.results import LAST_LOCATOR, ResultsPage
from tap_salesforce_chat.reading.tasks import Batch, WindowTask
from tap_salesforce_chat.reading.windows import cut_at
from tap_salesforce_chat.timestamps import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

    from tap_salesforce_chat.reading.bulk.jobs import BulkJob, BulkJobs
    from tap_salesforce_chat.reading.rest import RestSource
    from tap_salesforce_chat.reading.rows import Schemas
    from tap_salesforce_chat.soql import Query

    Guard = AbstractContextManager[None]

_PAGE_BYTES = 16_000_000
_FIRST_PAGE, _SMALLEST_PAGE, _LARGEST_PAGE = 2_000, 1_000, 250_000
# Bytes in the buffer for a byte of results. Decoded, a text takes up to four: one emoji makes each
# of its characters that wide. And buffering more is no faster: the processor's cache is full.
_MEMORY_FACTOR = 16


@dataclass(frozen=True, slots=True)
class BulkSource:
    """Reads queries of one stream.

    Args:
        jobs: The stream's jobs.
        rest: Counts, and reads the rows that a job lacks.
        schemas: The schema of each field.
    """

    jobs: BulkJobs
    rest: RestSource
    schemas: Schemas

    def batches(self, query: Query) -> Iterator[Batch]:
        """Yield the rows of a query.

        Raises:
            BulkUnsupportedError: Bulk rejects the query, or fails to run it.
            RowCountError: The rows are not as many as Salesforce counts, even when read again.
        """
        soql = replace(query, fields=tuple(columns(query.fields))).unordered()
        if job := self.jobs.unfinished(soql):
            try:
                yield from self._job_batches(job, query, self.jobs.gone_if_refused)
            except (BulkJobGoneError, BulkUnsupportedError) as exc:
                self.rest.logger.warning("%s Making a new Bulk job.", exc)
            else:
                return
        try:
            yield from self._job_batches(self.jobs.create(soql), query)
        except (BulkJobFailedError, BulkJobGoneError) as exc:
            self.rest.logger.warning("%s Making another Bulk job, once.", exc)
            yield from self._job_batches(self.jobs.create(soql), query)

    def _job_batches(
        self, job: BulkJob, query: Query, guard: Callable[[], Guard] = nullcontext
    ) -> Iterator[Batch]:
        with guard():
            self.jobs.wait_for(job)
        days: Counter[str] | None = None if job.locator else Counter()
        yield Batch([], job.clock, None, in_order=False, newest=job.newest)
        # One task: its thread fetches and decodes while this one writes rows.
        task = WindowTask(query, lambda _: self._results(job, query, guard))
        for batch in self.rest.prefetcher.batches(self.rest.prefetcher.enqueue(task)):
            instants = [row.SystemModstamp for row in batch.rows]
            yield batch
            complete = [text for text in instants if _is_before(text, job)]
            self._record(job, batch, instants, len(complete))
            if days is not None:
                days.update([text[:10] for text in complete])
        if self.rest.verify and job.clock:
            until = parse_instant(job.clock)
            closed = replace(query, until=min(query.until or until, until))
            try:
                yield from self._missing_rows(_days(closed, days, job.rows))
            except RowCountError:
                # The job's number of rows is that of its time: the next run has to start over.
                self.jobs.remove(job)
                raise
        self.jobs.remove(job)

    def _record(self, job: BulkJob, batch: Batch, instants: list[str], complete: int) -> None:
        """Record in the job that the rows of a batch are emitted."""
        job.rows += complete
        reached = [text for text in instants if job.clock is None or text <= job.clock]
        job.newest = max(filter(None, (job.newest, *reached)), default=None)
        if batch.locator:
            job.locator = batch.locator
            self.jobs.save(job)

    # -- results -------------------------------------------------------------------------------

    def _results(self, job: BulkJob, query: Query, guard: Callable[[], Guard]) -> Iterator[Batch]:
        locator, max_records, seen = job.locator, _FIRST_PAGE, {job.locator}
        until = format_instant(query.until) if query.until else None
        while True:
            page = ResultsPage(
                partial(self._fetch, job, locator, max_records, guard),
                partial(RowMaker, columns(query.fields), self.schemas),
                self.jobs.subject,
            )
            for rows, size in page.batches():
                yield Batch(rows, job.clock, until, in_order=False, size=_MEMORY_FACTOR * size)
            if page.next_locator == LAST_LOCATOR:
                return
            locator = page.next_locator
            if locator in seen:
                msg = f"{self.jobs.subject}: Salesforce's answer has a locator that leads back."
                raise SalesforceError(msg)
            seen.add(locator)
            yield Batch([], job.clock, None, in_order=False, locator=locator)
            fitting = _PAGE_BYTES * max(page.rows, 1) // max(page.size, 1)
            max_records = max(_SMALLEST_PAGE, min(fitting, _LARGEST_PAGE))

    def _fetch(
        self, job: BulkJob, locator: str | None, max_records: int, guard: Callable[[], Guard]
    ) -> requests.Response:
        client, subject = self.jobs.client, self.jobs.subject
        client.check_quota()
        params = {"maxRecords": str(max_records)} | ({"locator": locator} if locator else {})
        with guard():
            return client.download(f"jobs/query/{job.id}/results", subject=subject, params=params)

    # -- verification --------------------------------------------------------------------------

    def _missing_rows(self, windows: list[tuple[Query, int]]) -> Iterator[Batch]:
        """Compare windows with Salesforce's count; read those by REST that lack rows."""
        query = replace(windows[0][0], until=windows[-1][0].until)
        if query.since and query.until and query.since >= query.until:
            return
        read, counted = sum(rows for _, rows in windows), self.rest.count(query)
        if counted in {read, None}:
            return
        if len(windows) > 1:
            middle = len(windows) // 2
            yield from self._missing_rows(windows[:middle])
            yield from self._missing_rows(windows[middle:])
        elif counted > read:
            for batch in self.rest.batches(query):
                yield replace(batch, in_order=False)


def _days(query: Query, days: Counter[str] | None, rows: int) -> list[tuple[Query, int]]:
    """Return the query in windows of days, each with the number of rows that came."""
    if not days:
        return [(query, rows)]
    first, *others = sorted(days)
    windows = cut_at(query, [parse_instant(day) for day in others])
    return [(window, days[day]) for window, day in zip(windows, [first, *others], strict=True)]


def _is_before(text: str, job: BulkJob) -> bool:
    """Return whether an instant lies before the job: all its rows are then in the results.

    Canonical instants compare as text, except for fractions, which Salesforce does not have.
    """
    return job.clock is None or text < job.clock
