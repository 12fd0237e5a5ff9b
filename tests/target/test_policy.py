"""Where delivery ends before the backlog does: by the settings of whoever runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_creovai.errors import StoreError
from tests.fakes.creovai import Fault
from tests.target.rows import State, at, case, case_id, chat, chat_id, comment
from tests.target.support import posts_to, texts

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

FOREVER = 10_000


def test_too_many_refusals_stop_delivery(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """A broken mapping must not burn through a backfill; what is left waits for the next run."""
    chats = [chat(number) for number in range(1, 10)]
    for each in chats:
        creovai.refuse(each.row["Id"])
    outcome = run_target(*chats, State({"n": 1}), max_failures=2, max_workers=1)

    assert (outcome.exit_code, outcome.states) == (1, [{"n": 1}])
    assert len(outcome.says("SET ASIDE")) == 3
    assert "more than max_failures (2)" in outcome.says("STOPPED")[0]
    assert posts_to(creovai, "chat") <= 4

    for each in chats:
        creovai.accept(each.row["Id"])
    assert run_target().says("sent") == ["sent       6 chats"]


def test_what_we_would_not_send_counts_as_well(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Transcripts that nobody understands are as much of a sign."""
    unread = [chat(number, Body="no transcript at all") for number in range(1, 4)]
    outcome = run_target(*unread, max_failures=0)

    assert len(outcome.says("SET ASIDE")) == 1
    assert outcome.says("STOPPED")


def test_as_many_as_max_failures_are_borne(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The limit itself is still within it."""
    creovai.refuse(chat_id(1))
    outcome = run_target(chat(1), chat(2), max_failures=1)

    assert outcome.says("STOPPED") == []
    assert list(creovai.chats) == [chat_id(2)]


def test_a_run_waits_for_creovai_only_so_long_in_all(
    run_target: TargetRunner, creovai: CreovaiServer, sleeps: list[float]
) -> None:
    """Each conversation gets through at its second try: the sum of the pauses is the limit."""
    chats = [chat(number) for number in range(1, 9)]
    creovai.faults.add(Fault("429", path="/capture/v2/chat", retry_after=100))
    creovai.faults.add(Fault("429", path="/capture/v2/chat", after=2, retry_after=100))
    creovai.faults.add(Fault("429", path="/capture/v2/chat", after=4, retry_after=100))
    outcome = run_target(*chats, retry_budget_seconds=250, max_workers=1)

    assert sleeps == [100, 100]
    (line,) = outcome.says("STOPPED")
    assert "waited 250 seconds for Creovai in all" in line
    assert "retry_budget_seconds" in line
    assert run_target().exit_code == 0
    assert [creovai.post_count(each.row["Id"]) for each in chats] == [1] * 8


def test_a_payload_beyond_the_limit_is_set_aside_whole(
    run_target: TargetRunner, run_dry: TargetRunner, creovai: CreovaiServer
) -> None:
    """Never cut; and a higher limit lets it go."""
    rows = [chat(1), chat(2, Custom__c="x" * 20_000)]
    outcome = run_target(*rows, max_payload_bytes=20_000)
    (line,) = outcome.says("SET ASIDE")
    assert line.endswith("bytes, more than max_payload_bytes")
    assert list(creovai.chats) == [chat_id(1)]

    assert run_target(max_payload_bytes=30_000).exit_code == 0
    assert creovai.chats[chat_id(2)]["metadata"]["Custom__c"] == "x" * 20_000


def test_a_dry_run_knows_the_limit_as_well(run_dry: TargetRunner) -> None:
    """It shows what would be sent, and what would not."""
    run_dry(chat(1), chat(2, Custom__c="x" * 20_000), max_payload_bytes=20_000)
    assert list(run_dry.payloads("chat")) == [chat_id(1)]


def test_cases_that_are_sent_once_are_reported_when_they_change(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Where it is not known whether Creovai replaces or merges; changed fields still follow."""
    once = {"case_updates": "once"}
    run_target(case(Description="words", Priority="Low"), **once)
    later = case(Description="words", Priority="High", SystemModstamp=at("20:00"))
    outcome = run_target(later, comment(), **once)

    assert outcome.exit_code == 0
    assert outcome.says("changed") == [f"changed    after they were sent: {case_id()}"]
    assert creovai.post_count(case_id()) == 1
    assert texts(creovai.cases[case_id()]) == ["words"]
    assert creovai.metadata(case_id())["Priority"] == "High"


def test_one_store_sends_under_one_prefix(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """Under another one everything would arrive twice."""
    run_target(chat(1), session_id_prefix="emea-")
    with pytest.raises(StoreError, match="session_id_prefix 'emea-', not 'apac-'"):
        run_target(chat(2), session_id_prefix="apac-")

    run_target(session_id_prefix="emea-")
    assert list(creovai.chats) == [f"emea-{chat_id(1)}", f"emea-{chat_id(2)}"]


def test_a_prefix_may_change_before_anything_was_sent(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A first try with a wrong setting is no reason to start over."""
    creovai.chat_enabled = False
    run_target(chat(), session_id_prefix="wrong-")
    creovai.chat_enabled = True

    assert run_target(session_id_prefix="right-").exit_code == 0
    assert list(creovai.chats) == [f"right-{chat_id()}"]
