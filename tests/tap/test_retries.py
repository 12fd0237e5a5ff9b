"""What passes by itself costs time, not rows; what does not pass ends with a word on why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_salesforce_chat.errors import HostMovedError, QuotaError, RetryLaterError
from tests.fakes.salesforce import Fault
from tests.fakes.salesforce.answers import Answer
from tests.fakes.salesforce.matching import is_page
from tests.tap.support import add_cases, catalog_of, counts, queries, run_tap, settings, sync

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock

PASSING = (
    *("500", "502", "503_html", "504", "406", "420", "drop", "truncate"),
    *("concurrent_limit", "lock_row", "server_unavailable"),
)


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("after", [0, 1, 2], ids=["first", "second", "last"])
def test_a_passing_failure_costs_no_row(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    waits: list[float],
    kind: str,
    after: int,
) -> None:
    """Whatever page it strikes, each row arrives once."""
    ids = add_cases(org, clock, 6)
    server.faults.add(Fault(kind, times=2, after=after))

    run = sync(server, max_workers=1)

    assert run.column("Id") == ids
    assert len(waits) == 2
    assert waits[1] > waits[0]


@pytest.mark.parametrize("kind", ["406", "lock_row", "server_unavailable", "504"])
def test_a_count_that_fails_for_a_moment_is_asked_again(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    waits: list[float],
    caplog: pytest.LogCaptureFixture,
    kind: str,
) -> None:
    """What passes by itself is no reason to do without verification."""
    ids = add_cases(org, clock, 2)
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault(kind, times=2, after=1))

    run = run_tap(settings(server, max_workers=1), catalog)

    assert run.column("Id") == ids
    assert len(counts(server)) == 3
    assert len(waits) == 2
    assert "not compared" not in caplog.text


def test_a_server_that_hangs_is_asked_again(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, waits: list[float]
) -> None:
    """A request without an answer ends with the time-out of the settings."""
    ids = add_cases(org, clock, 3)
    server.faults.add(Fault("hang", times=1, after=1))

    run = sync(server, request_timeout_seconds=1)

    assert run.column("Id") == ids
    assert waits


@pytest.mark.parametrize("kind", ["500", "drop"])
def test_tries_come_to_an_end(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, waits: list[float], kind: str
) -> None:
    """The waits double; after about a minute the run ends, and its state is true."""
    ids = add_cases(org, clock, 4)
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault(kind, times=100, after=1))

    run = run_tap(settings(server, max_workers=1), catalog)

    assert isinstance(run.error, RetryLaterError)
    assert "Gave up after 7 tries" in str(run.error)
    assert "SELECT" not in str(run.error)
    assert [int(wait) for wait in waits] == pytest.approx([1, 2, 4, 8, 16, 32], abs=1)
    assert run.column("Id") == ids[:2]
    assert run.bookmark() == "2024-05-01T12:00:01Z"
    assert "sync_completed_at" not in run.states[-1]


@pytest.fixture
def interject(server: SalesforceServer) -> Callable[[Answer], None]:
    """Have the next query get a given answer instead of the server's."""
    answers: list[Answer] = []
    server.interceptors.add(
        lambda request: "/query" in request.path,
        change=lambda answer: answers.pop() if answers else answer,
    )
    return answers.append


@pytest.mark.parametrize(
    "body", [b"<html>Down for maintenance</html>", b"", b'{"records": [', b"[]"]
)
def test_a_good_status_with_a_bad_body_is_asked_again(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    interject: Callable[[Answer], None],
    body: bytes,
) -> None:
    """Proxies and maintenance pages come with status 200, too."""
    ids = add_cases(org, clock, 1)
    interject(Answer(200, body))

    assert sync(server).column("Id") == ids


def test_retry_after_is_honoured(
    server: SalesforceServer,
    interject: Callable[[Answer], None],
    waits: list[float],
) -> None:
    """Asking again before the time that Salesforce names only makes it longer."""
    interject(Answer(429, b"", headers=(("Retry-After", "77"),)))

    sync(server)

    assert len(waits) == 1
    assert 77 <= waits[0] <= 78


