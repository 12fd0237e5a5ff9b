"""What a run asks of the store: stage rows, name what is due, write down what became of it."""

from __future__ import annotations

import hashlib
import weakref
from collections import defaultdict
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from target_creovai.errors import StoreError
from target_creovai.payload import utc
from target_creovai.store.collected import companions, write_collections
from target_creovai.store.engine import lock_schema, make_engine
from target_creovai.store.merges import merged_cases, owners, with_winners, write_merges
from target_creovai.store.retention import drop_texts, reconsider, row_of
from target_creovai.store.runs import Runs
from target_creovai.store.tables import (
    IS_DROPPED,
    LEDGER,
    META,
    METADATA,
    ROWS,
    SCHEMA_VERSION,
    chunks,
    execute_many,
    upgrade,
)

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from target_creovai.model import Row

WAITING, SKIPPED, PENDING, SENT, SET_ASIDE = "waiting", "skipped", "pending", "sent", "set aside"

# Stands for the hash of what Creovai has, where that is to be replaced: no content has it.
SEND_AGAIN = "send again"
# The reason of what is sent and stays so until `on_delete` says otherwise.
DELETED_LATER = "deleted in Salesforce after it was sent"

_UPSERTS: dict[str, Callable[[sa.Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


@dataclass(frozen=True, slots=True)
class StagedRow:
    """A row on its way into the store. `body` is its JSON, `modified` sorts as text.

    Where `merges` is true the row is a conversation itself, and `merged_into` the one
    that takes over all its rows, if there is any. Conversations of the same `collection`
    belong together.
    """

    stream: str
    id: str
    kind: str
    conversation: str | None
    modified: str
    body: bytes
    merges: bool = False
    merged_into: str | None = None
    collection: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What makes a row the same row."""
        return self.stream, self.id


@dataclass(frozen=True, slots=True)
class Entry:
    """One conversation's line in the ledger, as far as delivery looks at it."""

    kind: str
    id: str
    revision: int
    outcome: str
    refused_hash: str | None
    intent_hash: str | None
    content_hash: str | None
    metadata: bytes | None
    changed_at: str | None
    sent_at: str | None
    erased_at: str | None


class Standing(NamedTuple):
    """How many conversations stand where. `oldest` has not changed for the longest time."""

    kind: str
    outcome: str
    reason: str | None
    number: int
    oldest: str | None


# Made once: SQLAlchemy takes longer to make a statement than SQLite to carry it out.
_LINE = sa.update(LEDGER).where(
    LEDGER.c.kind == sa.bindparam("of_kind"), LEDGER.c.id == sa.bindparam("of_id")
)
_ENTRY_COLUMNS = [LEDGER.c[name] for name in Entry.__dataclass_fields__]


class Store:
    """A database of rows and conversations; use it as a context manager."""

    def __init__(self, url: str) -> None:
        """Open the store, and make it where there is none.

        Raises:
            StoreError: The URL is no database's, the database cannot be used, or
                a newer version of this package wrote it.
        """
        try:
            self._engine = make_engine(url)
            self._noted: list[tuple[sa.Update | sa.Delete, dict[str, Any]]] = []
            self._upsert = _UPSERTS[self._engine.dialect.name]
            # A target holds its store to the end: the connections go with it, however it ends.
            weakref.finalize(self, self._engine.dispose)
            self._prepare()
            self._runs = Runs(self._engine, self._upsert)
            weakref.finalize(self, self._runs.close)
        except KeyError:
            msg = (
                f"store_url names a {self._engine.dialect.name} database: use sqlite or postgresql"
            )
            raise StoreError(msg) from None
        except ImportError as error:
            msg = (
                f"store_url needs a database driver that is not installed ({error.name}). For "
                "PostgreSQL: install salesforce-creovai[postgres], and write postgresql+psycopg://."
            )
            raise StoreError(msg) from None
        except (ArgumentError, ValueError):
            # Their texts quote parts of the URL, which may be parts of its password.
            msg = "store_url is not a database URL that this installation can open: see the README."
            raise StoreError(msg) from None
        except (SQLAlchemyError, OSError) as error:
            reason = str(getattr(error, "orig", None) or error)
            msg = f"The store cannot be opened ({reason}): check store_url and the rights on it."
            raise StoreError(msg) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runs.close()
        self._engine.dispose()

    def _prepare(self) -> None:
        with self._engine.begin() as db:
            lock_schema(db)
            METADATA.create_all(db)
            db.execute(
                self._upsert(META)
                .values(name="schema_version", value=str(SCHEMA_VERSION))
                .on_conflict_do_nothing()
            )
            query = sa.select(META.c.value).where(META.c.name == "schema_version")
            version = int(db.scalar(query) or 0)
            if version > SCHEMA_VERSION:
                msg = (
                    "The store was written by a newer version of target-creovai (schema "
                    f"{version}, this version knows {SCHEMA_VERSION}): upgrade, or name another "
                    "store_url."
                )
                raise StoreError(msg)
            if version < SCHEMA_VERSION:
                self._upgrade(db, version)

    def _upgrade(self, db: sa.Connection, version: int) -> None:
        """Bring a store of an earlier version up to this one; all of it or nothing."""
        upgrade(db, version)
        # Merges are new in version 2, and rows that are stored already bring no news.
        merges = merged_cases(db)
        write_merges(db, self._upsert, "case", merges)
        self._touch(db, with_winners(db, {("case", loser) for loser in merges}))
        self._set_meta(db, "schema_version", str(SCHEMA_VERSION))

    # Staging

    def stage(self, rows: Sequence[StagedRow]) -> list[StagedRow]:
        """Store rows in one transaction; return those that changed something.

        Idempotent by (stream, id): a copy that is older than the stored row, or
        the same, changes nothing. The input counts as not ended from here on.
        """
        newest: dict[tuple[str, str], StagedRow] = {}
        for row in rows:
            if row.key not in newest or row.modified >= newest[row.key].modified:
                newest[row.key] = row
        with self._engine.begin() as db:
            known = self._known(db, newest)
            changed = [row for row in newest.values() if _is_news(row, known.get(row.key))]
            if changed:
                self._take(db, changed, known)
            self._refill(db, newest.values(), known)
            self._runs.reading(db)
        return changed

    def _take(self, db: sa.Connection, rows: Sequence[StagedRow], known: dict[Any, Any]) -> None:
        """Write rows, and make due every conversation that loses or wins one by them."""
        touched = {
            (row.kind, conversation)
            for row in rows
            for conversation in (
                row.conversation,
                getattr(known.get(row.key), "conversation", None),
            )
            if conversation is not None
        }
        before = with_winners(db, touched)
        self._write(db, rows)
        merged_into: dict[str, dict[str, str | None]] = defaultdict(dict)
        for row in rows:
            if row.merges:
                merged_into[row.kind][row.id] = row.merged_into
        for kind, merges in merged_into.items():
            write_merges(db, self._upsert, kind, merges)
        write_collections(db, self._upsert, rows)
        self._touch(db, before | with_winners(db, touched))

    def _refill(self, db: sa.Connection, rows: Iterable[StagedRow], known: dict[Any, Any]) -> None:
        """Give rows their text back that `drop_texts` took, and that have not changed since."""
        refilled = [row for row in rows if _is_refill(row, known.get(row.key))]
        if refilled:
            self._write(db, refilled)
            reconsider(db, {(row.kind, row.conversation) for row in refilled if row.conversation})

    def _known(self, db: sa.Connection, keys: Iterable[tuple[str, str]]) -> dict[Any, Any]:
        by_stream: dict[str, list[str]] = defaultdict(list)
        for stream, row_id in keys:
            by_stream[stream].append(row_id)
        names = ("stream", "id", "conversation", "modified", "digest")
        columns = (*(ROWS.c[name] for name in names), IS_DROPPED.label("is_dropped"))
        return {
            (row.stream, row.id): row
            for stream, ids in by_stream.items()
            for some in chunks(ids)
            for row in db.execute(
                sa.select(*columns).where(ROWS.c.stream == stream, ROWS.c.id.in_(some))
            )
        }

    def _write(self, db: sa.Connection, rows: Iterable[StagedRow]) -> None:
        insert = self._upsert(ROWS)
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

    def _touch(self, db: sa.Connection, conversations: Iterable[tuple[str, str]]) -> None:
        """Make these conversations due: one of their rows came, changed or moved away."""
        touched = sorted(conversations)
        if not touched:
            return
        now = utc(datetime.now(UTC))
        statement = self._upsert(LEDGER).on_conflict_do_update(
            index_elements=["kind", "id"],
            set_={"revision": LEDGER.c.revision + 1, "changed_at": now},
        )
        new = {"revision": 1, "outcome": WAITING, "reason": "not assembled yet", "changed_at": now}
        execute_many(db, statement, [{"kind": kind, "id": key, **new} for kind, key in touched])

    @property
    def input_ended_well(self) -> bool:
        """Tell whether no input is open: none that runs, and none that broke off."""
        with self._reading() as db:
            return self._runs.inputs_ended_well(db)

    def end_input(self, *, well: bool) -> None:
        """Note how the input ended: after a whole one, cases may be delivered."""
        with self._engine.begin() as db:
            self._runs.end_input(db, well=well)

    def note_run(self, **note: object) -> None:
        """Write down how a run goes: when it began and, once it ended, how."""
        with self._engine.begin() as db:
            self._set_meta(db, "run", msgspec.json.encode(note).decode())

    def last_run(self) -> dict[str, Any] | None:
        """Return what the last run wrote down of itself; nothing tells of the end of a dead one."""
        note = self._meta("run")
        return msgspec.json.decode(note) if note else None

    # Delivery

    def write_down(self) -> None:
        """Commit, all at once, what was noted since the last time.

        What becomes of a conversation is only noted by the methods that say so: a commit waits
        for the disk, and one for many costs hardly more than one for each.
        """
        if not self._noted:
            return
        with self._engine.begin() as db:
            for statement, values in self._noted:
                db.execute(statement, values)
        self._noted.clear()

    def due(
        self, kind: str, *, rules: str, now: str, after: str = "", limit: int = 100
    ) -> list[Entry]:
        """Return conversations to look at, in order of Id, from the one behind `after`.

        Due is what changed since it was assembled, what time or another set of
        assembly rules may free, what was left pending, and what an earlier run
        sent without living to see the answer.
        """
        query = (
            sa.select(*_ENTRY_COLUMNS)
            .where(_is_due(kind, rules, now), LEDGER.c.id > after)
            .order_by(LEDGER.c.id)
            .limit(limit)
        )
        with self._reading() as db:
            return [Entry(*row) for row in db.execute(query)]

    def claim(
        self, kind: str, *, rules: str, now: str, after: str = "", limit: int = 100
    ) -> list[Entry]:
        """Return what `due` does, and keep other runs from it until it is concluded.

        What another run that lives has claimed is passed over.
        """
        c = LEDGER.c
        query = (
            sa.select(*_ENTRY_COLUMNS)
            .where(_is_due(kind, rules, now), self._runs.free(), c.id > after)
            .order_by(c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._engine.begin() as db:
            entries = [Entry(*row) for row in db.execute(query)]
            mine = sa.and_(c.kind == kind, c.id.in_([entry.id for entry in entries]))
            db.execute(sa.update(LEDGER).where(mine).values(claimed_by=self._runs.id))
        return entries

    def claimed_by_others(self, kind: str, *, rules: str, now: str) -> int:
        """Return how many conversations that are due another run has claimed.

        Whether it lives or not: a dead one's are claimed by whoever comes by, unless its
        connection outlives it, and a transaction of it still locks them.
        """
        due = sa.and_(_is_due(kind, rules, now), LEDGER.c.claimed_by != self._runs.id)
        with self._reading() as db:
            return db.scalar(sa.select(sa.func.count()).select_from(LEDGER).where(due)) or 0

    def count_due(self, kind: str, *, rules: str, now: str) -> int:
        """Return how many conversations `due` would come to."""
        query = sa.select(sa.func.count()).select_from(LEDGER).where(_is_due(kind, rules, now))
        with self._reading() as db:
            return db.scalar(query) or 0

    def entries(self, kind: str, ids: Sequence[str]) -> list[Entry]:
        """Return these conversations as the ledger has them now, in order of Id."""
        c = LEDGER.c
        query = sa.select(*_ENTRY_COLUMNS).where(c.kind == kind, c.id.in_(ids)).order_by(c.id)
        with self._reading() as db:
            return [Entry(*row) for row in db.execute(query)]

    def rows_of(self, kind: str, ids: Sequence[str]) -> dict[str, dict[str, list[Row]]]:
        """Return the rows of these conversations: by conversation, then by stream.

        The rows of those that were merged into one of them are among its rows. Where one
        belongs to a collection with others, so is the Id of another of them.
        """
        found: dict[str, dict[str, list[Row]]] = {key: defaultdict(list) for key in ids}
        c = ROWS.c
        query = sa.select(c.conversation, c.stream, c.id, c.modified, c.body)
        with self._reading() as db:
            takers = owners(db, kind, ids)
            for some in chunks(list(takers)):
                wanted = query.where(c.kind == kind, c.conversation.in_(some))
                for conversation, stream, *stored in db.execute(wanted):
                    row = row_of(*stored)
                    for key in takers[conversation]:
                        found[key][stream].append(row)
            for key, stream, companion in companions(db, kind, ids):
                found[key][stream].append({"Id": companion})
        return found

    def with_losers(self, kind: str, ids: Sequence[str]) -> list[str]:
        """Return these conversations and those whose rows they took over."""
        with self._reading() as db:
            return sorted(owners(db, kind, ids))

    def drop_texts(self, before: str) -> Counter[str]:
        """Drop the text of what was delivered, or skipped, and rests since; return how many."""
        return drop_texts(self._engine, (SENT, SKIPPED), before)

    def settle(
        self,
        entry: Entry,
        outcome: str,
        *,
        rules: str,
        reason: str | None = None,
        detail: str | None = None,
        due_at: str | None = None,
        refused_hash: str | None = None,
    ) -> None:
        """Note what became of a conversation that was not sent now."""
        self._conclude(
            entry,
            outcome,
            rules,
            reason=reason,
            detail=detail,
            due_at=due_at,
            refused_hash=refused_hash,
        )

    def keep(self, entry: Entry, outcome: str, *, rules: str) -> None:
        """Note that nothing is to be sent: Creovai has it, or refused just this."""
        cleared = {"reason": None, "detail": None} if outcome == SENT else {}
        self._conclude(entry, outcome, rules, **cleared)

    def intend(self, entry: Entry, content_hash: str, metadata: bytes) -> None:
        """Note what is about to be posted; it is to be written down before that."""
        self._update(
            entry,
            outcome=PENDING,
            reason=None,
            detail=None,
            intent_hash=content_hash,
            intent_metadata=metadata,
        )

    def receipt(
        self,
        entry: Entry,
        *,
        rules: str,
        sent_at: str,
        content_hash: str | None,
        metadata: bytes,
        creovai_id: str | None,
    ) -> None:
        """Note that Creovai has this content."""
        values = {"creovai_id": creovai_id} if creovai_id else {}
        self._conclude(
            entry,
            SENT,
            rules,
            reason=None,
            detail=None,
            refused_hash=None,
            sent_at=sent_at,
            content_hash=content_hash,
            metadata=metadata,
            **values,
        )

    def recover(self, entry: Entry, sent_at: str, creovai_id: str) -> None:
        """Note, in the place of an intent, the receipt that a run did not live to write."""
        self._update(
            entry,
            _LINE.values(content_hash=LEDGER.c.intent_hash, metadata=LEDGER.c.intent_metadata),
            outcome=SENT,
            reason=None,
            sent_at=sent_at,
            creovai_id=creovai_id or None,
            intent_hash=None,
            intent_metadata=None,
        )

    def bury(
        self, entry: Entry, *, rules: str, reason: str | None = None, erased_at: str | None = None
    ) -> None:
        """Note that the rows of an erased conversation go, and its tombstone stays.

        Without a reason and a time: those that stand there stay.
        """
        told = {"reason": reason, "erased_at": erased_at} if erased_at else {}
        own = sa.and_(ROWS.c.kind == entry.kind, ROWS.c.conversation == entry.id)
        self._noted.append((sa.delete(ROWS).where(own), {}))
        self._conclude(entry, SKIPPED, rules, detail=None, metadata=None, **told)

    def keep_to_prefix(self, prefix: str) -> None:
        """Refuse to send from one store under two prefixes: all would arrive twice.

        Raises:
            StoreError: What was sent so far had another `session_id_prefix`.
        """
        with self._engine.begin() as db:
            known = db.scalar(sa.select(META.c.value).where(META.c.name == "session_id_prefix"))
            if known == prefix:
                return
            sent = sa.exists().where(LEDGER.c.content_hash.is_not(None))
            if known is not None and db.scalar(sa.select(sent)):
                msg = (
                    f"This store has sent with session_id_prefix '{known}', not '{prefix}': go "
                    "back to it, or give each org a store of its own (on PostgreSQL, a database)."
                )
                raise StoreError(msg)
            self._set_meta(db, "session_id_prefix", prefix)

    def look_again(self, reason: str) -> None:
        """Make due what waits for this reason."""
        c = LEDGER.c
        waiting = sa.update(LEDGER).where(c.outcome == WAITING, c.reason == reason)
        with self._engine.begin() as db:
            db.execute(waiting.values(assembled=None))

    def postpone(self, entry: Entry, reason: str) -> None:
        """Note that a conversation stays pending; so does its intent: it is looked up first."""
        self._update(entry, outcome=PENDING, reason=reason, claimed_by=None)

    def outcomes(self) -> list[Standing]:
        """Return how many conversations stand where."""
        columns = (LEDGER.c.kind, LEDGER.c.outcome, LEDGER.c.reason)
        counts = (sa.func.count(), sa.func.min(LEDGER.c.changed_at))
        query = sa.select(*columns, *counts).group_by(*columns).order_by(*columns)
        with self._reading() as db:
            return [Standing(*row) for row in db.execute(query)]

    def _conclude(self, entry: Entry, outcome: str, rules: str, **values: Any) -> None:
        """Note the outcome of this revision; no intent is open any more."""
        self._update(
            entry,
            outcome=outcome,
            rules=rules,
            assembled=entry.revision,
            intent_hash=None,
            intent_metadata=None,
            claimed_by=None,
            **({"due_at": None} | values),
        )

    def _update(self, entry: Entry, statement: sa.Update | None = None, **values: Any) -> None:
        line = {"of_kind": entry.kind, "of_id": entry.id}
        self._noted.append((_LINE if statement is None else statement, line | values))

    def delivering(self, *, alone: bool = False) -> AbstractContextManager[bool]:
        """Deliver for as long as a `with` block lasts; it gets whether that may be now.

        On SQLite one run delivers at a time; on PostgreSQL several do, each what it claims.
        `alone`: nobody else delivers, and nobody else may begin.
        """
        return self._runs.delivering(alone=alone)

    @property
    def lease_lost(self) -> bool:
        """Tell whether this run was away for so long that another may deliver what it claimed."""
        return self._runs.lost

    # Plumbing

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        """Read without a transaction of our own, so that no reader holds up a writer."""
        with self._engine.connect() as db:
            yield db.execution_options(isolation_level="AUTOCOMMIT")

    def _meta(self, name: str) -> str | None:
        with self._reading() as db:
            return db.scalar(sa.select(META.c.value).where(META.c.name == name))

    def _set_meta(self, db: sa.Connection, name: str, value: str) -> None:
        insert = self._upsert(META).values(name=name, value=value)
        db.execute(
            insert.on_conflict_do_update(
                index_elements=["name"],
                set_={"value": value},
                where=META.c.value != value,
            )
        )


def _is_due(kind: str, rules: str, now: str) -> sa.ColumnElement[bool]:
    c = LEDGER.c
    return sa.and_(
        c.kind == kind,
        sa.or_(
            c.assembled.is_(None),
            c.assembled != c.revision,
            c.outcome == PENDING,
            c.intent_hash.is_not(None),
            c.due_at <= now,
            sa.and_(
                sa.or_(c.outcome.in_([WAITING, SKIPPED, SET_ASIDE]), c.reason == DELETED_LATER),
                c.rules != rules,
            ),
        ),
    )


def _is_news(row: StagedRow, known: Any) -> bool:
    if known is None:
        return True
    same = known.digest == _digest(row.body) and known.conversation == row.conversation
    return row.modified >= known.modified and not same


def _is_refill(row: StagedRow, known: Any) -> bool:
    return known is not None and known.is_dropped and known.digest == _digest(row.body)


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()
