"""Delivery: what is due is sent, and written down around every request.

The order is what makes delivery exact: the intent is committed before a request,
the receipt after its answer. An intent without a receipt is looked up before
anything is sent again.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import backoff
import msgspec

from target_creovai.dispatch import Dispatch, logger
from target_creovai.errors import HaltError, LostAnswerError, RejectedError, RetryLaterError
from target_creovai.kinds import KINDS
from target_creovai.payload import build_outofband, changed_metadata, encode, utc
from target_creovai.store import SENT, SET_ASIDE, SKIPPED, WAITING
from target_creovai.summary import Trouble
from target_creovai.workers import WokenError, Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from target_creovai.assemble import Ready
    from target_creovai.client import CreovaiClient
    from target_creovai.model import Interface, Rules, Skipped, Unfit, Waiting
    from target_creovai.payload import Payload
    from target_creovai.store import Entry, Store
    from target_creovai.summary import Summary

TRIES = 6  # over about half a minute
LONGEST_BACKOFF_SECONDS = 60.0
# An answer that asks to wait longer ends the delivery of this run instead.
LONGEST_WAIT_SECONDS = 300
# How soon Creovai can tell of what it took is not documented: one "not found" proves nothing.
LOOK_AGAIN_SECONDS = 2.0
# So many conversations in a row that Creovai cannot take: it is down, not they are bad.
FAILURES_IN_A_ROW = 3
# On SIGTERM: how long requests under way may still take to be written down.
GRACE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Job:
    """One request to make. `changes` is the out-of-band body, None for a whole conversation."""

    entry: Entry
    ready: Ready
    changes: Payload | None = None

    @property
    def interface(self) -> Interface:
        """Which of Creovai's interfaces takes it."""
        return KINDS[self.entry.kind].interface

    @property
    def metadata(self) -> bytes:
        """What Creovai's copy of the metadata is once this is delivered."""
        return encode(self.ready.metadata)


