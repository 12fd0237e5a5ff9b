"""The bookmark stays before all that may still come, whatever happens meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.errors import SalesforceError
from tests.fakes.salesforce import Fault
from tests.tap.support import NOON, add_cases, catalog_of, run_tap, settings, sync

if TYPE_CHECKING:
    import pytest

    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock


def test_a_row_that_changes_while_a_query_searches_is_no_sign(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes in its old place with a new time, which is before the answer leaves."""
    ids = add_cases(org, clock, 8)
    catalog, answer, queries = catalog_of(server, "Case"), server._run, iter(range(100))

    def search_for_long(call: Any, **options: Any) -> Any:
        found = answer(call, **options)
        if next(queries) == 0:
            clock.tick(20)
            org.update("Case", ids[3])
            clock.tick(10)
        return found

    monkeypatch.setattr(server, "_run", search_for_long)
    server.faults.add(Fault("txn_security", after=2))
    first = run_tap(settings(server, max_workers=1, lookback_seconds=0), catalog)
    second = run_tap(settings(server, lookback_seconds=0), catalog, first.states[-1])

    assert isinstance(first.error, SalesforceError)
    assert set(first.column("Id")) == set(ids[:4])
    assert first.bookmark() == "2024-05-01T12:00:02Z"
    assert {*first.column("Id"), *second.column("Id")} == set(ids)


def test_a_query_that_is_forgotten_goes_on_before_a_row_in_an_old_place(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows behind it are older than its new time says."""
    ids = add_cases(org, clock, 8)
    page, forgotten = server._page, iter([True])

    def change_and_forget(call: Any, cursor: Any, offset: int) -> Any:
        if not (offset == 2 and next(forgotten, False)):
            return page(call, cursor, offset)
        org.update("Case", ids[3])
        answer = page(call, cursor, offset)
        server.expire_locators()
        return answer

    monkeypatch.setattr(server, "_page", change_and_forget)

    run = sync(server, max_workers=1, verify_counts=False)

    assert set(run.column("Id")) == set(ids)


def test_what_is_committed_late_into_an_earlier_window_is_in_reach_of_the_lookback(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the later ones take: their new rows do not move the bookmark away from it."""
    ids = add_cases(org, clock, 40)
    catalog, answer = catalog_of(server, "Case"), server._run
    late: list[str] = []

    def commit_late(call: Any, **options: Any) -> Any:
        if "SystemModstamp >=" in call.request.query["q"] and not late:
            late.append(org.add("Case"))
            stamp = NOON + timedelta(seconds=1)
            org.get("Case", late[0])["SystemModstamp"] = f"{stamp:%Y-%m-%dT%H:%M:%S}.000+0000"
            clock.tick(3_600)
            late.append(org.add("Case"))
        return answer(call, **options)

    monkeypatch.setattr(server, "_run", commit_late)
    one_by_one = settings(server, max_workers=1, verify_counts=False)
    first = run_tap(one_by_one, catalog)
    second = run_tap(one_by_one, catalog, first.states[-1])

    assert first.error is second.error is None
    assert set(first.column("Id")) == {*ids, late[1]}
    assert set(late) <= set(second.column("Id"))
