"""A chat whose answer was lost is looked for, for minutes, before it is sent again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from target_creovai.http.client import CreovaiClient
from target_creovai.store.ledger.outcomes import Outcomes
from tests.fakes.creovai import CreovaiServer, Fault
from tests.target.rows import case, case_id, chat, chat_id
from tests.target.support import posts_to
from tests.target.test_exactly_once import crash_in

if TYPE_CHECKING:
    from tests.target.support import TargetRunner

BEGIN = datetime(2024, 5, 7, 12, tzinfo=UTC)
NEVER = 10_000


@pytest.fixture(autouse=True)
def _default_doubt(run_target: TargetRunner) -> None:
    del run_target.config["doubt_minutes"]


def after(minutes: float) -> Any:
    """Let the target's clock show so many minutes after the beginning, and stand there."""
    return time_machine.travel(BEGIN + timedelta(minutes=minutes), tick=False)


def reveal(creovai: CreovaiServer) -> None:
    """Let Creovai tell from now on what it has."""
    creovai.hide_for(0)
    creovai.show_all()


@pytest.mark.parametrize("fault", ["500_after", "drop_after"])
def test_a_status_that_lags_makes_no_duplicate(
    run_target: TargetRunner, creovai: CreovaiServer, fault: str
) -> None:
    """Creovai stored it, lost its own answer, and does not know of it for some minutes."""
    creovai.hide_for(NEVER)
    creovai.faults.add(Fault(fault, path="/capture/v2/chat"))
    with after(0):
        first = run_target(chat())
    with after(10):
        second = run_target()
    reveal(creovai)
    with after(14):
        third = run_target()

    assert (first.exit_code, second.exit_code, third.exit_code) == (1, 1, 0)
    assert "Creovai is asked for it for 15 minutes before" in first.says("PENDING")[0]
    assert first.says("PENDING") == second.says("PENDING")
    assert third.says("sent") == ["sent       1 chat"]
    assert creovai.post_count(chat_id()) == 1


def test_what_has_not_arrived_goes_again_when_its_time_is_over(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Not a minute sooner, and by then at once."""
    creovai.faults.add(Fault("drop_before", path="/capture/v2/chat"))
    with after(0):
        run_target(chat())
    with after(14.9):
        assert run_target().exit_code == 1
    assert posts_to(creovai, "chat") == 1
    with after(15):
        assert run_target().exit_code == 0

    assert creovai.post_count(chat_id()) == 1


def test_it_is_looked_for_with_growing_pauses_within_the_run(
    run_target: TargetRunner, creovai: CreovaiServer, sleeps: list[float]
) -> None:
    """A run that has nothing else to do gives Creovai half a minute."""
    creovai.hide_for(3)
    creovai.faults.add(Fault("500_after", path="/capture/v2/chat"))
    outcome = run_target(chat())

    assert outcome.exit_code == 0
    assert outcome.says("sent") == ["sent       1 chat"]
    assert sum(sleeps) == 2 + 4 + 8 + 16
    assert creovai.post_count(chat_id()) == 1


def test_others_do_not_wait_for_it(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """One answer that was lost keeps nobody back."""
    creovai.faults.add(Fault("drop_before", path="/capture/v2/chat"))
    outcome = run_target(*(chat(number) for number in range(30)), max_workers=1)

    assert outcome.says("sent") == ["sent       29 chats"]
    assert len(outcome.says("PENDING")) == 1


def test_the_next_run_looks_for_it_before_anything_else(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It may have arrived by now: that comes before new work."""
    creovai.faults.add(Fault("drop_before", path="/capture/v2/chat"))
    with after(0):
        run_target(chat(9))
    creovai.calls.clear()
    with after(5):
        run_target(case(Description="words"), *(chat(number) for number in range(9)))

    paths = [call.path for call in creovai.calls if call.path != "/Token"]
    assert paths[0] == "/capture/v2/status"
    assert chat_id(9).encode() in creovai.calls[1].body


def test_a_case_goes_sooner(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """A second post of it replaces the first."""
    creovai.faults.add(Fault("drop_before", path="/capture/v2/case"))
    outcome = run_target(case(Description="words"))

    assert outcome.exit_code == 0
    assert creovai.post_count(case_id()) == 1


def test_what_a_run_sent_that_died_is_in_doubt_as_well(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Crash recovery goes by the same rule: the clock runs from when it may have been sent."""
    creovai.hide_for(NEVER)
    with after(0), crash_in(Outcomes, "record_receipt"):
        run_target(chat())
    with after(10):
        assert run_target().exit_code == 1
    reveal(creovai)
    with after(11):
        assert run_target().exit_code == 0
    assert creovai.post_count(chat_id()) == 1


def test_what_a_run_that_died_never_sent_goes_in_the_first_run_after_its_time(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """An hourly job need not wait for a third run."""
    with after(0), crash_in(CreovaiClient, "capture"):
        run_target(chat())
    with after(60):
        assert run_target().exit_code == 0
    assert creovai.post_count(chat_id()) == 1


@pytest.mark.parametrize("fault", ["429", "408"])
def test_what_was_refused_for_now_is_not_in_doubt(
    run_target: TargetRunner, creovai: CreovaiServer, fault: str
) -> None:
    """Creovai says that it did not take it: the next run sends it without waiting."""
    creovai.faults.add(Fault(fault, path="/capture/v2/chat", times=6))
    assert run_target(chat()).exit_code == 1
    assert run_target().exit_code == 0
    assert creovai.post_count(chat_id()) == 1


def test_what_a_missing_right_kept_back_is_not_in_doubt(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Once it is given, all that was in flight goes at once."""
    creovai.chat_enabled = False
    run_target(*(chat(number) for number in range(9)))
    creovai.chat_enabled = True
    outcome = run_target()

    assert (outcome.exit_code, outcome.says("sent")) == (0, ["sent       9 chats"])


def test_a_doubt_outlives_a_clock_that_was_wrong(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A post that seems to come from the future is one of now."""
    creovai.faults.add(Fault("drop_before", path="/capture/v2/chat"))
    with after(100_000):
        run_target(chat())
    with after(0):
        assert run_target().exit_code == 1
    with after(16):
        assert run_target().exit_code == 0
    assert creovai.post_count(chat_id()) == 1