@pytest.mark.parametrize("header", ["301", "86400"])
def test_a_wait_that_no_run_takes_ends_it(
    server: SalesforceServer,
    interject: Callable[[Answer], None],
    waits: list[float],
    header: str,
) -> None:
    """A run that sleeps for hours blocks the next ones; asking earlier would not help."""
    catalog = catalog_of(server, "Case")
    interject(Answer(503, b"", headers=(("Retry-After", header),)))

    run = run_tap(settings(server), catalog)

    assert isinstance(run.error, RetryLaterError)
    assert f"asks to wait for {header} s" in str(run.error)
    assert waits == []


@pytest.mark.parametrize("kind", ["302", "404_html"])
def test_a_host_that_moved_gets_one_new_login(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, kind: str
) -> None:
    """Orgs are moved between instances: the answer to a login names the host."""
    ids = add_cases(org, clock, 2)
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault(kind, times=1))

    assert run_tap(settings(server), catalog).column("Id") == ids


@pytest.mark.parametrize(("kind", "advice"), [("302", "redirect"), ("404_html", "instance_url")])
def test_a_host_that_stays_wrong_ends_the_run(
    server: SalesforceServer, kind: str, advice: str
) -> None:
    """A redirect is not followed: the token would go to whatever host it leads to."""
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault(kind, times=100))

    run = run_tap(settings(server), catalog)

    assert isinstance(run.error, HostMovedError)
    assert advice in str(run.error)
    assert "elsewhere" not in str(run.error)


def test_a_given_token_has_no_login_that_would_name_the_host(server: SalesforceServer) -> None:
    """The first refusal says what is wrong: not the token."""
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault("302", times=100))

    given = {"access_token": server.issue_token(), "instance_url": server.url}
    run = run_tap(given, catalog)

    assert isinstance(run.error, HostMovedError)


@pytest.mark.parametrize("path", ["https://elsewhere.example/", ".elsewhere.example/q", 7])
def test_the_next_page_is_on_the_same_host(
    server: SalesforceServer, interject: Callable[[Answer], None], path: Any
) -> None:
    """The token would go along."""
    catalog = catalog_of(server, "Case")
    document = json.dumps({"records": [], "nextRecordsUrl": path})
    interject(Answer(200, document.encode()))

    run = run_tap(settings(server), catalog)

    assert "leads nowhere" in str(run.error)


ROUND = [f"/services/data/v62.0/query/01g-{number}" for number in range(3)]


def test_pages_that_go_round_in_a_circle_end_the_query(
    server: SalesforceServer, interject: Callable[[Answer], None]
) -> None:
    """A nextRecordsUrl that was followed before leads to no end."""
    catalog = catalog_of(server, "Case")
    for path in [*ROUND, *ROUND][::-1]:
        interject(Answer(200, json.dumps({"records": [], "nextRecordsUrl": path}).encode()))

    run = run_tap(settings(server, verify_counts=False), catalog)

    assert "leads nowhere" in str(run.error)


def test_pages_without_rows_come_to_an_end(
    server: SalesforceServer, interject: Callable[[Answer], None]
) -> None:
    """However new each of their addresses is."""
    catalog = catalog_of(server, "Case")
    for number in range(200):
        path = f"/services/data/v62.0/query/01g-{number}"
        interject(Answer(200, json.dumps({"records": [], "nextRecordsUrl": path}).encode()))

    run = run_tap(settings(server, verify_counts=False), catalog)

    assert "100 pages in a row came without a row" in str(run.error)


@pytest.mark.parametrize("cases", [3, 60])
def test_a_query_that_ends_with_its_session_goes_on_behind_the_last_row(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    cases: int,
) -> None:
    """A fresh token does not help where the locator belonged to the session that ended."""
    ids = add_cases(org, clock, cases)
    catalog = catalog_of(server, "Case")
    server.interceptors.add(is_page, after=server.expire_tokens, times=1)
    run = run_tap(settings(server, max_workers=1), catalog)

    assert run.error is None
    assert run.column("Id") == ids


def test_an_empty_page_is_not_the_end(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    interject: Callable[[Answer], None],
) -> None:
    """Only a missing `nextRecordsUrl` is."""
    ids = add_cases(org, clock, 1)
    catalog = catalog_of(server, "Case")
    path = "/services/data/v62.0/query?q=SELECT+Id,+SystemModstamp+FROM+Case"
    interject(Answer(200, f'{{"records": [], "nextRecordsUrl": "{path}"}}'.encode()))

    run = run_tap(settings(server), catalog)

    assert run.error is None
    assert run.column("Id") == ids


