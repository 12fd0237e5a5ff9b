"""The store's tables, and how a store of an earlier version gets them."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from target_creovai.store.reasons import ReasonType, upgrade_reasons

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Item = TypeVar("Item")

SCHEMA_VERSION = 5
# SQLite takes 32,766 variables a statement; PostgreSQL more.
IDS_PER_QUERY = 1000

METADATA = sa.MetaData()

# The note of a copy that is not complete (see `copying`): no run may open it.
HALF_COPIED = "copy"

META = sa.Table(
    "creovai_meta",
    METADATA,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

# `modified` is SystemModstamp in one fixed form, so that text order is time order.
ROWS = sa.Table(
    "creovai_rows",
    METADATA,
    sa.Column("stream", sa.String(80), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("conversation", sa.String(40)),
    sa.Column("modified", sa.String(32), nullable=False),
    sa.Column("digest", sa.LargeBinary(16), nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Index("creovai_rows_conversation", "kind", "conversation"),
)

# An empty body is a row whose text was dropped; its digest still tells whether it changed.
DROPPED = b""
IS_DROPPED = sa.func.length(ROWS.c.body) == 0

# Which conversation's rows belong to another one since the two were merged.
MERGES = sa.Table(
    "creovai_merges",
    METADATA,
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("loser", sa.String(40), primary_key=True),
    sa.Column("winner", sa.String(40), nullable=False),
    sa.Index("creovai_merges_winner", "kind", "winner"),
)

# Which conversations belong to the same collection, and stay several; `stream` is that of the
# row that says so.
COLLECTIONS = sa.Table(
    "creovai_collections",
    METADATA,
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("stream", sa.String(80), nullable=False),
    sa.Column("collection", sa.String(40), nullable=False),
    sa.Index("creovai_collections_collection", "kind", "collection"),
)

# What each chat tells of the names in it: the digest of a name, and whose it was there. Unknown:
# the chat leaves it open, and is looked at again when other chats have settled the name.
SPEAKERS = sa.Table(
    "creovai_speakers",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("name", sa.LargeBinary(16), primary_key=True),
    sa.Column("role", sa.String(10), nullable=False),
    sa.Index("creovai_speakers_name", "name", "role"),
    sa.Index("creovai_speakers_role", "role", "name"),
)

# In what time all rows of a stream were read (`part`: `read`, `whole` or `gaps`, see
# `wholeness.coverage`), from `begin` on and before `end`, by org and filter.
COVERAGE = sa.Table(
    "creovai_coverage",
    METADATA,
    sa.Column("organization", sa.String(18), primary_key=True),
    sa.Column("stream", sa.String(80), primary_key=True),
    sa.Column("filter", sa.String(40), primary_key=True),
    sa.Column("part", sa.String(10), primary_key=True),
    sa.Column("begin", sa.String(32), primary_key=True),
    sa.Column("end", sa.String(32), nullable=False),
    sqlite_with_rowid=False,
)

# What the latest input that had a stream said of it; `without` is a JSON array of fields.
READS = sa.Table(
    "creovai_reads",
    METADATA,
    sa.Column("stream", sa.String(80), primary_key=True),
    sa.Column("input", sa.String(40), nullable=False),
    sa.Column("finished", sa.Boolean, nullable=False),
    sa.Column("filter", sa.String(40), nullable=False),
    sa.Column("without", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

# Under which filters a conversation itself has come; without one there is no line. One that was
# forgotten has a mark among them, see `wholeness.coverage`.
ARRIVALS = sa.Table(
    "creovai_arrivals",
    METADATA,
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("filter", sa.String(40), primary_key=True),
    sqlite_with_rowid=False,
)

# Runs that read an input which has not ended well, and runs that deliver. `expires` (seconds
# since 1970, by the database's clock) moves on while a run lives.
RUNS = sa.Table(
    "creovai_runs",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("expires", sa.Double, nullable=False),
    sa.Column("reading", sa.Boolean, nullable=False),
    sa.Column("delivering", sa.Boolean, nullable=False),
    sa.Column("alone", sa.Boolean, nullable=False),
)

# `revision` counts changes of a conversation's rows, `assembled` is the revision that the
# outcome speaks of. The receipt (sent_at to metadata) outlives later outcomes. `detail` is JSON
# with what a reason must not say, as it goes into logs; `changed_at` dates the revision.
# `claimed_by` is the run that delivers it now. `erased_at` is a tombstone: never sent again.
# `posted_by` is the latest moment at which what is intended may have been posted. `adopted_at`
# is when it was found at Creovai, sent by another store. `failed_at` is when Creovai could not
# take it, `failures` in how many runs that took others. `event_time` is that of its newest
# out-of-band metadata.
LEDGER = sa.Table(
    "creovai_conversations",
    METADATA,
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("assembled", sa.BigInteger),
    sa.Column("rules", sa.String(64)),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("reason", ReasonType),
    sa.Column("due_at", sa.String(32)),
    sa.Column("refused_hash", sa.String(64)),
    sa.Column("intent_hash", sa.String(64)),
    sa.Column("intent_metadata", sa.LargeBinary),
    sa.Column("sent_at", sa.String(32)),
    sa.Column("creovai_id", sa.Text),
    sa.Column("content_hash", sa.String(64)),
    sa.Column("metadata", sa.LargeBinary),
    sa.Column("detail", sa.Text),
    sa.Column("changed_at", sa.String(32)),
    sa.Column("claimed_by", sa.String(40)),
    sa.Column("erased_at", sa.String(32)),
    sa.Column("posted_by", sa.String(32)),
    sa.Column("adopted_at", sa.String(32)),
    sa.Column("failed_at", sa.String(32)),
    sa.Column("failures", sa.Integer),
    sa.Column("event_time", sa.String(32)),
)

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
}


def upgrade(db: sa.Connection, version: int) -> None:
    """Add what a store of that version lacks."""
    for known in range(version, SCHEMA_VERSION):
        for statement in _UPGRADES[known]:
            db.exec_driver_sql(statement)
    upgrade_reasons(db)


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
