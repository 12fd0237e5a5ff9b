"""Whatever befalls the job: what Creovai has was whole once, and what it lacks is named."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tap_salesforce_chat.streams.base import SalesforceStream
from tests.fakes.creovai import CreovaiServer
from tests.fakes.salesforce import SalesforceServer
from tests.pipe.histories import STREAMS, Life, LivingOrg, Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

MORNING = datetime(2024, 5, 1, 8, tzinfo=UTC)
SECONDS = st.sampled_from([0, 1, 30, 600, 3600])
HAPPENS = (
    *("case", "mail", "mail", "comment", "comment", "touch", "touch", "chat", "open_case"),
    *("close", "draft", "send", "note", "late", "delete", "start_chat", "end_chats"),
)
NEEDED = (
    "EmailMessage.TextBody",
    "EmailMessage.ParentId",
    "EmailMessage.Status",
    "CaseComment.CommentBody",
    "CaseComment.IsPublished",
    "CaseComment.ParentId",
    "Case.Description",
    "LiveChatTranscript.Body",
    "LiveChatTranscript.Status",
)
FIRST = (("case", 0, 600), ("mail", 0, 600), ("comment", 0, 600), ("chat", 0, 600))
SOME_STREAMS = (STREAMS[:2], STREAMS[1:], STREAMS[:3], STREAMS[3:], ("Case", "EmailMessage"))
FAULTS = ("drop_before", "drop_after", "500_after", "503", "401")

change = st.tuples(st.sampled_from(HAPPENS), st.integers(0, 1), SECONDS)
changes = st.lists(change, min_size=1, max_size=3)
ODD: dict[str, st.SearchStrategy[Any]] = {
    "api": st.just("BULK2"),
    "streams": st.sampled_from(SOME_STREAMS),
    "hidden": st.lists(st.sampled_from(NEEDED), min_size=1, max_size=2, unique=True),
    "old_catalog": st.sampled_from([True]),
    "only": st.sampled_from(["window", "filter"]),
    "tap_dies": st.integers(0, 50),
    "target_dies": st.integers(0, 50),
    "fault": st.tuples(st.sampled_from(FAULTS), st.integers(0, 6)),
    "meanwhile": changes,
    "page": st.integers(0, 8),
}


def odd(*ways: str) -> st.SearchStrategy[Plan]:
    """Return runs that are odd in these ways."""
    return st.builds(Plan, **{way: ODD[way] for way in ways})


good_run = odd()
odd_run = st.lists(st.sampled_from(list(ODD)), min_size=1, max_size=3).flatmap(
    lambda ways: odd(*ways, *(["page"] if "meanwhile" in ways else []))
)
loss = st.sampled_from(["restore_store", "delete_store", "truncate_store", "restore_both"])
befalls = st.one_of(loss, st.sampled_from(["back_up", "restore_state", "lose_state"]))
steps = st.one_of(
    st.lists(st.one_of(changes, good_run, odd_run, befalls), max_size=6),
    st.tuples(good_run, st.just("back_up"), changes, good_run, loss, changes, good_run),
    st.tuples(odd_run, changes, good_run, changes, odd_run),
    st.tuples(odd("tap_dies"), changes, odd("only"), odd("streams")),
    st.tuples(good_run, changes, odd("hidden"), changes, odd("tap_dies"), good_run),
)


@pytest.fixture(autouse=True)
def _nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing sleeps, the clock stands, and a STATE follows each row."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr("backoff._sync.time.sleep", lambda _: None)
    monkeypatch.setattr("requests.sessions.preferred_clock", time.time)
    monkeypatch.setattr(SalesforceStream, "STATE_MSG_FREQUENCY", 1)
    monkeypatch.setattr("target_creovai.input.intake.ROWS_PER_COMMIT", 2)


@given(
    start=st.one_of(st.none(), st.integers(1, 4)),
    whole_cases=st.booleans(),
    before=st.lists(change, max_size=4),
    happens=steps,
)
@hypothesis_settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_creovai_has_was_whole_and_what_it_lacks_is_named(
    start: int | None,
    before: Sequence[tuple[str, int, int]],
    happens: Sequence[Any],
    *,
    whole_cases: bool,
) -> None:
    """After each run; and when all is given back, all of it is there."""
    with (
        TemporaryDirectory() as folder,
        time_machine.travel(MORNING, tick=False) as clock,
    ):
        world = LivingOrg(clock)
        bound = None
        for number, first in enumerate((*FIRST, *before)):
            world.change(*first)
            if number + 1 == start:
                bound = datetime.now(UTC) + timedelta(seconds=1)
        with SalesforceServer(world.org, page_size=2) as salesforce, CreovaiServer() as creovai:
            life = Life(
                Path(folder), world, (salesforce, creovai), start=bound, whole_cases=whole_cases
            )
            for step in happens:
                clock.shift(timedelta(seconds=5))
                if isinstance(step, Plan):
                    life.run(step)
                elif isinstance(step, str):
                    getattr(life, step)()
                else:
                    for each in step:
                        world.change(*each)
            clock.shift(timedelta(seconds=5))
            life.settle()
