"""The database below the store: opened, upgraded, and shared with other runs."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Self

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from target_creovai.errors import StoreError
from target_creovai.store.database.engine import lock_schema, make_engine
from target_creovai.store.database.tables import HALF_COPIED, META, METADATA, SCHEMA_VERSION
from target_creovai.store.database.troubles import store_error
from target_creovai.store.database.upgrades import upgrade
from target_creovai.store.ledger.counts import begin_counts, tidy_counts
from target_creovai.store.ledger.due import NO_NEWS, touch
from target_creovai.store.rows.merges import merged_cases, with_winners, write_merges
from target_creovai.store.runs.coverage import (
    begin_coverage,
    load_coverage,
    newest_moment,
    write_reads,
)
from target_creovai.store.runs.runs import Runs
from target_creovai.store.runs.secret import SecretInUse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy.dialects import postgresql, sqlite

    from target_creovai.wholeness.coverage import Coverage, OpenInput, Read

# The first version that kept which cases were merged.
MERGES_SINCE = 2


def _upsert(dialect: str) -> Callable[[sa.Table], sqlite.Insert | postgresql.Insert]:
    """Return the `INSERT` that knows `ON CONFLICT`, of the one dialect that is needed."""
    insert: Callable[[sa.Table], sqlite.Insert | postgresql.Insert]
    insert = import_module(f"sqlalchemy.dialects.{dialect}").insert
    return insert


class Database:
    """Tables, the runs that use them, and a few notes; use it as a context manager."""

    def __init__(self, url: str) -> None:
        """Open the store, and make it where there is none.

        Raises:
            StoreError: The URL is no database's, the database cannot be used, or
                a newer version of this package wrote it.
        """
        try:
            self._engine = make_engine(url)
            self._upsert = _upsert(self._engine.dialect.name)
            # A target holds its store to the end: the connections go with it, however it ends.
            weakref.finalize(self, self._engine.dispose)
            self._prepare()
            self._runs = Runs(self._engine, self._upsert)
            weakref.finalize(self, self._runs.close)
        except (SQLAlchemyError, OSError) as error:
            raise store_error(error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runs.close()
        self._engine.dispose()

    def _prepare(self) -> None:
        with self._engine.begin() as db:
            lock_schema(db)
            META.create(db, checkfirst=True)
            if db.scalar(sa.select(META.c.value).where(META.c.name == HALF_COPIED)):
                msg = "The store is a copy that is not complete: call store copy once more."
                raise StoreError(msg)
            query = sa.select(META.c.value).where(META.c.name == "schema_version")
            version = int(db.scalar(query) or 0)
            # Written even where it is there, so that a store that cannot be written fails here.
            new = self._upsert(META).values(name="schema_version", value=str(SCHEMA_VERSION))
            db.execute(new.on_conflict_do_nothing())
            if not version:
                METADATA.create_all(db)
                begin_counts(db)
            elif version == SCHEMA_VERSION:
                return
            elif version > SCHEMA_VERSION:
                msg = (
                    "The store was written by a newer version of target-creovai (schema "
                    f"{version}, this version knows {SCHEMA_VERSION}): upgrade, or name another "
                    "store_url."
                )
                raise StoreError(msg)
            else:
                self._upgrade(db, version)
            begin_coverage(db, self._upsert)

    def _upgrade(self, db: sa.Connection, version: int) -> None:
        """Bring a store of an earlier version up to this one; all of it or nothing."""
        METADATA.create_all(db)
        upgrade(db, version)
        if version < MERGES_SINCE:
            # Rows that are stored already bring no news.
            merges = merged_cases(db)
            write_merges(db, self._upsert, "case", merges)
            touched = with_winners(db, {("case", loser) for loser in merges})
            touch(db, self._upsert, dict.fromkeys(touched, NO_NEWS))
        self._set_meta(db, "schema_version", str(SCHEMA_VERSION))

    # Runs

    @property
    def input_ended_well(self) -> bool:
        """Tell whether no input is open: none that runs, and none that broke off."""
        return self.open_input is None

    @property
    def open_input(self) -> OpenInput | None:
        """How it stands with the inputs that have not ended well, if there are any."""
        with self._reading() as db:
            return self._runs.open_input(db)

    @property
    def coverage(self) -> Coverage:
        """What was read of each stream."""
        with self._reading() as db:
            return load_coverage(db, self._runs.open_input(db))

    @property
    def newest_moment(self) -> str:
        """The newest SystemModstamp that any row has come with."""
        with self._reading() as db:
            return newest_moment(db)

    def note_reads(self, reads: Sequence[Read], organization: str | None = None) -> None:
        """Note what this run's input has read by now, of rows that are committed."""
        with self._engine.begin() as db:
            write_reads(db, self._upsert, reads, input_id=self._runs.id, organization=organization)

    def end_input(self, *, well: bool) -> None:
        """Note how the input ended."""
        with self._engine.begin() as db:
            self._runs.end_input(db, well=well)

    def secret_in_use(self) -> SecretInUse | None:
        """Return what is noted of the secret that Creovai accepted last."""
        note = self._meta("secret")
        return msgspec.json.decode(note, type=SecretInUse) if note else None

    def note_secret(self, secret: str, now: datetime) -> None:
        """Note a secret that Creovai accepts, unless it is the one that it accepted before."""
        known = self.secret_in_use()
        if known is None or not known.is_of(secret):
            with self._engine.begin() as db:
                note = msgspec.json.encode(SecretInUse.of(secret, now)).decode()
                self._set_meta(db, "secret", note)

    @contextmanager
    def delivering(self, *, alone: bool = False) -> Iterator[bool]:
        """Deliver for as long as a `with` block lasts; it gets whether that may be now.

        On SQLite one run delivers at a time; on PostgreSQL several do, each what it claims.
        `alone`: nobody else delivers, and nobody else may begin.
        """
        with self._runs.delivering(alone=alone) as free:
            yield free
            if free:
                with self._engine.begin() as db:
                    tidy_counts(db)

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

    @contextmanager
    def _snapshot(self) -> Iterator[sa.Connection]:
        """Let several questions be answered as of one moment; this holds up no writer either."""
        if self._engine.dialect.name == "postgresql":
            with self._engine.connect() as db:
                yield db.execution_options(isolation_level="REPEATABLE READ")
            return
        with self._reading() as db:
            db.exec_driver_sql("BEGIN DEFERRED")
            try:
                yield db
            finally:
                db.exec_driver_sql("ROLLBACK")

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
