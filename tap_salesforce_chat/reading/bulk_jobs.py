"""Bulk API 2.0 query jobs: made, waited for, and kept in the state for who comes after."""

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
from tap_salesforce_chat.streams.state import JOB_KEY
from tap_salesforce_chat.timestamps import format_instant, parse_instant

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator, MutableMapping

    from tap_salesforce_chat.http.client import SalesforceClient

# Where a stream's state keeps its job.

_LONGEST_WAIT = 30  # seconds between two looks at a job
_ID = re.compile(r"750[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?")
# What says nothing about the job that was asked for.
_NOT_THE_JOBS = (HostMovedError, BulkJobGoneError, LoginError, QuotaError, SessionExpiredError)


@dataclass(slots=True)
class Job:
    """A job as the state keeps it."""

    id: str
    query: str  # a digest: the query itself may hold data
    clock: str | None  # Salesforce's when the job was made
    locator: str | None = None  # of the next page; None: the first one
    rows: int = 0  # that are out and changed before `clock`
    newest: str | None = None  # change among them, up to `clock`

    @classmethod
    def of(cls, found: object) -> Job | None:
        """Return the job of a state; None where there is none that this tap has written."""
        try:
            job = msgspec.convert(found, cls)
            for instant in filter(None, (job.clock, job.newest)):
                parse_instant(instant)
        except (msgspec.ValidationError, ValueError):
            return None
        return job if _ID.fullmatch(job.id) and job.rows >= 0 else None


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs of one stream.

    Args:
        client: The way to Salesforce.
        sobject: The object.
        operation: `query`, or `queryAll` for deleted rows too.
        state: The stream's state.
        save: Writes the state out.
        deadline: Seconds to wait for a job.
        logger: Gets what is worth a line.
    """

    client: SalesforceClient
    sobject: str
    operation: str
    state: MutableMapping[str, Any]
    save: Callable[[], None]
    deadline: int
    logger: logging.Logger

    @property
    def subject(self) -> str:
        """What is asked for, for error messages."""
        return f"Bulk query of {self.sobject}"

    def make(self, soql: str) -> Job:
        """Return a new job.

        Raises:
            BulkUnsupportedError: Bulk does not take the query, or not all of it at once.
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
        job = Job(str(answer.document["id"]), _digest(soql), clock)
        self.keep(job)
        return job

    def earlier(self, soql: str) -> Job | None:
        """Return the job of an earlier run, if it is of use; else have it removed."""
        job = Job.of(self.state.get(JOB_KEY))
        if job is None:
            self.state.pop(JOB_KEY, None)
            return None
        if job.query == _digest(soql):
            self.logger.info("Going on with the Bulk job %s of an earlier run.", job.id)
            return job
        self.forget(job)
        return None

    @contextmanager
    def lost_where_refused(self) -> Iterator[None]:
        """Take a refusal for one of the job: it may be another user's, or another org's.

        Raises:
            BulkJobGoneError: The job of an earlier run cannot be read.
        """
        try:
            yield
        except _NOT_THE_JOBS:
            raise
        except SalesforceError as exc:
            raise BulkJobGoneError(str(exc)) from exc

    def wait_for(self, job: Job) -> None:
        """Return when a job is complete.

        Raises:
            BulkJobFailedError: It failed, or was aborted.
            SalesforceError: It takes too long, and is aborted.
        """
        with self._aborted_when_cancelled(job):
            waited, wait = 0, 1
            while not self._is_complete(job):
                if waited >= self.deadline:
                    self._abort(job)
                    raise self._too_slow(job, waited)
                time.sleep(wait)
                waited, wait = waited + wait, min(2 * wait, _LONGEST_WAIT)

    def forget(self, job: Job) -> None:
        """Have a job removed that nobody needs; Salesforce does so by itself after a week."""
        self.state.pop(JOB_KEY, None)
        with suppress(SalesforceError, RetryLaterError):
            self._ask("DELETE", job)

    def keep(self, job: Job) -> None:
        """Write a job into the state, and that out."""
        self.state[JOB_KEY] = asdict(job)
        self.save()

    def _is_complete(self, job: Job) -> bool:
        document = self._ask("GET", job)
        state = document.get("state")
        if state not in {"Failed", "Aborted"}:
            return bool(state == "JobComplete")
        self.state.pop(JOB_KEY, None)
        reason = without_query(str(document.get("errorMessage") or "no reason given"))
        msg = f"Bulk job {job.id} of {self.sobject}: {state} ({reason})."
        raise BulkJobFailedError(msg)

    @contextmanager
    def _aborted_when_cancelled(self, job: Job) -> Iterator[None]:
        try:
            yield
        except Exception:
            raise
        except BaseException:
            self._abort(job)
            raise

    def _abort(self, job: Job) -> None:
        with suppress(SalesforceError, RetryLaterError):
            self._ask("PATCH", job, json={"state": "Aborted"})
        self.state.pop(JOB_KEY, None)

    def _ask(self, method: str, job: Job, **options: Any) -> dict[str, Any]:
        path = f"jobs/query/{job.id}"
        answer = self.client.send(method, path, subject=self.subject, **options)
        document: dict[str, Any] = answer.document
        return document

    def _too_slow(self, job: Job, waited: int) -> SalesforceError:
        return SalesforceError(
            f"Bulk job {job.id} of {self.sobject}: not finished after {waited // 60} minutes, so "
            "it is aborted. Raise bulk_timeout_minutes, or set api_type to REST."
        )


def _digest(soql: str) -> str:
    return sha256(soql.encode()).hexdigest()[:16]
