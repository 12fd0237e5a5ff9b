"""Whole cases: what has anything behind a lower bound arrives with all that lies before it."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tap_salesforce_chat.streams.base import SalesforceStream
from tests.fakes.salesforce import Fault
from tests.fakes.salesforce.matching import asks
from tests.tap.support import (
    NOON,
    Run,
    catalog_of,
    counts,
    deselect,
    queries,
    run_tap,
    settings,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock

STREAMS = ("Case", "CaseComment", "EmailMessage")
START = "2024-05-01T12:00:00Z"
APIS = pytest.mark.parametrize("api_type", ["REST", "BULK2", "AUTO"])

TOUCHES: dict[str, Any] = {
    "case": lambda org, case: org.update("Case", case, Status="Closed"),
    "mail": lambda org, case: org.add("EmailMessage", ParentId=case),
    "comment": lambda org, case: org.add("CaseComment", ParentId=case),
    "edited mail": lambda org, case: org.update(
        "EmailMessage", children(org, "EmailMessage", case)[0], Status="2"
    ),
}


@pytest.fixture
def old_case(org: SalesforceOrg, clock: Clock) -> str:
    """A case of two days before the start date, with two mails and a comment; it is noon again."""
    return add_old_case(org, clock)


def add_old_case(org: SalesforceOrg, clock: Clock) -> str:
    """Add such a case."""
    clock.moment = NOON - timedelta(days=2)
    case = org.add("Case")
    for sobject in ("EmailMessage", "CaseComment", "EmailMessage"):
        clock.tick(3600)
        org.add(sobject, ParentId=case)
    clock.moment = NOON
    return case


def children(org: SalesforceOrg, sobject: str, case: str) -> list[str]:
    """Return the Ids of a case's mails or comments, oldest first."""
    return [row["Id"] for row in org.rows(sobject) if row["ParentId"] == case]


def arrived(*runs: Run) -> dict[str, set[str]]:
    """Return the Ids of all rows of runs by stream."""
    return {
        stream: {row_id for run in runs for row_id in run.column("Id", stream)}
        for stream in STREAMS
    }


def whole(org: SalesforceOrg, *cases: str) -> dict[str, set[str]]:
    """Return the Ids of all rows of cases."""
    return {"Case": set(cases)} | {
        stream: {row_id for case in cases for row_id in children(org, stream, case)}
        for stream in STREAMS[1:]
    }


def sync_cases(server: SalesforceServer, state: dict[str, Any] | None = None, **more: Any) -> Run:
    """Sync cases and their children, and insist that it goes well."""
    run = run_tap(
        settings(server, **{"start_date": START} | more), catalog_of(server, *STREAMS), state
    )
    assert run.error is None
    return run


@APIS
@pytest.mark.parametrize("touch", TOUCHES)
def test_a_case_that_has_anything_behind_the_bound_arrives_whole(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    old_case: str,
    touch: str,
    api_type: str,
) -> None:
    """Whether the case itself changed, or only a child; another old one does not come."""
    add_old_case(org, clock)
    clock.tick(60)
    TOUCHES[touch](org, old_case)
    clock.tick(60)

    run = sync_cases(server, api_type=api_type)

    assert arrived(run) == whole(org, old_case)
    for stream in STREAMS:
        assert run.states[-1]["sync_reads"][stream]["whole_before"] == START
        assert run.states[-1]["bookmarks"][stream].get("replication_key_value", START) >= START


@APIS
def test_a_later_sync_brings_the_older_rows_of_what_is_touched_then(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, old_case: str, api_type: str
) -> None:
    """The bound is the first start date, for ever: a later one in the settings changes nothing."""
    first = sync_cases(server, api_type=api_type)
    clock.tick(86_400)
    org.add("Case")
    org.add("EmailMessage", ParentId=old_case)
    clock.tick(86_400)

    later = (NOON + timedelta(days=1, hours=12)).isoformat()
    second = sync_cases(server, first.states[-1], start_date=later, api_type=api_type)

    assert arrived(first) == whole(org)
    assert set(second.column("Id", "EmailMessage")) == set(children(org, "EmailMessage", old_case))
    assert old_case in second.column("Id")
    assert second.states[-1]["sync_reads"]["Case"]["whole_before"] == START


def test_a_state_calls_cases_whole_only_when_they_are(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, old_case: str
) -> None:
    """Whoever loses the rest must not take what came for all there is."""
    clock.tick(60)
    TOUCHES["mail"](org, old_case)
    clock.tick(60)

    run = sync_cases(server)

    last_row = max(
        place for place, message in enumerate(run.messages) if message["type"] == "RECORD"
    )
    early = [item["value"] for item in run.messages[:last_row] if item["type"] == "STATE"]
    assert early
    for state in early:
        assert not any("whole_before" in entry for entry in state["sync_reads"].values())
        assert state["bookmarks"]["EmailMessage"]["cases_owed_since"] == START


