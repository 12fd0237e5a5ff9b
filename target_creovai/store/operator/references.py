"""Which conversations refer to a record of Salesforce: a search without an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_creovai.kinds import KINDS
from target_creovai.store.database.tables import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CONTAINS: dict[str, Callable[[sa.Column[bytes], bytes], sa.ColumnElement[bool]]] = {
    "sqlite": lambda column, part: sa.func.instr(column, part) > 0,
    "postgresql": lambda column, part: (
        sa.func.position(sa.literal(part, sa.LargeBinary).op("IN")(column)) > 0
    ),
}


def conversations_referring_to(
    db: sa.Connection, ids: Sequence[str], limit: int
) -> list[tuple[str, str]]:
    """Return kind and Id of those whose own record holds one of these Ids, the latest changed.

    Of an Id 15 characters are enough. All records are read.
    """
    streams = [
        stream for kind in KINDS.values() for stream, key in kind.streams.items() if key == "Id"
    ]
    contains, c = _CONTAINS[db.dialect.name], ROWS.c
    # A value in the stored JSON begins with a quote.
    holds = sa.or_(*(contains(c.body, f'"{key}'.encode()) for key in ids))
    query = (
        sa.select(c.kind, c.conversation)
        .where(c.stream.in_(streams), holds)
        .order_by(c.modified.desc(), c.id.desc())
        .limit(limit)
    )
    return [(kind, key) for kind, key in db.execute(query) if key is not None]
