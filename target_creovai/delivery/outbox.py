"""Requests in flight, and the order of commits around them.

What is about to be sent is committed before it may go, for a page at a time; what became of
it is noted when its answer is here, and committed soon. A receipt that is late by some
milliseconds costs a look-up after a crash, and no second post.
"""

from __future__ import annotations

import time
from collections import deque
from queue import Empty
from typing import TYPE_CHECKING

from target_creovai.delivery.workers import WokenError, Workers
from target_creovai.errors import HaltError

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_creovai.delivery.sender import Job, Sender
    from target_creovai.store import Store
    from target_creovai.summary import Summary

    Result = str | BaseException | None
    """Creovai's id of a conversation, None for metadata, or why it was not taken."""

# How long a receipt may wait for others while the next conversations are assembled.
SECONDS_TO_HOLD = 0.05


class Outbox:
    """Holds jobs until they may go, and hands each to `conclude` when its answer is here.

    `conclude` notes in the store what became of a job, and raises what ends the delivery.
    `woken` is called where somebody has called `wake`.
    """

    def __init__(
        self,
        store: Store,
        summary: Summary,
        sender: Sender,
        workers: int,
        *,
        conclude: Callable[[Job, Result], None],
        woken: Callable[[], None],
    ) -> None:
        self._store = store
        self._summary = summary
        self._workers: Workers[Job, str | None] = Workers(workers, sender.send)
        self._conclude = conclude
        self._woken = woken
        self._intended: list[Job] = []  # noted, and not written down
        self._jobs: deque[Job] = deque()  # written down: may be sent
        self._written_at = 0.0

    def give(self, job: Job) -> None:
        """Note a job, and what has ended meanwhile."""
        if job.changes is None:
            self._store.intend(job.entry, job.ready.content_hash, job.metadata)
        self._intended.append(job)
        if time.monotonic() - self._written_at > SECONDS_TO_HOLD:
            self.write_down()
        while self._workers.in_flight:
            try:
                self._finish_one(0)
            except Empty:
                return

    def let_go(self) -> None:
        """Let all jobs go that were given, and wait until hardly any is left to be sent."""
        self.write_down()
        while len(self._jobs) > self._workers.count:
            self._finish_one()

    def write_down(self) -> None:
        """Commit what is noted; what is intended may then be sent."""
        self._store.write_down()
        self._written_at = time.monotonic()
        self._jobs.extend(self._intended)
        self._intended.clear()
        self._send_next()

    def drop(self) -> None:
        """Leave what nobody has begun to send; the next run looks for it first."""
        self._intended.clear()
        self._jobs.clear()

    def finish(self, seconds: float | None = None) -> None:
        """See all jobs through to their end; so long at most, if `seconds` are given."""
        deadline = seconds and time.monotonic() + seconds
        self.write_down()
        while self._workers.in_flight:
            try:
                self._finish_one(deadline and max(0.0, deadline - time.monotonic()))
            except HaltError as error:
                self._summary.halted = str(error)
                self.drop()
            except Empty:
                break
        self.write_down()

    def wake(self) -> None:
        """Let whoever waits for an answer look around; may be called by a signal handler."""
        self._workers.wake()

    def _send_next(self) -> None:
        while self._jobs and self._workers.in_flight < self._workers.count:
            self._workers.give(self._jobs.popleft())

    def _finish_one(self, timeout: float | None = None) -> None:
        """Conclude the next job that ends, and let another one begin.

        Args:
            timeout: Seconds to wait for one to end; None: as long as it takes. Whoever waits
                has nothing left to write down.

        Raises:
            queue.Empty: None has ended by then.
            HaltError: No other request would end better.
        """
        if timeout != 0:
            self.write_down()
        try:
            job, result = self._workers.take(timeout)
        except WokenError:
            self._woken()
            return
        self._conclude(job, result)
        self._send_next()
