"""Text of delivered conversations leaves the store; versions, digests and receipts stay.

A row without its text has an empty body. If it arrives again, the same as it was, it gets its
text back and nothing is sent for it: its digest shows that it has not changed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from target_creovai.kinds import KINDS
from target_creovai.model.outcomes import Outcome
from target_creovai.model.rows import DroppedRow
from target_creovai.store.database.counts import add_up
from target_creovai.store.database.statements import chunks
from target_creovai.store.database.tables import (
    DELETED,
    DROPPED,
    HAS_TEXT,
    IS_DROPPED,
    IS_UNASSIGNED,
    LEDGER,
    MAY_BE_EMPTIED,
    MERGES,
    ROWS,
    UNCHANGED_SINCE,
)
from target_creovai.store.ledger.due import DEPENDS_ON_RULES
from target_creovai.store.rows.merges import owners, with_winners

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from target_creovai.model.rows import Row

    Key = tuple[str, str]
    """Kind and Id of a conversation."""

_HAS_TEXT = sa.text(HAS_TEXT)

CONVERSATIONS_PER_COMMIT = 100
_since: sa.ColumnElement[str] = sa.literal_column(UNCHANGED_SINCE, sa.String)


def row_of(row_id: str, modified: str, body: bytes) -> Row:
    """Return a stored row, or what is left of it."""
    left = {"Id": row_id, "SystemModstamp": modified}
    if body == DROPPED:
        return DroppedRow(left)
    row: Row = msgspec.json.decode(body)
    return left | row if body == DELETED else row


def drop_texts(engine: sa.Engine, before: str) -> Counter[str]:
    """Drop the text of what was delivered, or skipped, and has not changed since `before`.

    Rows of a merged conversation go when the one that took them over may lose its text, too; rows
    that belong to none go by their own age, except users and contacts, which any conversation may
    name.
    Returns how many conversations of each kind.
    """
    alone = sa.and_(sa.text(IS_UNASSIGNED), _HAS_TEXT, ROWS.c.modified <= before)
    with engine.begin() as db:
        db.execute(sa.update(ROWS).where(alone).values(body=DROPPED))
    counts = Counter({kind: _drop_kind(engine, kind, before) for kind in KINDS})
    _truncate_log(engine)
    return +counts  # without those that are zero


def _drop_kind(engine: sa.Engine, kind: str, before: str) -> int:
    count, last = 0, ("", "")
    finished = _is_finished(before)
    while True:
        with engine.begin() as db:
            page = _page(db, kind, finished, last)
            if not page:
                return count
            ids = [key for key, _ in page]
            held = _held_by_winners(db, kind, finished, ids)
            count += _drop(db, kind, [key for key in ids if key not in held])
        last = page[-1]


def _is_finished(before: str) -> sa.ColumnElement[bool]:
    c = LEDGER.c
    return sa.and_(
        c.outcome.in_((Outcome.SENT, Outcome.SKIPPED)),
        c.assembled == c.revision,
        c.intent_hash.is_(None),
        c.due_at.is_(None),
        # A store of version 1 did not record when conversations changed: before the upgrade.
        _since <= before,
        sa.func.coalesce(c.sent_at, "") <= before,
    )


def _page(
    db: sa.Connection, kind: str, finished: sa.ColumnElement[bool], last: tuple[str, str]
) -> list[tuple[str, str]]:
    """Return the next finished conversations that may have text, locked against changes.

    Each with the moment of its last change, in order of that.
    """
    c = LEDGER.c
    key, since = last
    behind = sa.or_(_since > since, c.id > key)
    query = (
        sa.select(c.id, _since)
        .where(c.kind == kind, sa.text(MAY_BE_EMPTIED), _since >= since, behind, finished)
        .order_by(_since, c.id)
        .limit(CONVERSATIONS_PER_COMMIT)
        .with_for_update()
    )
    return [(found, moment) for found, moment in db.execute(query)]


def _held_by_winners(
    db: sa.Connection, kind: str, finished: sa.ColumnElement[bool], page: Sequence[str]
) -> set[str]:
    """Return those whose rows belong to a conversation that is not finished."""
    c = LEDGER.c
    losers = sa.select(MERGES.c.loser).where(MERGES.c.kind == kind, MERGES.c.loser.in_(page))
    held = set()
    for loser in db.scalars(losers).all():
        receivers = [key for _, key in with_winners(db, {(kind, loser)})]
        count = sa.select(sa.func.count()).where(c.kind == kind, c.id.in_(receivers), finished)
        if db.scalar(count) != len(receivers):
            held.add(loser)
    return held


class _Remains(msgspec.Struct):
    """The fields that decide what is kept of a row."""

    IsDeleted: Any = None
    MasterRecordId: Any = None

    @property
    def body(self) -> bytes:
        """What stays of it; the rows of a merged case are still part of the winner."""
        return DELETED if self.IsDeleted is True and not self.MasterRecordId else DROPPED


_read_remains = msgspec.json.Decoder(_Remains).decode


def _drop(db: sa.Connection, kind: str, keys: Sequence[str]) -> int:
    """Empty the rows of these; what was skipped is not due again by other settings alone.

    Returns how many had text.
    """
    c = ROWS.c
    theirs = sa.and_(c.kind == kind, c.conversation.in_(keys), _HAS_TEXT)
    found = db.execute(sa.select(c.conversation, c.stream, c.id, c.body).where(theirs)).all()
    emptied = [
        {"of_stream": stream, "of_id": row_id, "left": _read_remains(body).body}
        for _, stream, row_id, body in found
    ]
    if emptied:
        this = (c.stream == sa.bindparam("of_stream"), c.id == sa.bindparam("of_id"))
        db.execute(sa.update(ROWS).where(*this).values(body=sa.bindparam("left")), emptied)
    these = sa.and_(LEDGER.c.kind == kind, LEDGER.c.id.in_(keys))
    db.execute(sa.update(LEDGER).where(these).values(has_text=False))
    skipped = sa.and_(these, LEDGER.c.content_hash.is_(None))
    db.execute(sa.update(LEDGER).where(skipped).values(rules=None))
    add_up(db)
    return len({row.conversation for row in found})


def _truncate_log(engine: sa.Engine) -> None:
    """Truncate SQLite's write-ahead log: it holds the pages as they were."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as db:
            db.execution_options(isolation_level="AUTOCOMMIT")
            db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def reopen_refilled(db: sa.Connection, refilled: Collection[Key]) -> None:
    """Make due what waited for the text of its rows, where all of them have it again."""
    c = LEDGER.c
    for kind, keys in _by_kind(refilled).items():
        for some in chunks(keys):
            own = sa.and_(c.kind == kind, c.id.in_(some))
            db.execute(sa.update(LEDGER).where(own).values(has_text=True))
    for kind, keys in _by_kind(with_winners(db, refilled)).items():
        receivers = owners(db, kind, keys)
        lacking: set[str] = set()
        for some in chunks(list(receivers)):
            empty = sa.select(ROWS.c.conversation).where(
                ROWS.c.kind == kind, ROWS.c.conversation.in_(some), IS_DROPPED
            )
            lacking.update(*(receivers[key] for key in db.scalars(empty.distinct())))
        for some in chunks([key for key in keys if key not in lacking]):
            whole = sa.and_(c.kind == kind, c.id.in_(some))
            # As after a change of settings: all are due but what is sent.
            db.execute(sa.update(LEDGER).where(whole).values(rules=""))
            db.execute(sa.update(LEDGER).where(whole, DEPENDS_ON_RULES).values(assembled=None))
    add_up(db)


def _by_kind(keys: Iterable[Key]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for kind, key in keys:
        found[kind].append(key)
    return found
