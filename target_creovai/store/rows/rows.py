"""The rows that conversations are made of: staged by the batch, and read by the conversation."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from target_creovai.store.database.statements import chunks, execute_many
from target_creovai.store.database.tables import IS_DROPPED, ROWS
from target_creovai.store.ledger.due import NO_FACTS, ConversationFacts, mark_changed
from target_creovai.store.rows.arrivals import arrivals_of, record_arrivals
from target_creovai.store.rows.companions import companions, write_collections
from target_creovai.store.rows.merges import owners, with_winners, write_merges
from target_creovai.store.rows.parents import fill_parents, reopen_unknown_authors
from target_creovai.store.rows.retention import drop_texts, reopen_refilled, row_of
from target_creovai.store.rows.sizes import batches_by_size
from target_creovai.store.rows.unread import restore_unread
from target_creovai.store.runs.coverage import (
    load_coverage,
    record_newest,
)

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from target_creovai.model.rows import Row, StagedRow
    from target_creovai.store.database.database import Database
    from target_creovai.store.runs.runs import Runs
    from target_creovai.wholeness.coverage import Coverage


# Otherwise PostgreSQL's driver holds all rows in memory beside what is decoded from each.
_ROW_BY_ROW = {"stream_results": True, "max_row_buffer": 100}


class Snapshot(msgspec.Struct, frozen=True):
    """Conversations as of one moment: their rows by Id and stream, and what was read by then.

    `filters` are those under which each of them came.
    """

    rows: dict[str, dict[str, list[Row]]]
    coverage: Coverage
    filters: Mapping[str, Collection[str]]


class Rows:
    """Stages rows, and returns them by the conversation that they belong to."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._database = database
        self._runs = runs

    def has_unassigned(self, stream: str) -> bool:
        """Tell whether rows of a stream belong to no conversation."""
        unassigned = sa.exists().where(ROWS.c.stream == stream, ROWS.c.conversation.is_(None))
        with self._database.reading() as db:
            return bool(db.scalar(sa.select(unassigned)))

    def stage(
        self, rows: Sequence[StagedRow], filters: Mapping[str, str] | None = None
    ) -> list[StagedRow]:
        """Store rows in one transaction; return those that changed something.

        Idempotent by (stream, id): a copy that is older than the stored row, or
        the same, changes nothing. The input counts as not ended from here on.

        Args:
            rows: Rows, the later of two versions last.
            filters: By kind of conversation, the filter under which they came.
        """
        newest: dict[tuple[str, str], StagedRow] = {}
        for row in rows:
            key = row.key
            if key not in newest or row.modified >= newest[key].modified:
                newest[key] = row
        with self._database.transaction() as db:
            known = self._known(db, newest)
            newest = restore_unread(db, newest, known)
            changed, refilled = _compared(newest, known)
            if changed:
                self._take(db, changed, known)
                reopen_unknown_authors(db, changed)
            if refilled:
                self._refill(db, refilled)
            record_newest(db, self._database.upsert, rows)
            for kind, condition in (filters or {}).items():
                record_arrivals(
                    db, self._database.upsert, [r for r in rows if r.kind == kind], condition
                )
            self._runs.reading(db)
        return changed

    def rows_of(self, kind: str, ids: Sequence[str]) -> dict[str, dict[str, list[Row]]]:
        """Return the rows of these conversations: by conversation, then by stream.

        The rows of those that were merged into one of them are among its rows. Where one
        belongs to a collection with others, so is the Id of another of them.
        """
        return self.snapshot_of(kind, ids).rows

    def snapshot_of(self, kind: str, ids: Sequence[str]) -> Snapshot:
        """Return what `rows_of` does, with the coverage of the same moment."""
        found: dict[str, dict[str, list[Row]]] = {key: defaultdict(list) for key in ids}
        c = ROWS.c
        query = sa.select(c.conversation, c.stream, c.id, c.modified, c.body)
        with self._database.snapshot() as db:
            coverage = load_coverage(db, self._runs.open_input_in(db))
            filters = arrivals_of(db, kind, ids)
            receivers = owners(db, kind, ids)
            for some in chunks(list(receivers)):
                wanted = query.where(c.kind == kind, c.conversation.in_(some))
                for conversation, stream, *stored in db.execute(
                    wanted, execution_options=_ROW_BY_ROW
                ):
                    row = row_of(*stored)
                    for key in receivers[conversation]:
                        found[key][stream].append(row)
            fill_parents(db, _each(found.values()))
            for key, stream, companion in companions(db, kind, ids):
                found[key][stream].append({"Id": companion})
        return Snapshot(found, coverage, filters)

    def batches_by_size(self, kind: str, ids: Sequence[str], most_bytes: int) -> list[list[str]]:
        """Return batches of Ids of up to so many bytes of rows; a larger one is a batch alone."""
        with self._database.reading() as db:
            return list(batches_by_size(db, kind, ids, most_bytes))

    def with_losers(self, kind: str, ids: Sequence[str]) -> list[str]:
        """Return these conversations and those whose rows they took over."""
        with self._database.reading() as db:
            return sorted(owners(db, kind, ids))

    def drop_texts(self, before: str) -> Counter[str]:
        """Drop the text of what was delivered, or skipped, and not changed since `before`.

        Returns how many conversations of each kind.
        """
        return drop_texts(self._database.engine, before)

    def _take(self, db: sa.Connection, rows: Sequence[StagedRow], known: dict[Any, Any]) -> None:
        """Write rows, and make due every conversation that loses or gains one by them."""
        stored = ((row.kind, known.get(row.key)) for row in rows)
        named = {(kind, old.conversation) for kind, old in stored if old}
        named |= {(row.kind, row.conversation) for row in rows}
        conversations = {(kind, key) for kind, key in named if key is not None}
        before = with_winners(db, conversations)
        self._write(db, rows)
        merged_into: dict[str, dict[str, str | None]] = defaultdict(dict)
        for row in rows:
            if row.merges:
                merged_into[row.kind][row.id] = row.merged_into
        for kind, merges in merged_into.items():
            write_merges(db, self._database.upsert, kind, merges)
        write_collections(db, self._database.upsert, rows)
        facts = _facts(rows)
        changed = before | with_winners(db, conversations)
        mark_changed(db, self._database.upsert, {key: facts.get(key, NO_FACTS) for key in changed})

    def _refill(self, db: sa.Connection, rows: Sequence[StagedRow]) -> None:
        """Give rows their text back that `drop_texts` took, and that have not changed since."""
        self._write(db, rows)
        reopen_refilled(db, {(row.kind, row.conversation) for row in rows if row.conversation})

    def _known(self, db: sa.Connection, keys: Iterable[tuple[str, str]]) -> dict[Any, Any]:
        by_stream: dict[str, list[str]] = defaultdict(list)
        for stream, row_id in keys:
            by_stream[stream].append(row_id)
        c = ROWS.c
        query = sa.select(
            c.id, c.conversation, c.modified, c.digest, IS_DROPPED.label("is_dropped")
        )
        return {
            (stream, row[0]): row
            for stream, ids in by_stream.items()
            for some in chunks(ids)
            for row in db.execute(query.where(c.stream == stream, c.id.in_(some))).fetchall()
        }

    def _write(self, db: sa.Connection, rows: Iterable[StagedRow]) -> None:
        insert = self._database.upsert(ROWS)
        statement = insert.on_conflict_do_update(
            index_elements=["stream", "id"],
            set_={
                name: insert.excluded[name]
                for name in ("kind", "conversation", "modified", "digest", "body")
            },
            where=insert.excluded.modified >= ROWS.c.modified,
        )
        execute_many(
            db,
            statement,
            [
                {
                    "stream": row.stream,
                    "id": row.id,
                    "kind": row.kind,
                    "conversation": row.conversation,
                    "modified": row.modified,
                    "digest": _digest(row.body),
                    "body": row.body,
                }
                for row in rows
            ],
        )


