"""The migration that finds out which cases were merged, from their stored rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from target_creovai.store.database.tables import IS_DROPPED, ROWS
from target_creovai.store.ledger.due import NO_FACTS, mark_changed
from target_creovai.store.rows.merges import with_winners, write_merges

if TYPE_CHECKING:
    from target_creovai.store.database.database import Database


def write_merged_cases(db: sa.Connection, database: Database) -> None:
    """Record the merges, and make the cases due that take over rows.

    Schema 1 did not look at MasterRecordId, and rows that are stored come as unchanged.
    """
    merges = _merges(db)
    write_merges(db, database.upsert, "case", merges)
    changed = with_winners(db, {("case", loser) for loser in merges})
    mark_changed(db, database.upsert, dict.fromkeys(changed, NO_FACTS))


class _Case(msgspec.Struct):
    """The field of a Case row that names the case it was merged into."""

    MasterRecordId: Any = None


def _merges(db: sa.Connection) -> dict[str, str | None]:
    """Return, by case, the one that it was merged into, or that it names none."""
    decode = msgspec.json.Decoder(_Case).decode
    query = sa.select(ROWS.c.id, ROWS.c.body).where(ROWS.c.stream == "Case", sa.not_(IS_DROPPED))
    rows = db.execute(query, execution_options={"yield_per": 500})
    found = {row_id: decode(body).MasterRecordId for row_id, body in rows}
    return {
        loser: winner
        for loser, winner in found.items()
        if isinstance(winner, str) and winner not in {"", loser}
    }