class Delivery(Dispatch):
    """Sends over HTTP, `workers` conversations at a time, and keeps the ledger."""

    def __init__(
        self, store: Store, rules: Rules, summary: Summary, client: CreovaiClient, workers: int
    ) -> None:
        super().__init__(store, rules, summary)
        self._client = client
        self._workers: Workers[Job, str | None] = Workers(workers, self._send)
        self._failures = 0

    def run(self) -> None:
        """Deliver what is due, unless another run is at it.

        That one would take our intents for those of a run that died, and send
        the same once more.
        """
        with self.store.sole_delivery() as alone:
            if alone:
                self._deliver()
            else:
                self.summary.halted = "another run is delivering from this store: let it end first."
        self._count_what_stands()

    def _deliver(self) -> None:
        """Deliver until nothing is due, or until Creovai stops us.

        Whatever ends the run, requests under way are waited for and written down.
        """
        try:
            super().run()
            self._finish_all()
        except HaltError as error:
            self.summary.halted = str(error)
            self._finish_all()
        except BaseException:
            self._finish_all(GRACE_SECONDS)
            raise

    def stop(self, exit_code: int) -> None:
        """Ask for an end, also while waiting for an answer."""
        super().stop(exit_code)
        self._workers.wake()

    def page(self, entries: Sequence[Entry]) -> None:
        """Settle first what an earlier run sent without living to see the answer."""
        lost = [entry for entry in entries if entry.intent_hash and not entry.content_hash]
        if lost:
            entries = self._recover(entries, lost)
        super().page(entries)

    def ready(self, entry: Entry, verdict: Ready) -> None:
        """Send what Creovai does not have yet."""
        if entry.refused_hash == verdict.payload_hash:
            self.store.keep(entry, SET_ASIDE, rules=self.rules_hash)
        elif entry.content_hash is None:
            self._give(Job(entry, verdict))
        elif entry.content_hash == verdict.content_hash and not entry.intent_hash:
            self._give_changes(entry, verdict)
        elif KINDS[entry.kind].interface.sent_once:
            # What a second post of a chat does is not public, and it may be billed.
            self.summary.changed_after_sending.append(verdict.session_id)
            self._give_changes(entry, verdict)
        else:
            self._give(Job(entry, verdict))

    def wait(self, entry: Entry, verdict: Waiting) -> None:
        """Note why, and when time alone may change it."""
        self._settle(entry, WAITING, verdict.reason, due_at=verdict.until and utc(verdict.until))

    def skip(self, entry: Entry, verdict: Skipped) -> None:
        """Note why; what was sent stays sent."""
        self._settle(entry, SENT if entry.content_hash else SKIPPED, verdict.reason)

    def unfit(self, entry: Entry, verdict: Unfit) -> None:
        """Keep it out of the way of the others."""
        detail = encode(verdict.detail).decode() if verdict.detail else None
        self._settle(entry, SET_ASIDE, verdict.reason, detail=detail)

    def _settle(self, entry: Entry, outcome: str, reason: str | None, **more: Any) -> None:
        self.store.settle(entry, outcome, rules=self.rules_hash, reason=reason, **more)

    def _count_what_stands(self) -> None:
        """Add to the summary what earlier runs left: delivered, waiting, set aside."""
        now = Counter(trouble.kind for trouble in self.summary.set_aside)
        for kind, outcome, reason, count, oldest in self.store.outcomes():
            if outcome == SENT:
                self.summary.unchanged[kind] += count
            elif outcome == WAITING:
                self.summary.add_waiting(kind, reason or "", oldest, count)
            elif outcome == SET_ASIDE:
                self.summary.set_aside_before[kind] += count
        self.summary.unchanged -= self.summary.sent + self.summary.metadata_sent
        self.summary.set_aside_before -= now

    # Requests

    def _give_changes(self, entry: Entry, verdict: Ready) -> None:
        sent = msgspec.json.decode(entry.metadata or b"{}")
        changed = changed_metadata(sent, verdict.metadata)
        if not changed:
            self.store.keep(entry, SENT, rules=self.rules_hash)
            return
        body = build_outofband(
            KINDS[entry.kind].interface, verdict.session_id, verdict.modified, changed
        )
        self._give(Job(entry, verdict, changes=body))

    def _give(self, job: Job) -> None:
        while self._workers.in_flight >= self._workers.count:
            self._finish_one()
        if job.changes is None:
            self.store.intend(job.entry, job.ready.content_hash, job.metadata)
        self._workers.give(job)

    def _finish_all(self, seconds: float | None = None) -> None:
        deadline = seconds and time.monotonic() + seconds
        while self._workers.in_flight:
            try:
                self._finish_one(deadline and max(0.0, deadline - time.monotonic()))
            except HaltError as error:
                self.summary.halted = str(error)
            except Empty:
                return

    def _finish_one(self, timeout: float | None = None) -> None:
        """Write down how a request ended.

        Raises:
            HaltError: No other request would end better.
        """
        try:
            job, result = self._workers.take(timeout)
        except WokenError:
            self.leave_if_asked()
            return
        match result:
            case RejectedError():
                self._failures = 0  # whoever refuses is there
                self._settle(job.entry, SET_ASIDE, str(result), refused_hash=job.ready.payload_hash)
                self.report_set_aside(job.entry, str(result))
            case HaltError():
                raise result
            case RetryLaterError():
                self._postpone(job, str(result))
            case BaseException():
                raise result
            case _:
                self._failures = 0
                self._write_receipt(job, result)

    def _write_receipt(self, job: Job, creovai_id: str | None) -> None:
        entry, ready = job.entry, job.ready
        content = ready.content_hash if job.changes is None else entry.content_hash
        self.store.receipt(
            entry,
            rules=self.rules_hash,
            sent_at=utc(datetime.now(UTC)),
            content_hash=content,
            metadata=job.metadata,
            creovai_id=creovai_id,
        )
        counts = self.summary.sent if job.changes is None else self.summary.metadata_sent
        counts[entry.kind] += 1
        logger.debug("%s %s delivered", entry.kind, ready.session_id)

    def _postpone(self, job: Job, reason: str) -> None:
        self.store.postpone(job.entry, reason)
        self.summary.pending.append(Trouble(job.entry.kind, job.entry.id, reason))
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            msg = f"Creovai could not take {self._failures} conversations in a row: {reason}."
            raise HaltError(msg)

    # In the workers' threads

    def _send(self, job: Job) -> str | None:
        if job.changes is not None:
            return retrying(self._append)(job)
        first_time = job.entry.content_hash is None
        lost = False

        def attempt() -> str:
            nonlocal lost
            # A case that Creovai has already is sent again complete: a look-up could not
            # tell the new version from the old one.
            if lost and first_time and (found := self._look_up([job.ready.session_id])):
                return str(found[job.ready.session_id].get("id") or "")
            try:
                return self._client.capture(job.interface, job.ready.payload)
            except LostAnswerError:
                lost = True
                raise

        return retrying(attempt)()

    def _append(self, job: Job) -> None:
        self._client.append_metadata(job.interface, job.changes or {})

    # After a crash

    def _recover(self, entries: Sequence[Entry], lost: Sequence[Entry]) -> list[Entry]:
        """Return the page with what Creovai has of the lost ones written down."""
        session_ids = {entry.id: self.rules.session_id_prefix + entry.id for entry in lost}
        try:
            found = retrying(self._look_up)(list(session_ids.values()))
        except RetryLaterError as error:
            msg = f"Creovai does not tell what became of {len(lost)} conversations ({error})."
            raise HaltError(msg) from None
        for entry in lost:
            if session := found.get(session_ids[entry.id]):
                self.store.recover(entry, utc(datetime.now(UTC)), str(session.get("id") or ""))
                logger.info("%s %s had arrived before the last run died", entry.kind, entry.id)
        return self.store.entries(entries[0].kind, [entry.id for entry in entries])

    def _look_up(self, session_ids: list[str]) -> dict[str, Any]:
        """Ask Creovai what it has; "not found" is believed when it is said twice."""
        found = dict(self._client.statuses(session_ids))
        missing = [session_id for session_id in session_ids if session_id not in found]
        if missing:
            time.sleep(LOOK_AGAIN_SECONDS)
            found |= self._client.statuses(missing)
        return found


def _waits() -> Generator[float, RetryLaterError, None]:
    """Exponential with jitter, and never less than Retry-After."""
    error = yield 0.0
    delay = 1.0
    while True:
        if error.retry_after > LONGEST_WAIT_SECONDS:
            msg = f"Creovai asks to wait {error.retry_after:.0f} seconds ({error})."
            raise HaltError(msg)
        jittered = random.uniform(delay / 2, delay)  # noqa: S311 -- no secret rests on it
        error = yield max(error.retry_after, jittered)
        delay = min(2 * delay, LONGEST_BACKOFF_SECONDS)


P = ParamSpec("P")
R = TypeVar("R")


def retrying(call: Callable[P, R]) -> Callable[P, R]:
    """Return a call that is made again, after growing pauses, while Creovai cannot take it."""
    return backoff.on_exception(
        _waits, RetryLaterError, max_tries=TRIES, jitter=None, logger=logger
    )(call)
