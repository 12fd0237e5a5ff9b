"""Rows and bookmarks: every change arrives, and the bookmark tells the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_salesforce_chat.errors import QueryLocatorExpiredError
from tap_salesforce_chat.streams.base import SalesforceStream
from tests.fakes.salesforce import Fault
from tests.fakes.salesforce.matching import document, is_page
from tests.tap.support import NOON, add_cases, catalog_of, queries, run_tap, settings, sync

if TYPE_CHECKING:
    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock


def bookmark(value: Any) -> dict[str, Any]:
    """Return a state with a bookmark for cases."""
    entry = {"replication_key": "SystemModstamp", "replication_key_value": value}
    return {"bookmarks": {"Case": entry}}


def test_all_pages_arrive_in_order(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Oldest change first, each row once, with instants in the one form."""
    ids = add_cases(org, clock, 5)

    run = sync(server)

    assert run.column("Id") == ids
    assert run.column("SystemModstamp")[0] == "2024-05-01T12:00:00Z"
    assert run.column("CreatedDate")[-1] == "2024-05-01T12:00:04Z"
    assert run.bookmark() == "2024-05-01T12:00:04Z"


def test_many_rows_of_one_second_arrive_once(server: SalesforceServer, org: SalesforceOrg) -> None:
    """SystemModstamp has whole seconds, so ties are the rule after an import."""
    ids = [org.add("Case") for _ in range(25)]

    assert sorted(sync(server).column("Id")) == sorted(ids)


def test_attributes_are_nowhere(server: SalesforceServer, org: SalesforceOrg) -> None:
    """They describe Salesforce's answer, not the row."""
    contact = org.add("Contact", FirstName="Jo", LastName="Doe")
    org.add("Case", ContactId=contact)

    (row,) = sync(server).rows()

    assert row["Contact"] == {
        "FirstName": "Jo",
        "LastName": "Doe",
        "Name": "Jo Doe",
        "Email": None,
        "Phone": None,
    }
    assert row["Account"] is None
    assert "attributes" not in str(row)


def logins(server: SalesforceServer) -> int:
    """Count the logins so far."""
    return sum("token" in call.path for call in server.calls)


@pytest.mark.parametrize("page", range(3))
def test_a_token_that_expires_at_any_page_costs_no_row(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, page: int
) -> None:
    """One new login, and the page again."""
    ids = add_cases(org, clock, 6)
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault("401", after=page))
    before = logins(server)

    run = run_tap(settings(server), catalog)

    assert run.error is None
    assert run.column("Id") == ids
    assert logins(server) == before + 2  # of the sync, and its renewal


@pytest.mark.parametrize("lost_after", [1, 2, 3])
def test_a_lost_locator_costs_no_row(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    lost_after: int,
) -> None:
    """The query starts again behind the last row, which is not sent twice."""
    ids = add_cases(org, clock, 8)
    forget_after(server, lost_after)

    run = sync(server, max_workers=1)

    assert run.column("Id") == ids
    assert len(queries(server)) == 2


def forget_after(server: SalesforceServer, pages: int) -> None:
    """Have the server forget all its queries once it has sent some pages."""
    server.interceptors.add(is_page, after=server.expire_locators, skip=pages - 1, times=1)