def _each(found: Iterable[dict[str, list[Row]]]) -> Iterator[tuple[str, Row]]:
    return ((stream, row) for streams in found for stream, rows in streams.items() for row in rows)


def _facts(rows: Iterable[StagedRow]) -> dict[tuple[str, str], ConversationFacts]:
    """Return, by kind and Id, what rows contain about their conversations."""
    found: dict[tuple[str, str], ConversationFacts] = {}
    for row in rows:
        if row.conversation is not None:
            key = row.kind, row.conversation
            modified, number = found.get(key, NO_FACTS)
            found[key] = ConversationFacts(max(modified, row.modified), row.number or number)
    return found


def _compared(
    newest: Mapping[tuple[str, str], StagedRow], known: Mapping[tuple[str, str], Any]
) -> tuple[list[StagedRow], list[StagedRow]]:
    """Return the rows that differ from what is stored, and those that bring a dropped text back."""
    changed, refilled = [], []
    for key, row in newest.items():
        stored = known.get(key)
        if stored is None:
            changed.append(row)
            continue
        _, conversation, modified, digest, is_dropped = stored
        same = digest == _digest(row.body)
        if row.modified >= modified and not (same and conversation == row.conversation):
            changed.append(row)
        if same and is_dropped:
            refilled.append(row)
    return changed, refilled


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()
