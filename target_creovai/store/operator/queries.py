"""Queries that only an operator's commands make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from target_creovai.kinds import KIND_OF_STREAM, KINDS
from target_creovai.model.rows import case_number_key
from target_creovai.store.database.statements import chunks
from target_creovai.store.database.tables import IS_WAITING, LEDGER, ROWS
from target_creovai.store.ledger.entry import LedgerEntry
from target_creovai.store.ledger.ledger import ENTRY_COLUMNS
from target_creovai.store.operator.references import conversations_referring_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_creovai.store.database.database import Database


class OldestWaiting(msgspec.Struct, frozen=True):
    """The conversation that waits longest; `modified` is its last change in Salesforce."""

    kind: str
    id: str
    reason: str | None
    modified: str


class Queries:
    """Looks up conversations, and counts rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, ids: Sequence[str]) -> list[LedgerEntry]:
        """Return the conversations that go by these Ids: their own, a row's or Creovai's."""
        c = LEDGER.c
        wanted: dict[str, set[str]] = {kind: set(ids) for kind in KINDS}
        of_rows = sa.select(ROWS.c.kind, ROWS.c.conversation).where(
            ROWS.c.stream.in_(list(KIND_OF_STREAM)), ROWS.c.id.in_(ids)
        )
        with self._database.snapshot() as db:
            at_creovai = sa.select(c.kind, c.id).where(c.creovai_id.in_(ids))
            for query in (of_rows, at_creovai):
                for kind, key in db.execute(query):
                    wanted[kind].update([key] if key else ())
            return [
                LedgerEntry(*row)
                for kind, keys in sorted(wanted.items())
                for row in db.execute(_entries(c.kind == kind, c.id.in_(keys)))
            ]

    def cases_numbered(self, number: str) -> list[LedgerEntry]:
        """Return the cases of this number, with its leading zeros or without."""
        with self._database.reading() as db:
            query = _entries(LEDGER.c.number == case_number_key(number))
            return [LedgerEntry(*row) for row in db.execute(query)]

    def referring_to(self, ids: Sequence[str], limit: int) -> list[LedgerEntry]:
        """Return conversations whose own record holds one of these Ids; all records are read."""
        if not ids:
            return []
        with self._database.reading() as db:
            found = conversations_referring_to(db, ids, limit)
            return [
                LedgerEntry(*row)
                for some in chunks(found)
                for row in db.execute(_entries(sa.tuple_(LEDGER.c.kind, LEDGER.c.id).in_(some)))
            ]

    def oldest_waiting(self) -> OldestWaiting | None:
        """Return what waits for longest, counted from the newest of its rows."""
        c = LEDGER.c
        query = sa.select(c.kind, c.id, c.reason, c.modified).where(sa.text(IS_WAITING))
        with self._database.reading() as db:
            row = db.execute(query.order_by(c.modified, c.id).limit(1)).first()
        if row is None:
            return None
        kind, key, reason, modified = row
        return OldestWaiting(kind, key, reason and str(reason), modified)

    def sent(
        self, kind: str, since: str, *, after: str = "", limit: int = 1000
    ) -> list[LedgerEntry]:
        """Return what Creovai took at `since` or later, in order of Id, behind `after`."""
        c = LEDGER.c
        query = (
            sa.select(*ENTRY_COLUMNS)
            .where(c.kind == kind, c.id > after)
            .where(c.content_hash.is_not(None), c.sent_at >= since, c.erased_at.is_(None))
            .order_by(c.id)
            .limit(limit)
        )
        with self._database.reading() as db:
            return [LedgerEntry(*row) for row in db.execute(query)]

    def never_sent(self) -> Iterator[LedgerEntry]:
        """Yield what is in the store and, by the ledger, not in Creovai.

        What was taken back from there is among it.
        """
        c = LEDGER.c
        missing = sa.or_(c.content_hash.is_(None), c.erased_at.is_not(None))
        query = sa.select(*ENTRY_COLUMNS).where(missing).order_by(c.kind, c.id)
        with self._database.reading() as db:
            for row in db.execute(query):
                yield LedgerEntry(*row)

    def newest(
        self, kinds: Sequence[str], outcomes: Sequence[str], limit: int
    ) -> tuple[list[LedgerEntry], dict[str, int]]:
        """Return the latest changed of each kind with these outcomes, and how many there are."""
        c = LEDGER.c
        wanted = c.outcome.in_(outcomes)
        # Many change in one commit. Salesforce's Ids grow, so the later of them come first.
        order = (c.changed_at.desc().nulls_last(), c.id.desc())
        query = sa.select(*ENTRY_COLUMNS).where(wanted).order_by(*order).limit(limit)
        count = sa.select(sa.func.count()).select_from(LEDGER).where(wanted)
        with self._database.reading() as db:
            entries = [
                LedgerEntry(*row)
                for kind in kinds
                for row in db.execute(query.where(c.kind == kind))
            ]
            totals = {kind: db.scalar(count.where(c.kind == kind)) or 0 for kind in kinds}
        return entries, totals


def _entries(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the query for entries, in order of kind and Id."""
    return sa.select(*ENTRY_COLUMNS).where(*conditions).order_by(LEDGER.c.kind, LEDGER.c.id)
