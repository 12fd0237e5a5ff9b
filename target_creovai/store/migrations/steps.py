"""How a store of an earlier version gets what this version's has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex

from target_creovai.model.rows import case_number_key
from target_creovai.store.database.counts import begin_counts
from target_creovai.store.database.reasons import upgrade_reasons
from target_creovai.store.database.tables import IS_DROPPED, LEDGER, METADATA, ROWS, SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# How many rows are in memory at once.
_ROWS_AT_ONCE = 500

# By the version that they lead on from; whole new tables need no statement.
_UPGRADES = {
    1: (
        "ALTER TABLE creovai_conversations ADD COLUMN detail TEXT",
        "ALTER TABLE creovai_conversations ADD COLUMN changed_at VARCHAR(32)",
    ),
    2: (
        "ALTER TABLE creovai_conversations ADD COLUMN claimed_by VARCHAR(40)",
        "ALTER TABLE creovai_conversations ADD COLUMN erased_at VARCHAR(32)",
        """
        INSERT INTO creovai_runs (id, expires, reading, delivering, alone)
        SELECT 'before version 3', 0, true, false, false FROM creovai_meta
        WHERE name = 'input' AND value = 'open'
        """,
        "DELETE FROM creovai_meta WHERE name = 'input'",
    ),
    3: (
        "ALTER TABLE creovai_conversations ADD COLUMN posted_by VARCHAR(32)",
        "ALTER TABLE creovai_conversations ADD COLUMN adopted_at VARCHAR(32)",
        "ALTER TABLE creovai_conversations ADD COLUMN failed_at VARCHAR(32)",
        "ALTER TABLE creovai_conversations ADD COLUMN failures INTEGER",
        "ALTER TABLE creovai_conversations ADD COLUMN event_time VARCHAR(32)",
    ),
    # How what was sent was made is not known. Reasons become codes, see `upgrade_reasons`.
    4: (
        """
        UPDATE creovai_conversations SET rules = NULL WHERE outcome = 'sent'
        AND (reason IS NULL OR reason <> 'deleted in Salesforce after it was sent')
        """,
    ),
    # Empty rules were due. What was sent is looked at again only where a row of it comes, which
    # brings its version. The history has a line for each run now; one of the last run alone says
    # too little for it.
    5: (
        "ALTER TABLE creovai_conversations ADD COLUMN modified VARCHAR(32) NOT NULL DEFAULT ''",
        "ALTER TABLE creovai_conversations ADD COLUMN number VARCHAR(40)",
        "ALTER TABLE creovai_conversations ADD COLUMN has_text BOOLEAN NOT NULL DEFAULT true",
        """
        UPDATE creovai_conversations SET assembled = NULL WHERE rules = '' AND (outcome <> 'sent'
        OR reason IN ('deleted-later', 'deleted in Salesforce after it was sent'))
        """,
        """
        UPDATE creovai_conversations SET modified = coalesce((
            SELECT max(creovai_rows.modified) FROM creovai_rows
            WHERE creovai_rows.kind = creovai_conversations.kind
            AND creovai_rows.conversation = creovai_conversations.id
        ), '') WHERE outcome <> 'sent'
        """,
        "DELETE FROM creovai_meta WHERE name = 'run'",
    ),
}


def upgrade(db: sa.Connection, version: int) -> None:
    """Add what a store of that version lacks."""
    for known in range(version, SCHEMA_VERSION):
        for statement in _UPGRADES[known]:
            db.exec_driver_sql(statement)
    upgrade_reasons(db)
    for table in METADATA.sorted_tables:
        for index in table.indexes:
            db.execute(CreateIndex(index, if_not_exists=True))
    begin_counts(db)
    _number_cases(db)


class _Numbered(msgspec.Struct):
    """The one field of a Case row, or of a case's metadata, by which people know it."""

    CaseNumber: Any = None


_read_number = msgspec.json.Decoder(_Numbered).decode


def _number_cases(db: sa.Connection) -> None:
    """Write down by which numbers people know cases; where a text was dropped, the receipt tells.

    Rows win: they are newer.
    """
    c = LEDGER.c
    receipts = sa.select(c.id, c.metadata).where(c.kind == "case", c.metadata.is_not(None))
    rows = sa.select(ROWS.c.id, ROWS.c.body).where(ROWS.c.stream == "Case", sa.not_(IS_DROPPED))
    this = sa.and_(c.kind == "case", c.id == sa.bindparam("of_id"))
    update = sa.update(LEDGER).where(this, c.erased_at.is_(None))
    for query, key in ((receipts, c.id), (rows, ROWS.c.id)):
        for page in _pages(db, query, key):
            told = (
                (row_id, case_number_key(_read_number(text).CaseNumber)) for row_id, text in page
            )
            found = [{"of_id": row_id, "told": number} for row_id, number in told if number]
            if found:
                db.execute(update.values(number=sa.bindparam("told")), found)


def _pages(
    db: sa.Connection, query: sa.Select[Any], key: sa.Column[str]
) -> Iterator[Sequence[sa.Row[Any]]]:
    """Yield what a query finds, so many rows at a time; the first column is the key."""
    last = ""
    while page := db.execute(query.where(key > last).order_by(key).limit(_ROWS_AT_ONCE)).all():
        yield page
        last = page[-1][0]
