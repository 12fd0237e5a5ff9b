"""The store: staged rows, and the ledger of what was delivered. All SQL is here.

One relational database, SQLite by default and PostgreSQL by URL. A commit here
is what STATE vouches for, so SQLite runs in WAL mode with `synchronous=FULL`:
what was committed survives kill -9 and a power cut.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import weakref
from collections import defaultdict
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from target_creovai.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from target_creovai.model import Row

SCHEMA_VERSION = 1
BUSY_TIMEOUT_SECONDS = 60
# SQLite takes 32,766 variables a statement; PostgreSQL more.
IDS_PER_QUERY = 1000
# PostgreSQL names its advisory locks by number: any will do, if it is always the same.
DELIVERY_LOCK = 2403_1865_7127

WAITING, SKIPPED, PENDING, SENT, SET_ASIDE = "waiting", "skipped", "pending", "sent", "set aside"

_tables = sa.MetaData()

_meta = sa.Table(
    "creovai_meta",
    _tables,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

# `modified` is SystemModstamp in one fixed form, so that text order is time order.
_rows = sa.Table(
    "creovai_rows",
    _tables,
    sa.Column("stream", sa.String(80), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("conversation", sa.String(40)),
    sa.Column("modified", sa.String(32), nullable=False),
    sa.Column("digest", sa.LargeBinary(16), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Index("creovai_rows_conversation", "kind", "conversation"),
)

# `revision` counts changes of a conversation's rows, `assembled` is the revision that the
# outcome speaks of. The receipt (sent_at to metadata) outlives later outcomes.
_ledger = sa.Table(
    "creovai_conversations",
    _tables,
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("assembled", sa.BigInteger),
    sa.Column("rules", sa.String(64)),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("due_at", sa.String(32)),
    sa.Column("refused_hash", sa.String(64)),
    sa.Column("intent_hash", sa.String(64)),
    sa.Column("intent_metadata", sa.LargeBinary),
    sa.Column("sent_at", sa.String(32)),
    sa.Column("creovai_id", sa.Text),
    sa.Column("content_hash", sa.String(64)),
    sa.Column("metadata", sa.LargeBinary),
)


_UPSERTS: dict[str, Callable[[sa.Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}


@dataclass(frozen=True, slots=True)
class StagedRow:
    """A row on its way into the store. `body` is its JSON, `modified` sorts as text."""

    stream: str
    id: str
    kind: str
    conversation: str | None
    modified: str
    body: bytes

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


_ENTRY_COLUMNS = [_ledger.c[name] for name in Entry.__dataclass_fields__]


class Store:
    """A database of rows and conversations; use it as a context manager."""

    def __init__(self, url: str) -> None:
        """Open the store, and make it where there is none.

        Raises:
            StoreError: The URL is no database's, the database cannot be used, or
                a newer version of this package wrote it.
        """
        try:
            self._engine = _engine(url)
            self._upsert = _UPSERTS[self._engine.dialect.name]
            # A target holds its store to the end: the connections go with it, however it ends.
            weakref.finalize(self, self._engine.dispose)
            self._prepare()
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
        self._engine.dispose()

    def _prepare(self) -> None:
        with self._engine.begin() as db:
            _tables.create_all(db)
            db.execute(
                self._upsert(_meta)
                .values(name="schema_version", value=str(SCHEMA_VERSION))
                .on_conflict_do_nothing()
            )
        version = int(self._meta("schema_version") or 0)
        if version > SCHEMA_VERSION:
            msg = (
                f"The store was written by a newer version of target-creovai (schema {version}, "
                f"this version knows {SCHEMA_VERSION}): upgrade, or name another store_url."
            )
            raise StoreError(msg)

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
                self._write(db, changed)
                moved = {
                    (row.kind, known[row.key].conversation) for row in changed if row.key in known
                }
                self._touch(db, moved | {(row.kind, row.conversation) for row in changed})
            self._set_meta(db, "input", "open")
        return changed

    def _known(self, db: sa.Connection, keys: Iterable[tuple[str, str]]) -> dict[Any, Any]:
        by_stream: dict[str, list[str]] = defaultdict(list)
        for stream, row_id in keys:
            by_stream[stream].append(row_id)
        columns = [_rows.c[name] for name in ("stream", "id", "conversation", "modified", "digest")]
        return {
            (row.stream, row.id): row
            for stream, ids in by_stream.items()
            for some in _chunks(ids, IDS_PER_QUERY)
            for row in db.execute(
                sa.select(*columns).where(_rows.c.stream == stream, _rows.c.id.in_(some))
            )
        }

    def _write(self, db: sa.Connection, rows: Iterable[StagedRow]) -> None:
        insert = self._upsert(_rows)
        statement = insert.on_conflict_do_update(
            index_elements=["stream", "id"],
            set_={
                name: insert.excluded[name]
                for name in ("kind", "conversation", "modified", "digest", "body")
            },
            where=insert.excluded.modified >= _rows.c.modified,
        )
        db.execute(
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

    def _touch(self, db: sa.Connection, conversations: Iterable[tuple[str, str | None]]) -> None:
        """Make these conversations due: one of their rows came, changed or moved away."""
        touched = sorted((kind, key) for kind, key in conversations if key is not None)
        if not touched:
            return
        insert = self._upsert(_ledger)
        statement = insert.on_conflict_do_update(
            index_elements=["kind", "id"], set_={"revision": _ledger.c.revision + 1}
        )
        new = {"revision": 1, "outcome": WAITING, "reason": "not assembled yet"}
        db.execute(statement, [{"kind": kind, "id": key, **new} for kind, key in touched])

    @property
    def input_ended_well(self) -> bool:
        """Tell whether the last input that brought anything was whole."""
        return self._meta("input") == "ended well"

    def end_input(self, *, well: bool) -> None:
        """Note how the input ended: after a whole one, cases may be delivered."""
        with self._engine.begin() as db:
            self._set_meta(db, "input", "ended well" if well else "open")

    def note_run(self, **note: object) -> None:
        """Write down how a run goes: when it began and, once it ended, how."""
        with self._engine.begin() as db:
            self._set_meta(db, "run", msgspec.json.encode(note).decode())

    def last_run(self) -> dict[str, Any] | None:
        """Return what the last run wrote down of itself; nothing tells of the end of a dead one."""
        note = self._meta("run")
        return msgspec.json.decode(note) if note else None

    # Delivery

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
            .where(_is_due(kind, rules, now), _ledger.c.id > after)
            .order_by(_ledger.c.id)
            .limit(limit)
        )
        with self._reading() as db:
            return [Entry(*row) for row in db.execute(query)]

    def count_due(self, kind: str, *, rules: str, now: str) -> int:
        """Return how many conversations `due` would come to."""
        query = sa.select(sa.func.count()).select_from(_ledger).where(_is_due(kind, rules, now))
        with self._reading() as db:
            return db.scalar(query) or 0

    def entries(self, kind: str, ids: Sequence[str]) -> list[Entry]:
        """Return these conversations as the ledger has them now, in order of Id."""
        c = _ledger.c
        query = sa.select(*_ENTRY_COLUMNS).where(c.kind == kind, c.id.in_(ids)).order_by(c.id)
        with self._reading() as db:
            return [Entry(*row) for row in db.execute(query)]

    def rows_of(self, kind: str, ids: Sequence[str]) -> dict[str, dict[str, list[Row]]]:
        """Return the rows of these conversations: by conversation, then by stream."""
        found: dict[str, dict[str, list[Row]]] = {key: defaultdict(list) for key in ids}
        query = sa.select(_rows.c.conversation, _rows.c.stream, _rows.c.body).where(
            _rows.c.kind == kind, _rows.c.conversation.in_(ids)
        )
        with self._reading() as db:
            for conversation, stream, body in db.execute(query):
                found[conversation][stream].append(msgspec.json.decode(body))
        return found

    def settle(
        self,
        entry: Entry,
        outcome: str,
        *,
        rules: str,
        reason: str | None = None,
        due_at: str | None = None,
        refused_hash: str | None = None,
    ) -> None:
        """Write down what became of a conversation that was not sent now."""
        self._update(
            entry,
            outcome=outcome,
            reason=reason,
            due_at=due_at,
            refused_hash=refused_hash,
            rules=rules,
            assembled=entry.revision,
            intent_hash=None,
            intent_metadata=None,
        )

    def keep(self, entry: Entry, outcome: str, *, rules: str) -> None:
        """Write down that nothing is to be sent: Creovai has it, or refused just this."""
        cleared = {"reason": None} if outcome == SENT else {}
        self._update(
            entry,
            outcome=outcome,
            rules=rules,
            assembled=entry.revision,
            due_at=None,
            intent_hash=None,
            intent_metadata=None,
            **cleared,
        )

    def intend(self, entry: Entry, content_hash: str, metadata: bytes) -> None:
        """Write down, before it is posted, what is about to be posted."""
        self._update(
            entry,
            outcome=PENDING,
            reason=None,
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
        """Write down that Creovai has this content."""
        values = {"creovai_id": creovai_id} if creovai_id else {}
        self._update(
            entry,
            outcome=SENT,
            reason=None,
            due_at=None,
            refused_hash=None,
            rules=rules,
            assembled=entry.revision,
            intent_hash=None,
            intent_metadata=None,
            sent_at=sent_at,
            content_hash=content_hash,
            metadata=metadata,
            **values,
        )

    def recover(self, entry: Entry, sent_at: str, creovai_id: str) -> None:
        """Turn an intent into the receipt that a run did not live to write."""
        self._update(
            entry,
            outcome=SENT,
            reason=None,
            sent_at=sent_at,
            creovai_id=creovai_id or None,
            content_hash=_ledger.c.intent_hash,
            metadata=_ledger.c.intent_metadata,
            intent_hash=None,
            intent_metadata=None,
        )

    def postpone(self, entry: Entry, reason: str) -> None:
        """Leave a conversation pending; its intent stays, so that it is looked up first."""
        self._update(entry, outcome=PENDING, reason=reason)

    def outcomes(self) -> list[tuple[str, str, str | None, int]]:
        """Return how many conversations stand where: kind, outcome, reason, count."""
        columns = (_ledger.c.kind, _ledger.c.outcome, _ledger.c.reason)
        query = sa.select(*columns, sa.func.count()).group_by(*columns).order_by(*columns)
        with self._reading() as db:
            return [(kind, outcome, why, count) for kind, outcome, why, count in db.execute(query)]

    def _update(self, entry: Entry, **values: Any) -> None:
        statement = sa.update(_ledger).where(_ledger.c.kind == entry.kind, _ledger.c.id == entry.id)
        with self._engine.begin() as db:
            db.execute(statement.values(**values))

    def sole_delivery(self) -> AbstractContextManager[bool]:
        """Lock delivery for as long as a `with` block lasts; it gets whether that went well.

        The lock ends with its process, however that ends.
        """
        return _DELIVERY_LOCKS[self._engine.dialect.name](self._engine)

    # Plumbing

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        """Read without a transaction of our own, so that no reader holds up a writer."""
        with self._engine.connect() as db:
            yield db.execution_options(isolation_level="AUTOCOMMIT")

    def _meta(self, name: str) -> str | None:
        with self._reading() as db:
            return db.scalar(sa.select(_meta.c.value).where(_meta.c.name == name))

    def _set_meta(self, db: sa.Connection, name: str, value: str) -> None:
        insert = self._upsert(_meta).values(name=name, value=value)
        db.execute(
            insert.on_conflict_do_update(
                index_elements=["name"],
                set_={"value": value},
                where=_meta.c.value != value,
            )
        )


def _engine(url: str) -> sa.Engine:
    parsed = sa.make_url(url)
    logging.getLogger("sqlalchemy.engine.Engine").addFilter(_above_debug)
    # A failed statement would print its parameters: customer text.
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, hide_parameters=True, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        _create_private(Path(parsed.database))
    engine = sa.create_engine(
        parsed, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_SECONDS}
    )
    sa.event.listen(engine, "connect", _configure_sqlite)
    sa.event.listen(engine, "begin", _begin_immediate)
    return engine


@contextmanager
def _sqlite_lock(engine: sa.Engine) -> Iterator[bool]:
    """Hold an empty database beside the store: locking the store would hold up staging."""
    store = engine.url.database
    if not store or store == ":memory:":
        yield True
        return
    path = Path(f"{store}-delivery")
    _create_private(path)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as db:
        try:
            db.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            yield False
        else:
            yield True


@contextmanager
def _postgresql_lock(engine: sa.Engine) -> Iterator[bool]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.detach()  # closed at the end, not pooled: that gives the lock back
        yield bool(db.scalar(sa.select(sa.func.pg_try_advisory_lock(DELIVERY_LOCK))))


_DELIVERY_LOCKS: dict[str, Callable[[sa.Engine], AbstractContextManager[bool]]] = {
    "sqlite": _sqlite_lock,
    "postgresql": _postgresql_lock,
}


def _above_debug(record: logging.LogRecord) -> bool:
    """Let no debug record pass: at that level SQLAlchemy logs the rows that it reads."""
    return record.levelno > logging.DEBUG


def _create_private(path: Path) -> None:
    """Make the file readable for its owner alone: it holds customer text."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _configure_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # BEGIN is ours, below
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _begin_immediate(connection: sa.Connection) -> None:
    """Take the write lock at once: two writers then wait instead of failing half-way."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _is_due(kind: str, rules: str, now: str) -> sa.ColumnElement[bool]:
    c = _ledger.c
    return sa.and_(
        c.kind == kind,
        sa.or_(
            c.assembled.is_(None),
            c.assembled != c.revision,
            c.outcome == PENDING,
            c.intent_hash.is_not(None),
            c.due_at <= now,
            sa.and_(c.outcome.in_([WAITING, SKIPPED, SET_ASIDE]), c.rules != rules),
        ),
    )


def _is_news(row: StagedRow, known: Any) -> bool:
    if known is None:
        return True
    same = known.digest == _digest(row.body) and known.conversation == row.conversation
    return row.modified >= known.modified and not same


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=16).digest()


def _chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))
