"""Requests in flight, and the order of commits around them.

What is about to be sent is committed before it may go, for a page at a time; what became of
it is noted when its answer is here, and committed soon, with others. A receipt that a crash
comes before costs a look-up, and no second post.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from queue import Empty
from typing import TYPE_CHECKING

from msgspec.structs import replace

from target_creovai.clock import Deadline
from target_creovai.delivery.dispatch import BYTES_AT_ONCE
from target_creovai.errors import HaltError
from target_creovai.http.client import IDS_PER_LOOK_UP
from target_creovai.model.timestamps import utc
from target_creovai.sending.sender import Job
from target_creovai.sending.workers import WokenError, Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_creovai.sending.sender import Found, Question, Sender
    from target_creovai.store import Store

    Result = str | Found | BaseException | None
    """Creovai's id of a conversation, None for metadata, what it has, or why it did not."""

# How long, and for how many others, a receipt may wait: one look-up can ask for so many.
SECONDS_TO_HOLD = 0.5
MOST_TO_HOLD = IDS_PER_LOOK_UP
# How often intents are committed while workers have nothing to do, and more are assembled.
SECONDS_TO_IDLE = 0.05
# How many requests are ready for each worker while more are read, assembled and looked up.
READY_PER_WORKER = 4
# How long after its intent a conversation may be sent: a run that dies leaves no other clue.
SECONDS_TO_SEND = 120.0
# What is left of that when a worker gets it: it may have to wait for its turn.
LEAST_SECONDS = 80.0


