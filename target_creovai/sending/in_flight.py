"""Requests in flight, and what their answers make of a conversation."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from target_creovai import LOGGER_NAME
from target_creovai.errors import (
    HaltError,
    LateError,
    RejectedError,
    RetryLaterError,
    WithdrawnError,
)
from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.timestamps import utc
from target_creovai.sending.doubts import Doubts
from target_creovai.sending.failures import Failures
from target_creovai.sending.outbox import Outbox
from target_creovai.sending.retry_budget import refuse_long_wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from target_creovai.model.settings import Policy
    from target_creovai.sending.context import DeliveryContext
    from target_creovai.sending.outbox import Result
    from target_creovai.sending.sender import Job, Sender
    from target_creovai.store import LedgerEntry

logger = logging.getLogger(LOGGER_NAME)


class Callbacks(NamedTuple):
    """What is called for the delivery.

    `set_aside` gets a conversation, the reason, and the fingerprint of the refused payload.
    `on_wake` is called where a wait for answers was interrupted, `on_taken` where Creovai has
    taken a conversation.
    """

    set_aside: Callable[[LedgerEntry, Reason, str], None]
    on_wake: Callable[[], None]
    on_taken: Callable[[], None]


class InFlight:
    """Sends jobs, and records in the ledger what became of each."""

    def __init__(
        self,
        context: DeliveryContext,
        sender: Sender,
        policy: Policy,
        callbacks: Callbacks,
    ) -> None:
        self._store = context.store
        self._summary = context.summary
        self._rules = context.rules
        self._sender = sender
        self._callbacks = callbacks
        self.failures = Failures()
        self.outbox = Outbox(
            context.store,
            sender,
            policy.workers,
            conclude=self._conclude,
            on_wake=callbacks.on_wake,
        )
        self.doubts = Doubts(
            context,
            self.outbox,
            minutes=policy.doubt_minutes,
            on_resolved=self._resolve_doubt,
        )

    def _conclude(self, job: Job, result: Result) -> None:
        match result:
            case LateError():
                self.outbox.resubmit(job)
            case RejectedError(status=status, why=why):
                self.failures.breaker.succeeded()  # a server that refuses is not down
                refused = Reason(Code.REFUSED, (str(status), why))
                self._callbacks.set_aside(job.entry, refused, job.ready.payload_hash)
            case WithdrawnError() | HaltError():
                self._withdraw(job, result)
            case RetryLaterError():
                self._postpone(job, result)
            case BaseException():
                raise result
            case _:
                self._record_receipt(job, result if isinstance(result, str) else None)

    def _withdraw(self, job: Job, error: WithdrawnError | HaltError) -> None:
        """Clear the intent of a job that was not sent, unless an earlier try of it was.

        Raises:
            HaltError: It is one.
        """
        if not error.lost and job.changes is None:
            self._store.outcomes.clear_intent(job.entry)
        if isinstance(error, HaltError):
            raise error

    def _record_receipt(self, job: Job, creovai_id: str | None) -> None:
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
        self._callbacks.on_taken()
        self.failures.breaker.succeeded()
        logger.debug("%s %s delivered", entry.kind, ready.session_id)

    def _postpone(self, job: Job, error: RetryLaterError) -> None:
        entry, reason = job.entry, Reason(Code.NOT_TAKEN, (str(error),))
        if not error.lost and job.changes is None:
            self._store.outcomes.clear_intent(entry)
        self._store.outcomes.record_failure(entry, utc(datetime.now(UTC)))
        if error.lost and self._sender.stays_in_doubt(job):
            why = f"its answer was lost ({reason})"
            self.doubts.add_lost_answer(entry, why, job.ready.traits)
        else:
            self._store.outcomes.postpone(entry, reason)
            self._summary.add_pending(entry.kind, entry.id, reason)
        self.failures.add(job, reason)
        refuse_long_wait(error)

    def _resolve_doubt(self, entry: LedgerEntry, *, arrived: bool) -> None:
        """Count a conversation whose answer was lost: Creovai has it, or it may be sent again."""
        self.failures.forget(entry)
        if arrived:
            self._callbacks.on_taken()
            self.failures.breaker.succeeded()
            self._summary.sent[entry.kind] += 1
            logger.info("%s %s had arrived, though its answer was lost", entry.kind, entry.id)
