"""A store as version 3 of its schema left it, the last one that did not note what was read.

Its tables, and what stands in the columns of each outcome, are as that version wrote them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_creovai.assemble import Ready
from target_creovai.encoding import encode
from target_creovai.input.staging import staged_row
from tests.target.rows import at
from tests.target.support import verdict_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.target.rows import Record

TYPES = {
    "sqlite": {"blob": "BLOB", "double": "DOUBLE"},
    "postgresql": {"blob": "BYTEA", "double": "DOUBLE PRECISION"},
}
TABLES = """
CREATE TABLE creovai_meta (name VARCHAR(40) NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE creovai_rows (
    stream VARCHAR(80) NOT NULL, id VARCHAR(40) NOT NULL, kind VARCHAR(20) NOT NULL,
    conversation VARCHAR(40), modified VARCHAR(32) NOT NULL, digest {blob} NOT NULL,
    body {blob} NOT NULL, PRIMARY KEY (stream, id));
CREATE INDEX creovai_rows_conversation ON creovai_rows (kind, conversation);
CREATE TABLE creovai_merges (
    kind VARCHAR(20) NOT NULL, loser VARCHAR(40) NOT NULL, winner VARCHAR(40) NOT NULL,
    PRIMARY KEY (kind, loser));
CREATE INDEX creovai_merges_winner ON creovai_merges (kind, winner);
CREATE TABLE creovai_collections (
    kind VARCHAR(20) NOT NULL, id VARCHAR(40) NOT NULL, stream VARCHAR(80) NOT NULL,
    collection VARCHAR(40) NOT NULL, PRIMARY KEY (kind, id));
CREATE INDEX creovai_collections_collection ON creovai_collections (kind, collection);
CREATE TABLE creovai_runs (
    id VARCHAR(40) NOT NULL PRIMARY KEY, expires {double} NOT NULL, reading BOOLEAN NOT NULL,
    delivering BOOLEAN NOT NULL, alone BOOLEAN NOT NULL);
CREATE TABLE creovai_conversations (
    kind VARCHAR(20) NOT NULL, id VARCHAR(40) NOT NULL, revision BIGINT NOT NULL,
    assembled BIGINT, rules VARCHAR(64), outcome VARCHAR(20) NOT NULL, reason TEXT,
    due_at VARCHAR(32), refused_hash VARCHAR(64), intent_hash VARCHAR(64), intent_metadata {blob},
    sent_at VARCHAR(32), creovai_id TEXT, content_hash VARCHAR(64), metadata {blob}, detail TEXT,
    changed_at VARCHAR(32), claimed_by VARCHAR(40), erased_at VARCHAR(32),
    PRIMARY KEY (kind, id));
INSERT INTO creovai_meta VALUES ('schema_version', '3'), ('session_id_prefix', '')
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A conversation of such a store: its rows, the main one first, and how it stands.

    `outcome` is `sent`, `pending` (posted, and the answer was lost), `set aside` (refused by
    Creovai) or `waiting` (stored, and not looked at yet).
    """

    rows: Sequence[Record]
    outcome: str = "sent"


def make_store(url: str, *conversations: Known, broken: bool = False) -> None:
    """Make a store of version 3; `broken`: its last input did not end well."""
    engine = sa.create_engine(url)
    with engine.begin() as db:
        for statement in TABLES.format(**TYPES[engine.dialect.name]).split(";\n"):
            db.exec_driver_sql(statement)
        db.execute(
            sa.text("INSERT INTO creovai_runs VALUES ('last', 0, :reading, :no, :no)"),
            {"reading": broken, "no": False},
        )
        for known in conversations:
            for record in known.rows:
                _add_row(db, record)
            _add_line(db, known)
    engine.dispose()


def _add_row(db: sa.Connection, record: Record) -> None:
    row = staged_row(*record)
    values = {name: getattr(row, name) for name in ("stream", "id", "kind", "conversation")}
    values |= {"modified": row.modified, "body": row.body}
    values["digest"] = hashlib.blake2b(row.body, digest_size=16).digest()
    db.execute(
        sa.text(
            "INSERT INTO creovai_rows VALUES"
            " (:stream, :id, :kind, :conversation, :modified, :digest, :body)"
        ),
        values,
    )


def _add_line(db: sa.Connection, known: Known) -> None:
    verdict = verdict_on(*known.rows)
    main = staged_row(*known.rows[0])
    line: dict[str, Any] = {
        "kind": main.kind,
        "id": main.conversation,
        "revision": 1,
        "outcome": known.outcome,
        "changed_at": at("18:30"),
    }
    if isinstance(verdict, Ready):
        line |= _COLUMNS[known.outcome](verdict)
    names = ", ".join(line)
    places = ", ".join(f":{name}" for name in line)
    db.execute(sa.text(f"INSERT INTO creovai_conversations ({names}) VALUES ({places})"), line)  # noqa: S608 -- names of ours


_COLUMNS: dict[str, Any] = {
    "sent": lambda made: {
        "assembled": 1,
        "rules": "old",
        "sent_at": at("19:00"),
        "creovai_id": "c",
        "content_hash": made.content_hash,
        "metadata": encode(made.metadata),
    },
    "pending": lambda made: {
        "intent_hash": made.content_hash,
        "intent_metadata": encode(made.metadata),
    },
    "set aside": lambda made: {
        "assembled": 1,
        "rules": "old",
        "reason": "HTTP 400: Creovai refused it",
        "refused_hash": made.payload_hash,
    },
    "waiting": lambda _: {"reason": "not assembled yet"},
}