def test_text_that_salesforce_cut_within_an_emoji_gets_through(
    server: SalesforceServer, interject: Callable[[Answer], None]
) -> None:
    """Long text ends at a number of UTF-16 units; half a pair is no Unicode text."""
    row = (
        '{"Id": "500x", "SystemModstamp": "2024-05-01T11:00:00.000+0000", '
        '"Subject": "Hi \\ud83d\\ude00 \\\\ud83d \\ude00\\ud83d"}'
    )
    interject(Answer(200, f'{{"records": [{row}]}}'.encode()))

    assert sync(server).column("Subject") == ["Hi \N{GRINNING FACE} \\ud83d ??"]


@pytest.mark.parametrize("broken", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xe8\xb4"])
@pytest.mark.parametrize("before", [0, 2**16 - 90, 2**16])
def test_bytes_that_are_no_text_do_not_reach_the_target(
    server: SalesforceServer,
    interject: Callable[[Answer], None],
    before: int,
    broken: bytes,
) -> None:
    """One of them would make it refuse the line; what is around them is worth having."""
    text = "\N{EURO SIGN}" * (before // 3) + "G"
    row = '{"Id": "500x", "SystemModstamp": "2024-05-01T11:00:00.000+0000", "Subject": "A'
    interject(Answer(200, f'{{"records": [{row}{text}'.encode() + broken + b'Z"}]}'))

    (subject,) = sync(server).column("Subject")

    assert subject.startswith(f"A{text}\N{REPLACEMENT CHARACTER}")
    assert subject.endswith("\N{REPLACEMENT CHARACTER}Z")


def test_numbers_keep_all_their_digits(
    server: SalesforceServer, interject: Callable[[Answer], None]
) -> None:
    """Currencies have up to 18 digits, more than a float holds."""
    number = "9999999999999999.99"
    row = f'{{"Id": "500x", "SystemModstamp": "2024-05-01T11:00:00Z", "Subject": {number}}}'
    interject(Answer(200, f'{{"records": [{row}]}}'.encode()))

    run = sync(server)

    assert f'"Subject":{number}'.encode() in b"".join(run.lines)


def test_the_daily_limit_ends_the_run_with_its_state(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, waits: list[float]
) -> None:
    """Asking again within the day cannot help."""
    add_cases(org, clock, 4)
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault("request_limit", times=100, after=1))

    run = run_tap(settings(server), catalog)

    assert isinstance(run.error, QuotaError)
    assert "used up" in str(run.error)
    assert run.bookmark() == "2024-05-01T12:00:01Z"
    assert waits == []


def test_the_quota_of_the_settings_stops_after_the_page(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Others need the rest of the org's requests; the next run goes on from here."""
    ids = add_cases(org, clock, 6)
    catalog = catalog_of(server, "Case")
    server.daily_limit, server.daily_used = 100, 49

    run = run_tap(settings(server, quota_percent_total=50, max_workers=1), catalog)

    assert isinstance(run.error, QuotaError)
    assert "quota_percent_total" in str(run.error)
    assert run.column("Id") == ids[:4]
    assert run.bookmark() == "2024-05-01T12:00:03Z"
    assert "sync_completed_at" not in run.states[-1]


def test_a_run_takes_no_more_than_its_share_and_the_next_one_goes_on(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """However few requests others have used: three of 300 are one percent."""
    ids = add_cases(org, clock, 8)
    catalog, before = catalog_of(server, "Case"), len(server.calls)
    server.daily_limit = 300
    share = settings(server, quota_percent_per_run=1, max_workers=1, lookback_seconds=0)

    first = run_tap(share, catalog)
    requests = [call for call in server.calls[before:] if "/query" in call.path]
    second = run_tap(share, catalog, first.states[-1])

    assert isinstance(first.error, QuotaError)
    assert "this run has used 3 of the org's 300" in str(first.error)
    assert "quota_percent_per_run" in str(first.error)
    assert len(requests) == 3
    assert first.column("Id") == ids[:6]
    assert first.bookmark() == "2024-05-01T12:00:05Z"
    assert second.error is None
    assert second.column("Id") == ids[5:]


def test_a_quota_reached_by_the_last_page_is_no_failure(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """All is read: there is nothing left to stop."""
    add_cases(org, clock, 2)
    catalog = catalog_of(server, "Case")
    server.daily_limit, server.daily_used = 100, 50

    run = run_tap(settings(server, quota_percent_total=50), catalog)

    assert run.error is None
    assert len(queries(server)) == 1
