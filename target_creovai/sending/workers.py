"""A few daemon threads that work on jobs.

`concurrent.futures` joins its threads when the interpreter exits: one request
that hangs would keep a terminated process alive until its time-out.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

THREAD_NAME = "delivery-worker"

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
            run = (self._jobs, self._done, self._work)
            for _ in range(self.count):
                threading.Thread(target=_run, args=run, name=THREAD_NAME, daemon=True).start()
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

    def close(self) -> None:
        """End the threads, each after the job that it is at; a job given later starts new ones."""
        if not self._started:
            return
        for _ in range(self.count):
            self._jobs.put(None)
        # A thread that hangs in a request keeps the queues that it knows.
        self._jobs, self._done = SimpleQueue(), SimpleQueue()
        self._started, self.in_flight = False, 0

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
