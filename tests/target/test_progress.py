"""Whoever waits for a run sees how far it is, and when it will be done."""

from __future__ import annotations

import logging
import os
import pty
import re
import termios
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import pytest

from target_creovai.delivery.dry_run import DryRun
from target_creovai.input.staging import staged_row
from target_creovai.model.settings import AssemblySettings, Policy
from target_creovai.sending.retry_budget import RetryBudget
from target_creovai.store import Store
from target_creovai.watch.metrics import Metrics
from target_creovai.watch.progress import Progress
from target_creovai.watch.summary import Summary
from target_creovai.watch.watch import Watch
from tests.fakes.creovai import Fault
from tests.target.rows import case, chat, singer
from tests.target.support import Clock, all_read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_creovai.delivery.loop import DeliveryLoop
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner


@pytest.fixture(autouse=True)
def _all_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "target-creovai")


@pytest.fixture
def summary() -> Summary:
    """What the run counts."""
    return Summary()


@pytest.fixture
def clock() -> Clock:
    """The time, which stands."""
    return Clock()


@pytest.fixture
def progress(summary: Summary, clock: Clock) -> Progress:
    """The progress of a run that counts there."""
    return Progress(summary, clock)


class Due:
    """A delivery that is known by how much is due."""

    def __init__(self, count: int) -> None:
        self.count_due = lambda: count


def due(count: int) -> DeliveryLoop:
    """Return a delivery of so many conversations."""
    return cast("DeliveryLoop", Due(count))


def test_a_line_tells_how_much_is_done_how_fast_and_for_how_long(
    progress: Progress, summary: Summary, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """What was done while rows came is not counted to it."""
    summary.assemblies = 300
    with progress.of(due(5000)):
        progress.log()
        clock.now += 96
        summary.assemblies += 1200
        progress.log()

    assert caplog.messages == [
        "0 of 5,000 due conversations done",
        "1,200 of 5,000 due conversations done, 12.5/s, about 6 min left",
    ]


def test_no_more_is_done_than_is_due(
    progress: Progress, summary: Summary, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """What another machine gives back is looked at twice."""
    with progress.of(due(10)):
        clock.now += 2
        summary.assemblies = 11
        progress.log()

    assert caplog.messages == ["10 of 10 due conversations done, 5.0/s, about 0 min left"]


def test_while_rows_come_their_number_is_told(
    progress: Progress, summary: Summary, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody knows yet how many conversations will be due."""
    summary.rows.update({"Case": 12_000, "EmailMessage": 34_567})
    summary.sent["chat"] = 1500
    progress.log()

    assert caplog.messages == ["46,567 rows staged, 1,500 conversations sent so far"]


def test_everything_that_is_due_gets_done(
    progress: Progress,
    summary: Summary,
    clock: Clock,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever becomes of it: written, waiting, skipped, set aside."""
    rows = [chat(1), chat(2, CaseId="no Id"), chat(3, Body=None), case(1), case(2, IsClosed=False)]
    with Store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store.rows.stage([staged_row(stream, row) for stream, row in rows])
        all_read(store)
        dry_run = DryRun(store, AssemblySettings(), summary, Policy(), str(tmp_path))
        with progress.of(dry_run):
            dry_run.run()
            clock.now += 1
            progress.log()

    assert caplog.messages[-1] == "5 of 5 due conversations done, 5.0/s, about 0 min left"


def test_a_line_comes_every_half_a_minute(
    progress: Progress, summary: Summary, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A log is no film."""
    watch = Watch(summary, Metrics(summary, RetryBudget(0)), progress, clock=clock)
    for clock.now in range(100):
        watch.look()

    assert len(caplog.messages) == 3


def test_a_short_run_shows_none_of_it(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """Where stderr is no terminal, as under Meltano, there never is a bar."""
    with run_target.start() as process:
        outcome = process.finish(singer(chat()))

    assert "\r" not in outcome.stderr
    assert "due conversations" not in outcome.stderr


def test_a_terminal_shows_a_bar_that_log_lines_do_not_tear(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The bar is gone where a line begins, comes back below it, and is gone in the end."""
    creovai.latency_seconds = 0.2
    creovai.faults.add(Fault("503", path="/capture/v2/chat"))
    seen = on_terminal(run_target, singer(*(chat(n) for n in range(10))))
    lines = seen.split("\r\n")

    assert re.search(r"[1-9]\d*/10 \[00:0\d", seen)
    stays = [line.split("\r")[-1] for line in lines]
    (retry,) = [line for line in stays if "Trying again" in line]
    assert re.match(r"\d{4}-\d\d-\d\d .* INFO .* HTTP 503", retry)
    assert not [line for line in stays if "/10 [" in line]
    assert any(line.endswith("sent       10 chats") for line in lines)


def on_terminal(run: TargetRunner, data: bytes) -> str:
    """Run the target in a process whose stderr is a terminal; return what that shows."""
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    with run.start(stderr=terminal, max_workers=1) as process:
        os.close(terminal)
        process.write(data)
        process.close_input()
        seen = b"".join(chunks(controller))
    os.close(controller)
    return seen.decode()


def chunks(controller: int) -> Iterator[bytes]:
    """Read a terminal until nobody writes to it any more, which Linux calls an input error."""
    with suppress(OSError):
        while chunk := os.read(controller, 4096):
            yield chunk
