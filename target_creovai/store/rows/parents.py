"""Users and contacts that a tap sends as streams of their own: parents that rows lack.

They are rows of no conversation, looked up when one is read that names them.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import sqlalchemy as sa

from target_creovai.model.rows import PEOPLE, DroppedRow
from target_creovai.store.database.statements import chunks
from target_creovai.store.database.tables import IS_WAITING, LEDGER, ROWS
from target_creovai.wholeness.reasons import without

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from target_creovai.model.rows import Row, StagedRow

_USER, _CONTACT = PEOPLE["User"], PEOPLE["Contact"]
# An owner is read without `UserType`, as it may be a queue.
_OWNER = _USER - {"UserType"}
# By stream: the parents that its rows are read with, the object of each, and its fields.
_PARENTS: dict[str, tuple[tuple[str, str, frozenset[str]], ...]] = {
    "Case": (
        ("CreatedBy", "User", _USER),
        ("Owner", "User", _OWNER),
        ("Contact", "Contact", _CONTACT),
    ),
    "CaseComment": (("CreatedBy", "User", _USER),),
    "EmailMessage": (("CreatedBy", "User", _USER),),
    "LiveChatTranscript": (("Owner", "User", _OWNER), ("Contact", "Contact", _CONTACT)),
    "MessagingSession": (("Owner", "User", _OWNER), ("EndUserContact", "Contact", _CONTACT)),
}
# The reason of a conversation that waits for the author of a part of it.
_AUTHORS = without("CaseComment", ["CreatedBy.UserType"])


class _Gap(NamedTuple):
    """A parent that a row has not all the fields of; `key` is its Id."""

    row: Row
    parent: str
    stream: str
    key: str
    fields: frozenset[str]


def fill_parents(db: sa.Connection, rows: Iterable[tuple[str, Row]]) -> None:
    """Give rows, each with its stream, what they lack of their parents and the store has."""
    gaps = [gap for stream, row in rows for gap in _gaps(stream, row)]
    wanted: dict[str, set[str]] = defaultdict(set)
    for gap in gaps:
        wanted[gap.stream].add(gap.key)
    people = {
        (stream, person["Id"]): person
        for stream, ids in wanted.items()
        for person in _people(db, stream, sorted(ids))
    }
    for gap in gaps:
        if person := people.get((gap.stream, gap.key)):
            given = gap.row.get(gap.parent) or {}
            lacking = {name for name in gap.fields & person.keys() if not given.get(name)}
            gap.row[gap.parent] = given | {name: person[name] for name in lacking}


def reopen_unknown_authors(db: sa.Connection, changed: Iterable[StagedRow]) -> None:
    """Make due what waits for an author, if users are among the rows that came."""
    if any(row.stream == "User" for row in changed):
        c = LEDGER.c
        waits = sa.and_(sa.text(IS_WAITING), c.reason == _AUTHORS)
        db.execute(sa.update(LEDGER).where(waits).values(revision=c.revision + 1))


def _gaps(stream: str, row: Row) -> Iterator[_Gap]:
    if isinstance(row, DroppedRow):
        return
    for parent, of, fields in _PARENTS.get(stream, ()):
        key, given = row.get(f"{parent}Id"), row.get(parent) or {}
        if isinstance(key, str) and isinstance(given, dict) and not fields <= given.keys():
            yield _Gap(row, parent, of, key, fields)


def _people(db: sa.Connection, stream: str, ids: list[str]) -> Iterator[Any]:
    for some in chunks(ids):
        query = sa.select(ROWS.c.body).where(ROWS.c.stream == stream, ROWS.c.id.in_(some))
        yield from map(msgspec.json.decode, db.scalars(query))
