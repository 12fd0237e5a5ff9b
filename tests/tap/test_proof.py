"""Windows read side by side are compared with Salesforce's count together, and lose no proof."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tap_salesforce_chat.errors import IncompleteError
from tap_salesforce_chat.reading.proof import groups_for
from tests.fakes.salesforce import Fault
from tests.fakes.salesforce.answers import json_answer
from tests.tap.support import add_cases, catalog_of, counts, queries, run_tap, settings, sync

if TYPE_CHECKING:
    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock


@pytest.mark.parametrize(
    ("windows", "pages", "sizes"),
    [
        pytest.param(4, 0.8, [4], id="all-together"),
        pytest.param(25, 0.8, [12, 12, 1], id="several-groups"),
        pytest.param(3, 4.9, [2, 1], id="two-by-two"),
        pytest.param(3, 10, [1, 1, 1], id="large-ones-alone"),
    ],
)
def test_a_group_is_as_large_as_a_large_window(
    windows: int, pages: float, sizes: list[int]
) -> None:
    """Where rows and count differ, there is little to read again."""
    groups = groups_for(windows, pages, lambda _: None)

    assert [groups.count(group) for group in dict.fromkeys(groups)] == sizes
    assert len(groups) == windows


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
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names its window, not the others, and the bookmark stays before it."""
    ids = add_cases(org, clock, 10)
    catalog, page = catalog_of(server, "Case"), server._page

    def incomplete(*arguments: Any) -> Any:
        document = json.loads(page(*arguments).body)
        document["records"] = [row for row in document["records"] if row["Id"] != ids[6]]
        return json_answer(document)

    monkeypatch.setattr(server, "_page", incomplete)

    run = run_tap(settings(server), catalog)

    assert isinstance(run.error, IncompleteError)
    assert set(run.column("Id")) == set(ids) - {ids[6]}
    bookmark = run.bookmark()
    assert bookmark is not None
    assert "2024-05-01T12:00:01Z" < bookmark <= "2024-05-01T12:00:06Z"
    assert f"from {bookmark} to" in str(run.error)


@pytest.mark.parametrize("change", ["update", "delete", "commit_late"])
@pytest.mark.parametrize("place", [1, 3])
def test_what_changes_under_many_windows_is_settled(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
    place: int,
) -> None:
    """Rows leave one window for another, go, or come late: all that is there is out in the end."""
    ids = add_cases(org, clock, 10)
    page, pages = server._page, iter(range(100))

    def change_meanwhile(*arguments: Any) -> Any:
        answer = page(*arguments)
        if next(pages) == place:
            clock.tick(60)
            if change == "commit_late":
                ids.append(org.add("Case"))
                org.get("Case", ids[-1])["SystemModstamp"] = "2024-05-01T12:00:01.000+0000"
            else:
                getattr(org, change)("Case", ids[0])
        return answer

    monkeypatch.setattr(server, "_page", change_meanwhile)

    run = sync(server, include_deleted=change != "delete")

    assert set(run.column("Id")) == set(ids)


@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_a_timeout_in_one_of_many_windows_costs_neither_row_nor_proof(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, after: int
) -> None:
    """It leaves the rest to smaller ones: each is then compared by itself."""
    ids = add_cases(org, clock, 10)
    server.faults.add(Fault("query_timeout", after=after))

    run = sync(server)

    assert set(run.column("Id")) == set(ids)
    assert run.bookmark() == "2024-05-01T12:00:09Z"
    assert counts(server)[-1:]
