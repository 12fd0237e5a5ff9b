"""Creovai's monitoring sees how a run is, and a run never pays for that."""

from __future__ import annotations

import logging
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from target_creovai.errors import InputError
from target_creovai.model.outcomes import Code, Reason
from target_creovai.sending.retry_budget import RetryBudget
from target_creovai.target import TargetCreovai
from target_creovai.watch import heartbeat as module
from target_creovai.watch.heartbeat import heartbeat
from target_creovai.watch.metrics import Metrics
from target_creovai.watch.progress import Progress
from target_creovai.watch.summary import NotDelivered, Summary
from target_creovai.watch.watch import Watch
from tests.fakes.creovai import CreovaiServer, Fault
from tests.target.rows import STARTED, case, chat, chat_id, singer
from tests.target.support import Clock, wait_until

if TYPE_CHECKING:
    from tests.target.support import TargetRunner

MONITOR = "/capture/v2/status/monitor"
FOREVER = 10_000


def statuses(creovai: CreovaiServer) -> list[str]:
    """Return what the heartbeats said, in order."""
    return [beat["status"] for beat in creovai.heartbeats]


def test_a_run_says_that_it_starts_and_that_it_ended_well(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Under one name and with our version."""
    assert run_target(chat(), heartbeat=True).exit_code == 0

    assert statuses(creovai) == ["Healthy", "Healthy"]
    assert {(beat["name"], beat["softwareVersion"]) for beat in creovai.heartbeats} == {
        ("target-creovai", TargetCreovai.get_plugin_version())
    }


def test_the_name_is_a_setting(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """Two targets under one API user can be told apart."""
    run_target(heartbeat=True, heartbeat_name="emea")

    assert {beat["name"] for beat in creovai.heartbeats} == {"emea"}


@pytest.mark.parametrize(
    ("items", "fault", "status"),
    [
        pytest.param([chat(CaseId="no Id")], None, "Warning", id="set aside"),
        pytest.param([chat()], "503", "Warning", id="pending"),
        pytest.param([chat(Id=None)], None, "Warning", id="unusable"),
        pytest.param([STARTED, case(Description="x")], None, "Warning", id="held"),
        pytest.param([chat()], "403", "Error", id="stopped"),
    ],
)
def test_the_last_heartbeat_is_the_exit_code_in_creovais_words(
    run_target: TargetRunner,
    creovai: CreovaiServer,
    items: list[Any],
    fault: str | None,
    status: str,
) -> None:
    """`Warning` where the next run may do better or a record waits for someone, else `Error`."""
    if fault:
        creovai.faults.add(Fault(fault, path="/capture/v2/chat", times=FOREVER))

    assert run_target(*items, heartbeat=True).exit_code in {1, 3}
    assert statuses(creovai) == ["Healthy", status]


def test_a_run_that_dies_says_so(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """Whatever it died of; the error comes out as ever."""
    with pytest.raises(InputError):
        run_target.read(b"not Singer\n", heartbeat=True)

    assert statuses(creovai) == ["Healthy", "Error"]


@pytest.mark.parametrize("fault", ["401", "403", "404", "500", "503", "302", "drop_before"])
def test_a_heartbeat_that_fails_costs_one_warning(
    run_target: TargetRunner,
    creovai: CreovaiServer,
    caplog: pytest.LogCaptureFixture,
    fault: str,
) -> None:
    """The run delivers, and ends with 0."""
    creovai.faults.add(Fault(fault, path=MONITOR, times=FOREVER))
    outcome = run_target(chat(), heartbeat=True)

    assert (outcome.exit_code, list(creovai.chats)) == (0, [chat_id()])
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    (line,) = [record.getMessage() for record in warnings]
    assert line.startswith("No heartbeat: ")
    assert line.endswith("The run goes on without; `heartbeat: false` switches it off.")


def test_a_heartbeat_that_hangs_is_given_up(
    run_target: TargetRunner, creovai: CreovaiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Conversations may take minutes; saying how the run is may not."""
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 1)
    creovai.faults.add(Fault("hang", path=MONITOR))
    began = time.monotonic()

    assert run_target(chat(), heartbeat=True, request_timeout_seconds=30).exit_code == 0
    assert time.monotonic() - began < 30


def test_a_403_says_which_right_is_missing(
    run_target: TargetRunner, creovai: CreovaiServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Not the one to read the status of interactions, whose path begins alike."""
    creovai.monitor_enabled = False
    run_target(heartbeat=True)

    assert "may not report its status: ask Creovai support." in caplog.text


@pytest.mark.parametrize("changes", [{}, {"heartbeat": True, "dry_run": True}])
def test_nobody_is_told_who_did_not_ask(
    run_target: TargetRunner, creovai: CreovaiServer, changes: dict[str, Any]
) -> None:
    """By default there is no heartbeat, and a run that sends nothing has none."""
    run_target(chat(), **changes)

    assert creovai.heartbeats == []


def test_without_api_url_there_is_nobody_to_tell(run_dry: TargetRunner) -> None:
    """The setting may stay on where payloads go to files."""
    assert run_dry(chat(), heartbeat=True).exit_code == 0


def test_a_long_run_says_every_minute_how_it_is(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """As Creovai's own service does, and not more often."""
    clock, summary = Clock(), Summary()
    config = run_target.config | {"heartbeat": True, "heartbeat_name": "n", "dry_run": False}
    watch = Watch(
        summary,
        Metrics(summary, RetryBudget(0)),
        Progress(summary, clock),
        heartbeat(config, "1.0"),
        clock,
    )
    for now in range(0, 121, 5):
        clock.now = now
        if now == 100:
            summary.set_aside.append(NotDelivered("chat", chat_id(), Reason(Code.NO_TEXT)))
        watch.look()

    assert statuses(creovai) == ["Healthy", "Warning"]


def test_a_terminated_run_leaves_at_once(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """Whoever ends it knows; the next one says how things are."""
    with run_target.start(heartbeat=True) as process:
        process.write(singer(chat()))
        wait_until(lambda: creovai.heartbeats)
        process.popen.send_signal(signal.SIGTERM)
        outcome = process.finish()

    assert outcome.exit_code == 128 + signal.SIGTERM
    assert statuses(creovai) == ["Healthy"]
