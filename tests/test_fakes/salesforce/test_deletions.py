"""The simulated Salesforce remembers deletions as long as the real one, and in its way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fakes.salesforce import SalesforceOrg
from tests.fakes.salesforce.client import V62, Client, connected, ids

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def deleted(client: Client, start: datetime, end: datetime) -> Any:
    """Ask what was deleted."""
    window = {"start": start.isoformat(), "end": end.isoformat()}
    return client.get(f"{V62}/sobjects/Case/deleted/", params=window)


@pytest.fixture(name="org")
def make_org() -> SalesforceOrg:
    """An org at noon."""
    org = SalesforceOrg()
    org.now = lambda: NOON
    return org


def test_both_kinds_of_deletion_are_named(org: SalesforceOrg) -> None:
    """A purged row is gone for every query; a deleted one is still in the recycle bin."""
    binned, purged, kept = (org.add("Case") for _ in range(3))
    org.delete("Case", binned)
    org.purge("Case", purged)
    with connected(org) as client:
        answer = deleted(client, NOON, NOON + timedelta(minutes=2)).json()
        rows = client.query("SELECT Id FROM Case", endpoint="queryAll").json()

    assert [item["id"] for item in answer["deletedRecords"]] == [binned, purged]
    assert answer["deletedRecords"][0]["deletedDate"] == "2024-05-01T12:00:00.000+0000"
    assert ids(rows) == [binned, kept]


def test_an_id_is_never_given_out_again(org: SalesforceOrg) -> None:
    """Or a new row would look like a deleted one."""
    purged = org.add("Case")
    org.purge("Case", purged)

    assert org.add("Case") != purged


def test_emptying_the_bin_does_not_move_the_deletion(org: SalesforceOrg) -> None:
    """It was deleted when it was deleted."""
    case = org.add("Case")
    org.delete("Case", case)
    org.now = lambda: NOON + timedelta(days=1)
    org.purge("Case", case)

    assert org.deletions("Case") == {case: "2024-05-01T12:00:00.000+0000"}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(timedelta(0), timedelta(minutes=1), id="a-minute"),
        pytest.param(timedelta(0), timedelta(minutes=1, seconds=59), id="seconds-do-not-count"),
        pytest.param(timedelta(minutes=5), timedelta(0), id="backwards"),
        pytest.param(-timedelta(days=15, minutes=1), timedelta(0), id="too-old"),
    ],
)
def test_a_window_that_cannot_be_is_refused(
    org: SalesforceOrg, start: timedelta, end: timedelta
) -> None:
    """Always with the same code."""
    with connected(org) as client:
        answer = deleted(client, NOON + start, NOON + end)

    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "INVALID_REPLICATION_DATE"
