"""A few daemon threads that work on jobs.

`concurrent.futures` joins its threads when the interpreter exits: one request
that hangs would keep a terminated process alive until its time-out.
"""

from __future__ import annotations

import sys
import threading
import weakref
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

# A thread that computes lets others in so often. They need it six times for a request: by Python's
# own 5 ms, an answer of 100 ms would take 130 while conversations are assembled.
SECONDS_BETWEEN_SWITCHES = 0.0005

JobT = TypeVar("JobT")
ResultT = TypeVar("ResultT")


class WokenError(Exception):
    """`wake` interrupted the wait for a result."""


class Workers(Generic[JobT, ResultT]):
    """`count` daemon threads that call `work` on each job given."""

    def __init__(self, count: int, work: Callable[[JobT], ResultT]) -> None:
        self.count = count
        self._work = work
        self._jobs: SimpleQueue[JobT | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[JobT, ResultT | BaseException] | None] = SimpleQueue()
        self._started = False
        self.in_flight = 0

    def submit(self, job: JobT) -> None:
        """Add a job; it starts as soon as a thread is free."""
        if not self._started:
            self._started = True
            sys.setswitchinterval(SECONDS_BETWEEN_SWITCHES)
            run = (self._jobs, self._done, self._work)
            # The threads end with this object: a process may make many runs.
            weakref.finalize(self, _end, self._jobs, self.count).atexit = False
            for _ in range(self.count):
                threading.Thread(target=_run, args=run, daemon=True).start()
        self.in_flight += 1
        self._jobs.put(job)

    def next_result(self, timeout: float | None = None) -> tuple[JobT, ResultT | BaseException]:
        """Wait for the next job to end; return it with its result or its error.

        Raises:
            queue.Empty: Nothing ended within `timeout` seconds.
            WokenError: `wake` was called.
        """
        done = self._done.get(timeout=timeout)
        if done is None:
            raise WokenError
        self.in_flight -= 1
        return done

    def wake(self) -> None:
        """Interrupt one `next_result`; may be called by a signal handler."""
        self._done.put(None)


def _run(
    jobs: SimpleQueue[JobT | None],
    done: SimpleQueue[tuple[JobT, ResultT | BaseException] | None],
    work: Callable[[JobT], ResultT],
) -> None:
    while (job := jobs.get()) is not None:
        try:
            done.put((job, work(job)))
        except BaseException as error:  # noqa: BLE001 -- `next_result` returns it
            done.put((job, error))


def _end(jobs: SimpleQueue[JobT | None], count: int) -> None:
    for _ in range(count):
        jobs.put(None)
