"""Bulk 2.0: the rows that REST would give, and no bookmark before all of them are out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tap_salesforce_chat.errors import BulkUnsupportedError, RowCountError, SalesforceError
from tap_salesforce_chat.streams.base import SalesforceStream
from tests.fakes.salesforce import Fault
from tests.fakes.salesforce.matching import ends
from tests.tap.support import NOON, add_cases, catalog_of, counts, run_tap, settings, sync

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.fakes.salesforce.answers import Request
    from tests.tap.support import Clock, Run


def bulk(server: SalesforceServer, **more: Any) -> Run:
    """Sync the stream Case alone by Bulk, good or bad."""
    state = more.pop("state", None)
    config = settings(server, **{"api_type": "BULK2", **more})
    return run_tap(config, catalog_of(server, "Case"), state)


def asked(server: SalesforceServer, method: str, ending: str = "") -> int:
    """Return how often a method was used on jobs."""
    return sum(
        call.method == method and "/jobs/query" in call.path and call.path.endswith(ending)
        for call in server.calls
    )


def is_look(request: Request) -> bool:
    """Match what asks for the state of a job."""
    return request.method == "GET" and request.path.rpartition("/")[0].endswith("/jobs/query")


@pytest.fixture
def small_pages(server: SalesforceServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the server send three rows a page, and the tap pass on two at a time."""
    server.bulk.largest_page = 3
    monkeypatch.setattr("tap_salesforce_chat.reading.bulk.results._BATCH_ROWS", 2)


def by_id(run: Run) -> dict[str, Any]:
    """Return the rows of a run without their order."""
    return {row["Id"]: row for row in run.rows()}


def places(run: Run) -> list[tuple[int, str | None]]:
    """Return of each STATE with a job how many rows came before it, and the locator in it."""
    found, rows = [], 0
    for message in run.messages:
        rows += message["type"] == "RECORD"
        if message["type"] == "STATE":
            job = message["value"]["bookmarks"].get("Case", {}).get("bulk_job")
            found += [(rows, job["locator"])] if job else []
    return found