def test_a_lost_locator_among_ties_costs_no_row(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Rows of one second are told apart by their ids, in Salesforce's order."""
    ids = [org.add("Case") for _ in range(9)]
    clock.tick()
    forget_after(server, 2)

    found = sync(server).column("Id")

    assert sorted(found) == sorted(ids)


def test_a_locator_that_is_always_lost_ends_the_run(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Starting over for ever would look like work."""
    add_cases(org, clock, 8)
    catalog = catalog_of(server, "Case")
    server.interceptors.add(
        is_page, change=document(lambda page: page["records"].clear()), after=server.expire_locators
    )

    run = run_tap(settings(server), catalog)

    assert isinstance(run.error, QueryLocatorExpiredError)


def test_the_lookback_reads_again_what_may_have_become_visible_late(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """A row gets its time when it is written, and becomes visible when that is committed."""
    add_cases(org, clock, 3)
    first = sync(server)
    clock.tick(100)
    late = org.add("Case", Subject="committed late")
    org.get("Case", late)["SystemModstamp"] = "2024-05-01T11:59:30.000+0000"

    again = sync(server, state=first.states[-1], lookback_seconds=60)

    assert late in again.column("Id")
    assert "SystemModstamp >= 2024-05-01T11:59:02Z" in queries(server)[-1]


@pytest.fixture
def state_after_each_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a STATE for every row, so that a bookmark cannot slip back unseen."""
    monkeypatch.setattr(SalesforceStream, "STATE_MSG_FREQUENCY", 1)


@pytest.mark.usefixtures("state_after_each_row")
@pytest.mark.parametrize(
    ("given", "reached"),
    [
        pytest.param("2024-05-01T12:00:03Z", "2024-05-01T12:00:04Z", id="one-new-row"),
        pytest.param("2024-05-01T12:00:09Z", "2024-05-01T12:00:09Z", id="nothing-new"),
        pytest.param("2024-05-01T14:00:04+02:00", "2024-05-01T14:00:04+02:00", id="foreign-form"),
    ],
)
def test_the_bookmark_does_not_go_back_over_the_lookback(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, given: str, reached: str
) -> None:
    """Rows that are read again are older than it; in no STATE of the run may it be earlier."""
    add_cases(org, clock, 5)

    run = sync(server, state=bookmark(given))

    values = [state["bookmarks"]["Case"]["replication_key_value"] for state in run.states]
    assert len(run.rows()) == 5
    assert set(values) == {given, reached}
    assert values == sorted(values)
    assert run.bookmark() == reached


def test_a_run_without_changes_keeps_the_bookmark(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Neither the clock of this machine nor that of Salesforce moves it."""
    add_cases(org, clock, 2)
    clock.tick(100_000)
    state = bookmark("2024-05-01T14:00:00Z")

    run = sync(server, state=state)

    assert run.rows() == []
    assert {run["bookmarks"]["Case"]["replication_key_value"] for run in run.states} == {
        "2024-05-01T14:00:00Z"
    }


def test_a_row_from_the_future_does_not_take_the_bookmark_along(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Rows behind it would never be read."""
    ids = add_cases(org, clock, 2)
    future = org.add("Case")
    org.get("Case", future)["SystemModstamp"] = "2099-01-01T00:00:00.000+0000"

    run = sync(server)

    assert run.column("Id") == [*ids, future]
    assert run.bookmark() == "2024-05-01T12:00:01Z"


def test_a_row_that_changes_during_the_query_does_not_take_the_bookmark_along(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """It comes in its old place with a new time; rows after it are still to come."""
    ids = add_cases(org, clock, 5)
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault("500", times=100, after=2))
    changed = org.get("Case", ids[2])
    changed["SystemModstamp"] = "2024-05-01T12:00:02.000+0000"
    later = {"SystemModstamp": "2024-05-01T12:00:05.000+0000"}  # the second of the query
    server.interceptors.add(is_page, after=lambda: changed.update(later))

    run = run_tap(settings(server, max_workers=1), catalog)

    assert run.column("Id") == ids[:4]
    assert run.column("SystemModstamp")[2] == "2024-05-01T12:00:05Z"
    assert run.bookmark() == "2024-05-01T12:00:03Z"


def test_a_row_of_the_very_second_of_the_query_counts_at_the_end(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """Once all rows are out, no order can be wrong any more."""
    org.add("Case")

    assert sync(server).bookmark() == "2024-05-01T12:00:00Z"


def test_the_start_date_bounds_the_first_run(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Included itself, and without a lookback: it is a wish, not a bookmark."""
    ids = add_cases(org, clock, 4)

    run = sync(server, start_date="2024-05-01T14:00:02+02:00")

    assert run.column("Id") == ids[2:]


@pytest.mark.usefixtures("state_after_each_row")
@pytest.mark.parametrize("start_date", ["2020-01-01T00:00:00Z", "2024-05-01T12:00:03Z"])
def test_a_bookmark_wins_over_the_start_date(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, start_date: str
) -> None:
    """A later start date must not tear a hole, an earlier one not repeat everything."""
    ids = add_cases(org, clock, 4)
    state = bookmark("2024-05-01T12:00:01Z")

    run = sync(server, state=state, start_date=start_date, lookback_seconds=0)

    assert run.column("Id") == ids[1:]
    assert run.states[1]["bookmarks"]["Case"]["starting_replication_value"] == (
        "2024-05-01T12:00:01Z"
    )


def test_the_end_date_is_exclusive(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Two backfills that meet at a date read each row once."""
    ids = add_cases(org, clock, 4)

    before = sync(server, end_date="2024-05-01T12:00:02Z")
    after = sync(server, start_date="2024-05-01T12:00:02Z")

    assert before.column("Id") + after.column("Id") == ids


@pytest.mark.parametrize("include_deleted", [True, False])
def test_deleted_rows_arrive_as_such(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, *, include_deleted: bool
) -> None:
    """Only `queryAll` shows them; without them a deletion is never heard of."""
    kept, gone = add_cases(org, clock, 2)
    org.delete("Case", gone)

    run = sync(server, include_deleted=include_deleted)

    expected = {kept: False} | ({gone: True} if include_deleted else {})
    assert {row["Id"]: row["IsDeleted"] for row in run.rows()} == expected


def test_a_filter_is_anded(server: SalesforceServer, org: SalesforceOrg, clock: Clock) -> None:
    """An OR in it does not reach beyond the window."""
    add_cases(org, clock, 4)

    run = sync(
        server,
        filters={"Case": "Subject = 'Case 0' OR Subject = 'Case 2'"},
        start_date="2024-05-01T12:00:01Z",
    )

    assert run.column("Subject") == ["Case 2"]


@pytest.mark.parametrize("stream", ["CaseComment", "EmailMessage", "LiveChatTranscript"])
def test_the_other_streams_are_read_alike(
    server: SalesforceServer, org: SalesforceOrg, stream: str
) -> None:
    """Streams are declarations; how rows are read is the same for all."""
    needed: dict[str, Any] = {}
    if stream in {"CaseComment", "EmailMessage"}:
        needed["ParentId"] = org.add("Case")
    if stream == "LiveChatTranscript":
        needed["LiveChatVisitorId"] = org.add("LiveChatVisitor", SessionKey="key")
    row_id = org.add(stream, **needed)

    run = run_tap(settings(server), catalog_of(server, stream))

    assert run.error is None
    assert run.column("Id", stream) == [row_id]
    parent = "Owner" if stream == "LiveChatTranscript" else "CreatedBy"
    assert run.rows(stream)[0][parent]["Name"] == "Integration User"


def test_text_leaves_as_it_is(server: SalesforceServer, org: SalesforceOrg) -> None:
    """No word is a null, no character is lost."""
    texts = ["N/A", "null", " ", "a\tb\r\nc", "\u2028\U0001f600 é", '"quoted"', "01234"]
    ids = {org.add("Case", Description=text): text for text in texts}

    rows = sync(server).rows()

    assert {row["Id"]: row["Description"] for row in rows} == ids


def test_the_page_size_is_asked_for(server: SalesforceServer, org: SalesforceOrg) -> None:
    """Salesforce may send fewer rows, but not know better what we can take."""
    org.add("Case")

    sync(server, page_size=250)

    assert server.calls[-1].headers["Sforce-Query-Options"] == "batchSize=250"
    assert "gzip" in server.calls[-1].headers["Accept-Encoding"]


def test_the_full_table_method_ignores_the_bookmark(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """A catalog may ask for everything once more."""
    ids = add_cases(org, clock, 3)
    catalog = catalog_of(server, "Case")
    case = next(entry for entry in catalog["streams"] if entry["tap_stream_id"] == "Case")
    case["replication_method"] = "FULL_TABLE"

    run = run_tap(settings(server), catalog, bookmark(NOON.isoformat()))

    assert run.error is None
    assert run.column("Id") == ids
    assert "WHERE" not in queries(server)[-1]


@pytest.mark.parametrize("value", ["not a date", 7, ["2024-05-01"]])
def test_a_state_that_is_not_ours_is_refused(server: SalesforceServer, value: Any) -> None:
    """Going on without it would read, and send, years of rows again."""
    run = run_tap(settings(server), catalog_of(server, "Case"), bookmark(value))

    assert "bookmark of Case" in str(run.error)
    assert run.messages == []
