"""Bulk API 2.0 query jobs: made, polled, aborted, deleted, and their results in pages of CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from random import Random
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.fakes.salesforce.answers import Answer, json_answer
from tests.fakes.salesforce.errors import (
    Code,
    SalesforceError,
    json_object,
    mistyped,
    not_found,
)
from tests.fakes.salesforce.evaluate import evaluate
from tests.fakes.salesforce.ids import make_id
from tests.fakes.salesforce.soql import parse

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tests.fakes.salesforce.answers import Request
    from tests.fakes.salesforce.evaluate import Result
    from tests.fakes.salesforce.org import SalesforceOrg

_COMPOUND = frozenset({"address", "location"})
_DELIMITERS = {"COMMA": ",", "TAB": "\t", "PIPE": "|", "SEMICOLON": ";", "CARET": "^",
               "BACKQUOTE": "`"}  # fmt: skip
# What the body of a new job may hold, and which values each member may have.
_OPERATIONS = {"query": False, "queryAll": True}
_LINE_ENDINGS = {"LF": "\n", "CRLF": "\r\n"}
_WISHES: Mapping[str, Collection[Any]] = MappingProxyType(
    {
        "operation": tuple(_OPERATIONS),
        "query": (),
        "contentType": ("CSV",),
        "columnDelimiter": tuple(_DELIMITERS),
        "lineEnding": tuple(_LINE_ENDINGS),
    }
)
_FINAL = frozenset({"JobComplete", "Failed", "Aborted"})


# Mutable: a job goes through its states.
@dataclass(slots=True)
class Job:
    """A query job. `looks` counts how often somebody asked for its state."""

    id: str
    version: str
    wish: dict[str, Any]
    result: Result
    state: str = "UploadComplete"
    reason: str = ""
    looks: int = 0
    records: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return the document by which the API describes the job."""
        document = {
            "id": self.id,
            "operation": self.wish["operation"],
            "object": self.result.sobject,
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "columnDelimiter": self.wish.get("columnDelimiter", "COMMA"),
            "lineEnding": self.wish.get("lineEnding", "LF"),
            "apiVersion": float(self.version),
            "jobType": "V2Query",
            "numberRecordsProcessed": len(self.records),
            "retries": 0,
            "totalProcessingTime": 334,
        }
        return document | ({"errorMessage": self.reason} if self.reason else {})


