"""What STATE tells a consumer besides bookmarks, and which states the tap does not go on from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_salesforce_chat.ids import long_id
from tests.fakes.salesforce import Fault
from tests.fakes.salesforce.ids import long_id as expected_long_id
from tests.tap.support import add_cases, catalog_of, run_tap, settings, sync

if TYPE_CHECKING:
    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
APIS = pytest.mark.parametrize("api_type", ["REST", "BULK2", "AUTO"])
BOOKMARK = {
    "replication_key": "SystemModstamp",
    "replication_key_value": "2024-05-01T12:00:01Z",
}


def case_state(**bookmark: Any) -> dict[str, Any]:
    """Return a state with a bookmark for cases."""
    return {"bookmarks": {"Case": BOOKMARK | bookmark}}


def test_the_first_state_says_what_the_sync_reads_before_any_schema(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """A consumer that loses the rest still knows what this input was to be."""
    add_cases(org, clock, 2)
    filters = {"Case": "Subject != null"}
    catalog = catalog_of(server, "Case", "EmailMessage")

    run = run_tap(
        settings(server, start_date="2024-01-01T01:00:00+01:00", filters=filters), catalog
    )

    first = run.messages[0]
    assert first["type"] == "STATE"
    assert first["value"]["organization_id"] == org.org_id
    assert first["value"]["sync_reads"].keys() == {"Case", "EmailMessage"}
    assert first["value"]["sync_reads"]["Case"].keys() == {"since", "filter"}
    assert first["value"]["sync_reads"]["EmailMessage"] == {"since": "2024-01-01T00:00:00Z"}
    assert all(state["organization_id"] == org.org_id for state in run.states)


def test_without_a_start_date_a_sync_reads_from_the_beginning(server: SalesforceServer) -> None:
    """Null says so: that is more than any date."""
    assert sync(server).states[0]["sync_reads"] == {"Case": {"since": None}}


@APIS
def test_a_stream_that_is_read_to_its_end_says_up_to_where(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, api_type: str
) -> None:
    """All that Salesforce had when it ran the query is out, the very second of it included."""
    add_cases(org, clock, 3)

    run = sync(server, api_type=api_type)

    assert run.states[-1]["sync_reads"]["Case"]["until"] == "2024-05-01T12:00:04Z"
    assert run.bookmark() == "2024-05-01T12:00:02Z"


@APIS
def test_a_finished_sync_says_how_many_requests_it_made(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, api_type: str
) -> None:
    """Every API request that Salesforce has seen, which counts a refused one as well."""
    add_cases(org, clock, 3)
    catalog = catalog_of(server, "Case", "EmailMessage")
    server.calls.clear()
    server.faults.add(Fault("500"))

    run = run_tap(settings(server, api_type=api_type), catalog)

    asked = [call for call in server.calls if not call.path.startswith("/services/oauth2")]
    assert run.states[-1]["sync_requests"] == len(asked) > 3
    assert all("sync_requests" not in state for state in run.states[:-1])


@APIS
def test_the_end_date_ends_what_was_read(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, api_type: str
) -> None:
    """A backfill vouches for its window only."""
    add_cases(org, clock, 3)

    run = sync(server, api_type=api_type, end_date="2024-05-01T12:00:01Z")

    assert run.states[-1]["sync_reads"]["Case"]["until"] == "2024-05-01T12:00:01Z"


def test_a_later_sync_reads_from_before_the_bookmark(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """The lookback is read again, so what two syncs read overlaps."""
    add_cases(org, clock, 3)
    first = sync(server)

    second = sync(server, state=first.states[-1], lookback_seconds=60)

    assert second.states[0]["sync_reads"]["Case"]["since"] == "2024-05-01T11:59:02Z"


def test_a_stream_that_breaks_off_does_not_say_up_to_where(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Its bookmark does."""
    add_cases(org, clock, 6)
    catalog = catalog_of(server, "Case", "CaseComment")
    server.faults.add(Fault("txn_security", after=2))

    run = run_tap(settings(server, max_workers=1, verify_counts=False), catalog)

    reads = run.states[-1]["sync_reads"]
    assert run.error is not None
    assert "until" not in reads["Case"]
    assert "until" not in reads["CaseComment"]
    assert run.bookmark() == "2024-05-01T12:00:03Z"


