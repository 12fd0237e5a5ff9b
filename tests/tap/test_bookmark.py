"""The bookmark stays before all that may still come, whatever happens meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tap_salesforce_chat.errors import SalesforceError
from tests.fakes.salesforce import Fault
from tests.fakes.salesforce.matching import asks, ends, is_query
from tests.tap.support import NOON, add_cases, catalog_of, run_tap, settings, sync

if TYPE_CHECKING:
    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock


def test_a_row_that_changes_while_a_query_searches_is_no_sign(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """It comes in its old place with a new time, which is before the answer leaves."""
    ids = add_cases(org, clock, 8)
    catalog = catalog_of(server, "Case")

    def search_for_long() -> None:
        clock.tick(20)
        org.update("Case", ids[3])
        clock.tick(10)

    server.interceptors.add(is_query, after=search_for_long, times=1)
    server.faults.add(Fault("txn_security", after=2))
    first = run_tap(settings(server, max_workers=1, lookback_seconds=0), catalog)
    second = run_tap(settings(server, lookback_seconds=0), catalog, first.states[-1])

    assert isinstance(first.error, SalesforceError)
    assert set(first.column("Id")) == set(ids[:4])
    assert first.bookmark() == "2024-05-01T12:00:02Z"
    assert {*first.column("Id"), *second.column("Id")} == set(ids)


def test_a_query_that_is_forgotten_goes_on_before_a_row_in_an_old_place(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Rows behind it are older than its new time says."""
    ids = add_cases(org, clock, 8)
    server.interceptors.add(
        ends("-2"),  # the second page
        before=lambda: org.update("Case", ids[3]),
        after=server.expire_locators,
        times=1,
    )

    run = sync(server, max_workers=1, verify_counts=False)

    assert set(run.column("Id")) == set(ids)


def test_what_is_committed_late_into_an_earlier_window_is_in_reach_of_the_lookback(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """However long the later ones take: their new rows do not move the bookmark away from it."""
    ids = add_cases(org, clock, 40)
    catalog = catalog_of(server, "Case")
    late: list[str] = []

    def commit_late() -> None:
        late.append(org.add("Case"))
        stamp = NOON + timedelta(seconds=1)
        org.get("Case", late[0])["SystemModstamp"] = f"{stamp:%Y-%m-%dT%H:%M:%S}.000+0000"
        clock.tick(3_600)
        late.append(org.add("Case"))

    server.interceptors.add(asks("SystemModstamp >="), before=commit_late, times=1)
    one_by_one = settings(server, max_workers=1, verify_counts=False)
    first = run_tap(one_by_one, catalog)
    second = run_tap(one_by_one, catalog, first.states[-1])

    assert first.error is second.error is None
    assert set(first.column("Id")) == {*ids, late[1]}
    assert set(late) <= set(second.column("Id"))
