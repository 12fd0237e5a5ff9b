"""The store as an operator sees it: questions that no run asks, and marks that no run sets."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import sqlalchemy as sa

from target_creovai.kinds import KIND_OF_STREAM, KINDS
from target_creovai.model.conversation import PERSON, number_of
from target_creovai.model.outcomes import Outcome
from target_creovai.store import (
    ADOPTED,
    EXCLUDED,
    SEND_AGAIN,
    Store,
)
from target_creovai.store.database.tables import (
    ARRIVALS,
    COLLECTIONS,
    IS_DROPPED,
    IS_WAITING,
    LEDGER,
    MERGES,
    ROWS,
    SPEAKERS,
    chunks,
)
from target_creovai.store.ledger.due import is_of_other_settings
from target_creovai.store.rows.naming import conversations_naming
from target_creovai.store.runs.coverage import note_forgotten

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from target_creovai.model.outcomes import Reason


class Line(msgspec.Struct, frozen=True):
    """One conversation's line in the ledger, as far as an operator asks for it."""

    kind: str
    id: str
    outcome: str
    reason: Reason | None
    refused_hash: str | None
    intent_hash: str | None
    sent_at: str | None
    creovai_id: str | None
    content_hash: str | None
    metadata: bytes | None
    erased_at: str | None
    posted_by: str | None
    adopted_at: str | None
    failures: int | None
    revision: int
    assembled: int | None
    rules: str | None


class Receipt(Protocol):
    """What tells one delivery of a conversation from all others."""

    @property
    def kind(self) -> str:
        """The kind of conversation."""

    @property
    def id(self) -> str:
        """Its Id."""

    @property
    def sent_at(self) -> str | None:
        """When Creovai took it."""


class Oldest(msgspec.Struct, frozen=True):
    """The conversation that waits longest; `modified` is its last change in Salesforce."""

    kind: str
    id: str
    reason: str | None
    modified: str


_LINE_COLUMNS = [LEDGER.c[name] for name in Line.__struct_fields__]


