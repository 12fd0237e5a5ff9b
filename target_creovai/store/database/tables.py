"""The store's tables, and the conditions of their partial indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_creovai.model.rows import PERSON
from target_creovai.store.database.reasons import ReasonType
from target_creovai.wholeness.coverage import forgotten

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA_VERSION = 7

METADATA = sa.MetaData()

# Marks a copy that is not complete (see `copying`): no run may open it.
HALF_COPIED = "copy"

# What a run has to find among lines that need no work has an index of its own, of nothing else.
# Databases use it for a query that has the same condition, word for word.
#
# A conversation that a run looks at.
# A CASE, as PostgreSQL's planner would expect `assembled <> revision` to hold for most rows.
IS_DUE = """
    CASE WHEN assembled = revision AND outcome <> 'pending' AND intent_hash IS NULL
    THEN 0 ELSE 1 END = 1
"""
IS_INTENDED = "intent_hash IS NOT NULL"
IS_WAITING = "outcome = 'waiting'"
# One whose rows may have text that is needed no more; the moment of its last change.
MAY_BE_EMPTIED = "has_text AND outcome IN ('sent', 'skipped')"
UNCHANGED_SINCE = "coalesce(changed_at, '')"
# A row of no conversation; one of no person that holds more than the mark of a deletion.
IS_UNASSIGNED = "conversation IS NULL"
# What is kept of a deleted row: Salesforce may never return it again, so nothing waits for it.
DELETED = b'{"IsDeleted":true}'
# Shorter than any row with an Id.
HAS_TEXT = f"kind <> '{PERSON}' AND length(body) > {len(DELETED)}"
# A mark among the filters, see `wholeness.coverage`.
IS_FORGOTTEN = f"substr(filter, 1, {len(forgotten(''))}) = '{forgotten('')}'"


_CONDITION = "condition"


def _partial(name: str, condition: str, *columns: str) -> Iterator[sa.Index]:
    """Yield the index of what meets a condition."""
    where = sa.text(condition)
    expressions = [sa.text(column) for column in columns]
    yield sa.Index(name, *expressions, sqlite_where=where, info={_CONDITION: where})


def know_postgresql() -> None:
    """Set the conditions of indexes for PostgreSQL as well.

    SQLAlchemy imports the dialect for them, which a run on SQLite does not need.
    """
    for table in METADATA.tables.values():
        for index in table.indexes:
            if _CONDITION in index.info:
                index.dialect_kwargs["postgresql_where"] = index.info[_CONDITION]


META = sa.Table(
    "creovai_meta",
    METADATA,
    sa.Column("name", sa.String(40), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

# The migrations that the store has had, see `migrations`; `applied_at` is empty for those that a
# version before schema 7 applied.
APPLIED = sa.Table(
    "creovai_migrations",
    METADATA,
    sa.Column("name", sa.String(80), primary_key=True),
    sa.Column("applied_at", sa.String(32)),
    sqlite_with_rowid=False,
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
    *_partial("creovai_rows_nobodys", IS_UNASSIGNED, "stream", "id"),
    *_partial("creovai_rows_left", f"{IS_UNASSIGNED} AND {HAS_TEXT}", "modified"),
)

# An empty body is a row whose text was dropped; its digest still shows whether it changed.
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
# row that names the collection.
COLLECTIONS = sa.Table(
    "creovai_collections",
    METADATA,
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("stream", sa.String(80), nullable=False),
    sa.Column("collection", sa.String(40), nullable=False),
    sa.Index("creovai_collections_collection", "kind", "collection"),
)

# The names in each chat: the digest of a name, and the role it had there. Unknown:
# the chat does not show it, and is due again once other chats show it.
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

# How the latest input that had a stream read it; `without` is a JSON array of fields.
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
    *_partial("creovai_arrivals_forgotten", IS_FORGOTTEN, "kind"),
    sqlite_with_rowid=False,
)

# Runs that read an input which has not ended well, and runs that deliver. `expires` (seconds
# since 1970, by the database's clock) is moved on while a run is alive.
RUNS = sa.Table(
    "creovai_runs",
    METADATA,
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("expires", sa.Double, nullable=False),
    sa.Column("reading", sa.Boolean, nullable=False),
    sa.Column("delivering", sa.Boolean, nullable=False),
    sa.Column("alone", sa.Boolean, nullable=False),
)

# `modified` is the newest SystemModstamp of its rows, `number` a CaseNumber without leading zeros.
# `has_text` is false once `retention_days` has emptied its own rows.
#
# `revision` counts changes of a conversation's rows, `assembled` is the revision that the
# outcome is of; `rules` is the fingerprint of settings and version that it rests on, or a part of
# that (see `assemble.fingerprint`). The receipt (sent_at to metadata) outlives later outcomes.
# `detail` is JSON with what a reason must not contain, as it goes into logs; `changed_at` dates the
# revision.
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
    sa.Column("modified", sa.String(32), nullable=False, server_default=""),
    sa.Column("number", sa.String(40)),
    sa.Column("has_text", sa.Boolean, nullable=False, server_default=sa.true()),
    *_partial("creovai_conversations_due", IS_DUE, "kind", "id"),
    *_partial("creovai_conversations_due_at", "due_at IS NOT NULL", "kind", "due_at"),
    *_partial("creovai_conversations_intended", IS_INTENDED, "kind", "id"),
    *_partial("creovai_conversations_waiting", IS_WAITING, "reason", "kind", "changed_at"),
    *_partial("creovai_conversations_oldest", IS_WAITING, "modified", "id"),
    *_partial("creovai_conversations_text", MAY_BE_EMPTIED, "kind", UNCHANGED_SINCE, "id"),
    *_partial("creovai_conversations_number", "number IS NOT NULL", "number"),
    *_partial("creovai_conversations_creovai_id", "creovai_id IS NOT NULL", "creovai_id"),
)

# A line for each run; `ended_at` and what follows are empty while it runs, and where it was killed.
# `facts` is JSON of `RunFacts` (`model.history`). What is older than its `KEPT_DAYS` is dropped.
HISTORY = sa.Table(
    "creovai_history",
    METADATA,
    sa.Column("run", sa.String(40), primary_key=True),
    sa.Column("began_at", sa.String(32), nullable=False),
    sa.Column("ended_at", sa.String(32)),
    sa.Column("exit_code", sa.Integer),
    sa.Column("facts", sa.LargeBinary),
    sa.Index("creovai_history_began_at", "began_at"),
    sqlite_with_rowid=False,
)

# What Creovai accepted, by day (UTC). Each run counts in lines of its own, so that several at once
# do not wait for each other; those of past days are added up, under an empty `run`. `updates` are
# later changes of metadata.
DELIVERIES = sa.Table(
    "creovai_deliveries",
    METADATA,
    sa.Column("run", sa.String(40), primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("channel", sa.String(80), primary_key=True),
    sa.Column("agent", sa.String(200), primary_key=True),
    sa.Column("conversations", sa.BigInteger, nullable=False),
    sa.Column("messages", sa.BigInteger, nullable=False),
    sa.Column("updates", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# How many of those conversations had how long between the last change in Salesforce and their
# receipt; for `bucket` see `bucket_of` in `model.history`.
LAGS = sa.Table(
    "creovai_lags",
    METADATA,
    sa.Column("run", sa.String(40), primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("bucket", sa.Integer, primary_key=True),
    sa.Column("conversations", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
