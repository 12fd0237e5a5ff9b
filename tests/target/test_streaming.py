"""Chats go out while the tap still sends rows; whatever ends that, nothing goes out twice."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from target_creovai.store import Store
from tests.fakes.creovai import CreovaiServer, Fault
from tests.target.rows import (
    COMPLETED,
    STARTED,
    Record,
    State,
    case,
    case_id,
    chat,
    chat_id,
    comment,
    singer,
)
from tests.target.support import wait_until

if TYPE_CHECKING:
    from tests.target.support import TargetRunner

FOREVER = 100_000
BATCH = 1000  # rows that are committed while the input goes on
CHATS = 12


def batch(chats: int = CHATS) -> list[Record]:
    """Return rows for one commit: a case that is whole, chats, and comments of other cases."""
    first = [case(Description="words"), *(chat(n) for n in range(1, chats + 1))]
    return first + [comment(n, case=2) for n in range(BATCH - len(first))]


def sent(run: TargetRunner) -> set[str]:
    """Return what the ledger calls sent."""
    return {key for key, (outcome, _) in run.ledger().items() if outcome == "sent"}


def assert_all_there_once(run: TargetRunner, creovai: CreovaiServer, chats: int = CHATS) -> None:
    """Run again, in whole, and look."""
    creovai.latency_seconds = 0
    outcome = run(STARTED, *batch(chats), COMPLETED)

    assert outcome.exit_code == 0, outcome.stderr
    assert set(creovai.chats) == {chat_id(n) for n in range(1, chats + 1)}
    assert creovai.duplicate_chats == []
    assert creovai.post_count(case_id()) == 1


def test_chats_are_there_before_the_input_ends_and_cases_are_not(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A chat is complete in itself; the mails of a case may come last."""
    with run_target.start() as process:
        process.write(singer(STARTED, *batch()))
        wait_until(lambda: len(creovai.chats) == CHATS)
        wait_until(lambda: len(sent(run_target)) == CHATS)
        assert process.popen.poll() is None
        assert creovai.cases == {}
        outcome = process.finish(singer(chat(99), COMPLETED))

    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.says("sent") == [f"sent       1 case, {CHATS + 1} chats"]
    assert creovai.post_count(case_id()) == 1
    assert creovai.duplicate_chats == []


def test_sigterm_while_reading_writes_down_what_is_under_way(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It ends with 143, and knows of every chat that Creovai took."""
    creovai.latency_seconds = 0.3
    with run_target.start() as process:
        process.write(singer(STARTED, *batch()))
        wait_until(lambda: len(creovai.posts) >= 3)
        process.popen.send_signal(signal.SIGTERM)
        outcome = process.finish()

    assert outcome.exit_code == 143
    assert 3 <= len(creovai.chats) < CHATS
    assert sent(run_target) == set(creovai.chats)
    assert_all_there_once(run_target, creovai)


def test_a_bad_line_ends_well_what_is_under_way(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The error names the line, and the ledger every chat that Creovai took."""
    creovai.latency_seconds = 0.1
    with run_target.start() as process:
        process.write(singer(STARTED, *batch()))
        wait_until(lambda: creovai.posts)
        outcome = process.finish(b"not a message\n")

    assert outcome.exit_code == 1
    assert f"Line {1 + 4 + BATCH + 1} of the input is not a Singer message" in outcome.stderr
    assert sent(run_target) == set(creovai.chats)
    assert_all_there_once(run_target, creovai)


def test_rows_and_state_go_on_while_creovai_is_down(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """What cannot be delivered is stored; that it could not is said once, at the end."""
    creovai.faults.add(Fault("503", path="/capture/v2/chat", times=FOREVER))
    late = [comment(10_000 + n, case=3) for n in range(BATCH)]
    outcome = run_target(STARTED, *batch(40), State({"n": 1}), *late, COMPLETED, max_workers=1)

    assert outcome.exit_code == 1
    assert outcome.states[-1] == COMPLETED.value
    assert len(outcome.says("STOPPED")) == 1
    assert f"CaseComment: {2 * BATCH - 41} rows" in outcome.says("staged")[1]
    creovai.faults.clear()
    assert_all_there_once(run_target, creovai, 40)


@pytest.mark.parametrize("kind", ["drop_after", "500_after"])
def test_answers_that_get_lost_while_reading_are_looked_up(
    run_target: TargetRunner, creovai: CreovaiServer, kind: str
) -> None:
    """The rule is the same before and after the end of the input."""
    creovai.faults.add(Fault(kind, path="/capture/v2/chat", times=3))

    assert_all_there_once(run_target, creovai)


def test_another_delivery_meanwhile_is_no_error(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It may end before this input does: only then it would be in the way."""
    with run_target.start() as process:
        with Store(run_target.config["store_url"]) as other, other.runs.delivering() as free:
            assert free
            process.write(singer(STARTED, *batch()))
            wait_until(lambda: len(run_target.ledger()) == CHATS + 2)
            assert creovai.posts == []
        outcome = process.finish(singer(COMPLETED))

    assert outcome.exit_code == 0, outcome.stderr
    assert len(creovai.chats) == CHATS