@pytest.mark.parametrize("earlier_sync", [False, True])
@pytest.mark.parametrize("api_type", ["REST", "BULK2"])
def test_a_sync_that_is_cut_off_anywhere_leaves_the_rest_to_the_next_one(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    old_case: str,
    monkeypatch: pytest.MonkeyPatch,
    *,
    api_type: str,
    earlier_sync: bool,
) -> None:
    """What a STATE does not owe is out before it."""
    monkeypatch.setattr(SalesforceStream, "STATE_MSG_FREQUENCY", 1)
    old_cases = [old_case, add_old_case(org, clock), add_old_case(org, clock)]
    clock.tick(60)
    # That cases were whole once does not make them so for ever.
    state = sync_cases(server).states[-1] if earlier_sync else None
    for touch, case in zip(("mail", "comment", "case"), old_cases, strict=True):
        clock.tick(3600)
        TOUCHES[touch](org, case)
    clock.tick(86_400)
    new_case = org.add("Case")
    for sobject in ("EmailMessage", "CaseComment"):
        org.add(sobject, ParentId=new_case)
    clock.tick(86_400)
    first = sync_cases(server, deepcopy(state), api_type=api_type)
    places = [place for place, item in enumerate(first.messages, 1) if item["type"] == "STATE"]

    for place in places:
        kept = Run([], first.messages[:place], None)
        second = sync_cases(server, deepcopy(kept.states[-1]), api_type=api_type)

        assert arrived(kept, second) == whole(org, new_case, *old_cases)
        assert "cases_owed_since" not in str(second.states[-1])
    assert len(places) >= len(STREAMS) + 2


def test_a_failure_while_older_rows_are_read_leaves_them_owed(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, old_case: str
) -> None:
    """All bookmarks have passed what needs them by then."""
    clock.tick(60)
    TOUCHES["comment"](org, old_case)
    clock.tick(86_400)
    catalog = catalog_of(server, *STREAMS)
    reads = len(queries(server)) + len(counts(server))
    probe = run_tap(settings(server, start_date=START, whole_cases=False), catalog)
    asked = len(queries(server)) + len(counts(server)) - reads
    server.faults.add(Fault("txn_security", after=asked + 7, times=100))
    first = run_tap(settings(server, start_date=START), catalog)
    server.faults._pending.clear()

    second = sync_cases(server, first.states[-1])

    assert probe.error is None
    assert first.error is not None
    assert "sync_completed_at" not in first.states[-1]
    assert "whole_before" not in first.states[-1]["sync_reads"]["Case"]
    assert arrived(second) == whole(org, old_case)


def test_a_case_that_changes_after_its_stream_was_read_is_not_called_whole(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    old_case: str,
) -> None:
    """A comment that comes in time for its own stream brings the old case along."""
    clock.tick(3600)
    seen: list[str] = []

    def comment() -> None:
        seen.append(org.add("CaseComment", ParentId=old_case))
        clock.tick(60)

    server.interceptors.add(asks("FROM CaseComment"), before=comment, times=1)

    run = sync_cases(server, max_workers=1)

    assert seen[0] in run.column("Id", "CaseComment")
    assert arrived(run) == whole(org, old_case)


def test_without_a_start_date_nothing_more_is_asked(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, old_case: str
) -> None:
    """All is read anyway."""
    run = run_tap(settings(server), catalog_of(server, *STREAMS))

    assert arrived(run) == whole(org, old_case)
    assert len(queries(server)) == len(STREAMS)
    assert not any("cases_owed_since" in item for item in run.states[-1]["bookmarks"].values())


def test_it_can_be_turned_off_and_on_again(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, old_case: str
) -> None:
    """What was left out meanwhile is brought then."""
    clock.tick(60)
    TOUCHES["mail"](org, old_case)
    clock.tick(86_400)

    off = sync_cases(server, whole_cases=False)
    on = sync_cases(server, off.states[-1])

    assert arrived(off)["Case"] == set()
    assert "whole_before" not in off.states[-1]["sync_reads"]["Case"]
    assert arrived(on) == whole(org, old_case)


def test_a_state_from_before_gets_what_was_never_read(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, old_case: str
) -> None:
    """Its bookmarks have passed cases of which only the newer part was read."""
    clock.tick(60)
    TOUCHES["mail"](org, old_case)
    clock.tick(86_400)
    entry = {"replication_key": "SystemModstamp", "replication_key_value": "2024-05-02T12:00:00Z"}
    state = {"bookmarks": {stream: dict(entry) for stream in STREAMS}}

    run = sync_cases(server, state)

    older = whole(org, old_case)
    older["EmailMessage"].remove(children(org, "EmailMessage", old_case)[-1])
    assert arrived(run) == older


def test_a_stream_that_is_selected_later_gets_its_older_rows_too(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, old_case: str
) -> None:
    """The case was touched and completed long ago, but without its mails."""
    clock.tick(60)
    TOUCHES["case"](org, old_case)
    clock.tick(86_400)
    config = settings(server, start_date=START)
    first = run_tap(config, catalog_of(server, "Case", "CaseComment"))
    clock.tick(86_400)

    second = sync_cases(server, first.states[-1])

    assert set(second.column("Id", "EmailMessage")) == set(children(org, "EmailMessage", old_case))


