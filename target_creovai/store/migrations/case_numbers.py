"""The migration that lets a case be found by its number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from target_creovai.model.rows import case_number_key
from target_creovai.store.database.tables import IS_DROPPED, LEDGER, ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# How many rows are in memory at once.
_ROWS_AT_ONCE = 500


class _Numbered(msgspec.Struct):
    """The CaseNumber of a Case row, or of a case's metadata."""

    CaseNumber: Any = None


_read_number = msgspec.json.Decoder(_Numbered).decode


def write_case_numbers(db: sa.Connection) -> None:
    """Write the CaseNumber of each case; where its text was dropped, that of its receipt.

    Rows come last: they are newer.
    """
    c = LEDGER.c
    receipts = sa.select(c.id, c.metadata).where(c.kind == "case", c.metadata.is_not(None))
    rows = sa.select(ROWS.c.id, ROWS.c.body).where(ROWS.c.stream == "Case", sa.not_(IS_DROPPED))
    this = sa.and_(c.kind == "case", c.id == sa.bindparam("of_id"))
    update = sa.update(LEDGER).where(this, c.erased_at.is_(None))
    for query, key_column in ((receipts, c.id), (rows, ROWS.c.id)):
        for page in _pages(db, query, key_column):
            keys = (
                (row_id, case_number_key(_read_number(body).CaseNumber)) for row_id, body in page
            )
            found = [{"of_id": row_id, "new_key": key} for row_id, key in keys if key]
            if found:
                db.execute(update.values(number=sa.bindparam("new_key")), found)


def _pages(
    db: sa.Connection, query: sa.Select[Any], key: sa.Column[str]
) -> Iterator[Sequence[sa.Row[Any]]]:
    """Yield what a query finds, so many rows at a time; the first column is the key."""
    last = ""
    while page := db.execute(query.where(key > last).order_by(key).limit(_ROWS_AT_ONCE)).all():
        yield page
        last = page[-1][0]
