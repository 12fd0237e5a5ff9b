"""Conversations that belong together and stay several: the sessions of one long chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_creovai.store.database.statements import chunks
from target_creovai.store.database.tables import COLLECTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from target_creovai.model.rows import StagedRow


def write_collections(
    db: sa.Connection, insert: Callable[[sa.Table], Any], rows: Iterable[StagedRow]
) -> None:
    """Write to which collection these conversations belong, of those that name one."""
    found = [
        {"kind": row.kind, "id": row.id, "stream": row.stream, "collection": row.collection}
        for row in rows
        if row.collection is not None
    ]
    if found:
        statement = insert(COLLECTIONS)
        changed = {"collection": statement.excluded.collection}
        db.execute(
            statement.on_conflict_do_update(index_elements=["kind", "id"], set_=changed), found
        )


def companions(db: sa.Connection, kind: str, ids: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield, for each that is not alone in its collection, its stream and the Id of another.

    However many there are, one is enough: the smallest Id.
    """
    own, other = COLLECTIONS.alias("own"), COLLECTIONS.alias("other")
    same = sa.and_(
        other.c.kind == own.c.kind, other.c.collection == own.c.collection, other.c.id != own.c.id
    )
    columns = (own.c.id, own.c.stream, sa.func.min(other.c.id))
    pairs = sa.select(*columns).join_from(own, other, same).group_by(own.c.id, own.c.stream)
    for some in chunks(list(ids)):
        for row in db.execute(pairs.where(own.c.kind == kind, own.c.id.in_(some))):
            yield tuple(row)
