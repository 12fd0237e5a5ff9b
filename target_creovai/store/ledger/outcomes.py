"""Outcomes of conversations: recorded one by one, written by one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_creovai.model.outcomes import Outcome
from target_creovai.store.database.tables import LEDGER, ROWS, SPEAKERS

if TYPE_CHECKING:
    from target_creovai.model.history import Traits
    from target_creovai.model.outcomes import Reason
    from target_creovai.store.ledger.adoption import Adopted
    from target_creovai.store.ledger.entry import LedgerEntry
    from target_creovai.store.ledger.pending import PendingWrites


# Made once: SQLAlchemy takes longer to make a statement than SQLite to carry it out.
_BY_ID = sa.update(LEDGER).where(
    LEDGER.c.kind == sa.bindparam("of_kind"), LEDGER.c.id == sa.bindparam("of_id")
)
_IS_MINE = LEDGER.c.claimed_by == sa.bindparam("of_run")
# Lines that another run has claimed by now are left alone.
_LINE = _BY_ID.where(sa.or_(LEDGER.c.claimed_by.is_(None), _IS_MINE))
# An intent is written or removed only where this run holds the claim.
_MINE = _BY_ID.where(_IS_MINE)
_NO_INTENT = {"intent_hash": None, "intent_metadata": None, "posted_by": None}


class Outcomes:
    """The part of the ledger that delivery writes.

    Nothing is written until `Store.commit`: a commit waits for the disk, and one for many
    conversations costs hardly more than one for one.
    """

    def __init__(self, pending: PendingWrites, run: str) -> None:
        self._pending = pending
        self._run = run

    def conclude(
        self,
        entry: LedgerEntry,
        outcome: str,
        *,
        rules: str,
        reason: Reason | None = None,
        detail: str | None = None,
        due_at: str | None = None,
        refused_hash: str | None = None,
    ) -> None:
        """Record what became of a conversation that was not sent now."""
        self._conclude(
            entry,
            outcome,
            rules,
            reason=reason,
            detail=detail,
            due_at=due_at,
            refused_hash=refused_hash,
        )

    def leave_unchanged(self, entry: LedgerEntry, outcome: str, *, rules: str) -> None:
        """Record that nothing is to be sent: Creovai has it, or refused just this."""
        cleared = {"reason": None, "detail": None} if outcome == Outcome.SENT else {}
        self._conclude(entry, outcome, rules, **cleared)

    def record_intent(
        self, entry: LedgerEntry, content_hash: str, metadata: bytes, *, posted_by: str
    ) -> None:
        """Record what is posted by `posted_by` at the latest; commit it before the post."""
        self._update(
            entry,
            _MINE,
            outcome=Outcome.PENDING,
            reason=None,
            detail=None,
            intent_hash=content_hash,
            intent_metadata=metadata,
            posted_by=posted_by,
        )

    def clear_intent(self, entry: LedgerEntry, reason: Reason | None = None) -> None:
        """Record that the post of the intent did not arrive; the conversation stays pending."""
        self._update(
            entry,
            _MINE,
            outcome=Outcome.PENDING,
            reason=reason,
            **_NO_INTENT,
        )

    def record_lost_answer(self, entry: LedgerEntry, reason: Reason, posted_by: str) -> None:
        """Record that the answer to a post was lost; the claim stays until it is looked up."""
        self._update(entry, outcome=Outcome.PENDING, reason=reason, posted_by=posted_by)

    def record_failure(self, entry: LedgerEntry, failed_at: str) -> None:
        """Record when Creovai could not accept it: the next run posts it last."""
        self._update(entry, failed_at=failed_at)

    def record_event_time(self, entry: LedgerEntry, event_time: str) -> None:
        """Record the eventTime of metadata that is about to be sent: it is not used again."""
        self._update(entry, event_time=event_time)

    def record_receipt(
        self,
        entry: LedgerEntry,
        *,
        rules: str,
        sent_at: str,
        content_hash: str | None,
        metadata: bytes,
        creovai_id: str | None,
        traits: Traits | None = None,
    ) -> None:
        """Record that Creovai has this content; without `traits`: that it has this metadata now."""
        self._pending.deliveries.count(entry.kind, sent_at, traits)
        values = {"creovai_id": creovai_id} if creovai_id else {}
        self._conclude(
            entry,
            Outcome.SENT,
            rules,
            reason=None,
            detail=None,
            refused_hash=None,
            sent_at=sent_at,
            content_hash=content_hash,
            metadata=metadata,
            adopted_at=None,
            **values,
        )

    def recover_receipt(
        self, entry: LedgerEntry, sent_at: str, creovai_id: str, traits: Traits
    ) -> None:
        """Record, in the place of an intent, the receipt that a killed run did not write."""
        self._pending.deliveries.count(entry.kind, sent_at, traits)
        self._update(
            entry,
            _LINE.values(content_hash=LEDGER.c.intent_hash, metadata=LEDGER.c.intent_metadata),
            outcome=Outcome.SENT,
            reason=None,
            sent_at=sent_at,
            creovai_id=creovai_id or None,
            **_NO_INTENT,
        )

    def record_adoption(self, entry: LedgerEntry, adopted: Adopted) -> None:
        """Record that Creovai has what another store sent, whatever its content there."""
        self._update(entry, _MINE, **adopted.columns)

    def accept_adopted(
        self, entry: LedgerEntry, *, rules: str, content_hash: str, metadata: bytes
    ) -> None:
        """Record that what Creovai has of an adopted conversation counts as this content."""
        cleared = {"reason": None, "detail": None, "refused_hash": None}
        self._conclude(
            entry, Outcome.SENT, rules, content_hash=content_hash, metadata=metadata, **cleared
        )

    def postpone(self, entry: LedgerEntry, reason: Reason) -> None:
        """Record that a conversation stays pending, and that this run is done with it."""
        self._update(entry, outcome=Outcome.PENDING, reason=reason, claimed_by=None)

    def record_failure_count(self, entry: LedgerEntry, failures: int) -> None:
        """Record in how many runs Creovai could not accept it."""
        self._update(entry, failures=failures)

    def record_erasure(self, entry: LedgerEntry, reason: Reason, erased_at: str) -> None:
        """Record that a conversation is about to be erased: from here on it is never sent again."""
        self._update(entry, outcome=Outcome.PENDING, reason=reason, erased_at=erased_at)

    def discard(
        self,
        entry: LedgerEntry,
        *,
        rules: str,
        reason: Reason | None = None,
        erased_at: str | None = None,
    ) -> None:
        """Drop the rows of an erased conversation, and keep its tombstone.

        Without a reason and a time, those that are recorded stay.
        """
        given = {"reason": reason, "erased_at": erased_at} if erased_at else {}
        own = sa.and_(ROWS.c.kind == entry.kind, ROWS.c.conversation == entry.id)
        self._pending.add(sa.delete(ROWS).where(own), {})
        self._pending.add(sa.delete(SPEAKERS).where(SPEAKERS.c.id == entry.id), {})
        gone = {"detail": None, "metadata": None, "number": None}
        self._conclude(entry, Outcome.SKIPPED, rules, **gone, **given)

    def _conclude(self, entry: LedgerEntry, outcome: str, rules: str, **values: Any) -> None:
        """Record the outcome of this revision; no intent is open any more."""
        self._update(
            entry,
            outcome=outcome,
            rules=rules,
            assembled=entry.revision,
            failed_at=None,
            failures=None,
            claimed_by=None,
            **({"due_at": None} | _NO_INTENT | values),
        )

    def _update(
        self, entry: LedgerEntry, statement: sa.Update | None = None, **values: Any
    ) -> None:
        line = {"of_kind": entry.kind, "of_id": entry.id, "of_run": self._run}
        self._pending.add(_LINE if statement is None else statement, line | values)
