"""A store as the first version of the target left it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_creovai.input.staging import staged_row
from tests.target.rows import at

if TYPE_CHECKING:
    from tests.target.rows import Record

BLOB = {"sqlite": "BLOB", "postgresql": "BYTEA"}
TABLES = """
CREATE TABLE creovai_meta (name VARCHAR(40) NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE creovai_rows (
    stream VARCHAR(80) NOT NULL, id VARCHAR(40) NOT NULL, kind VARCHAR(20) NOT NULL,
    conversation VARCHAR(40), modified VARCHAR(32) NOT NULL, digest {blob} NOT NULL,
    body {blob} NOT NULL, PRIMARY KEY (stream, id));
CREATE INDEX creovai_rows_conversation ON creovai_rows (kind, conversation);
CREATE TABLE creovai_conversations (
    kind VARCHAR(20) NOT NULL, id VARCHAR(40) NOT NULL, revision BIGINT NOT NULL,
    assembled BIGINT, rules VARCHAR(64), outcome VARCHAR(20) NOT NULL, reason TEXT,
    due_at VARCHAR(32), refused_hash VARCHAR(64), intent_hash VARCHAR(64), intent_metadata {blob},
    sent_at VARCHAR(32), creovai_id TEXT, content_hash VARCHAR(64), metadata {blob},
    PRIMARY KEY (kind, id));
INSERT INTO creovai_meta VALUES ('schema_version', '1'), ('input', 'ended well');
"""


def make_store(url: str, *records: Record) -> None:
    """Make a store of version 1 in which these rows were staged, and their conversations sent."""
    engine = sa.create_engine(url)
    with engine.begin() as db:
        for statement in TABLES.format(blob=BLOB[engine.dialect.name]).split(";\n"):
            if statement.strip():
                db.exec_driver_sql(statement)
        for record in records:
            _add(db, record)
    engine.dispose()


def _add(db: sa.Connection, record: Record) -> None:
    row = staged_row(*record)
    values = {name: getattr(row, name) for name in ("stream", "id", "kind", "conversation")}
    values |= {"modified": row.modified, "body": row.body, "sent": at("19:00")}
    values["digest"] = hashlib.blake2b(row.body, digest_size=16).digest()
    db.execute(
        sa.text(
            "INSERT INTO creovai_rows VALUES"
            " (:stream, :id, :kind, :conversation, :modified, :digest, :body)"
        ),
        values,
    )
    db.execute(
        sa.text(
            "INSERT INTO creovai_conversations"
            " (kind, id, revision, assembled, rules, outcome, sent_at, content_hash)"
            " VALUES (:kind, :conversation, 1, 1, 'old', 'sent', :sent, 'h')"
            " ON CONFLICT DO NOTHING"
        ),
        values,
    )