class BulkJobs:
    """All query jobs of the org.

    Attributes:
        looks_needed: How often a job is asked for before it is complete.
        failure: The reason that jobs fail for, if they do.
        unsupported: Objects that Bulk does not know.
        largest_page: Rows that a page of results has at most.
        jobs: The jobs by id.
    """

    def __init__(self, org: SalesforceOrg) -> None:
        self._org = org
        self._made = 0
        self._lock = Lock()
        self.looks_needed = 2
        self.failure = ""
        self.unsupported: set[str] = set()
        self.largest_page = 250_000
        self.jobs_left = 10_000
        self.jobs: dict[str, Job] = {}

    def handle(self, request: Request, version: str, parts: tuple[str, ...]) -> Answer:
        """Answer a request to `jobs/query` and below, given as the parts behind it."""
        match request.method, parts:
            case "POST", ():
                return json_answer(self._create(request, version).document())
            case "GET", (job_id,):
                return json_answer(self._look(self._job(job_id)).document())
            case "PATCH", (job_id,):
                return json_answer(self._abort(self._job(job_id), request).document())
            case "DELETE", (job_id,):
                return self._delete(self._job(job_id))
            case "GET", (job_id, "results"):
                return self._results(self._job(job_id), request, version)
        raise not_found()

    def _job(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise not_found()
        return self.jobs[job_id]

    def _create(self, request: Request, version: str) -> Job:
        wish = _checked_wish(json_object(request.body))
        query = parse(wish["query"])
        include_deleted = _OPERATIONS[wish["operation"]]
        result = evaluate(query, self._org, include_deleted=include_deleted)
        self._check(result, offset=query.offset)
        with self._lock:
            self._made += 1
            self.jobs_left -= 1
            job = Job(make_id("750", self._made), version, wish, result)
            self.jobs[job.id] = job
        return job

    def _check(self, result: Result, *, offset: int) -> None:
        if self.jobs_left <= 0:
            message = "Exceeded the daily number of query jobs"
            raise SalesforceError(Code.LIMIT_EXCEEDED, message)
        if result.sobject in self.unsupported:
            message = f"Entity '{result.sobject}' is not supported by the Bulk API."
            raise SalesforceError(Code.INVALIDENTITY, message)
        if any(column.field.type in _COMPOUND for column in result.columns):
            message = "Selecting compound data not supported in Bulk Query"
            raise SalesforceError(Code.API_ERROR, message)
        lists = any(column.field.type == "junctionidlist" for column in result.columns)
        if offset or lists or result.count_only:
            raise SalesforceError(Code.API_ERROR, "Implementation restriction")

    def _look(self, job: Job) -> Job:
        if job.state in _FINAL:
            return job
        job.looks += 1
        job.state = "InProgress"
        if self.failure:
            job.state, job.reason = "Failed", self.failure
        elif job.looks >= self.looks_needed:
            job.state, job.records = "JobComplete", self._records(job)
        return job

    def _records(self, job: Job) -> list[str]:
        """Write the rows as they are now; a parallel search finds them in no order."""
        wish = job.wish
        result = evaluate(
            parse(wish["query"]), self._org, include_deleted=wish["operation"] == "queryAll"
        )
        ids = list(result.ids)
        if "ORDER BY" not in wish["query"]:
            Random(job.id).shuffle(ids)  # noqa: S311 - nothing is secret
        rows = [self._org.find(record_id) for record_id in ids]
        return [
            _line([_cell(column.get(row), column.field.type) for column in result.columns], wish)
            for row in rows
            if row is not None
        ]

    def _abort(self, job: Job, request: Request) -> Job:
        if json_object(request.body) != {"state": "Aborted"} or job.state in _FINAL:
            raise SalesforceError(Code.INVALIDJOBSTATE, f"Job is in state {job.state}")
        job.state = "Aborted"
        return job

    def _delete(self, job: Job) -> Answer:
        if job.state not in _FINAL:
            raise SalesforceError(Code.INVALIDJOBSTATE, f"Job is in state {job.state}")
        del self.jobs[job.id]
        return Answer(204, b"")

    def _results(self, job: Job, request: Request, version: str) -> Answer:
        if version != job.version:
            message = f"The job has API version {job.version}"
            raise SalesforceError(Code.VERSION_MISMATCH, message, status=409)
        if job.state != "JobComplete":
            raise SalesforceError(Code.INVALIDJOBSTATE, f"Job is in state {job.state}")
        start = _offset(request.query.get("locator", ""), len(job.records))
        wished = _positive(request.query.get("maxRecords", str(self.largest_page)))
        end = start + min(wished, self.largest_page)
        page = job.records[start:end]
        header = _line([column.name for column in job.result.columns], job.wish)
        locator = f"Loc{end:x}" if end < len(job.records) else "null"
        headers = (("Sforce-Locator", locator), ("Sforce-NumberOfRecords", str(len(page))))
        return Answer(200, "".join([header, *page]).encode(), "text/csv", headers)


def _checked_wish(wish: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a new job; it may leave all out but what to do, and the query."""
    if unknown := [name for name in wish if name not in _WISHES]:
        message = f"Unrecognized field '{unknown[0]}' at [line:1, column:1]"
        raise SalesforceError(Code.API_ERROR, message)
    if not isinstance(wish.get("query"), str) or "operation" not in wish:
        message = "Required fields are missing: [operation, query]"
        raise SalesforceError(Code.API_ERROR, message)
    for column, (name, values) in enumerate(_WISHES.items()):
        if name in wish and values and wish[name] not in values:
            raise mistyped(column)
    return wish


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise SalesforceError(Code.API_ERROR, "maxRecords must be a positive number")
    return int(text)


def _offset(locator: str, end: int) -> int:
    try:
        offset = int(locator.removeprefix("Loc"), 16) if locator else 0
    except ValueError:
        offset = end + 1
    if offset > end:
        raise SalesforceError(Code.INVALID_QUERY_LOCATOR, "invalid query locator")
    return offset


def _cell(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    # Bulk writes date-times in another way than REST.
    return f"{value[:19]}.000Z" if kind == "datetime" else str(value)


def _line(cells: list[str], wish: dict[str, Any]) -> str:
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=_DELIMITERS[wish.get("columnDelimiter", "COMMA")],
        lineterminator=_LINE_ENDINGS[wish.get("lineEnding", "LF")],
        quoting=csv.QUOTE_ALL,
    )
    writer.writerow(cells)
    return text.getvalue()
