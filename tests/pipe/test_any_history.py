"""Whatever befalls the job: what Creovai has was whole once, and what it lacks is named."""

from __future__ import annotations

import os
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

from tap_salesforce_chat.client import SalesforceStream
from target_creovai import target
from tests.fakes.creovai import CreovaiServer
from tests.fakes.salesforce import SalesforceServer
from tests.pipe.histories import STREAMS, Life, LivingOrg, Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = int(os.environ.get("PROP_EXAMPLES", "6"))
MORNING = datetime(2024, 5, 1, 8, tzinfo=UTC)
SECONDS = st.sampled_from([0, 1, 30, 600, 3600])
HAPPENS = (
    *("case", "mail", "mail", "comment", "comment", "touch", "chat", "open_case", "close"),
    *("draft", "send", "note", "late", "delete", "start_chat", "end_chats"),
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
SOME_STREAMS = (STREAMS[:2], STREAMS[1:], STREAMS[:3], STREAMS[3:], ("Case", "EmailMessage"))
FAULTS = ("drop_before", "drop_after", "500_after", "503", "401")

changes = st.lists(st.tuples(st.sampled_from(HAPPENS), st.integers(0, 3), SECONDS), max_size=4)
plans = st.builds(
    Plan,
    api=st.sampled_from(["REST", "REST", "BULK2"]),
    streams=st.one_of(st.just(STREAMS), st.just(STREAMS), st.sampled_from(SOME_STREAMS)),
    hidden=st.one_of(st.just([]), st.lists(st.sampled_from(NEEDED), max_size=2, unique=True)),
    old_catalog=st.booleans(),
    only=st.sampled_from([None, None, None, "window", "filter"]),
    tap_dies=st.one_of(st.none(), st.none(), st.integers(0, 60)),
    target_dies=st.one_of(st.none(), st.none(), st.integers(0, 60)),
    fault=st.one_of(st.none(), st.tuples(st.sampled_from(FAULTS), st.integers(0, 6))),
    meanwhile=changes,
    page=st.integers(0, 8),
)
befalls = st.sampled_from(
    [
        *("back_up", "restore_store", "restore_state", "restore_both"),
        *("delete_store", "truncate_store", "lose_state"),
    ]
)
steps = st.lists(st.one_of(changes, plans, plans, befalls), max_size=7)


@pytest.fixture(autouse=True)
def _nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing sleeps, the clock stands, and a STATE follows each row."""
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr("backoff._sync.time.sleep", lambda _: None)
    monkeypatch.setattr("requests.sessions.preferred_clock", time.time)
    monkeypatch.setattr(SalesforceStream, "STATE_MSG_FREQUENCY", 1)
    monkeypatch.setattr(target, "ROWS_PER_COMMIT", 2)


@given(
    start=st.one_of(st.none(), st.integers(0, 6)),
    whole_cases=st.sampled_from([True, True, False]),
    before=st.lists(
        st.tuples(st.sampled_from(HAPPENS), st.integers(0, 3), SECONDS), min_size=3, max_size=8
    ),
    happens=steps,
)
@hypothesis_settings(
    max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
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
        for number, change in enumerate(before):
            if number == start:
                bound = datetime.now(UTC)
            world.change(*change)
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
                    for change in step:
                        world.change(*change)
            clock.shift(timedelta(seconds=5))
            life.settle()