class Outbox:
    """Holds jobs until they may go, and hands each to `conclude` when its answer is here.

    `conclude` notes in the store what became of a job, and raises what ends the delivery.
    `woken` is called where somebody has called `wake`.
    """

    def __init__(
        self,
        store: Store,
        sender: Sender,
        workers: int,
        *,
        conclude: Callable[[Job, Result], None],
        woken: Callable[[], None],
    ) -> None:
        self._store = store
        self._workers: Workers[Job | Question, str | Found | None] = Workers(workers, sender.work)
        self._conclude = conclude
        self._woken = woken
        self._intended: list[Job] = []  # noted, and not written down
        self._jobs: deque[Job | Question] = deque()  # written down: may be sent
        self._bytes = 0  # of all that is noted, or on its way
        self._asked = 0  # questions whose answers will bring more jobs
        self._written_at = 0.0
        self._receipts = 0  # noted since then, and not written down
        self._held_since = 0.0  # when the first of those was noted

    def give(self, job: Job) -> None:
        """Note a job, and what has ended meanwhile."""
        self._intended.append(self._noted(job))
        self._bytes += job.ready.size
        self.look_around()

    def look_around(self) -> None:
        """Note what has ended meanwhile; write down what should wait no longer."""
        self._take_what_ended()
        since_written = time.monotonic() - self._written_at
        if self._seconds_to_hold <= 0 or (self._idles and since_written > SECONDS_TO_IDLE):
            self.write_down()

    def give_again(self, job: Job) -> None:
        """Let a job go before all others whose intent had become too old."""
        job = self._noted(job)
        self._bytes += job.ready.size
        self.write_down()
        self._jobs.appendleft(job)

    def ask(self, question: Question) -> None:
        """Let a question go before all that waits: more may hang on it."""
        self._jobs.appendleft(question)
        self._asked += 1
        self._send_next()

    def let_go(self) -> None:
        """Let all jobs go that were given, and wait until few are left to be sent.

        Nor may those that are left, or on their way, be too large together.
        """
        self.write_down()
        enough = READY_PER_WORKER * self._workers.count
        while len(self._jobs) > enough or self._asked or self._is_full:
            self._finish_one()

    def write_down(self) -> None:
        """Commit what is noted; what is intended may then be sent."""
        self._store.commit()
        self._written_at, self._receipts = time.monotonic(), 0
        self._jobs.extend(self._intended)
        self._intended.clear()
        self._send_next()

    def drop(self) -> None:
        """Leave what nobody has begun to send: the next run does that, and need not look for it."""
        for job in (*self._intended, *self._jobs):
            if isinstance(job, Job):
                self._bytes -= job.ready.size
                if job.changes is None:
                    self._store.outcomes.clear_intent(job.entry)
        self._asked -= sum(not isinstance(job, Job) for job in self._jobs)
        self._intended.clear()
        self._jobs.clear()

    def finish(self, seconds: float | None = None) -> None:
        """See all jobs through to their end; so long at most, if `seconds` are given.

        Raises:
            HaltError: One of them met what every other would; those under way have ended by then.
        """
        halted: HaltError | None = None
        deadline = seconds and time.monotonic() + seconds
        self.write_down()
        while self._workers.in_flight or self._jobs or self._intended:
            try:
                if self._workers.in_flight:
                    self._finish_one(deadline and max(0.0, deadline - time.monotonic()))
                else:
                    self.write_down()
            except HaltError as error:
                halted = halted or error
                self.drop()
            except Empty:
                break
        self.write_down()
        if halted:
            raise halted

    def wake(self) -> None:
        """Let whoever waits for an answer look around; may be called by a signal handler."""
        self._workers.wake()

    def _noted(self, job: Job) -> Job:
        if job.changes is not None:
            self._store.outcomes.record_event_time(job.entry, job.changes["eventTime"])
            return job
        posted_by = datetime.now(UTC) + timedelta(seconds=SECONDS_TO_SEND)
        content, metadata = job.ready.content_hash, job.metadata
        self._store.outcomes.record_intent(job.entry, content, metadata, posted_by=utc(posted_by))
        return replace(job, send_by=Deadline(SECONDS_TO_SEND))

    def _send_next(self) -> None:
        while self._jobs and self._workers.in_flight < self._workers.count:
            job = self._jobs.popleft()
            if isinstance(job, Job) and job.send_by and job.send_by.comes_within(LEAST_SECONDS):
                self._intended.append(self._noted(job))
            else:
                self._workers.give(job)

    def _take_what_ended(self) -> None:
        while self._workers.in_flight:
            try:
                self._finish_one(0)
            except Empty:
                return

    def _finish_one(self, timeout: float | None = None) -> None:
        """Conclude the next job that ends, and let another one begin.

        Args:
            timeout: Seconds to wait for one to end; None: as long as it takes.

        Raises:
            queue.Empty: None has ended by then.
            HaltError: No other request would end better.
        """
        try:
            job, result = self._next_ended(timeout)
        except WokenError:
            self._woken()
            return
        if isinstance(job, Job):
            self._bytes -= job.ready.size
            self._conclude(job, result)
            self._held_since = self._held_since if self._receipts else time.monotonic()
            self._receipts += 1
        else:
            self._answer(job, result)
        self._send_next()

    def _next_ended(self, timeout: float | None) -> tuple[Job | Question, Result]:
        """Wait for a job to end; write down meanwhile what should wait no longer."""
        if timeout is None:
            if self._intended and not self._jobs:
                self.write_down()
            if self._receipts:
                with suppress(Empty):
                    return self._workers.take(max(0.0, self._seconds_to_hold))
                self.write_down()
        elif timeout:
            self.write_down()
        return self._workers.take(timeout)

    @property
    def _seconds_to_hold(self) -> float:
        """How long what is noted may still wait for more."""
        if not self._receipts:
            return SECONDS_TO_HOLD
        if self._receipts >= MOST_TO_HOLD:
            return 0.0
        return self._held_since + SECONDS_TO_HOLD - time.monotonic()

    @property
    def _is_full(self) -> bool:
        """Tell whether payloads on their way take as much memory as they may."""
        is_any_left = bool(self._workers.in_flight or self._jobs or self._intended)
        return is_any_left and self._bytes > BYTES_AT_ONCE

    @property
    def _idles(self) -> bool:
        """Tell whether a worker would have something to do if the intents were written down."""
        is_free = self._workers.in_flight < self._workers.count
        return bool(self._intended) and is_free and not self._jobs

    def _answer(self, question: Question, result: Result) -> None:
        self._asked -= 1
        if isinstance(result, BaseException):
            raise result
        question.then(result if isinstance(result, dict) else {})
