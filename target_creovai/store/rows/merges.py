"""Conversations that were merged: the winner takes over all rows of the loser.

A row keeps the conversation that it names itself. The winner is looked up when it is read, so
that the order in which rows and merges arrive makes no difference.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_creovai.store.database.statements import chunks
from target_creovai.store.database.tables import MERGES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    Key = tuple[str, str]
    """Kind and Id of a conversation."""


def write_merges(
    db: sa.Connection,
    insert: Callable[[sa.Table], Any],
    kind: str,
    merged_into: dict[str, str | None],
) -> None:
    """Write into which conversation each of these was merged, or that it was not."""
    free = [loser for loser, winner in merged_into.items() if winner is None]
    for some in chunks(free):
        db.execute(sa.delete(MERGES).where(MERGES.c.kind == kind, MERGES.c.loser.in_(some)))
    merges = [
        {"kind": kind, "loser": loser, "winner": winner}
        for loser, winner in merged_into.items()
        if winner is not None
    ]
    if merges:
        statement = insert(MERGES)
        changed = {"winner": statement.excluded.winner}
        keys = ["kind", "loser"]
        db.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), merges)


def with_winners(db: sa.Connection, conversations: Iterable[Key]) -> set[Key]:
    """Return these conversations and those that take over their rows, merge after merge."""
    found = set(conversations)
    added = found
    while added:
        added = set(_winners(db, added)) - found
        found |= added
    return found


def _winners(db: sa.Connection, conversations: Iterable[Key]) -> Iterator[Key]:
    by_kind = defaultdict(list)
    for kind, key in conversations:
        by_kind[kind].append(key)
    for kind, keys in by_kind.items():
        for some in chunks(keys):
            query = sa.select(MERGES.c.winner).where(
                MERGES.c.kind == kind, MERGES.c.loser.in_(some)
            )
            for (winner,) in db.execute(query):
                yield kind, winner


def owners(db: sa.Connection, kind: str, ids: Collection[str]) -> dict[str, set[str]]:
    """Return the conversations whose rows these have: for each, which of them have its rows."""
    found = {key: {key} for key in ids}
    added: Collection[str] = ids
    while added:
        changed = set()
        for loser, winner in _losers(db, kind, added):
            receivers = found.setdefault(loser, set())
            # Grows or ends, so that even merges in a circle come to an end.
            if not found[winner] <= receivers:
                receivers |= found[winner]
                changed.add(loser)
        added = changed
    return found


def _losers(db: sa.Connection, kind: str, winners: Iterable[str]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for some in chunks(list(winners)):
        query = sa.select(MERGES.c.loser, MERGES.c.winner).where(
            MERGES.c.kind == kind, MERGES.c.winner.in_(some)
        )
        found += [(loser, winner) for loser, winner in db.execute(query)]
    return found
