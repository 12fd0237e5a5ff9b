"""All migrations, in the order in which they are applied.

A new one comes last, under a name of its own, with the next schema version (`SCHEMA_VERSION` in
`tables`). Tables and indexes that are new need none: they are made with every migration.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from target_creovai.store.database.counts import begin_counts
from target_creovai.store.migrations.case_numbers import write_case_numbers
from target_creovai.store.migrations.merged_cases import write_merged_cases
from target_creovai.store.migrations.reason_codes import write_reason_codes
from target_creovai.store.runs.coverage import begin_coverage

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa

    from target_creovai.store.database.database import Database

    Change = Callable[[sa.Connection, Database], None]


class Migration(NamedTuple):
    """A change of the tables or of what they hold.

    Attributes:
        name: What it is recorded under.
        version: The first schema version that has it.
        change: Carries it out within a transaction.
    """

    name: str
    version: int
    change: Change


def _statements(*statements: str) -> Change:
    def change(db: sa.Connection, _: Database) -> None:
        for statement in statements:
            db.exec_driver_sql(statement)

    return change


MIGRATIONS = (
    Migration(
        "outcome-details",
        2,
        _statements(
            "ALTER TABLE creovai_conversations ADD COLUMN detail TEXT",
            "ALTER TABLE creovai_conversations ADD COLUMN changed_at VARCHAR(32)",
        ),
    ),
    Migration(
        "claims-and-tombstones",
        3,
        _statements(
            "ALTER TABLE creovai_conversations ADD COLUMN claimed_by VARCHAR(40)",
            "ALTER TABLE creovai_conversations ADD COLUMN erased_at VARCHAR(32)",
        ),
    ),
    Migration(
        "open-input-as-run",
        3,
        _statements(
            """
            INSERT INTO creovai_runs (id, expires, reading, delivering, alone)
            SELECT 'before version 3', 0, true, false, false FROM creovai_meta
            WHERE name = 'input' AND value = 'open'
            """,
            "DELETE FROM creovai_meta WHERE name = 'input'",
        ),
    ),
    Migration(
        "doubts-and-failures",
        4,
        _statements(
            "ALTER TABLE creovai_conversations ADD COLUMN posted_by VARCHAR(32)",
            "ALTER TABLE creovai_conversations ADD COLUMN adopted_at VARCHAR(32)",
            "ALTER TABLE creovai_conversations ADD COLUMN failed_at VARCHAR(32)",
            "ALTER TABLE creovai_conversations ADD COLUMN failures INTEGER",
            "ALTER TABLE creovai_conversations ADD COLUMN event_time VARCHAR(32)",
        ),
    ),
    Migration(
        # By which rules sent conversations were made is not known.
        "unknown-rules",
        5,
        _statements(
            """
            UPDATE creovai_conversations SET rules = NULL WHERE outcome = 'sent'
            AND (reason IS NULL OR reason <> 'deleted in Salesforce after it was sent')
            """,
        ),
    ),
    Migration(
        "newest-change-and-number",
        6,
        _statements(
            "ALTER TABLE creovai_conversations ADD COLUMN modified VARCHAR(32) NOT NULL DEFAULT ''",
            "ALTER TABLE creovai_conversations ADD COLUMN number VARCHAR(40)",
            "ALTER TABLE creovai_conversations ADD COLUMN has_text BOOLEAN NOT NULL DEFAULT true",
            # Rows that arrive bring the time of their change to what was sent.
            """
            UPDATE creovai_conversations SET modified = coalesce((
                SELECT max(creovai_rows.modified) FROM creovai_rows
                WHERE creovai_rows.kind = creovai_conversations.kind
                AND creovai_rows.conversation = creovai_conversations.id
            ), '') WHERE outcome <> 'sent'
            """,
        ),
    ),
    Migration(
        # Empty rules made a conversation due before.
        "due-without-rules",
        6,
        _statements(
            """
            UPDATE creovai_conversations SET assembled = NULL WHERE rules = ''
            AND (outcome <> 'sent'
            OR reason IN ('deleted-later', 'deleted in Salesforce after it was sent'))
            """,
        ),
    ),
    Migration(
        # The history has a line for each run; the note of the last run alone is too short for one.
        "last-run-in-history",
        6,
        _statements("DELETE FROM creovai_meta WHERE name = 'run'"),
    ),
    Migration("reason-codes", 5, lambda db, _: write_reason_codes(db)),
    Migration("outcome-counters", 6, lambda db, _: begin_counts(db)),
    Migration("case-numbers", 6, lambda db, _: write_case_numbers(db)),
    Migration("merged-cases", 2, write_merged_cases),
    Migration(
        "coverage-of-stored-rows", 4, lambda db, database: begin_coverage(db, database.upsert)
    ),
    # The table that records migrations, without a change of any other.
    Migration("recorded-migrations", 7, _statements()),
)
