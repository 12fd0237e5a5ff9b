"""Batches of conversations by the size of their rows: only so much is in memory at once."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_creovai.store.database.statements import chunks
from target_creovai.store.database.tables import ROWS
from target_creovai.store.rows.merges import owners

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def batches_by_size(
    db: sa.Connection, kind: str, ids: Sequence[str], most_bytes: int
) -> Iterator[list[str]]:
    """Yield batches of Ids of up to so many bytes of rows; a larger one is alone in its own."""
    sizes = _sizes(db, kind, ids)
    some: list[str] = []
    filled = 0
    for key in ids:
        if some and filled + sizes[key] > most_bytes:
            yield some
            some, filled = [], 0
        some.append(key)
        filled += sizes[key]
    if some:
        yield some


def _sizes(db: sa.Connection, kind: str, ids: Sequence[str]) -> Counter[str]:
    """Return how many bytes of rows each conversation has; both databases keep lengths apart."""
    c = ROWS.c
    receivers = owners(db, kind, ids)
    query = sa.select(c.conversation, sa.func.sum(sa.func.length(c.body)))
    sizes: Counter[str] = Counter()
    for some in chunks(list(receivers)):
        wanted = query.where(c.kind == kind, c.conversation.in_(some)).group_by(c.conversation)
        for conversation, size in db.execute(wanted):
            for key in receivers[conversation]:
                sizes[key] += int(size)
    return sizes
