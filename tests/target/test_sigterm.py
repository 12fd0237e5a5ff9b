"""Whoever ends a run need not wait: not for the next conversation, nor for a long one."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from target_creovai.target import TargetCreovai
from tests.target import support
from tests.target.rows import case, chat, singer
from tests.target.support import wait_until

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

# Assembling takes long, and says when it begins. Without an end in between, the process would
# be there for minutes: longer than the test waits for it.
SLOW = """
import time
from pathlib import Path
from target_creovai.kinds import case

def slow(*arguments):
    with Path("assembled").open("a") as file:
        file.write("x")
    until = time.monotonic() + {seconds}
    while time.monotonic() < until:
        pass
    return assemble(*arguments)

assemble = case.assemble_case
case.assemble_case = slow
from target_creovai.target import TargetCreovai
TargetCreovai.cli()
"""


@pytest.mark.parametrize("seconds", [600, 0.2], ids=["within-a-long-one", "between-two"])
@pytest.mark.parametrize("settings", [{}, {"dry_run": True}], ids=["sends", "dry-run"])
def test_sigterm_is_heeded_while_conversations_are_assembled(
    run_target: TargetRunner,
    creovai: CreovaiServer,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    settings: dict[str, Any],
) -> None:
    """A page has fifty of them; a mail thread may take its time."""
    monkeypatch.setattr(support, "LAUNCH", SLOW.format(seconds=seconds))
    begun = run_target.folder / "assembled"
    rows = [case(number, Description=f"words {number}") for number in range(400)]
    with run_target.start(**settings) as process:
        process.write(singer(*rows))
        process.close_input()
        wait_until(begun.exists)
        process.popen.send_signal(signal.SIGTERM)
        outcome = process.finish()

    assert outcome.exit_code == 143
    assert "Traceback" not in outcome.stderr
    assert begun.stat().st_size < 50


def test_what_was_given_and_not_begun_goes_at_once_in_the_next_run(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It certainly was not sent: nobody has to look for it for minutes."""
    creovai.latency_seconds = 0.3
    with run_target.start(doubt_minutes=15) as process:
        process.write(singer(*(chat(number) for number in range(40))))
        process.close_input()
        wait_until(lambda: len(creovai.posts) > 1)
        process.popen.send_signal(signal.SIGTERM)
        outcome = process.finish()
    creovai.latency_seconds = 0
    assert outcome.exit_code == 143
    assert len(creovai.posts) < 40

    assert run_target(doubt_minutes=15).exit_code == 0
    assert len(creovai.chats) == 40
    assert creovai.duplicate_chats == []


INTERRUPTED = """
import os, signal, sys
from target_creovai.__main__ import main

class Interrupt:
    def find_spec(self, name, *_):
        if name == "target_creovai.target":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
main()
"""


def test_ctrl_c_while_it_starts_prints_no_traceback(
    run_target: TargetRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second goes by before it handles signals itself."""
    monkeypatch.setattr(support, "LAUNCH", INTERRUPTED)
    with run_target.start() as process:
        outcome = process.finish()

    assert outcome.exit_code == -signal.SIGINT
    assert outcome.stderr == ""


def test_a_signal_before_the_store_is_open_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database server may take its time to answer."""
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(
        "target_creovai.target.Store", lambda _: signal.raise_signal(signal.SIGTERM)
    )
    try:
        with pytest.raises(SystemExit) as ended:
            TargetCreovai(config={"store_url": "sqlite:///store.db"})
    finally:
        signal.signal(signal.SIGTERM, before)

    assert ended.value.code == 128 + signal.SIGTERM
