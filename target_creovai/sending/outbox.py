"""The outbox: the order of commits around requests.

The intents of a page are committed together before their requests are made. A receipt is
recorded when the answer is here, and committed soon after, with others. Where a crash comes
before that commit, the next run looks the conversation up: it is not posted a second time.
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
from target_creovai.errors import HaltError
from target_creovai.http.client import IDS_PER_LOOK_UP
from target_creovai.model.timestamps import utc
from target_creovai.sending.sender import Job
from target_creovai.sending.workers import WokenError, Workers

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_creovai.sending.sender import Found, Sender, StatusQuery
    from target_creovai.store import Store

    Result = str | Found | BaseException | None
    """Creovai's id of a conversation, None for metadata, the sessions found, or the error."""

# How many bytes of payloads may wait or be in flight, and of rows be in memory: a case may hold
# megabytes of mail.
BYTES_AT_ONCE = 8 * 1024 * 1024
# How long, and for how many others, a receipt may wait: one look-up can ask for so many.
SECONDS_TO_HOLD = 0.5
MOST_TO_HOLD = IDS_PER_LOOK_UP
# How often intents are committed while workers are idle and more conversations are assembled.
SECONDS_TO_IDLE = 0.05
# How many requests are ready for each worker while more are read, assembled and looked up.
READY_PER_WORKER = 4
# How long after its intent a conversation may be sent: the next run of one that died waits as long.
SECONDS_TO_SEND = 120.0
# What has to be left of that when a worker gets it: the rate limit may make it wait.
LEAST_SECONDS = 80.0


class Outbox:
    """Holds jobs until their intents are committed, and calls `conclude` with each result.

    `conclude` records in the store what became of a job, and raises what ends the delivery.
    `on_wake` is called after `wake` interrupted a wait.
    """

    def __init__(
        self,
        store: Store,
        sender: Sender,
        workers: int,
        *,
        conclude: Callable[[Job, Result], None],
        on_wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._workers: Workers[Job | StatusQuery, str | Found | None] = Workers(
            workers, sender.work
        )
        self._conclude = conclude
        self._on_wake = on_wake
        self._intended: list[Job] = []  # their intents are not committed yet
        self._jobs: deque[Job | StatusQuery] = deque()  # may be sent
        self._bytes = 0  # of all jobs, in flight or not
        self._queries = 0  # queries whose answers bring more jobs
        self._written_at = 0.0
        self._receipts = 0  # recorded since then, and not committed
        self._held_since = 0.0  # since when the first of those waits

    def submit(self, job: Job) -> None:
        """Add a job; conclude those that have ended meanwhile."""
        self._intended.append(self._with_intent(job))
        self._bytes += job.ready.size
        self.poll()

    def poll(self) -> None:
        """Conclude what has ended meanwhile; commit what should wait no longer."""
        self._take_what_ended()
        since_written = time.monotonic() - self._written_at
        if self._seconds_to_hold <= 0 or (self._idles and since_written > SECONDS_TO_IDLE):
            self.commit()

    def resubmit(self, job: Job) -> None:
        """Put a job whose intent had become too old before all others, with a new intent."""
        job = self._with_intent(job)
        self._bytes += job.ready.size
        self.commit()
        self._jobs.appendleft(job)

    def submit_query(self, query: StatusQuery) -> None:
        """Put a query before all jobs: its answer may bring more of them."""
        self._jobs.appendleft(query)
        self._queries += 1
        self._send_next()

    def release(self) -> None:
        """Commit the intents of all jobs, and wait until few jobs are left to be sent.

        Wait as well while those that are left or in flight are too large together.
        """
        self.commit()
        enough = READY_PER_WORKER * self._workers.count
        while len(self._jobs) > enough or self._queries or self._is_full:
            self._finish_one()

    def commit(self) -> None:
        """Commit what is recorded; jobs whose intents that includes may then be sent."""
        self._store.commit()
        self._written_at, self._receipts = time.monotonic(), 0
        self._jobs.extend(self._intended)
        self._intended.clear()
        self._send_next()

    def drop(self) -> None:
        """Drop jobs that no worker has begun, and clear their intents: the next run sends them."""
        for job in (*self._intended, *self._jobs):
            if isinstance(job, Job):
                self._bytes -= job.ready.size
                if job.changes is None:
                    self._store.outcomes.clear_intent(job.entry)
        self._queries -= sum(not isinstance(job, Job) for job in self._jobs)
        self._intended.clear()
        self._jobs.clear()

    def drain(self, seconds: float | None = None) -> None:
        """Wait for all jobs to end, for `seconds` at most if given.

        Raises:
            HaltError: One of them met what every other would; those in flight have ended by then.
        """
        halted: HaltError | None = None
        deadline = seconds and time.monotonic() + seconds
        self.commit()
        while self._workers.in_flight or self._jobs or self._intended:
            try:
                if self._workers.in_flight:
                    self._finish_one(deadline and max(0.0, deadline - time.monotonic()))
                else:
                    self.commit()
            except HaltError as error:
                halted = halted or error
                self.drop()
            except Empty:
                break
        self.commit()
        if halted:
            raise halted

    def close(self) -> None:
        """End the threads that send."""
        self._workers.close()

    def wake(self) -> None:
        """Interrupt a wait for answers; may be called by a signal handler."""
        self._workers.wake()

    def _with_intent(self, job: Job) -> Job:
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
                self._intended.append(self._with_intent(job))
            else:
                self._workers.submit(job)

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
            self._on_wake()
            return
        if isinstance(job, Job):
            self._bytes -= job.ready.size
            self._conclude(job, result)
            self._held_since = self._held_since if self._receipts else time.monotonic()
            self._receipts += 1
        else:
            self._answer(job, result)
        self._send_next()

    def _next_ended(self, timeout: float | None) -> tuple[Job | StatusQuery, Result]:
        """Wait for a job to end; commit meanwhile what should wait no longer."""
        if timeout is None:
            if self._intended and not self._jobs:
                self.commit()
            if self._receipts:
                with suppress(Empty):
                    return self._workers.next_result(max(0.0, self._seconds_to_hold))
                self.commit()
        elif timeout:
            self.commit()
        return self._workers.next_result(timeout)

    @property
    def _seconds_to_hold(self) -> float:
        """How long what is recorded may still wait for more before it is committed."""
        if not self._receipts:
            return SECONDS_TO_HOLD
        if self._receipts >= MOST_TO_HOLD:
            return 0.0
        return self._held_since + SECONDS_TO_HOLD - time.monotonic()

    @property
    def _is_full(self) -> bool:
        """Tell whether the payloads of all jobs take as much memory as they may."""
        is_any_left = bool(self._workers.in_flight or self._jobs or self._intended)
        return is_any_left and self._bytes > BYTES_AT_ONCE

    @property
    def _idles(self) -> bool:
        """Tell whether a worker is idle that a commit of the intents would give a job."""
        is_free = self._workers.in_flight < self._workers.count
        return bool(self._intended) and is_free and not self._jobs

    def _answer(self, query: StatusQuery, result: Result) -> None:
        self._queries -= 1
        if isinstance(result, BaseException):
            raise result
        query.then(result if isinstance(result, dict) else {})
