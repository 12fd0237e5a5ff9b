"""Bulk API 2.0 query jobs: create one, wait for it, and keep it in STATE for the next run."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from tap_salesforce_chat.errors import (
    BulkJobFailedError,
    BulkJobGoneError,
    BulkUnsupportedError,
    HostMovedError,
    LoginError,
    QueryTimeoutError,
    QueryTooComplicatedError,
    QuotaError,
    RetryLaterError,
    SalesforceError,
    SessionExpiredError,
)
from tap_salesforce_chat.http.errors.responses import without_query
from tap_salesforce_chat.state.keys import BULK_JOB
from tap_salesforce_chat.timestamps import format_instant, parse_instant

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator, MutableMapping

    from tap_salesforce_chat.http.client import SalesforceClient

_LONGEST_WAIT = 30  # seconds between two requests for a job's status
_ID = re.compile(r"750[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?")
# Errors that are not about the job.
_UNRELATED = (HostMovedError, BulkJobGoneError, LoginError, QuotaError, SessionExpiredError)


@dataclass(slots=True)
class BulkJob:
    """A job, as the stream's bookmark keeps it."""

    id: str
    query: str  # a digest: the query itself may hold data
    clock: str | None  # Salesforce's time when the job was created
    locator: str | None = None  # of the next page; None: the first one
    rows: int = 0  # that are emitted and changed before `clock`
    newest: str | None = None  # latest change among emitted rows, up to `clock`

    @classmethod
    def of(cls, found: object) -> BulkJob | None:
        """Return the job that a bookmark holds, None if it holds none that this tap has written."""
        try:
            job = msgspec.convert(found, cls)
            for instant in filter(None, (job.clock, job.newest)):
                parse_instant(instant)
        except (msgspec.ValidationError, ValueError):
            return None
        return job if _ID.fullmatch(job.id) and job.rows >= 0 else None


@dataclass(frozen=True, slots=True)
class BulkJobs:
    """The jobs of one stream.

    Args:
        client: Sends the requests.
        sobject: The object.
        operation: `query`, or `queryAll` for deleted rows too.
        progress: The stream's part of STATE.
        write_state: Writes a STATE message.
        deadline: Seconds to wait for a job.
        logger: Gets a line when an unfinished job is found.
    """

    client: SalesforceClient
    sobject: str
    operation: str
    progress: MutableMapping[str, Any]
    write_state: Callable[[], None]
    deadline: int
    logger: logging.Logger

    @property
    def subject(self) -> str:
        """What error messages call the query."""
        return f"Bulk query of {self.sobject}"

    def create(self, soql: str) -> BulkJob:
        """Create a job.

        Raises:
            BulkUnsupportedError: Bulk rejects the query, or finds it too large.
        """
        self.client.check_quota()
        body = {
            "operation": self.operation,
            "query": soql,
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        }
        try:
            answer = self.client.send("POST", "jobs/query", subject=self.subject, json=body)
        except (QueryTimeoutError, QueryTooComplicatedError) as exc:
            raise BulkUnsupportedError(str(exc)) from exc
        clock = format_instant(answer.date) if answer.date else None
        job = BulkJob(str(answer.document["id"]), _digest(soql), clock)
        self.save(job)
        return job

    def unfinished(self, soql: str) -> BulkJob | None:
        """Return the job of an earlier run if it is for the same query; else remove it."""
        job = BulkJob.of(self.progress.get(BULK_JOB))
        if job is None:
            self.progress.pop(BULK_JOB, None)
            return None
        if job.query == _digest(soql):
            self.logger.info("Going on with the Bulk job %s of an earlier run.", job.id)
            return job
        self.remove(job)
        return None

    @contextmanager
    def gone_if_refused(self) -> Iterator[None]:
        """Treat a refusal as the loss of the job, which may be another user's, or another org's.

        Raises:
            BulkJobGoneError: The job of an earlier run cannot be read.
        """
        try:
            yield
        except _UNRELATED:
            raise
        except SalesforceError as exc:
            raise BulkJobGoneError(str(exc)) from exc

    def wait_for(self, job: BulkJob) -> None:
        """Wait until a job is complete.

        Raises:
            BulkJobFailedError: It failed, or was aborted.
            SalesforceError: It took too long, and was aborted.
        """
        with self._aborted_when_cancelled(job):
            waited, wait = 0, 1
            while not self._is_complete(job):
                if waited >= self.deadline:
                    self._abort(job)
                    raise self._too_slow(job, waited)
                time.sleep(wait)
                waited, wait = waited + wait, min(2 * wait, _LONGEST_WAIT)

    def remove(self, job: BulkJob) -> None:
        """Delete a job that is not needed; Salesforce itself does so after a week."""
        self.progress.pop(BULK_JOB, None)
        with suppress(SalesforceError, RetryLaterError):
            self._ask("DELETE", job)

    def save(self, job: BulkJob) -> None:
        """Put a job into the stream's bookmark, and write STATE."""
        self.progress[BULK_JOB] = asdict(job)
        self.write_state()

    def _is_complete(self, job: BulkJob) -> bool:
        document = self._ask("GET", job)
        state = document.get("state")
        if state not in {"Failed", "Aborted"}:
            return bool(state == "JobComplete")
        self.progress.pop(BULK_JOB, None)
        reason = without_query(str(document.get("errorMessage") or "no reason given"))
        msg = f"Bulk job {job.id} of {self.sobject}: {state} ({reason})."
        raise BulkJobFailedError(msg)

    @contextmanager
    def _aborted_when_cancelled(self, job: BulkJob) -> Iterator[None]:
        try:
            yield
        except Exception:
            raise
        except BaseException:
            self._abort(job)
            raise

    def _abort(self, job: BulkJob) -> None:
        with suppress(SalesforceError, RetryLaterError):
            self._ask("PATCH", job, json={"state": "Aborted"})
        self.progress.pop(BULK_JOB, None)

    def _ask(self, method: str, job: BulkJob, **options: Any) -> dict[str, Any]:
        path = f"jobs/query/{job.id}"
        answer = self.client.send(method, path, subject=self.subject, **options)
        document: dict[str, Any] = answer.document
        return document

    def _too_slow(self, job: BulkJob, waited: int) -> SalesforceError:
        return SalesforceError(
            f"Bulk job {job.id} of {self.sobject}: not finished after {waited // 60} minutes, so "
            "it is aborted. Raise bulk_timeout_minutes, or set api_type to REST."
        )


def _digest(soql: str) -> str:
    return sha256(soql.encode()).hexdigest()[:16]