def test_the_org_is_known_where_no_login_tells_it(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """A token obtained elsewhere says nothing of where it is good."""
    token = {"access_token": server.issue_token(), "instance_url": server.url}

    run = run_tap(token, catalog_of(server, "Case"))

    assert run.error is None
    assert run.states[0]["organization_id"] == org.org_id


def test_an_org_that_does_not_tell_its_id_is_read_all_the_same(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """It only cannot be compared with the state's."""
    org.forbid("Organization")
    token = {"access_token": server.issue_token(), "instance_url": server.url}

    run = run_tap(token, catalog_of(server, "Case"), case_state() | {"organization_id": "00D0"})

    assert run.error is None
    assert run.states[-1]["organization_id"] == "00D0"


def test_a_state_of_this_org_is_gone_on_from(server: SalesforceServer, org: SalesforceOrg) -> None:
    """In the short form of its Id, too; one from before, which names none, is taken as it is."""
    for named in ({"organization_id": org.org_id[:15]}, {}):
        run = sync(server, state=case_state() | named)

        assert run.states[0]["sync_reads"]["Case"]["since"] == "2024-05-01T11:50:01Z"


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (case_state() | {"organization_id": "00D000000000OTHERS"}, "of another org"),
        (case_state(replication_key_value="2031-01-01T00:00:00Z"), "in the future"),
        # singer-io/tap-salesforce, README and tests: a bookmark by the name of its key.
        ({"bookmarks": {"Case": {"SystemModstamp": "2024-01-01T00:00:00.000000Z"}}}, "another tap"),
        (
            {
                "current_stream": None,
                "bookmarks": {"Case": {"JobID": None, "version": 1}},
            },
            "another tap",
        ),
        # MeltanoLabs/tap-salesforce: the same, with a version for tables read in full.
        ({"bookmarks": {"Case": {"version": 1700000000000}}}, "another tap"),
        (case_state(replication_key="LastModifiedDate"), "another tap"),
        ({"bookmarks": {"livechattranscripts": BOOKMARK}}, "not one of this tap"),
        ({"bookmarks": []}, "not one of this tap"),
        ({"bookmarks": None}, "not one of this tap"),
        (case_state() | {"organization_id": 5}, "not one of this tap"),
        (case_state(replication_key_value="0001-01-01T00:00:00Z"), "none of this tap"),
        (case_state(read_since=5), "none of this tap"),
        (case_state(read_again_since="yesterday"), "none of this tap"),
        (case_state(cases_owed_since=[]), "none of this tap"),
        (case_state(read_without="Description"), "none of this tap"),
        (case_state(read_without=["Description"]), "none of this tap"),
        (case_state(read_without={"Description": 5}), "none of this tap"),
        ({"bookmarks": {"Case": None}}, "none of this tap"),
        ({"type": "STATE", "value": case_state()}, "not one of this tap"),
        ({"singer_state": case_state()}, "not one of this tap"),
    ],
)
def test_a_state_of_something_else_is_refused_in_a_sentence(
    server: SalesforceServer, org: SalesforceOrg, state: dict[str, Any], reason: str
) -> None:
    """Going on from it would read nothing, or all, with exit code 0."""
    org.add("Case")

    run = run_tap(settings(server), catalog_of(server, "Case"), state)

    assert reason in str(run.error)
    assert run.messages == []


def test_a_state_that_says_nothing_yet_is_none(server: SalesforceServer) -> None:
    """A run that died before its first row left it."""
    state = {"sync_started_at": "2024-05-01T11:00:00Z", "bookmarks": {}}

    assert sync(server, state=state).error is None


@given(st.text(ALPHANUMERIC, min_size=15, max_size=15))
def test_a_short_id_gets_the_end_that_salesforce_gives_it(short: str) -> None:
    """The simulated org has an algorithm of its own for it."""
    assert long_id(short) == expected_long_id(short)
    assert long_id(long_id(short)) == long_id(short)
