"""The database below the store: connections, transactions, and named values."""

from __future__ import annotations

from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_creovai.store.database.engine import make_engine
from target_creovai.store.database.tables import META

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy.dialects import postgresql, sqlite


def _upsert(dialect: str) -> Callable[[sa.Table], sqlite.Insert | postgresql.Insert]:
    """Return the `INSERT` with `ON CONFLICT`, of the one dialect that is needed."""
    insert: Callable[[sa.Table], sqlite.Insert | postgresql.Insert]
    insert = import_module(f"sqlalchemy.dialects.{dialect}").insert
    return insert


class Database:
    """One database, which all parts of a store share.

    Attributes:
        engine: SQLAlchemy's engine, with its pool of connections.
        upsert: Returns the dialect's `INSERT` into a table, which has `ON CONFLICT`.
    """

    def __init__(self, url: str) -> None:
        """Make an engine; nothing is read or written yet, but a missing SQLite file is made.

        Raises:
            StoreError: The URL is no database's, or its driver or its file cannot be used.
        """
        self.engine = make_engine(url)
        self.upsert = _upsert(self.engine.dialect.name)

    @property
    def is_postgresql(self) -> bool:
        """Whether this is a server, which several machines may use at once."""
        return self.engine.dialect.name == "postgresql"

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def transaction(self) -> AbstractContextManager[sa.Connection]:
        """Write: commit at the end of a `with` block, roll back if it raises."""
        return self.engine.begin()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Read without a transaction of our own, so that no reader holds up a writer."""
        with self.engine.connect() as db:
            yield db.execution_options(isolation_level="AUTOCOMMIT")

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """Answer several queries as of one moment; this holds up no writer either."""
        if self.is_postgresql:
            with self.engine.connect() as db:
                yield db.execution_options(isolation_level="REPEATABLE READ")
            return
        with self.reading() as db:
            db.exec_driver_sql("BEGIN DEFERRED")
            try:
                yield db
            finally:
                db.exec_driver_sql("ROLLBACK")

    # Named values

    def meta(self, name: str) -> str | None:
        """Return a named value, if it is set."""
        with self.reading() as db:
            return db.scalar(sa.select(META.c.value).where(META.c.name == name))

    def set_meta(self, db: sa.Connection, name: str, value: str) -> None:
        """Set a named value within a transaction; the same value is not written again."""
        insert = self.upsert(META).values(name=name, value=value)
        db.execute(
            insert.on_conflict_do_update(
                index_elements=["name"],
                set_={"value": value},
                where=META.c.value != value,
            )
        )

    @property
    def schema_version(self) -> str | None:
        """The version of the tables, as the store itself has it."""
        return self.meta("schema_version")
