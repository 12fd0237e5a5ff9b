"""A store copied to another database, table by table: whatever `METADATA` names.

An incomplete copy is marked as one: no run opens it, and the next copy goes on with it, or begins
anew where the source has changed since. The source is read as of one moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from target_creovai.errors import StoreError
from target_creovai.store.database.counts import COUNTS, DERIVED, begin_counts
from target_creovai.store.database.engine import make_engine
from target_creovai.store.database.location import file_of, store_exists, store_name
from target_creovai.store.database.statements import execute_many
from target_creovai.store.database.tables import (
    APPLIED,
    HALF_COPIED,
    LEDGER,
    META,
    METADATA,
    RUNS,
    SCHEMA_VERSION,
)
from target_creovai.store.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Report = Callable[[str, int], None]

ROWS_PER_COMMIT = 1000
ROWS_AT_ONCE = 100
BYTES_PER_COMMIT = 8 * 1024 * 1024
# Of a run, a copy keeps only that its input broke off.
_AT_REST = {"delivering": False, "alone": False}

WRITTEN = (
    "A run wrote to the source meanwhile. Copy again when none is at work: what is new is made up "
    "for then, and until then no run opens the copy."
)
NOT_KEPT = "A copy in memory would be gone at once: name a file, or a server's database."
DIFFERENT = "The copy of {} differs from the source in rows or bytes: copy to another place."


def _plain(table: sa.Table) -> sa.Table:
    """Return the table with plain column types: values as the database has them."""
    columns = [
        sa.Column(
            column.name,
            column.type.impl_instance if isinstance(column.type, sa.TypeDecorator) else column.type,
            primary_key=column.primary_key,
        )
        for column in table.columns
    ]
    return sa.Table(table.name, sa.MetaData(), *columns)


TABLES = [_plain(table) for table in METADATA.sorted_tables if table is not META]


class CopyProgress(msgspec.Struct):
    """What a copy records in its destination: its source, and how far it has come.

    `origin` is the state of the source, `after` the last key of `table` that was copied.
    """

    origin: dict[str, int]
    done: list[str] = msgspec.field(default_factory=list)
    table: str = ""
    after: list[Any] = msgspec.field(default_factory=list)


def open_source(url: str) -> Store:
    """Open the store that is copied; nothing of it is changed.

    Raises:
        StoreError: There is none, or it is not of this version's schema.
    """
    if not store_exists(url):
        msg = f"There is no store at {store_name(url)}: nothing to copy."
        raise StoreError(msg)
    engine = make_engine(url)
    with engine.connect() as db:
        version = db.scalar(sa.select(META.c.value).where(META.c.name == "schema_version"))
    engine.dispose()
    if version != str(SCHEMA_VERSION):
        msg = (
            f"The store at {store_name(url)} has the tables of another version (schema "
            f"{version}, this version writes {SCHEMA_VERSION}). Any command with its "
            "settings, such as status, brings an earlier one up to date; then copy it."
        )
        raise StoreError(msg)
    return Store(url)


def copy_store(source: Store, destination: Destination, report: Report) -> None:
    """Copy all of a store.

    Args:
        source: The store.
        destination: Where to.
        report: Called at every commit with the table and how many rows it has there by now.

    Raises:
        StoreError: A run wrote meanwhile, or the copy is not the same.
    """
    with source.database.snapshot() as db:
        origin = _state(db)
        progress = destination.begin(origin)
        for table in TABLES:
            if table.name not in progress.done:
                _copy(db, destination, progress, table, report)
        destination.verify(db)
        notes = {row.name: row.value for row in db.execute(sa.select(META))}
    with source.database.snapshot() as db:
        if _state(db) != origin:
            raise StoreError(WRITTEN)
    destination.end(notes)


class Destination:
    """A database that gets a copy."""

    def __init__(self, url: str) -> None:
        """Open it.

        Raises:
            StoreError: Something is there that is no half copy, or nothing is kept there.
        """
        self._engine = make_engine(url)
        if self._engine.dialect.name == "sqlite" and file_of(self._engine.url) is None:
            raise StoreError(NOT_KEPT)
        self._name = store_name(url)
        with self._engine.begin() as db:
            self._refuse_foreign(db)
            METADATA.create_all(db)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def _refuse_foreign(self, db: sa.Connection) -> None:
        there = set(sa.inspect(db).get_table_names())
        # A server's database may hold tables of other programs, Meltano for one; a file may not.
        ours = METADATA.tables.keys() | DERIVED.tables.keys()
        foreign = there - ours if db.dialect.name == "sqlite" else set()
        if foreign or (META.name in there and not self._is_half(db) and self._holds(db, there)):
            msg = f"At {self._name} is something already: name an empty place. Nothing was changed."
            raise StoreError(msg)

    def _is_half(self, db: sa.Connection) -> bool:
        return db.scalar(sa.select(META.c.value).where(META.c.name == HALF_COPIED)) is not None

    @staticmethod
    def _holds(db: sa.Connection, there: set[str]) -> bool:
        """Return whether a store has rows, or tables that are not this version's."""
        version = db.scalar(sa.select(META.c.value).where(META.c.name == "schema_version"))
        # An empty store has its migrations recorded.
        tables = [table for table in TABLES if table.name in there - {APPLIED.name}]
        return version != str(SCHEMA_VERSION) or any(
            db.scalar(sa.select(sa.literal(1)).select_from(table).limit(1)) for table in tables
        )

    def begin(self, origin: Mapping[str, int]) -> CopyProgress:
        """Return how far a copy of this source has come; one of another state begins anew."""
        with self._engine.begin() as db:
            note = db.scalar(sa.select(META.c.value).where(META.c.name == HALF_COPIED))
            if note:
                progress = msgspec.msgpack.decode(bytes.fromhex(note), type=CopyProgress)
                if progress.origin == origin:
                    return progress
            progress = CopyProgress(dict(origin))
            for table in (META, *TABLES):
                db.execute(sa.delete(table))
            value = _encoded(progress)
            db.execute(sa.insert(META).values(name=HALF_COPIED, value=value))
        return progress

    def add(self, table: sa.Table, rows: list[dict[str, Any]], progress: CopyProgress) -> None:
        """Write rows, and how far the copy has come, in one transaction."""
        with self._engine.begin() as db:
            if rows:
                execute_many(db, sa.insert(table), rows)
            note = sa.update(META).where(META.c.name == HALF_COPIED)
            db.execute(note.values(value=_encoded(progress)))

    def count(self, table: sa.Table) -> int:
        """Return how many rows a table has by now."""
        with self._engine.connect() as db:
            return int(db.scalar(sa.select(sa.func.count()).select_from(table)) or 0)

    def verify(self, source: sa.Connection) -> None:
        """Compare the number of rows, and of bytes in texts and bodies, of each table.

        Raises:
            StoreError: They differ.
        """
        with self._engine.connect() as db:
            for table in TABLES:
                if _size(db, table) != _size(source, table):
                    raise StoreError(DIFFERENT.format(table.name))

    def end(self, notes: Mapping[str, str]) -> None:
        """Make a store of the copy: runs may open it."""
        with self._engine.begin() as db:
            # Where an empty store was there, its triggers have counted the rows.
            if not sa.inspect(db).has_table(COUNTS.name):
                begin_counts(db)
            db.execute(sa.delete(META))
            rows = [{"name": name, "value": value} for name, value in notes.items()]
            execute_many(db, sa.insert(META), rows)


