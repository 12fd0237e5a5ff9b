"""Windows of the REST API: however they are cut, each row arrives, and the count agrees."""

from __future__ import annotations

import codecs
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tap_salesforce_chat.errors import (
    QueryTimeoutError,
    RetryLaterError,
    RowCountError,
)
from tap_salesforce_chat.reading import field_parts, prefetch
from tests.fakes.salesforce import Fault
from tests.fakes.salesforce.answers import Answer, refusal
from tests.fakes.salesforce.errors import Code
from tests.fakes.salesforce.errors import SalesforceError as FakeError
from tests.fakes.salesforce.matching import document, is_count, is_page, is_query
from tests.tap.support import NOON, add_cases, catalog_of, counts, queries, run_tap, settings, sync

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.fakes.salesforce.answers import Answer
    from tests.tap.support import Clock


def test_a_large_backlog_is_read_in_several_windows(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Rows leave in order all the same, and each once."""
    ids = add_cases(org, clock, 60)

    run = sync(server, max_workers=4)

    assert run.column("Id") == ids
    assert run.bookmark() == run.column("SystemModstamp")[-1]
    assert len(queries(server)) == 4
    assert len(counts(server)) == 4


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_a_small_backlog_is_one_query_and_one_count(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, rows: int
) -> None:
    """An hourly run must not cost more requests than it has rows."""
    add_cases(org, clock, rows)

    sync(server)

    assert len(queries(server)) == 1
    assert len(counts(server)) <= 1


def test_without_verification_nothing_is_counted(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Whoever has few requests left may do without verification."""
    add_cases(org, clock, 3)

    sync(server, verify_counts=False)

    assert counts(server) == []


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_rows_of_any_density_arrive(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, workers: int
) -> None:
    """Years of silence, a burst in one second, and silence again."""
    ids = add_cases(org, clock, 5)
    clock.tick(100_000_000)
    ids += [org.add("Case") for _ in range(40)]
    clock.tick(1_000)
    ids += add_cases(org, clock, 5)

    run = sync(server, max_workers=workers)

    assert sorted(run.column("Id")) == sorted(ids)


def test_many_windows_fail_in_order(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Rows that were prefetched behind a failure are not emitted."""
    ids = add_cases(org, clock, 60)
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault("500", times=1_000, after=6))

    run = run_tap(settings(server), catalog)

    assert isinstance(run.error, RetryLaterError)
    assert run.column("Id") == ids[: len(run.rows())]
    assert run.bookmark() == run.column("SystemModstamp")[-1]


def test_a_token_that_expires_under_many_requests_is_renewed_once(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """One login for all threads: each new one may push an older one out."""
    ids = add_cases(org, clock, 60)
    catalog = catalog_of(server, "Case")
    logins = len([call for call in server.calls if "token" in call.path])
    server.interceptors.add(is_query, after=server.expire_tokens, times=1)
    run = run_tap(settings(server), catalog)

    assert run.column("Id") == ids
    assert len([call for call in server.calls if "token" in call.path]) == logins + 2


# -- too much for Salesforce -------------------------------------------------------------------


@pytest.mark.parametrize("code", ["QUERY_TIMEOUT", "OPERATION_TOO_LARGE"])
def test_a_query_that_is_too_much_is_halved(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    waits: list[float],
    code: str,
) -> None:
    """Down to windows that Salesforce manages; no row is lost or doubled."""
    ids = []
    for number in range(30):
        ids.append(org.add("Case", Subject=f"Case {number}"))
        clock.tick(3_600)
    server.rows_in_time, server.too_much = 8, Code(code)

    run = sync(server, start_date=NOON.isoformat())

    assert run.column("Id") == ids
    assert run.bookmark() == run.column("SystemModstamp")[-1]
    assert waits == []


def test_a_minute_with_too_many_rows_is_read_by_id(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """No smaller window of time would help: an import has put them all into one second."""
    ids = [org.add("Case") for _ in range(150)]
    clock.tick(3_600)
    server.page_size = 2_000
    server.rows_in_time = 80

    run = sync(server)

    assert run.column("Id") == ids
    assert run.bookmark() == "2024-05-01T12:00:00Z"
    assert any("ORDER BY Id ASC LIMIT" in query for query in queries(server))


@pytest.mark.parametrize("purged", [False, True])
def test_rows_by_id_are_all_read_while_others_leave(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    lose: Callable[..., None],
    *,
    purged: bool,
) -> None:
    """Whoever gets the rows clears their lists, and one that is purged makes a chunk smaller."""
    ids = [org.add("Case") for _ in range(40)]
    clock.tick(3_600)
    monkeypatch.setattr(field_parts, "_MAX_BY_ID", 8)
    monkeypatch.setattr(field_parts, "_MIN_BY_ID", 2)
    monkeypatch.setattr(prefetch, "BUFFER_BYTES", 1)
    server.rows_in_time = 8
    if purged:
        lose(ids[3])

    run = sync(server, max_workers=1, verify_counts=False)

    assert run.column("Id") == [row_id for row_id in ids if not (purged and row_id == ids[3])]


@pytest.mark.parametrize(
    ("code", "advice"),
    [("QUERY_TIMEOUT", "filters"), ("OPERATION_TOO_LARGE", "View All Data")],
)
def test_a_query_that_is_too_much_however_small_ends_the_run(
    server: SalesforceServer, org: SalesforceOrg, code: str, advice: str
) -> None:
    """With what to change, and without the query."""
    org.add("Case")
    catalog = catalog_of(server, "Case")
    server.rows_in_time, server.too_much = 0, Code(code)

    run = run_tap(settings(server), catalog)

    assert isinstance(run.error, QueryTimeoutError)
    assert advice in str(run.error)
    assert "SELECT" not in str(run.error)


@pytest.mark.parametrize("after", [1, 2])
def test_a_timeout_in_the_middle_costs_no_row(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, after: int
) -> None:
    """The rest is asked for in smaller windows, from the last second on."""
    ids = add_cases(org, clock, 7)
    server.faults.add(Fault("query_timeout", after=after))

    run = sync(server, max_workers=1)

    assert list(dict.fromkeys(run.column("Id"))) == ids
    assert len(run.rows()) <= len(ids) + 1
    assert run.bookmark() == "2024-05-01T12:00:06Z"


def test_a_query_too_long_for_a_url_goes_in_a_body(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """800 custom fields are allowed; a URL has 16 KB."""
    names = [f"A_custom_field_with_a_long_name_{number}__c" for number in range(400)]
    for name in names:
        org.add_field("Case", name, "string")
    ids = [org.add("Case", **{names[-1]: f"value {number}"}) for number in range(5)]

    run = sync(server)

    assert run.column("Id") == ids
    assert run.column(names[-1]) == [f"value {number}" for number in range(5)]
    assert 414 not in [call.status for call in server.calls]


def test_a_query_that_is_refused_for_its_length_goes_in_a_body(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """What is between us and Salesforce may take less than Salesforce."""
    ids = [org.add("Case") for _ in range(5)]
    catalog = catalog_of(server, "Case")
    server.max_uri_bytes = 1000

    run = run_tap(settings(server), catalog)

    assert run.error is None
    assert run.column("Id") == ids
    assert [call.status for call in server.calls].count(414) == 1


# -- verification ------------------------------------------------------------------------------


def test_a_row_that_comes_when_asked_again_is_emitted(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, lose: Callable[..., None]
) -> None:
    """It alone: what is out already is not sent twice."""
    ids = add_cases(org, clock, 5)
    lose(ids[1], times=1)

    run = sync(server, max_workers=1)

    assert run.column("Id") == [ids[0], *ids[2:], ids[1]]
    assert run.bookmark() == "2024-05-01T12:00:04Z"


def test_what_takes_too_long_to_read_again_is_read_by_id(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, lose: Callable[..., None]
) -> None:
    """To ask for the same once more would end the run over rows that are there."""
    ids = add_cases(org, clock, 5)
    lose(ids[1], times=1)
    pages_and_count = 4
    server.faults.add(Fault("query_timeout", after=pages_and_count))

    run = sync(server, max_workers=1)

    assert run.column("Id") == [ids[0], *ids[2:], ids[1]]
    assert "ORDER BY Id ASC LIMIT" in queries(server)[-1]


def test_a_row_that_is_counted_but_never_comes_ends_the_run(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, lose: Callable[..., None]
) -> None:
    """With stream, window and numbers, and a bookmark that does not pass the hole."""
    ids = add_cases(org, clock, 5)
    lose(ids[1])

    run = run_tap(settings(server, max_workers=1), catalog_of(server, "Case"))

    assert isinstance(run.error, RowCountError)
    for words in ("Case from the beginning to 2024-05-01T12:00:05Z", "4 rows", "counts 5"):
        assert words in str(run.error)
    assert run.bookmark() is None
    assert "sync_completed_at" not in run.states[-1]


def test_a_hole_does_not_move_the_bookmark_to_before_the_run(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, lose: Callable[..., None]
) -> None:
    """What an earlier run has verified stays verified."""
    add_cases(org, clock, 3)
    first = sync(server)
    ids = add_cases(org, clock, 3)
    lose(ids[0])

    run = run_tap(settings(server), catalog_of(server, "Case"), first.states[-1])

    assert isinstance(run.error, RowCountError)
    assert run.bookmark() == first.bookmark()


def test_a_hole_is_not_forgotten_when_the_run_fails_before_it_is_filled(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, lose: Callable[..., None]
) -> None:
    """Rows around it are out, and the bookmark was behind them."""
    ids = add_cases(org, clock, 5)
    catalog = catalog_of(server, "Case")
    lose(ids[1], times=1)
    pages_and_count = 4
    server.faults.add(Fault("txn_security", after=pages_and_count))

    first = run_tap(settings(server, max_workers=1), catalog)
    second = run_tap(settings(server, lookback_seconds=0), catalog, first.states[-1])

    assert "Exempt from Transaction Security" in str(first.error)
    assert first.column("Id") == [ids[0], *ids[2:]]
    assert second.error is None
    assert ids[1] in second.column("Id")


@pytest.mark.parametrize("change", ["update", "delete", "commit_late"])
def test_changes_during_the_run_are_no_false_alarm(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    disturb: Callable[..., None],
    change: str,
) -> None:
    """Rows leave the window and enter it while it is read; all that matters is that all are out."""
    ids = add_cases(org, clock, 6)
    disturb(change, ids, place=1)

    run = sync(server, include_deleted=change != "delete", max_workers=1)

    assert set(run.column("Id")) == set(ids)
    assert run.bookmark() == "2024-05-01T12:00:05Z"


def test_the_quota_may_end_the_proof_but_not_the_run(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """All rows are out: the request for the count is not worth a failure."""
    add_cases(org, clock, 2)
    catalog = catalog_of(server, "Case")
    server.daily_limit, server.daily_used = 100, 50

    run = run_tap(settings(server, quota_percent_total=50), catalog)

    assert run.error is None
    assert counts(server) == []


def test_an_org_that_does_not_count_still_gives_its_rows(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A count that Salesforce refuses is a warning; the rows are emitted."""
    refused = refusal(FakeError(Code.MALFORMED_QUERY, "unexpected token"))
    server.interceptors.add(is_count, change=lambda _: refused)
    ids = add_cases(org, clock, 2)

    run = sync(server)

    assert run.error is None
    assert run.column("Id") == ids
    assert "not compared with Salesforce's count" in caplog.text


def test_the_window_of_the_count_is_over(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """In the second of the query rows may still come: they are not counted, but emitted."""
    ids = add_cases(org, clock, 2)
    ids.append(org.add("Case"))

    run = sync(server)

    assert run.column("Id") == ids
    assert counts(server)[-1].endswith("WHERE SystemModstamp < 2024-05-01T12:00:02Z")


def test_windows_meet_without_gap(server: SalesforceServer, org: SalesforceOrg) -> None:
    """Each count begins where the one before ends."""
    for number in range(40):
        row_id = org.add("Case")
        moment = NOON - timedelta(minutes=7 * (40 - number))
        org.get("Case", row_id)["SystemModstamp"] = f"{moment:%Y-%m-%dT%H:%M:%S}.000+0000"

    sync(server, max_workers=8)

    edges = sorted(edge for query in counts(server) for edge in bounds(query))
    assert edges[1:-1:2] == edges[2::2]
    assert len(edges) == 2 * len(counts(server))


def bounds(query: str) -> list[datetime]:
    """Return the window of a query for a number of rows."""
    words = query.split()
    low = [words[place + 1] for place, word in enumerate(words) if word == ">="]
    high = [words[place + 1] for place, word in enumerate(words) if word == "<"]
    return [datetime.fromisoformat(text) for text in (low or ["1999-01-01T00:00:00Z"]) + high]


@pytest.fixture
def tamper(server: SalesforceServer) -> Callable[..., None]:
    """Have something changed in one of the pages that Salesforce sends."""

    def arrange(place: int, change: Callable[[dict[str, Any]], object]) -> None:
        server.interceptors.add(is_page, change=document(change), skip=place, times=1)

    return arrange


@pytest.mark.parametrize("verify", [True, False])
def test_rows_that_follow_nobody_knows_where_end_the_run(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    tamper: Callable[..., None],
    *,
    verify: bool,
) -> None:
    """To go on without them would lose them, and look like success."""
    ids = add_cases(org, clock, 6)
    catalog = catalog_of(server, "Case")
    tamper(1, lambda document: document.pop("nextRecordsUrl"))

    run = run_tap(settings(server, max_workers=1, verify_counts=verify), catalog)

    assert isinstance(run.error, RowCountError)
    assert run.column("Id") == ids[:4]
    assert run.bookmark() == "2024-05-01T12:00:03Z"
    assert "until" not in run.states[-1]["sync_reads"]["Case"]


@pytest.mark.parametrize("verify", [True, False])
def test_more_rows_than_there_are_end_the_run(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    tamper: Callable[..., None],
    *,
    verify: bool,
) -> None:
    """Pages of another query, or pages that repeat: nothing of it can be trusted."""
    add_cases(org, clock, 6)
    catalog = catalog_of(server, "Case")
    tamper(2, lambda document: document.update(totalSize=5))

    run = run_tap(settings(server, max_workers=1, verify_counts=verify), catalog)

    assert isinstance(run.error, RowCountError)
    assert "6 rows of 5" in str(run.error)
    assert "sync_completed_at" not in run.states[-1]


def test_a_byte_order_mark_before_an_answer_is_none_of_it(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """A proxy that rewrites answers may put one there, before refusals as well."""

    def marked(answer: Answer) -> Answer:
        return replace(answer, body=codecs.BOM_UTF8 + answer.body)

    server.interceptors.add(lambda _: True, change=marked)
    ids = add_cases(org, clock, 3)

    assert sync(server).column("Id") == ids