def test_filters_hold_for_older_rows(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """A case that they keep out has no older rows to bring, and no case row."""
    wanted, unwanted = add_old_case(org, clock), add_old_case(org, clock)
    org.get("Case", wanted)["Priority"] = "High"
    drafts = children(org, "EmailMessage", wanted)[:1]
    org.get("EmailMessage", drafts[0])["Status"] = "5"
    clock.tick(60)
    for case in (wanted, unwanted):
        TOUCHES["case"](org, case)
    clock.tick(60)

    run = sync_cases(server, filters={"Case": "Priority = 'High'", "EmailMessage": "Status != '5'"})

    expected = whole(org, wanted)
    assert arrived(run) == expected | {"EmailMessage": expected["EmailMessage"] - set(drafts)}


def test_deleted_older_rows_arrive_as_such(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, old_case: str
) -> None:
    """A mail that is not there any more must not be sent."""
    gone = children(org, "EmailMessage", old_case)[0]
    org.delete("EmailMessage", gone)
    org.get("EmailMessage", gone)["SystemModstamp"] = "2024-04-30T12:00:00.000+0000"
    clock.tick(60)
    TOUCHES["case"](org, old_case)
    clock.tick(60)

    shown, hidden = sync_cases(server), sync_cases(server, include_deleted=False)

    rows = {row["Id"]: row["IsDeleted"] for row in shown.rows("EmailMessage")}
    assert rows[gone] is True
    assert gone not in hidden.column("Id", "EmailMessage")


def test_mail_of_no_case_is_no_hindrance(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, old_case: str
) -> None:
    """It has no parent, and so no date of one."""
    clock.tick(60)
    mail = org.add("EmailMessage")
    clock.tick(60)

    run = sync_cases(server, mail_without_case=True)

    assert arrived(run) == whole(org) | {"EmailMessage": {mail}}
    assert old_case not in run.column("Id")


def test_the_children_that_a_case_got_by_a_merge_arrive(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, old_case: str
) -> None:
    """They are older than the bound, and the case that has them now is not."""
    clock.tick(60)
    winner = org.add("Case")
    old_mails = children(org, "EmailMessage", old_case)
    for mail in old_mails:
        org.get("EmailMessage", mail)["ParentId"] = winner
    org.update("Case", old_case, MasterRecordId=winner)
    org.delete("Case", old_case)
    clock.tick(60)

    run = sync_cases(server)

    assert set(old_mails) <= set(run.column("Id", "EmailMessage"))


def test_a_row_that_salesforce_leaves_out_is_missed(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    old_case: str,
    lose: Callable[..., None],
) -> None:
    """Older rows are compared with Salesforce's count as well."""
    lose(children(org, "EmailMessage", old_case)[0])
    clock.tick(60)
    TOUCHES["case"](org, old_case)
    clock.tick(60)

    run = run_tap(settings(server, start_date=START), catalog_of(server, *STREAMS))

    assert "EmailMessage" in str(run.error)
    assert "Salesforce counts" in str(run.error)
    assert "whole_before" not in run.states[-1]["sync_reads"]["Case"]


def test_many_cases_cost_few_requests(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Their Ids go in a body, where no URL is too short for them."""
    server.page_size = 2000
    clock.moment = NOON - timedelta(days=2)
    cases = [org.add("Case") for _ in range(1500)]
    for case in cases:
        org.add("EmailMessage", ParentId=case)
    clock.moment = NOON + timedelta(seconds=60)
    for case in cases:
        org.update("Case", case)
    clock.tick(60)
    sync_cases(server, whole_cases=False)
    without = len(server.calls)

    run = sync_cases(server)

    assert arrived(run) == whole(org, *cases)
    assert len(server.calls) - 2 * without <= 12


@pytest.mark.parametrize("child", ["CaseComment", "EmailMessage"])
def test_rows_of_nobody_knows_which_case_leave_the_older_ones_owed(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, old_case: str, child: str
) -> None:
    """Without ParentId, Salesforce can't be asked for them either; all comes once it is back."""
    clock.tick(60)
    TOUCHES["mail"](org, old_case)
    TOUCHES["comment"](org, old_case)
    org.hide(child, "ParentId")
    hidden = sync_cases(server)
    assert all("whole_before" not in hidden.states[-1]["sync_reads"][name] for name in STREAMS)

    org.show(child, "ParentId")
    shown = sync_cases(server, deepcopy(hidden.states[-1]))
    assert arrived(shown) == whole(org, old_case)
    assert shown.states[-1]["sync_reads"][child]["whole_before"] == START


def test_a_master_that_nobody_may_see_any_more_costs_nothing_else(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, old_case: str
) -> None:
    """The catalog may be from before, and the field not selected: then no query has met it yet."""
    catalog = catalog_of(server, *STREAMS)
    deselect(catalog, "Case", "MasterRecordId")
    org.hide("Case", "MasterRecordId")
    clock.tick(60)
    TOUCHES["case"](org, old_case)
    run = run_tap(settings(server, start_date=START), catalog)

    assert run.error is None
    assert arrived(run) == whole(org, old_case)
