"""Windows read at once are verified by one count, and where that differs each by its own."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from threading import Event
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from tap_salesforce_chat.errors import RowCountError
from tap_salesforce_chat.reading.tasks import WindowTask
from tap_salesforce_chat.reading.verification import RowCounter
from tap_salesforce_chat.reading.window_groups import CountedWindow, WindowGroup, groups_for
from tap_salesforce_chat.reading.windows import cut
from tap_salesforce_chat.soql import Query
from tests.fakes.salesforce import Fault
from tests.fakes.salesforce.matching import is_count, is_page
from tests.tap.support import NOON, add_cases, catalog_of, counts, queries, run_tap, settings, sync

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_salesforce_chat.reading.rows import Row
    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.fakes.salesforce.answers import Request
    from tests.tap.support import Clock


ALL = Query("Case", ("Id",))
HOUR = timedelta(hours=1)


def read_window(query: Query, counter: RowCounter) -> CountedWindow:
    """Return a window that was read, which nobody verifies."""
    return CountedWindow(counter, WindowTask(query, lambda _: iter(())))


@pytest.mark.parametrize(
    ("windows", "pages", "sizes", "alone"),
    [
        pytest.param(4, 0.8, [4], 0, id="all-together"),
        pytest.param(25, 0.8, [12, 12], 1, id="several-groups"),
        pytest.param(3, 4.9, [2], 1, id="two-by-two"),
        pytest.param(3, 10, [], 3, id="large-ones-alone"),
    ],
)
def test_a_group_is_as_large_as_a_large_window(
    windows: int, pages: float, sizes: list[int], alone: int
) -> None:
    """Where rows and count differ, there is little to read again."""
    queries = cut(ALL, NOON - HOUR, NOON, windows)

    groups = groups_for(queries, pages, NOON, lambda _: None)

    found = [groups.count(group) for group in dict.fromkeys(groups) if group]
    assert (found, groups.count(None)) == (sizes, alone)


@pytest.mark.parametrize("counted", [3, 4, None])
@pytest.mark.parametrize("order", list(permutations(("count", 0, 1))))
def test_whichever_ends_last_compares(order: tuple[Any, ...], counted: int | None) -> None:
    """Each window is compared by itself if they differ together, in order, behind the last one."""
    queries = cut(ALL, NOON - HOUR, NOON, 2)
    row = SimpleNamespace(Id="500", SystemModstamp="2024-05-01T11:00:00Z")
    asked: list[Query] = []

    def count(query: Query) -> int | None:
        asked.append(query)
        return counted

    group = WindowGroup(queries, NOON, count)
    tasks: list[WindowTask] = []
    for actor in order:
        assert tasks == []
        if actor == "count":
            assert list(group.count(lambda found, _: tasks.extend(found))) == []
        else:
            counter = RowCounter()
            counter.add([cast("Row", row)] * (actor + 1))
            group.finish(read_window(queries[actor], counter))

    assert [task.query for task in tasks] == (queries if counted == 4 else [])
    assert [(query.since, query.until) for query in asked] == [(None, NOON)]


def test_windows_with_a_gap_are_not_counted_together() -> None:
    """One has left rows to others: what is left is compared alone."""
    queries = cut(ALL, NOON - HOUR, NOON, 2)
    group = WindowGroup(queries, NOON, lambda _: pytest.fail("counted in vain"))
    tasks: list[WindowTask] = []

    group.mark_gap()
    group.finish(None)
    group.finish(read_window(queries[1], RowCounter()))
    assert list(group.count(lambda found, _: tasks.extend(found))) == []

    assert [task.query for task in tasks] == queries[1:]


def test_the_count_is_asked_for_while_rows_are_on_their_way(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Verifying a few windows takes no time of its own."""
    ids = add_cases(org, clock, 8)
    catalog, counting, waited = catalog_of(server, "Case"), Event(), list[bool]()
    window = "SystemModstamp >="

    def is_later(request: Request) -> bool:
        """Match all pages but the first of the first window."""
        return is_page(request) and window in request.query.get("q", window)

    server.interceptors.add(is_count, before=counting.set)
    server.interceptors.add(is_later, before=lambda: waited.append(counting.wait(10)))

    run = run_tap(settings(server), catalog)

    assert waited
    assert all(waited)
    assert run.error is None
    assert run.column("Id") == ids


@pytest.mark.parametrize("pages", [2, 3, 4, 6])
def test_a_few_pages_are_read_at_once_and_counted_once(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, pages: int
) -> None:
    """Which takes hardly more requests than one page after the other."""
    ids = add_cases(org, clock, 2 * pages)

    run = sync(server)

    requests = [call for call in server.calls if "/query" in call.path]
    assert run.column("Id") == ids
    assert len(queries(server)) > 1 or pages == 2
    assert len(counts(server)) == 1
    assert len(requests) <= 2 * pages + 1


def test_a_row_that_one_of_many_windows_lacks_ends_the_run(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, lose: Callable[..., None]
) -> None:
    """The message names its window, not the others, and the bookmark stays before it."""
    ids = add_cases(org, clock, 10)
    catalog = catalog_of(server, "Case")
    lose(ids[6])

    run = run_tap(settings(server), catalog)

    assert isinstance(run.error, RowCountError)
    assert set(run.column("Id")) == set(ids) - {ids[6]}
    bookmark = run.bookmark()
    assert bookmark is not None
    assert "2024-05-01T12:00:01Z" < bookmark <= "2024-05-01T12:00:06Z"
    assert f"from {bookmark} to" in str(run.error)


@pytest.mark.parametrize("change", ["update", "delete", "commit_late"])
@pytest.mark.parametrize("place", [1, 3])
def test_what_changes_under_many_windows_loses_no_row(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    disturb: Callable[..., None],
    change: str,
    place: int,
) -> None:
    """Rows leave one window for another, or go. What comes late is out with the next run."""
    ids = add_cases(org, clock, 10)
    disturb(change, ids, place)

    first = sync(server, include_deleted=change != "delete")
    second = sync(server, state=first.states[-1])

    late = set(ids[10:])
    assert set(first.column("Id")) | late == set(ids)
    assert late <= {*first.column("Id"), *second.column("Id")}


@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_a_timeout_in_one_of_many_windows_costs_neither_row_nor_verification(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, after: int
) -> None:
    """It leaves the rest to smaller ones: each is then compared by itself."""
    ids = add_cases(org, clock, 10)
    server.faults.add(Fault("query_timeout", after=after))

    run = sync(server)

    assert set(run.column("Id")) == set(ids)
    assert run.bookmark() == "2024-05-01T12:00:09Z"
    assert counts(server)[-1:]
