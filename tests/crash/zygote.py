"""Starts targets quickly, each to be killed at a boundary: forks of a process that has it all.

Run as `python -m tests.crash.zygote`. Each line of its input is an `Order`, each of its output an
`End`. The target itself knows nothing of this: the boundaries are found from outside, in
SQLAlchemy's commit and in requests' way out.
"""

from __future__ import annotations

import functools
import importlib
import mmap
import os
import signal
import struct
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import time_machine
from sqlalchemy.engine.default import DefaultDialect
from urllib3.connectionpool import HTTPConnectionPool

from target_creovai import clock
from target_creovai.input import intake
from target_creovai.target import TargetCreovai

if TYPE_CHECKING:
    from collections.abc import Callable

BOUNDARIES = ("before a commit", "after a commit", "before a request", "after an answer")


class Order(msgspec.Struct):
    """A run to make. `kill_at` is the number of a boundary, from 1 on; 0: let it live.

    At `pause_at` it falls asleep, as a machine does. `wake` is the process to wake up, in the
    place of a run to make: an hour has passed for it.
    """

    config: str
    lines: str
    states: str
    log: str
    modules: str
    now: str
    rows_per_commit: int
    kill_at: int = 0
    pause_at: int = 0
    wake: int = 0


class End(msgspec.Struct):
    """How it ended: exit code (-9: killed), boundaries passed, and which was the last.

    `asleep` is the process, if it has not ended.
    """

    exit_code: int
    passed: int
    last: str
    asleep: int = 0


class BoundaryCounter:
    """Counts boundaries where the parent can still read them when the child is dead."""

    _FORM = struct.Struct("ii")

    def __init__(self, kill_at: int, pause_at: int) -> None:
        self._kill_at = kill_at
        self._pause_at = pause_at
        self.slept_seconds = 0.0
        self._memory = mmap.mmap(-1, self._FORM.size)
        self._lock = threading.Lock()

    def pass_by(self, boundary: int) -> None:
        """Count one; here the process may end, or fall asleep."""
        with self._lock:
            passed = self.read()[0] + 1
            self._FORM.pack_into(self._memory, 0, passed, boundary)
            if passed == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
                time.sleep(60)  # what is on its way must not be overtaken
            if passed == self._pause_at:
                os.kill(os.getpid(), signal.SIGSTOP)
                self.slept_seconds = 3600.0

    def read(self) -> tuple[int, int]:
        passed, boundary = self._FORM.unpack_from(self._memory, 0)
        return passed, boundary


def between(counter: BoundaryCounter, first: int, owner: type, name: str) -> None:
    """Make the start and the end of a method boundaries."""
    method: Callable[..., Any] = getattr(owner, name)

    @functools.wraps(method)
    def surrounded(*arguments: Any, **named: Any) -> Any:
        counter.pass_by(first)
        result = method(*arguments, **named)
        counter.pass_by(first + 1)
        return result

    setattr(owner, name, surrounded)


def become_target(order: Order, counter: BoundaryCounter) -> None:
    """Turn this process into a target that reads, prints and dies as it is told."""
    for number, path, flags in (
        (0, order.lines, os.O_RDONLY),
        (1, order.states, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, order.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        os.dup2(os.open(path, flags, 0o600), number)
    between(counter, 0, DefaultDialect, "do_commit")
    between(counter, 2, HTTPConnectionPool, "urlopen")
    uptime = clock.uptime
    clock.uptime = lambda: uptime() + counter.slept_seconds
    intake.ROWS_PER_COMMIT = order.rows_per_commit
    time.sleep = lambda _: None
    with time_machine.travel(order.now):
        TargetCreovai.cli(["--config", order.config])


def fork(order: Order) -> tuple[int, BoundaryCounter]:
    """Make a run in a child."""
    counter = BoundaryCounter(order.kill_at, order.pause_at)
    known = set(sys.modules)
    if (child := os.fork()) == 0:
        exit_code = 70
        try:
            become_target(order, counter)
        except SystemExit as end:
            exit_code = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            Path(order.modules).write_text(" ".join(sys.modules.keys() - known))
            os._exit(exit_code)
    return child, counter


def import_what_it_imported(order: Order) -> None:
    """Spare the next runs what this one imported late, such as a database's driver."""
    for name in Path(order.modules).read_text().split():
        # Compiled modules register others that no file holds.
        with suppress(ImportError):
            importlib.import_module(name)


def end_of(child: int, counter: BoundaryCounter) -> End:
    """Wait until a child ends, or falls asleep."""
    _, status = os.waitpid(child, os.WUNTRACED)
    passed, boundary = counter.read()
    if os.WIFSTOPPED(status):
        return End(0, passed, BOUNDARIES[boundary], asleep=child)
    return End(os.waitstatus_to_exitcode(status), passed, BOUNDARIES[boundary])


def main() -> None:
    """Carry out orders; the children get the standard streams for themselves."""
    orders, ends = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    counters: dict[int, BoundaryCounter] = {}
    for line in orders:
        order = msgspec.json.decode(line, type=Order)
        if child := order.wake:
            os.kill(child, signal.SIGCONT)
        else:
            child, counter = fork(order)
            counters[child] = counter
        end = end_of(child, counters[child])
        if end.exit_code == 0 and not end.asleep:
            import_what_it_imported(order)
        ends.write(msgspec.json.encode(end) + b"\n")
        ends.flush()


if __name__ == "__main__":
    main()
