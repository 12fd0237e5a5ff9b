"""How many conversations have which outcome: counters that triggers keep in the database.

Triggers count every statement, also those of other programs. In SQLite, where one process writes
at a time, a counter is one row. In PostgreSQL each change adds a row, so that no transaction
waits for another's; one that commits many adds up its own rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from target_creovai.model.outcomes import Outcome
from target_creovai.store.database.reasons import ReasonType

if TYPE_CHECKING:
    from target_creovai.model.outcomes import Reason

# Derived from the other tables: a copy of a store counts anew.
DERIVED = sa.MetaData()

# `rules` is empty where they do not matter: see `_KEY`. `writer` is the server process that added
# the row, 0 in SQLite.
COUNTS = sa.Table(
    "creovai_counts",
    DERIVED,
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("outcome", sa.String(20), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("rules", sa.String(64), nullable=False),
    sa.Column("writer", sa.Integer, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Index(
        "creovai_counts_key", "kind", "outcome", "reason", "rules", "writer", unique=True
    ).ddl_if(dialect="sqlite"),
    sa.Index("creovai_counts_writer", "writer").ddl_if(dialect="postgresql"),
)

# PostgreSQL names its advisory locks by number.
_TIDY_LOCK = 2403_1865_7128

_COLUMNS = "kind, outcome, reason, rules"
# What a ledger line is counted by. Its rules matter where others may change what follows from
# them, and where Creovai has what they made.
_KEY = """{0}.kind, {0}.outcome, coalesce({0}.reason, ''),
    CASE WHEN {0}.outcome = 'pending' THEN ''
    WHEN {0}.outcome <> 'sent' OR ({0}.content_hash IS NOT NULL AND {0}.erased_at IS NULL
        AND {0}.assembled = {0}.revision) THEN coalesce({0}.rules, '') ELSE '' END"""
_OLD, _NEW = _KEY.format("OLD"), _KEY.format("NEW")
_COUNTED = "outcome, reason, rules, assembled, revision, content_hash, erased_at"

_ADD = f"""
    INSERT INTO creovai_counts ({_COLUMNS}, writer, number) VALUES ({_NEW}, 0, 1)
    ON CONFLICT ({_COLUMNS}, writer) DO UPDATE SET number = number + 1;
"""  # noqa: S608 -- names of ours
_TAKE = f"""
    UPDATE creovai_counts SET number = number - 1 WHERE ({_COLUMNS}, writer) = ({_OLD}, 0);
"""  # noqa: S608 -- names of ours

_TRIGGERS = {
    "sqlite": (
        f"""
        CREATE TRIGGER creovai_count_insert AFTER INSERT ON creovai_conversations
        BEGIN {_ADD} END
        """,
        f"""
        CREATE TRIGGER creovai_count_update AFTER UPDATE OF {_COUNTED} ON creovai_conversations
        WHEN ({_OLD}) IS NOT ({_NEW})
        BEGIN {_TAKE} {_ADD} END
        """,
        f"""
        CREATE TRIGGER creovai_count_delete AFTER DELETE ON creovai_conversations
        BEGIN {_TAKE} END
        """,
    ),
    "postgresql": (
        f"""
        CREATE OR REPLACE FUNCTION creovai_count() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP <> 'INSERT' THEN
                INSERT INTO creovai_counts ({_COLUMNS}, writer, number)
                VALUES ({_OLD}, pg_backend_pid(), -1);
            END IF;
            IF TG_OP <> 'DELETE' THEN
                INSERT INTO creovai_counts ({_COLUMNS}, writer, number)
                VALUES ({_NEW}, pg_backend_pid(), 1);
            END IF;
            RETURN NULL;
        END $$
        """,  # noqa: S608 -- names of ours
        """
        CREATE TRIGGER creovai_count_other AFTER INSERT OR DELETE ON creovai_conversations
        FOR EACH ROW EXECUTE FUNCTION creovai_count()
        """,
        f"""
        CREATE TRIGGER creovai_count_update AFTER UPDATE OF {_COUNTED} ON creovai_conversations
        FOR EACH ROW WHEN (({_OLD}) IS DISTINCT FROM ({_NEW})) EXECUTE FUNCTION creovai_count()
        """,
    ),
}
_COUNT_ALL = f"""
    INSERT INTO creovai_counts ({_COLUMNS}, writer, number)
    SELECT {_KEY.format("line")}, 0, count(*) FROM creovai_conversations AS line
    GROUP BY 1, 2, 3, 4
"""  # noqa: S608 -- names of ours
_ADD_UP = f"""
    WITH gone AS (DELETE FROM creovai_counts WHERE {{}} RETURNING {_COLUMNS}, number)
    INSERT INTO creovai_counts ({_COLUMNS}, writer, number)
    SELECT {_COLUMNS}, {{}}, sum(number) FROM gone GROUP BY {_COLUMNS} HAVING sum(number) <> 0
"""  # noqa: S608 -- names of ours
_ADD_UP_OWN = _ADD_UP.format("writer = pg_backend_pid()", "pg_backend_pid()")
# Rows that another transaction has locked stay: to wait for them could be a deadlock.
_NOT_LOCKED = "ctid = ANY (ARRAY(SELECT ctid FROM creovai_counts FOR UPDATE SKIP LOCKED))"
_ADD_UP_ALL = _ADD_UP.format(_NOT_LOCKED, "0")


class Count(NamedTuple):
    """How many conversations have the same outcome for the same reason, under the same rules."""

    kind: str
    outcome: str
    reason: Reason | None
    rules: str
    number: int


def begin_counts(db: sa.Connection) -> None:
    """Count what is there, and whatever changes from now on."""
    DERIVED.create_all(db)
    db.exec_driver_sql(_COUNT_ALL)
    for statement in _TRIGGERS[db.dialect.name]:
        db.exec_driver_sql(statement)


def add_up(db: sa.Connection) -> None:
    """Add up the rows of this transaction: to be called at its end."""
    if db.dialect.name == "postgresql":
        db.exec_driver_sql(_ADD_UP_OWN)


def tidy_counts(db: sa.Connection) -> None:
    """Add up the rows of all transactions, except those that another holds locked.

    Counters of zero are dropped.
    """
    if db.dialect.name == "sqlite":
        db.execute(sa.delete(COUNTS).where(COUNTS.c.number == 0))
    elif db.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_TIDY_LOCK))):
        db.exec_driver_sql(_ADD_UP_ALL)


def counts(db: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Count]:
    """Return how many conversations have each outcome, reason and rules."""
    c = COUNTS.c
    number = sa.func.sum(c.number)
    reason = sa.type_coerce(sa.func.nullif(c.reason, ""), ReasonType)
    columns = (c.kind, c.outcome, reason, c.rules, sa.cast(number, sa.BigInteger))
    grouped = sa.select(*columns).group_by(c.kind, c.outcome, c.reason, c.rules)
    return [Count(*row) for row in db.execute(grouped.where(*conditions).having(number != 0))]


def waiting_reasons(db: sa.Connection) -> set[Reason]:
    """Return the reasons of all conversations that wait."""
    found = counts(db, COUNTS.c.outcome == Outcome.WAITING)
    return {count.reason for count in found if count.reason}
