"""Counts of what was delivered, gathered until the commit of its receipts and added there."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from target_creovai.model.history import bucket_of
from target_creovai.salesforce.rows import parse_time
from target_creovai.store.database.tables import DELIVERIES, LAGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import sqlalchemy as sa

    from target_creovai.model.history import Traits
    from target_creovai.store.database.database import Database

DAY_LENGTH = len("2024-01-02")
# What is added up; the other columns are the key, and come first.
SUMS = {DELIVERIES: ("conversations", "messages", "updates"), LAGS: ("conversations",)}

Key = tuple[Any, ...]


class Deliveries:
    """What a run has delivered since its last commit, by day."""

    def __init__(self, database: Database, run: str) -> None:
        self._run = run
        dialect = database.engine.dialect
        self._additions = {
            table: Addition(database.upsert(table), table, dialect) for table in SUMS
        }
        self._sums: dict[sa.Table, dict[Key, list[int]]] = {table: {} for table in SUMS}

    def count(self, kind: str, sent_at: str, traits: Traits | None) -> None:
        """Count a conversation that Creovai took, or, without traits, a change of metadata."""
        day, delivered = sent_at[:DAY_LENGTH], self._sums[DELIVERIES]
        if traits is None:
            delivered.setdefault((self._run, day, kind, "", ""), [0, 0, 0])[2] += 1
            return
        key = (self._run, day, kind, traits.channel, traits.agent)
        sums = delivered.setdefault(key, [0, 0, 0])
        sums[0] += 1
        sums[1] += traits.messages
        taken = parse_time(sent_at)
        if taken and traits.last_change:
            bucket = bucket_of((taken - traits.last_change).total_seconds())
            self._sums[LAGS].setdefault((self._run, day, kind, bucket), [0])[0] += 1

    def write(self, db: sa.Connection) -> None:
        """Add all of it; once that is committed, `clear` it."""
        for table, sums in self._sums.items():
            if sums:  # in one order, whoever adds
                self.add(db, table, [(*key, *sums[key]) for key in sorted(sums)])

    def add(self, db: sa.Connection, table: sa.Table, lines: Sequence[Key]) -> None:
        """Add to the lines of a table, whose columns these are in order."""
        self._additions[table].carry_out(db, lines)

    def clear(self) -> None:
        """Start again from zero."""
        for sums in self._sums.values():
            sums.clear()


class Addition:
    """The statement that adds to lines of a table, or begins them.

    Made once: SQLAlchemy takes longer to make a statement than a database to carry it out.
    """

    def __init__(self, insert: Any, table: sa.Table, dialect: sa.Dialect) -> None:
        self._insert = insert
        self._table = table
        self._dialect = dialect

    def carry_out(self, db: sa.Connection, lines: Sequence[Key]) -> None:
        """Add to lines, given as tuples in the order of the columns."""
        values: list[Any] = [*lines]
        if not self._compiled.positional:
            names = self._table.c.keys()
            values = [dict(zip(names, line, strict=True)) for line in lines]
        db.exec_driver_sql(self._sql, values)

    @cached_property
    def _compiled(self) -> Any:
        keys = [column.name for column in self._table.primary_key]
        sums = {
            name: self._table.c[name] + self._insert.excluded[name] for name in SUMS[self._table]
        }
        statement = self._insert.on_conflict_do_update(index_elements=keys, set_=sums)
        return statement.compile(dialect=self._dialect, column_keys=self._table.c.keys())

    @cached_property
    def _sql(self) -> str:
        return str(self._compiled)