def _encoded(progress: CopyProgress) -> str:
    return msgspec.msgpack.encode(progress).hex()


def _copy(
    db: sa.Connection,
    destination: Destination,
    progress: CopyProgress,
    table: sa.Table,
    report: Report,
) -> None:
    """Copy a table from where a copy has left off."""
    name = str(table.name)  # a plain str, for msgspec
    if progress.table != name:
        progress.table, progress.after = name, []
    keys = list(table.primary_key.columns)
    query = sa.select(table).where(_wanted(table)).order_by(*keys)
    if progress.after:
        after = [
            sa.literal(value, key.type) for key, value in zip(keys, progress.after, strict=True)
        ]
        query = query.where(sa.tuple_(*keys) > sa.tuple_(*after))
    count = destination.count(table)
    rows_read = db.execution_options(yield_per=ROWS_AT_ONCE).execute(query)
    for rows in _batches(row._asdict() for row in rows_read):
        progress.after = [rows[-1][key.name] for key in keys]
        destination.add(table, rows, progress)
        count += len(rows)
        report(name, count)
    progress.done.append(name)
    destination.add(table, [], progress)


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Cut rows into what one commit takes, so that memory does not grow with the store."""
    batch: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        batch.append(row | _AT_REST if "alone" in row else row)
        size += sum(len(value) for value in row.values() if isinstance(value, str | bytes))
        if len(batch) >= ROWS_PER_COMMIT or size >= BYTES_PER_COMMIT:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _wanted(table: sa.Table) -> sa.ColumnElement[bool]:
    """Return which rows are copied: of runs, only those with an input that broke off."""
    return table.c.reading if table.name == RUNS.name else sa.true()


def _state(db: sa.Connection) -> dict[str, int]:
    """Return numbers that differ after every change of a store that matters to a copy."""
    state = {str(table.name): _size(db, table)[0] for table in TABLES}
    return state | {"revisions": int(db.scalar(sa.select(sa.func.sum(LEDGER.c.revision))) or 0)}


def _size(db: sa.Connection, table: sa.Table) -> tuple[int, ...]:
    """Return how many rows are copied, and how many bytes or characters each column has."""
    lengths = [
        sa.func.coalesce(sa.func.sum(sa.func.length(column)), 0)
        for column in table.columns
        if isinstance(column.type, sa.String | sa.LargeBinary)
    ]
    query = sa.select(sa.func.count(), *lengths).select_from(table).where(_wanted(table))
    return tuple(map(int, db.execute(query).one()))