@pytest.mark.usefixtures("small_pages")
def test_bulk_gives_the_rows_of_rest(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Types, parents and text alike; only the order is nobody's."""
    contact = org.add("Contact", LastName="Doe")
    org.add_field("Case", "Amount__c", "currency")
    org.add_field("Case", "Rank__c", "int")
    for number, text in enumerate(["N/A", "null", "NA", " ", "a\r\nb\rc\n", '"q",', "x\0y", None]):
        org.add("Case", Description=text, ContactId=contact, Amount__c=number / 4, Rank__c=-number)
        clock.tick()
    add_cases(org, clock, 3)

    run = bulk(server)

    assert run.error is None
    assert by_id(run) == by_id(sync(server))
    assert run.bookmark() == "2024-05-01T12:00:10Z"
    assert asked(server, "POST") == 1


def test_a_job_is_asked_for_at_growing_intervals_and_removed(
    server: SalesforceServer, org: SalesforceOrg, waits: list[float]
) -> None:
    """Each look is a request, and each job one of 10,000 a day that Salesforce keeps."""
    org.add("Case")
    server.bulk.looks_needed = 9

    run = bulk(server)

    assert run.error is None
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
    assert asked(server, "DELETE") == 1
    assert server.bulk.jobs == {}
    assert "bulk_job" not in run.states[-1]["bookmarks"]["Case"]


def test_a_job_beyond_the_deadline_is_aborted(server: SalesforceServer, org: SalesforceOrg) -> None:
    """It would go on to use up the org's limits."""
    org.add("Case")
    server.bulk.looks_needed = 1_000

    run = bulk(server, bulk_timeout_minutes=2)

    assert isinstance(run.error, SalesforceError)
    assert "bulk_timeout_minutes" in str(run.error)
    assert [job.state for job in server.bulk.jobs.values()] == ["Aborted"]
    assert "bulk_job" not in run.states[-1]["bookmarks"]["Case"]


def test_a_cancelled_run_aborts_its_job(
    server: SalesforceServer, org: SalesforceOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for it any more."""
    org.add("Case")
    server.bulk.looks_needed = 5

    def cancel(_: float) -> None:
        raise SystemExit(143)

    monkeypatch.setattr("tap_salesforce_chat.reading.bulk.jobs.time.sleep", cancel)

    run = bulk(server)

    assert isinstance(run.error, SystemExit)
    assert [job.state for job in server.bulk.jobs.values()] == ["Aborted"]
    assert "bulk_job" not in run.states[-1]["bookmarks"]["Case"]


def test_a_failed_job_ends_the_run_with_salesforces_reason(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """The query that it may quote is no part of it: its conditions can hold data."""
    org.add("Case")
    server.bulk.failure = "InvalidBatch : Too many retries for SELECT Id FROM Case WHERE X = 'hush'"

    run = bulk(server)

    assert isinstance(run.error, BulkUnsupportedError)
    assert "Failed (InvalidBatch : Too many retries for ...)" in str(run.error)
    assert asked(server, "POST") == 2
    assert "bulk_job" not in run.states[-1]["bookmarks"]["Case"]


@pytest.mark.parametrize("api", ["BULK2", "AUTO"])
def test_a_failed_job_is_tried_once_more(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    api: str,
) -> None:
    """What failed for an accident of Salesforce's works the second time."""
    monkeypatch.setattr("tap_salesforce_chat.reading.source._BULK_FROM", 1)
    ids = add_cases(org, clock, 3)
    server.bulk.failure = "Internal error"
    server.interceptors.add(is_look, after=lambda: setattr(server.bulk, "failure", ""))
    run = bulk(server, api_type=api)

    assert run.error is None
    assert sorted(run.column("Id")) == ids
    assert asked(server, "POST") == 2


@pytest.mark.usefixtures("small_pages")
def test_the_bookmark_waits_for_all_rows_of_a_job(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They come in no order: any row that is out may be later than one that is not."""
    monkeypatch.setattr(SalesforceStream, "STATE_MSG_FREQUENCY", 1)
    add_cases(org, clock, 10)
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault("500", path="/results", times=1_000, after=2))

    run = run_tap(settings(server, api_type="BULK2"), catalog)

    assert len(run.rows()) == 6
    assert run.bookmark() is None


@pytest.mark.usefixtures("small_pages")
def test_a_run_that_died_goes_on_with_its_job(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Behind the last page that is out; the job's own count is still right."""
    ids = add_cases(org, clock, 10)
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault("500", path="/results", times=7, after=2))
    died = run_tap(settings(server, api_type="BULK2"), catalog)
    saved = died.states[-1]["bookmarks"]["Case"]["bulk_job"]

    run = bulk(server, state=died.states[-1])

    assert saved["locator"] == "Loc6"
    assert run.error is None
    assert sorted(died.column("Id") + run.column("Id")) == ids
    assert run.bookmark() == "2024-05-01T12:00:09Z"
    assert asked(server, "POST") == 1


@pytest.mark.usefixtures("small_pages")
def test_state_has_the_place_in_the_results_once_its_rows_are_out(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """One message a page and none in between: a run that is killed writes no last one."""
    add_cases(org, clock, 10)

    run = bulk(server)

    assert places(run) == [(0, None), (3, "Loc3"), (6, "Loc6"), (9, "Loc9")]


def test_state_has_a_second_job_before_its_results(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """No row came in between; a run that is killed would leave the job behind and make a third."""
    add_cases(org, clock, 3)
    server.bulk.failure = "Internal error"
    server.interceptors.add(is_look, after=lambda: setattr(server.bulk, "failure", ""))

    run = bulk(server)

    assert asked(server, "POST") == 2
    assert places(run) == [(0, None), (0, None)]


def test_a_job_that_was_still_running_is_waited_for(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Its state is out as soon as it is made."""
    ids = add_cases(org, clock, 3)
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault("500", path="/jobs/query/", times=7))
    died = run_tap(settings(server, api_type="BULK2"), catalog)

    run = bulk(server, state=died.states[-1])

    assert died.rows() == []
    assert sorted(run.column("Id")) == ids
    assert asked(server, "POST") == 1


@pytest.mark.parametrize(
    "gone",
    ["deleted", "failed", "other_version", "other_query", "foreign", "hidden", "lost_locator"],
)
def test_a_job_that_is_of_no_use_any_more_is_made_anew(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, gone: str
) -> None:
    """Results live for seven days, and settings may have changed since."""
    ids = add_cases(org, clock, 3)
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault("500", path="/results", times=7))
    died = run_tap(settings(server, api_type="BULK2"), catalog)
    (job,) = server.bulk.jobs.values()
    more: dict[str, Any] = {}
    if gone == "deleted":
        server.bulk.jobs.clear()
    elif gone == "failed":
        job.state = "Failed"
    elif gone == "other_version":
        more["api_version"] = "63.0"
    elif gone == "foreign":
        server.faults.add(Fault("other_user", path=job.id))
    elif gone == "hidden":
        server.faults.add(Fault("hidden_job", path=job.id))
    elif gone == "lost_locator":
        died.states[-1]["bookmarks"]["Case"]["bulk_job"]["locator"] = "Loc7777"
    else:
        more["filters"] = {"Case": "Subject != 'x'"}

    run = bulk(server, state=died.states[-1], **more)

    assert run.error is None
    assert sorted(run.column("Id")) == ids
    assert asked(server, "POST") == 2


@pytest.mark.parametrize(
    "job",
    [
        None,
        "750000000000001AAA",
        {},
        {"id": 7, "query": "x", "clock": None},
        {"id": "750000000000001AAA", "query": "x", "clock": "yesterday"},
        {"id": "../../limits", "query": "x", "clock": None},
        {"id": "750000000000001AAA", "query": "x", "clock": None, "rows": "many"},
        {"id": "750000000000001AAA", "query": "x", "clock": None, "locator": 7},
    ],
)
def test_a_job_that_this_tap_has_not_written_is_none(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, job: Any
) -> None:
    """States are files that people edit."""
    ids = add_cases(org, clock, 2)
    run = bulk(server, state={"bookmarks": {"Case": {"bulk_job": job}}})

    assert run.error is None
    assert sorted(run.column("Id")) == ids
    assert asked(server, "DELETE") == 1


def test_locators_that_lead_in_a_circle_end_the_run(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
) -> None:
    """There would be no end to the rows."""
    add_cases(org, clock, 2)
    first = (("Sforce-Locator", "Loc0"),)
    server.interceptors.add(ends("/results"), change=lambda answer: replace(answer, headers=first))
    run = bulk(server)

    assert isinstance(run.error, SalesforceError)
    assert "leads back" in str(run.error)


def test_a_value_that_does_not_fit_its_type_ends_the_run_at_once(
    server: SalesforceServer, org: SalesforceOrg, waits: list[float]
) -> None:
    """Asking again would bring it again; the field is named, the value is not."""
    org.add_field("Case", "Rank__c", "int")
    org.add("Case")
    catalog = catalog_of(server, "Case")
    row = org.rows("Case")[0]
    row["Rank__c"] = "hush"

    run = run_tap(settings(server, api_type="BULK2"), catalog)

    assert isinstance(run.error, SalesforceError)
    assert "a value of the field Rank__c is no integer" in str(run.error)
    assert "hush" not in str(run.error)
    assert asked(server, "GET", "/results") == 1


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("kind", ["truncate", "drop", "500"])
def test_results_that_break_off_cost_no_row(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, kind: str
) -> None:
    """The page is asked for again; rows that are through are not sent twice."""
    ids = add_cases(org, clock, 7)
    server.faults.add(Fault(kind, path="/results", times=2, after=1))

    run = bulk(server)

    assert run.error is None
    assert sorted(run.column("Id")) == ids


def test_a_field_that_is_gone_is_left_out(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """As with REST: a field, not the run."""
    ids = add_cases(org, clock, 3)
    catalog = catalog_of(server, "Case")
    org.hide("Case", "Subject")

    run = run_tap(settings(server, api_type="BULK2"), catalog)

    assert run.error is None
    assert sorted(run.column("Id")) == ids


# -- verification ------------------------------------------------------------------------------


def without(body: bytes, row_id: str) -> bytes:
    """Return results without one of their rows."""
    return b"".join(line for line in body.splitlines(keepends=True) if row_id.encode() not in line)


def lose_from_jobs(server: SalesforceServer, row_id: str) -> None:
    """Have jobs leave a row out."""
    last = (("Sforce-Locator", "null"),)
    server.interceptors.add(
        ends("/results"),
        change=lambda answer: replace(answer, body=without(answer.body, row_id), headers=last),
    )


def test_what_a_job_leaves_out_is_read_by_rest(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
) -> None:
    """Only of the days whose rows are too few."""
    ids = []
    for _ in range(16):
        ids.append(org.add("Case"))
        clock.tick(86_400)
    lose_from_jobs(server, ids[5])

    run = bulk(server)

    assert run.error is None
    assert set(run.column("Id")) == set(ids)
    assert len(run.rows()) <= len(ids) + 1
    assert run.bookmark() == max(run.column("SystemModstamp"))


def test_a_row_that_neither_api_gives_ends_the_run(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    lose: Callable[..., None],
) -> None:
    """Named by stream, window and numbers; the bookmark stays."""
    ids = add_cases(org, clock, 3)
    lose_from_jobs(server, ids[1])
    lose(ids[1])

    run = bulk(server, max_workers=1)

    assert isinstance(run.error, RowCountError)
    assert "2 rows came, but Salesforce counts 3" in str(run.error)
    assert run.bookmark() is None
    assert "bulk_job" not in run.states[-1]["bookmarks"]["Case"]  # the next run makes a new one


def test_rows_that_change_while_a_job_runs_are_no_false_alarm(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, waits: list[float]
) -> None:
    """They leave the window that is counted; the next run reads them."""
    ids = add_cases(org, clock, 5)

    def change() -> None:
        org.update("Case", ids[0])
        org.update("Case", ids[3])

    server.interceptors.add(is_look, before=lambda: clock.tick(60), after=change)

    run = bulk(server)

    assert run.error is None
    assert set(run.column("Id")) == set(ids)
    assert run.bookmark() <= f"{NOON:%Y-%m-%dT%H:%M}:05Z"  # type: ignore[operator] # there is one


# -- AUTO --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("threshold", "jobs"), [(4, 1), (6, 0)])
def test_auto_chooses_by_the_backlog(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    threshold: int,
    jobs: int,
) -> None:
    """A few rows are not worth a job, nor many worth hundreds of requests."""
    monkeypatch.setattr("tap_salesforce_chat.reading.source._BULK_FROM", threshold)
    ids = add_cases(org, clock, 5)

    run = bulk(server, api_type="AUTO")

    assert sorted(run.column("Id")) == ids
    assert asked(server, "POST") == jobs
    assert counts(server)


@pytest.mark.parametrize("refusal", ["unsupported", "limit", "failure", "too_complicated"])
def test_auto_falls_back_to_rest(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    refusal: str,
) -> None:
    """What Bulk does not take, or fails over, REST may still give."""
    monkeypatch.setattr("tap_salesforce_chat.reading.source._BULK_FROM", 1)
    ids = add_cases(org, clock, 3)
    if refusal == "unsupported":
        server.bulk.unsupported.add("Case")
    elif refusal == "limit":
        server.bulk.jobs_left = 0
    elif refusal == "too_complicated":
        server.faults.add(Fault(refusal, path="/jobs/query", times=100))
    else:
        server.bulk.failure = "Internal error"

    auto, bulk2 = bulk(server, api_type="AUTO"), bulk(server)

    assert auto.column("Id") == ids
    assert isinstance(bulk2.error, BulkUnsupportedError)
