"""Requests under way, and what their answers make of a conversation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from target_creovai.delivery.dispatch import logger
from target_creovai.delivery.doubts import Doubts
from target_creovai.delivery.outbox import Outbox
from target_creovai.errors import (
    HaltError,
    LateError,
    RejectedError,
    RetryLaterError,
    WithdrawnError,
)
from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.timestamps import utc
from target_creovai.sending.failures import Failures
from target_creovai.sending.retry_budget import insist_on_reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_creovai.delivery.outbox import Result
    from target_creovai.model.settings import Policy
    from target_creovai.sending.sender import Job, Sender
    from target_creovai.store import LedgerEntry, Store
    from target_creovai.watch.summary import Summary


class Calls(NamedTuple):
    """What traffic leaves to who delivers.

    `set_aside` gets a conversation, the reason, and the fingerprint of the refused payload.
    `taken` is called where Creovai has taken one, `woken` where somebody wants whoever waits for
    answers to look around.
    """

    set_aside: Callable[[LedgerEntry, Reason, str], None]
    woken: Callable[[], None]
    taken: Callable[[], None]


class Traffic:
    """Sends jobs, and notes in the store what became of each."""

    def __init__(
        self,
        store: Store,
        summary: Summary,
        sender: Sender,
        policy: Policy,
        *,
        rules: str,
        prefix: str,
        calls: Calls,
    ) -> None:
        self._store = store
        self._summary = summary
        self._sender = sender
        self._rules = rules
        self._set_aside, self._taken = calls.set_aside, calls.taken
        self.failures = Failures()
        self.outbox = Outbox(
            store, sender, policy.workers, conclude=self._conclude, woken=calls.woken
        )
        self.doubts = Doubts(
            store,
            self.outbox,
            summary,
            minutes=policy.doubt_minutes,
            prefix=prefix,
            settled=self._settle_doubt,
        )

    def _conclude(self, job: Job, result: Result) -> None:
        match result:
            case LateError():
                self.outbox.give_again(job)
            case RejectedError(status=status, why=why):
                self.failures.breaker.succeeded()  # whoever refuses is there
                refused = Reason(Code.REFUSED, (str(status), why))
                self._set_aside(job.entry, refused, job.ready.payload_hash)
            case WithdrawnError() | HaltError():
                self._withdraw(job, result)
            case RetryLaterError():
                self._postpone(job, result)
            case BaseException():
                raise result
            case _:
                self._note_receipt(job, result if isinstance(result, str) else None)

    def _withdraw(self, job: Job, error: WithdrawnError | HaltError) -> None:
        """Note that a job was not sent, unless an earlier try of it was; go on to the end."""
        if not error.lost and job.changes is None:
            self._store.outcomes.clear_intent(job.entry)
        if isinstance(error, HaltError):
            raise error

    def _note_receipt(self, job: Job, creovai_id: str | None) -> None:
        entry, ready = job.entry, job.ready
        is_whole = job.changes is None or entry.content_hash == ready.content_hash
        self._store.outcomes.record_receipt(
            entry,
            rules=(None if is_whole else entry.made_by) or self._rules,
            sent_at=utc(datetime.now(UTC)),
            content_hash=ready.content_hash if job.changes is None else entry.content_hash,
            metadata=job.metadata,
            creovai_id=creovai_id,
            traits=ready.traits if job.changes is None else None,
        )
        counts = self._summary.sent if job.changes is None else self._summary.metadata_sent
        counts[entry.kind] += 1
        self._summary.pending.pop((entry.kind, entry.id), None)
        self._taken()
        self.failures.breaker.succeeded()
        logger.debug("%s %s delivered", entry.kind, ready.session_id)

    def _postpone(self, job: Job, error: RetryLaterError) -> None:
        entry, reason = job.entry, Reason(Code.NOT_TAKEN, (str(error),))
        if not error.lost and job.changes is None:
            self._store.outcomes.clear_intent(entry)
        self._store.outcomes.record_failure(entry, utc(datetime.now(UTC)))
        if error.lost and self._sender.stays_in_doubt(job):
            why = f"its answer was lost ({reason})"
            self.doubts.lose(entry, why, job.ready.traits)
        else:
            self._store.outcomes.postpone(entry, reason)
            self._summary.add_pending(entry.kind, entry.id, reason)
        self.failures.add(job, reason)
        insist_on_reason(error)

    def _settle_doubt(self, entry: LedgerEntry, *, arrived: bool) -> None:
        """Go on with one whose answer was lost: Creovai has it, or it may be sent again."""
        self.failures.forget(entry)
        if arrived:
            self._taken()
            self.failures.breaker.succeeded()
            self._summary.sent[entry.kind] += 1
            logger.info("%s %s had arrived, though its answer was lost", entry.kind, entry.id)
