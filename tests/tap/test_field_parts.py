"""Fields that are too much for Salesforce at once are asked for in parts; rows stay whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_salesforce_chat.errors import QueryTooComplicatedError
from tests.fakes.salesforce.matching import asks
from tests.tap.support import add_cases, catalog_of, queries, run_tap, settings, sync

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock


def fill(org: SalesforceOrg, clock: Clock, count: int) -> list[str]:
    """Add cases with parents, texts and numbers."""
    org.add_field("Case", "Amount__c", "currency")
    contact = org.add("Contact", FirstName="Ada", LastName="Quill")
    ids = []
    for number in range(count):
        parent = contact if number % 2 else None
        ids.append(org.add("Case", Subject=f"{number}", ContactId=parent, Amount__c=number / 4))
        clock.tick()
    return ids


def columns(query: str) -> list[str]:
    """Return what a query selects."""
    return query.partition(" FROM ")[0].removeprefix("SELECT ").split(", ")


@pytest.mark.parametrize("at_once", [60, 25, 9])
@pytest.mark.parametrize("workers", [1, 8])
def test_the_rows_are_those_of_one_query(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, at_once: int, workers: int
) -> None:
    """In the same order, with all of their fields, and verified by the same counts."""
    ids = fill(org, clock, 11)
    whole = sync(server)
    before = len(queries(server))
    server.fields_at_once = at_once

    parted = sync(server, max_workers=workers)

    assert parted.rows() == whole.rows()
    assert parted.column("Id") == ids
    assert parted.bookmark() == whole.bookmark()
    assert min(len(columns(query)) for query in queries(server)[before:]) <= at_once


def test_a_parent_is_not_parted(server: SalesforceServer, org: SalesforceOrg, clock: Clock) -> None:
    """Whether there is one at all is told by all of its fields together."""
    fill(org, clock, 3)
    server.fields_at_once = 9

    sync(server)

    for query in queries(server):
        owners = [path for path in columns(query) if path.startswith("Contact.")]
        assert len(owners) in {0, 5}


def change_between_parts(
    server: SalesforceServer, change: Callable[[], object], times: int
) -> None:
    """Have something happen before parts are read by Id."""
    server.interceptors.add(asks("(Id IN ("), before=change, times=times)


def test_a_row_that_changes_between_two_parts_is_of_one_version(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Half of then and half of now would be a row that never was."""
    ids = fill(org, clock, 4)
    server.fields_at_once = 25

    def change() -> None:
        clock.tick(60)
        org.update("Case", ids[1], Subject="new", Amount__c=99, Description="new")

    change_between_parts(server, change, times=1)
    run = sync(server, max_workers=1)

    (row,) = [row for row in run.rows() if row["Id"] == ids[1]]
    assert (row["Subject"], row["Amount__c"], row["Description"]) == ("new", 99, "new")
    assert set(run.column("Id")) == set(ids)
    assert run.bookmark() == "2024-05-01T12:00:03Z"


@pytest.mark.parametrize("fate", ["purged", "restless"])
def test_a_row_that_cannot_be_put_together_is_left_to_the_next_run(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    fate: str,
) -> None:
    """One that is gone is no row, and one that changes all the time comes with its new time."""
    ids = fill(org, clock, 4)
    server.fields_at_once = 25

    def change() -> None:
        clock.tick(60)
        if fate == "restless":
            org.update("Case", ids[1])
        elif org.find(ids[1]):
            org.purge("Case", ids[1])

    change_between_parts(server, change, times=1_000)
    run = sync(server, max_workers=1)
    server.fields_at_once = None
    again = sync(server, state=run.states[-1])

    assert set(ids) - set(run.column("Id")) == {ids[1]}
    assert (ids[1] in again.column("Id")) == (fate == "restless")


def test_a_field_that_is_too_much_by_itself_ends_the_run(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """With what to change."""
    add_cases(org, clock, 1)
    catalog = catalog_of(server, "Case")
    server.fields_at_once = 2

    run = run_tap(settings(server), catalog)

    assert isinstance(run.error, QueryTooComplicatedError)
    assert "Deselect formula fields" in str(run.error)
