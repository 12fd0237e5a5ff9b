"""Rows that are gone for good: told once, with the time, and only where that is wanted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.tap.support import NOON, add_cases, catalog_of, deselect, run_tap, settings

if TYPE_CHECKING:
    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock, Run

DAY = 86_400


def sync(
    server: SalesforceServer, state: dict[str, Any] | None = None, *streams: str, **more: Any
) -> Run:
    """Sync with hard deletions, and insist that it goes well."""
    catalog = catalog_of(server, *(streams or ("Case",)))
    run = run_tap(settings(server, include_hard_deleted=True, **more), catalog, state)
    assert run.error is None
    return run


def requests(server: SalesforceServer) -> list[dict[str, str]]:
    """Return the windows of deletions asked for."""
    return [call.query for call in server.calls if call.path.rstrip("/").endswith("/deleted")]


def test_a_purged_row_is_told_with_the_time_of_its_deletion(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """It has an Id, a mark, and a time; the bookmark moves over it."""
    ids = add_cases(org, clock, 3)
    state = sync(server).states[-1]
    clock.tick(600)
    org.purge("Case", ids[1])
    clock.tick(120)

    run = sync(server, state)

    assert run.rows()[-1] == {
        "Id": ids[1],
        "IsDeleted": True,
        "SystemModstamp": "2024-05-01T12:10:03Z",
    }
    assert run.column("Id").count(ids[1]) == 1
    assert run.bookmark() == "2024-05-01T12:10:03Z"


def test_a_row_in_the_recycle_bin_stays_whole(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Salesforce names it as deleted too, but there is more to say about it than that."""
    case = org.add("Case", Subject="kept")
    org.delete("Case", case)
    clock.tick(120)

    run = sync(server)

    assert [(row["Id"], row["Subject"]) for row in run.rows()] == [(case, "kept")]
    assert len(requests(server)) == 1


def test_without_the_setting_nobody_asks(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """It costs requests."""
    org.purge("Case", org.add("Case"))
    clock.tick(120)

    run = run_tap(settings(server), catalog_of(server, "Case"))

    assert run.rows() == []
    assert requests(server) == []


def test_deletions_come_in_the_order_of_their_time(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """More of them than one query for the recycle bin takes."""
    ids = [org.add("Case") for _ in range(250)]
    for record_id in reversed(ids):
        org.purge("Case", record_id)
        clock.tick()
    clock.tick(120)

    run = sync(server)

    assert run.column("Id") == ids[::-1]


def test_a_deletion_of_this_minute_is_told_by_the_next_run(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Seconds don't count in a window: it ends with the last whole minute."""
    case = org.add("Case")
    clock.tick(30)
    org.purge("Case", case)
    clock.tick(10)
    other = org.add("Case")

    first = sync(server, lookback_seconds=0)
    clock.tick(60)
    second = sync(server, first.states[-1], lookback_seconds=0)

    assert first.column("Id") == [other]
    assert case in second.column("Id")


def test_a_window_is_never_too_short(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Salesforce insists on more than a minute between start and end."""
    org.add("Case")
    state = sync(server, lookback_seconds=0).states[-1]

    sync(server, state, lookback_seconds=0)

    assert requests(server)[-1] == {
        "start": "2024-05-01T11:58:00+00:00",
        "end": "2024-05-01T12:00:00+00:00",
    }


def test_the_window_reaches_back_as_far_as_salesforce_does(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A first run has not emitted anything that could be deleted: no warning."""
    clock.moment = NOON - timedelta(days=14)
    old = org.add("Case")
    org.purge("Case", old)
    clock.moment = NOON

    run = sync(server)

    assert run.column("Id") == [old]
    assert not any("hard deletions" in text for text in caplog.messages)


def test_a_gap_is_told(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """After more than 15 days without a run, deletions have been forgotten."""
    org.add("Case")
    state = sync(server).states[-1]
    clock.tick(20 * DAY)
    case = org.add("Case")
    org.purge("Case", case)
    clock.tick(120)

    run = sync(server, state)

    assert case in run.column("Id")
    assert any("hard deletions of Case" in text for text in caplog.messages)


def test_forgotten_deletions_do_not_end_the_run(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Where very many rows are deleted, Salesforce forgets earlier; the rows are out."""
    ids = add_cases(org, clock, 3)
    clock.tick(120)
    org.deletions_known_since = clock.moment

    run = sync(server)

    assert run.column("Id") == ids
    assert any("hard deletions of Case" in text for text in caplog.messages)


@pytest.mark.parametrize(("days", "windows"), [(20, 0), (1, 1)])
def test_a_backfill_asks_for_its_own_time_only(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, days: int, windows: int
) -> None:
    """What was deleted after `end_date` is another run's business."""
    case = org.add("Case")
    clock.tick(120)
    org.purge("Case", case)
    clock.tick(120)
    end_date = (clock.moment - timedelta(days=days)).isoformat()

    run = sync(server, end_date=end_date)

    assert run.rows() == []
    assert len(requests(server)) == windows


def test_users_and_rows_without_the_mark_are_not_asked_for(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Nobody can delete a user; and without IsDeleted a row would look alive."""
    org.purge("Case", org.add("Case"))
    clock.tick(120)
    catalog = catalog_of(server, "Case", "User")
    deselect(catalog, "Case", "IsDeleted")

    run = run_tap(settings(server, include_hard_deleted=True), catalog)

    assert run.error is None
    assert run.rows() == []
    assert requests(server) == []
