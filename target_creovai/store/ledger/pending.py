"""Writes that wait for the next commit: gathered one by one, carried out in few calls."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from target_creovai.store.database.counts import add_up

if TYPE_CHECKING:
    from collections.abc import Iterable

    import sqlalchemy as sa

    from target_creovai.store.database.database import Database
    from target_creovai.store.runs.deliveries import Deliveries

    Values = dict[str, Any] | list[dict[str, Any]]
    Statement = tuple[sa.UpdateBase, Values]

# Names the line of the ledger that a statement is about.
KIND, ID = "of_kind", "of_id"


class PendingWrites:
    """Statements, and counts of deliveries, that one commit writes together."""

    def __init__(self, database: Database, deliveries: Deliveries) -> None:
        self.deliveries = deliveries
        self._database = database
        self._statements: list[Statement] = []

    def add(self, statement: sa.UpdateBase, values: Values) -> None:
        """Add a statement; see `carry_out` for their order."""
        self._statements.append((statement, values))

    def commit(self) -> None:
        """Commit what was added since the last time; if that fails, it stays added."""
        if not self._statements:
            return
        with self._database.transaction() as db:
            carry_out(db, self._statements)
            add_up(db)
            self.deliveries.write(db)
        self._statements.clear()
        self.deliveries.clear()


def carry_out(db: sa.Connection, pending: Iterable[Statement]) -> None:
    """Execute statements; those of one conversation keep their order.

    Those of different conversations that set the same columns are one call.
    """
    together: defaultdict[Any, list[dict[str, Any]]] = defaultdict(list)
    statements: dict[Any, sa.UpdateBase] = {}
    lines: set[tuple[str, str]] = set()

    def execute() -> None:
        for shape, values in together.items():
            db.execute(statements[shape], values)
        together.clear()
        lines.clear()

    for statement, values in pending:
        if not isinstance(values, dict) or KIND not in values:
            execute()
            db.execute(statement, values)
            continue
        line = values[KIND], values[ID]
        if line in lines:
            execute()
        lines.add(line)
        shape = id(statement), *values
        statements[shape] = statement
        together[shape].append(values)
    execute()