class OperatorStore(Store):
    """The store, with the questions and the marks of the operator's commands."""

    # Questions

    def find(self, ids: Sequence[str]) -> list[Line]:
        """Return the conversations that go by these Ids: their own, a row's or Creovai's."""
        c = LEDGER.c
        wanted: dict[str, set[str]] = {kind: set(ids) for kind in KINDS}
        of_rows = sa.select(ROWS.c.kind, ROWS.c.conversation).where(
            ROWS.c.stream.in_(list(KIND_OF_STREAM)), ROWS.c.id.in_(ids)
        )
        with self._snapshot() as db:
            at_creovai = sa.select(c.kind, c.id).where(c.creovai_id.in_(ids))
            for query in (of_rows, at_creovai):
                for kind, key in db.execute(query):
                    wanted[kind].update([key] if key else ())
            return [
                Line(*row)
                for kind, keys in sorted(wanted.items())
                for row in db.execute(_lines(c.kind == kind, c.id.in_(keys)))
            ]

    def cases_numbered(self, number: str) -> list[Line]:
        """Return the cases of this number, with its leading zeros or without."""
        with self._reading() as db:
            query = _lines(LEDGER.c.number == number_of(number))
            return [Line(*row) for row in db.execute(query)]

    def naming(self, ids: Sequence[str], limit: int) -> list[Line]:
        """Return conversations whose own record holds one of these Ids; all records are read."""
        if not ids:
            return []
        with self._reading() as db:
            found = conversations_naming(db, ids, limit)
            return [
                Line(*row)
                for some in chunks(found)
                for row in db.execute(_lines(sa.tuple_(LEDGER.c.kind, LEDGER.c.id).in_(some)))
            ]

    def oldest_waiting(self) -> Oldest | None:
        """Return what waits for longest, counted from the newest of its rows."""
        c = LEDGER.c
        query = sa.select(c.kind, c.id, c.reason, c.modified).where(sa.text(IS_WAITING))
        with self._reading() as db:
            row = db.execute(query.order_by(c.modified, c.id).limit(1)).first()
        if row is None:
            return None
        kind, key, reason, modified = row
        return Oldest(kind, key, reason and str(reason), modified)

    def rows_by_stream(self) -> dict[str, int]:
        """Return how many rows there are of each stream."""
        stream = ROWS.c.stream
        query = sa.select(stream, sa.func.count().label("number")).group_by(stream)
        with self._reading() as db:
            return {row.stream: row.number for row in db.execute(query)}

    def sent(self, kind: str, since: str, *, after: str = "", limit: int = 1000) -> list[Line]:
        """Return what Creovai took at `since` or later, in order of Id, behind `after`."""
        c = LEDGER.c
        query = (
            sa.select(*_LINE_COLUMNS)
            .where(c.kind == kind, c.id > after)
            .where(c.content_hash.is_not(None), c.sent_at >= since, c.erased_at.is_(None))
            .order_by(c.id)
            .limit(limit)
        )
        with self._reading() as db:
            return [Line(*row) for row in db.execute(query)]

    def never_sent(self) -> Iterator[Line]:
        """Yield what is in the store and, as far as the ledger knows, not in Creovai.

        What was taken back from there is among it.
        """
        c = LEDGER.c
        missing = sa.or_(c.content_hash.is_(None), c.erased_at.is_not(None))
        query = sa.select(*_LINE_COLUMNS).where(missing).order_by(c.kind, c.id)
        with self._reading() as db:
            for row in db.execute(query):
                yield Line(*row)

    def newest(
        self, kinds: Sequence[str], outcomes: Sequence[str], limit: int
    ) -> tuple[list[Line], dict[str, int]]:
        """Return the latest changed of each kind with these outcomes, and how many there are."""
        c = LEDGER.c
        wanted = c.outcome.in_(outcomes)
        # Many change in one commit. Salesforce's Ids grow, so the later of them come first.
        order = (c.changed_at.desc().nulls_last(), c.id.desc())
        query = sa.select(*_LINE_COLUMNS).where(wanted).order_by(*order).limit(limit)
        count = sa.select(sa.func.count()).select_from(LEDGER).where(wanted)
        with self._reading() as db:
            lines = [
                Line(*row) for kind in kinds for row in db.execute(query.where(c.kind == kind))
            ]
            totals = {kind: db.scalar(count.where(c.kind == kind)) or 0 for kind in kinds}
        return lines, totals

    @property
    def schema_version(self) -> str | None:
        """The version of the tables, as the store itself says."""
        return self._meta("schema_version")

    # Marks

    def send_again(self, lines: Iterable[Line], reason: Reason) -> None:
        """Make conversations due even if they are unchanged.

        A case is sent again as the update that it is, even after a crash half-way. A chat whose
        second post loses its answer counts as sent, as Creovai cannot tell it from the earlier
        one: rather one too few than one too many.
        """
        with self._engine.begin() as db:
            for line in lines:
                again = SEND_AGAIN if line.content_hash else None
                self._mark(db, line, reason, refused_hash=None, failures=None, content_hash=again)

    def look_at_other_settings(self, rules: str, kinds: Sequence[str]) -> int:
        """Make due what Creovai has as other settings made it; return how many.

        The next run sends what differs now. What has no text any more could not be made anew.
        """
        c = LEDGER.c
        own = sa.and_(ROWS.c.kind == c.kind, ROWS.c.conversation == c.id, IS_DROPPED)
        wanted = sa.and_(is_of_other_settings(rules), c.kind.in_(kinds), ~sa.exists().where(own))
        with self._engine.begin() as db:
            return db.execute(sa.update(LEDGER).where(wanted).values(assembled=None)).rowcount

    def look_up_again(self, receipts: Iterable[Receipt], reason: Reason) -> int:
        """Turn receipts back into intents: the next run asks Creovai, and sends what is not there.

        Returns how many; those that were delivered once more in the meantime are left alone.
        """
        c = LEDGER.c
        with self._engine.begin() as db:
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

    def adopt_found(
        self, found: Mapping[Line, str], excluded: Container[Line], found_at: str
    ) -> None:
        """Write receipts for what Creovai has by these ids of its own; due, to be looked at.

        What is excluded there gets a tombstone instead.
        """
        tombstone = {"outcome": Outcome.SKIPPED, "reason": EXCLUDED, "erased_at": found_at}
        receipt = {
            "outcome": Outcome.SENT,
            "reason": None,
            "content_hash": ADOPTED,
            "sent_at": found_at,
            "adopted_at": found_at,
        }
        with self._engine.begin() as db:
            for line, creovai_id in found.items():
                told = tombstone if line in excluded else receipt
                update = sa.update(LEDGER).where(_is(line))
                db.execute(update.values(creovai_id=creovai_id or None, assembled=None, **told))

    def retry_set_aside(self, reason: Reason) -> Counter[str]:
        """Make due all that is set aside; return how many of each kind."""
        c = LEDGER.c
        aside = c.outcome == Outcome.SET_ASIDE
        count = sa.select(c.kind, sa.func.count().label("number")).where(aside).group_by(c.kind)
        due = {"outcome": Outcome.PENDING, "reason": reason, "refused_hash": None, "failures": None}
        with self._engine.begin() as db:
            counts = Counter({row.kind: row.number for row in db.execute(count)})
            db.execute(sa.update(LEDGER).where(aside).values(due))
        return counts

    def forget(self, lines: Iterable[Line]) -> int:
        """Drop conversations, with their rows, receipts and tombstones; return how many rows."""
        rows = 0
        with self._engine.begin() as db:
            for line in lines:
                own = sa.and_(ROWS.c.kind == line.kind, ROWS.c.conversation == line.id)
                newest = db.scalar(sa.select(sa.func.max(ROWS.c.modified)).where(own))
                rows += db.execute(sa.delete(ROWS).where(own)).rowcount
                for table in (LEDGER, COLLECTIONS, ARRIVALS):
                    db.execute(sa.delete(table).where(_is(line, table)))
                note_forgotten(db, self._upsert, line.kind, line.id, newest or "")
                merged = sa.and_(MERGES.c.kind == line.kind, MERGES.c.loser == line.id)
                db.execute(sa.delete(MERGES).where(merged))
                db.execute(sa.delete(SPEAKERS).where(SPEAKERS.c.id == line.id))
        return rows

    def forget_people(self, ids: Sequence[str]) -> set[str]:
        """Drop what is kept of these users and contacts; return whom of them there was."""
        people = sa.and_(ROWS.c.kind == PERSON, ROWS.c.id.in_(ids))
        with self._engine.begin() as db:
            found = set(db.scalars(sa.select(ROWS.c.id).where(people)))
            db.execute(sa.delete(ROWS).where(people))
        return found

    @staticmethod
    def _mark(
        db: sa.Connection,
        line: Receipt,
        reason: Reason,
        *only_if: sa.ColumnElement[bool],
        **values: Any,
    ) -> int:
        statement = sa.update(LEDGER).where(_is(line), *only_if)
        marked = statement.values(outcome=Outcome.PENDING, reason=reason, due_at=None, **values)
        return db.execute(marked).rowcount


def _lines(*conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the query for lines, in order of kind and Id."""
    return sa.select(*_LINE_COLUMNS).where(*conditions).order_by(LEDGER.c.kind, LEDGER.c.id)


def _is(line: Receipt, table: sa.Table = LEDGER) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.kind == line.kind, table.c.id == line.id)
