"""`status` says where all conversations stand, and how the last run went."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_creovai.store import Store
from tests.target.rows import (
    COMPLETED,
    STARTED,
    case_id,
    chat,
)

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner


def test_counts_are_by_kind_outcome_and_reason(operator: Operator, mixed: TargetRunner) -> None:
    """What an operator asks first."""
    _store, *lines = operator("status").stdout.splitlines()

    assert [line.split(None, 1)[0] for line in lines[:5]] == ["case"] * 2 + ["chat"] * 3
    assert [" ".join(line.split()) for line in lines[:5]] == [
        "case sent 1",
        "case waiting 2: the case is open",
        "chat sent 1",
        "chat set aside 1: HTTP 400: Creovai refused it",
        "chat skipped 1: missed: nobody answered",
    ]


def test_the_oldest_that_waits_is_named(operator: Operator, mixed: TargetRunner) -> None:
    """It counts from the newest of its rows, whose times Salesforce gave."""
    report = operator.json("status")

    assert report["oldest_waiting"] == {
        "kind": "case",
        "id": case_id(3),
        "reason": "the case is open",
        "modified": "2024-05-06T16:00:00.000000Z",
    }


def test_the_last_run_is_told_in_numbers(operator: Operator, mixed: TargetRunner) -> None:
    """When it began and ended, its exit code, what it did."""
    run = operator.json("status")["last_run"]

    assert run["began_at"] <= run["ended_at"]
    assert run["exit_code"] == 3
    assert run["counts"]["rows"] == 7
    assert run["counts"]["sent"] == 2
    assert run["counts"]["set_aside"] == 1
    assert "exit code 3: 7 rows, 7 changed rows, 2 sent, 1 set aside" in operator("status").stdout


def test_a_run_that_did_not_end_is_told_from_one_that_did(
    operator: Operator, mixed: TargetRunner
) -> None:
    """Killed, or still at it: nobody else can tell."""
    with Store(mixed.config["store_url"]) as store:
        store.history.begin_run("9999-06-01T00:00:00Z")

    assert "began at 9999-06-01T00:00:00Z and has not ended" in operator("status").stdout


@pytest.mark.parametrize("well", [True, False])
def test_it_says_whether_the_last_input_ended_well(
    operator: Operator, run_target: TargetRunner, *, well: bool
) -> None:
    """Cases wait for one that does."""
    run_target(STARTED, chat(), *([COMPLETED] if well else []))

    assert operator.json("status")["last_input_ended_well"] is well
    assert ("last input ended well" in operator("status").stdout) is well


def test_a_run_that_was_stopped_says_by_what(operator: Operator, creovai: CreovaiServer) -> None:
    """A missing right is not in the counts."""
    creovai.chat_enabled = False
    operator.target(chat())

    assert "stopped: Creovai answered HTTP 403 to /capture/v2/chat" in operator("status").stdout


def test_a_run_that_a_line_ended_says_by_what(operator: Operator) -> None:
    """What broke the input is kept with the run, as its last event has it."""
    outcome = operator.target.break_off(b"no message\n")
    (broken,) = outcome.says("BROKEN")

    assert operator.json("status")["last_run"]["stopped"] == broken.removeprefix("BROKEN     ")


def test_an_empty_store_says_so(operator: Operator, run_target: TargetRunner) -> None:
    """Most likely it is the wrong one."""
    Store(run_target.config["store_url"])

    result = operator("status")

    assert result.exit_code == 0
    assert "empty" in result.stdout
    assert "none yet" in result.stdout
