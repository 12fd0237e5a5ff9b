"""Statements that were noted one by one, carried out in few calls of the database."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import sqlalchemy as sa

    Values = dict[str, Any] | list[dict[str, Any]]
    Noted = tuple[sa.UpdateBase, Values]

# Names the line of the ledger that a statement is about.
KIND, ID = "of_kind", "of_id"


def carry_out(db: sa.Connection, noted: Iterable[Noted]) -> None:
    """Execute statements; what is noted of one conversation keeps its order.

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

    for statement, values in noted:
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
