"""Random orgs, start dates, losses of fields and kills: what STATE says of the rows is true."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tap_salesforce_chat.streams.base import SalesforceStream
from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
from tests.tap.support import NOON, Clock, catalog_of, run_tap, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

STREAMS = ("Case", "CaseComment", "EmailMessage")
NEEDED = "TextBody"
HOUR = 3600

changes = st.tuples(
    st.sampled_from(["case", "mail", "comment", "touch", "edit"]), st.integers(0, 9)
)
rounds = st.tuples(
    st.lists(changes, max_size=4),
    st.sampled_from(["REST", "REST", "BULK2"]),
    st.booleans(),  # whether the needed field is hidden
    st.none() | st.integers(1, 40),  # after how many messages the run is killed
)


class World:
    """An org, what a consumer has of it, and the state that it would go on from."""

    def __init__(self, server: SalesforceServer, org: SalesforceOrg, clock: Clock) -> None:
        self.server, self.org, self.clock = server, org, clock
        self.rows: dict[tuple[str, str], dict[str, Any]] = {}
        self.state: dict[str, Any] = {}

    def change(self, kind: str, number: int) -> None:
        """Do something to a case, or make one, an hour after the last change."""
        self.clock.tick(HOUR)
        cases = [row["Id"] for row in self.org.rows("Case")]
        case = cases[number % len(cases)] if cases else self.org.add("Case")
        mails = [row["Id"] for row in self.org.rows("EmailMessage") if row["ParentId"] == case]
        if kind == "case":
            self.org.add("Case")
        elif kind == "touch":
            self.org.update("Case", case)
        elif kind == "comment":
            self.org.add("CaseComment", ParentId=case)
        elif kind == "edit" and mails:
            self.org.update("EmailMessage", mails[number % len(mails)], Status="2")
        else:
            self.org.add("EmailMessage", ParentId=case, TextBody="words")

    def sync(self, start: datetime, api: str, killed_after: int | None) -> None:
        """Run the tap; keep what came before it was killed, and the last STATE in that."""
        self.clock.tick(HOUR)
        wish = {"start_date": start.isoformat(), "api_type": api, "lookback_seconds": 60}
        config = settings(self.server, **wish)
        run = run_tap(config, catalog_of(self.server, *STREAMS), deepcopy(self.state))
        assert run.error is None
        for message in run.messages[:killed_after]:
            if message["type"] == "RECORD":
                record = message["record"]
                self.rows[message["stream"], record["Id"]] = record
            elif message["type"] == "STATE":
                self.state = message["value"]
                self.check()

    def check(self) -> None:
        """Insist that what STATE says of whole cases is true, and of the field that is needed."""
        reads = self.state["sync_reads"]
        if not all("whole_before" in reads.get(name, {}) for name in STREAMS):
            return
        bound = reads["Case"]["whole_before"]
        for case in self.touched_since(bound):
            for stream, row in self.rows_of(case):
                mine = self.rows.get((stream, row["Id"]))
                assert mine is not None, f"{stream} {row['Id']} of a case that counts as whole"
                assert mine["SystemModstamp"][:19] == row["SystemModstamp"][:19]
                if stream == "EmailMessage" and "without" not in reads[stream]:
                    assert NEEDED in mine

    def touched_since(self, bound: str) -> set[str]:
        """Return the cases that have anything at or after an instant."""
        found = set()
        for stream in STREAMS:
            for row in self.org.rows(stream):
                if row["SystemModstamp"][:19] >= bound[:19]:
                    found.add(row["Id"] if stream == "Case" else row["ParentId"])
        return found

    def rows_of(self, case: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield all rows of a case."""
        for stream in STREAMS:
            for row in self.org.rows(stream):
                if case == (row["Id"] if stream == "Case" else row["ParentId"]):
                    yield stream, row


@given(
    before=st.lists(changes, min_size=3, max_size=10),
    start=st.integers(0, 12),
    steps=st.lists(rounds, min_size=1, max_size=4),
)
@hypothesis_settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_a_state_says_of_cases_is_true(
    before: list[tuple[str, int]],
    start: int,
    steps: list[tuple[list[tuple[str, int]], str, bool, int | None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever was hidden or killed meanwhile, the last good sync leaves nothing owed."""
    monkeypatch.setattr(SalesforceStream, "STATE_MSG_FREQUENCY", 1)
    org, clock = SalesforceOrg(), Clock()
    org.now = clock
    monkeypatch.setattr("requests.sessions.preferred_clock", lambda: clock().timestamp())
    with SalesforceServer(org, page_size=2) as server:
        world = World(server, org, clock)
        for change in before:
            world.change(*change)
        bound = NOON + timedelta(hours=start, minutes=30)
        for some, api, hidden, killed_after in steps:
            for change in some:
                world.change(*change)
            (org.hide if hidden else org.show)("EmailMessage", NEEDED)
            world.sync(bound, api, killed_after)
        org.show("EmailMessage", NEEDED)
        world.sync(bound, "REST", None)

        assert "whole_before" in world.state["sync_reads"]["EmailMessage"]
        assert "without" not in world.state["sync_reads"]["EmailMessage"]
