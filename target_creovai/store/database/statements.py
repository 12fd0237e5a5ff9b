"""Statements about many rows, made and carried out in a few calls."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import sqlalchemy as sa

Item = TypeVar("Item")

# SQLite takes 32,766 variables a statement; PostgreSQL more.
IDS_PER_QUERY = 1000


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Cut a list into pieces that fit into one statement."""
    return (items[start : start + IDS_PER_QUERY] for start in range(0, len(items), IDS_PER_QUERY))


def execute_many(
    db: sa.Connection, statement: sa.Insert, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows that name the same columns, in values that the driver takes as they are.

    SQLAlchemy's own way prepares the statement anew for every row, which costs more than the
    insert does.
    """
    compiled = statement.compile(dialect=db.dialect, column_keys=list(rows[0]))
    same_for_all = {name: compiled.params[name] for name in compiled.params.keys() - rows[0].keys()}
    values: list[Any] = [{**same_for_all, **row} for row in rows]
    if compiled.positiontup:
        values = list(map(itemgetter(*compiled.positiontup), values))
    db.exec_driver_sql(str(compiled), values)
