"""Under which filters conversations came, and of which the rows were dropped since."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_creovai.kinds import KINDS
from target_creovai.model.outcomes import Outcome
from target_creovai.store.database.statements import chunks
from target_creovai.store.database.tables import ARRIVALS, IS_FORGOTTEN, LEDGER
from target_creovai.store.rows.merges import with_winners
from target_creovai.wholeness.coverage import forgotten
from target_creovai.wholeness.intervals import moment_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from target_creovai.model.rows import StagedRow
    from target_creovai.wholeness.coverage import Read

    Upsert = Callable[[sa.Table], Any]


def record_arrivals(
    db: sa.Connection, upsert: Upsert, rows: Iterable[StagedRow], condition: str
) -> None:
    """Record under which filter conversations came; those that are new to it become due."""
    by_kind: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.conversation == row.id:
            by_kind[row.kind].add(row.id)
    for kind, ids in by_kind.items():
        known = arrivals_of(db, kind, sorted(ids))
        new = sorted(key for key in ids if condition not in known.get(key, ()))
        if new:
            lines = [{"kind": kind, "id": key, "filter": condition} for key in new]
            db.execute(upsert(ARRIVALS).on_conflict_do_nothing(), lines)
        for some in chunks(new):
            theirs = sa.and_(LEDGER.c.kind == kind, LEDGER.c.id.in_(some))
            waiting = sa.update(LEDGER).where(theirs, LEDGER.c.outcome == Outcome.WAITING)
            db.execute(waiting.values(assembled=None))


def record_forgotten(db: sa.Connection, upsert: Upsert, kind: str, key: str, newest: str) -> None:
    """Record that the rows of a conversation were dropped: up to the newest, none counts as read.

    The same holds for the one that it was merged into.
    """
    mark = forgotten(moment_after(newest))
    lines = [
        {"kind": kind, "id": owner, "filter": mark}
        for kind, owner in sorted(with_winners(db, [(kind, key)]))
    ]
    db.execute(upsert(ARRIVALS).on_conflict_do_nothing(), lines)


def arrivals_of(db: sa.Connection, kind: str, ids: Sequence[str]) -> dict[str, set[str]]:
    """Return, by conversation, under which filters it came."""
    found: dict[str, set[str]] = defaultdict(set)
    for some in chunks(ids):
        query = sa.select(ARRIVALS.c.id, ARRIVALS.c.filter)
        for key, condition in db.execute(
            query.where(ARRIVALS.c.kind == kind, ARRIVALS.c.id.in_(some))
        ):
            found[key].add(condition)
    return found


def forget_marks(db: sa.Connection, reads: Iterable[Read]) -> None:
    """Drop the marks of a kind of which all rows have come anew."""
    anew = {read.stream for read in reads if read.begins_anew}
    kinds = [kind.name for kind in KINDS.values() if anew.issuperset(kind.streams)]
    db.execute(sa.delete(ARRIVALS).where(sa.text(IS_FORGOTTEN), ARRIVALS.c.kind.in_(kinds)))
