"""Changes that only an operator's commands make: conversations marked as due, or dropped."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from target_creovai.model.outcomes import Outcome
from target_creovai.model.rows import PERSON
from target_creovai.store.database.tables import (
    ARRIVALS,
    COLLECTIONS,
    IS_DROPPED,
    LEDGER,
    MERGES,
    ROWS,
    SPEAKERS,
)
from target_creovai.store.ledger.due import is_of_other_settings
from target_creovai.store.ledger.entry import SEND_AGAIN
from target_creovai.store.rows.arrivals import record_forgotten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from target_creovai.model.outcomes import Reason
    from target_creovai.store.database.database import Database
    from target_creovai.store.ledger.adoption import Adopted
    from target_creovai.store.ledger.entry import LedgerEntry


class DeliveryReceipt(Protocol):
    """What identifies one delivery of a conversation."""

    @property
    def kind(self) -> str:
        """The kind of conversation."""

    @property
    def id(self) -> str:
        """Its Id."""

    @property
    def sent_at(self) -> str | None:
        """When Creovai took it."""


class Repairs:
    """Marks conversations, and drops them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def resend(self, entries: Iterable[LedgerEntry], reason: Reason) -> None:
        """Make conversations due even if they are unchanged.

        A case is sent again as the update that it is, even after a crash half-way. A chat whose
        second post loses its answer counts as sent, as Creovai does not distinguish it from the
        earlier one: rather one too few than one too many.
        """
        with self._database.transaction() as db:
            for entry in entries:
                again = SEND_AGAIN if entry.content_hash else None
                self._mark(db, entry, reason, refused_hash=None, failures=None, content_hash=again)

    def reopen_other_settings(self, rules: str, kinds: Sequence[str]) -> int:
        """Make due what Creovai has as other settings made it; return how many.

        The next run sends what differs now. What has no text any more is left out.
        """
        c = LEDGER.c
        own = sa.and_(ROWS.c.kind == c.kind, ROWS.c.conversation == c.id, IS_DROPPED)
        wanted = sa.and_(is_of_other_settings(rules), c.kind.in_(kinds), ~sa.exists().where(own))
        with self._database.transaction() as db:
            return db.execute(sa.update(LEDGER).where(wanted).values(assembled=None)).rowcount

    def requeue(self, receipts: Iterable[DeliveryReceipt], reason: Reason) -> int:
        """Turn receipts back into intents: the next run asks Creovai, and sends what is not there.

        Returns how many; those that were delivered once more in the meantime are left alone.
        """
        c = LEDGER.c
        with self._database.transaction() as db:
            return sum(
                self._mark(
                    db,
                    receipt,
                    reason,
                    c.sent_at == receipt.sent_at,
                    intent_hash=c.content_hash,
                    intent_metadata=c.metadata,
                    content_hash=None,
                    metadata=None,
                    posted_by=c.sent_at,
                )
                for receipt in receipts
            )

    def record_adoptions(self, found: Mapping[LedgerEntry, Adopted]) -> None:
        """Record what Creovai has; all of it is due, to be compared with what it has there."""
        with self._database.transaction() as db:
            for entry, adopted in found.items():
                update = sa.update(LEDGER).where(_is(entry))
                db.execute(update.values(assembled=None, **adopted.columns))

    def retry_set_aside(self, reason: Reason) -> Counter[str]:
        """Make due all that is set aside; return how many of each kind."""
        c = LEDGER.c
        aside = c.outcome == Outcome.SET_ASIDE
        count = sa.select(c.kind, sa.func.count().label("number")).where(aside).group_by(c.kind)
        due = {"outcome": Outcome.PENDING, "reason": reason, "refused_hash": None, "failures": None}
        with self._database.transaction() as db:
            counts = Counter({row.kind: row.number for row in db.execute(count)})
            db.execute(sa.update(LEDGER).where(aside).values(due))
        return counts

    def forget(self, entries: Iterable[LedgerEntry]) -> int:
        """Drop conversations, with their rows, receipts and tombstones; return how many rows."""
        rows = 0
        with self._database.transaction() as db:
            for entry in entries:
                own = sa.and_(ROWS.c.kind == entry.kind, ROWS.c.conversation == entry.id)
                newest = db.scalar(sa.select(sa.func.max(ROWS.c.modified)).where(own))
                rows += db.execute(sa.delete(ROWS).where(own)).rowcount
                for table in (LEDGER, COLLECTIONS, ARRIVALS):
                    db.execute(sa.delete(table).where(_is(entry, table)))
                record_forgotten(db, self._database.upsert, entry.kind, entry.id, newest or "")
                merged = sa.and_(MERGES.c.kind == entry.kind, MERGES.c.loser == entry.id)
                db.execute(sa.delete(MERGES).where(merged))
                db.execute(sa.delete(SPEAKERS).where(SPEAKERS.c.id == entry.id))
        return rows

    def forget_people(self, ids: Sequence[str]) -> set[str]:
        """Drop the rows of these users and contacts; return the Ids that were found."""
        people = sa.and_(ROWS.c.kind == PERSON, ROWS.c.id.in_(ids))
        with self._database.transaction() as db:
            found = set(db.scalars(sa.select(ROWS.c.id).where(people)))
            db.execute(sa.delete(ROWS).where(people))
        return found

    @staticmethod
    def _mark(
        db: sa.Connection,
        entry: DeliveryReceipt,
        reason: Reason,
        *only_if: sa.ColumnElement[bool],
        **values: Any,
    ) -> int:
        statement = sa.update(LEDGER).where(_is(entry), *only_if)
        marked = statement.values(outcome=Outcome.PENDING, reason=reason, due_at=None, **values)
        return db.execute(marked).rowcount


def _is(entry: DeliveryReceipt, table: sa.Table = LEDGER) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.kind == entry.kind, table.c.id == entry.id)
