"""Rows that come back with fewer fields: the stored values of those that were not read stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from target_creovai.encoding import encode
from target_creovai.model.rows import UNREAD
from target_creovai.store.database.tables import DROPPED, ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_creovai.model.rows import Row, StagedRow

    Key = tuple[str, str]
    """Stream and Id of a row."""


def restore_unread(
    db: sa.Connection, newest: Mapping[Key, StagedRow], known: Mapping[Key, Any]
) -> dict[Key, StagedRow]:
    """Return rows with the needed fields of their stored version that they lack themselves.

    One that is no newer than what is stored adds nothing, and is left out. A newer one names the
    fields that it has from before, as they may have changed since.
    """
    found = dict(newest)
    for key, row in newest.items():
        if row.lacks and key in known and (stored := _body(db, key)):
            stored_values = _stored_values(stored, row.lacks)
            if stored_values and row.modified <= known[key].modified:
                del found[key]
            elif stored_values:
                found[key] = _with(row, stored_values, known[key].conversation)
    return found


def _body(db: sa.Connection, key: Key) -> Row | None:
    stream, row_id = key
    query = sa.select(ROWS.c.body).where(ROWS.c.stream == stream, ROWS.c.id == row_id)
    body = db.scalar(query)
    row: Row | None = None if body in {None, DROPPED} else msgspec.json.decode(body)
    return row


def _stored_values(stored: Row, fields: tuple[str, ...]) -> dict[str, Any]:
    """Return the stored values, by path, of those fields that the stored version has."""
    found: dict[str, Any] = {}
    for field in fields:
        parent, _, of_parent = field.rpartition(".")
        within = stored.get(parent) if parent else stored
        if isinstance(within, dict) and of_parent in within:
            found[field] = within[of_parent]
    return found


def _with(row: StagedRow, stored_values: Mapping[str, Any], conversation: str | None) -> StagedRow:
    body: Row = msgspec.json.decode(row.body)
    for field, value in stored_values.items():
        parent, _, of_parent = field.rpartition(".")
        if parent:
            body[parent] = {**(body.get(parent) or {}), of_parent: value}
        else:
            body[field] = value
    body[UNREAD] = sorted({*body.get(UNREAD, ()), *stored_values})
    return replace(row, body=encode(body), conversation=row.conversation or conversation)
