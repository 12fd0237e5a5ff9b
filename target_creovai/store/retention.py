"""Text that has done its work leaves the store; versions, digests and receipts stay.

A row without its text has an empty body. If it arrives again, the same as it was, it gets its
text back and nothing is sent for it: its digest tells that it is no news.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from target_creovai.model import PERSON, DroppedRow
from target_creovai.store.merges import owners, with_winners
from target_creovai.store.tables import DROPPED, IS_DROPPED, LEDGER, MERGES, ROWS, chunks

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from target_creovai.model import Row

    Key = tuple[str, str]
    """Kind and Id of a conversation."""

# A deleted row says nothing any more, and Salesforce may never show it again: nobody waits for it.
DELETED = b'{"IsDeleted":true}'
# Shorter than any row with an Id.
_HAS_TEXT = sa.func.length(ROWS.c.body) > len(DELETED)

CONVERSATIONS_PER_COMMIT = 100


def row_of(row_id: str, modified: str, body: bytes) -> Row:
    """Return a stored row, or what is left of it."""
    left = {"Id": row_id, "SystemModstamp": modified}
    if body == DROPPED:
        return DroppedRow(left)
    row: Row = msgspec.json.decode(body)
    return left | row if body == DELETED else row


def drop_texts(engine: sa.Engine, outcomes: Collection[str], before: str) -> Counter[str]:
    """Drop the text of what has one of these outcomes and has been at rest since `before`.

    Rows of a merged conversation go when the one that took them over is at rest as well; rows
    that belong to none go by their own age, but for people, whom any conversation may name.
    Returns how many conversations of each kind.
    """
    at_rest = _is_at_rest(outcomes, before)
    with engine.begin() as db:
        c = ROWS.c
        alone = sa.and_(c.conversation.is_(None), c.kind != PERSON, c.modified <= before, _HAS_TEXT)
        db.execute(sa.update(ROWS).where(alone).values(body=DROPPED))
        kinds = db.scalars(sa.select(LEDGER.c.kind).distinct()).all()
    counts = Counter({kind: _drop_kind(engine, kind, at_rest) for kind in kinds})
    _forget_log(engine)
    return +counts  # without those that are zero


def _drop_kind(engine: sa.Engine, kind: str, at_rest: sa.ColumnElement[bool]) -> int:
    count, last = 0, ""
    while True:
        with engine.begin() as db:
            page = _page(db, kind, at_rest, last)
            if not page:
                return count
            held = _held_by_winners(db, kind, at_rest, page)
            free = [key for key in page if key not in held]
            _drop(db, kind, free)
        count, last = count + len(free), page[-1]


def _is_at_rest(outcomes: Collection[str], before: str) -> sa.ColumnElement[bool]:
    c = LEDGER.c
    return sa.and_(
        c.outcome.in_(outcomes),
        c.assembled == c.revision,
        c.intent_hash.is_(None),
        c.due_at.is_(None),
        # A store of version 1 does not tell when its conversations changed: before the upgrade.
        sa.func.coalesce(c.changed_at, "") <= before,
        sa.func.coalesce(c.sent_at, "") <= before,
    )


def _page(
    db: sa.Connection, kind: str, at_rest: sa.ColumnElement[bool], last: str
) -> Sequence[str]:
    """Return the next conversations at rest that still have text, locked against news."""
    c = LEDGER.c
    own = sa.and_(ROWS.c.kind == c.kind, ROWS.c.conversation == c.id)
    query = (
        sa.select(c.id)
        .where(c.kind == kind, c.id > last, at_rest, sa.exists().where(own, _HAS_TEXT))
        .order_by(c.id)
        .limit(CONVERSATIONS_PER_COMMIT)
        .with_for_update()
    )
    return db.scalars(query).all()


def _held_by_winners(
    db: sa.Connection, kind: str, at_rest: sa.ColumnElement[bool], page: Sequence[str]
) -> set[str]:
    """Return those whose rows belong to a conversation that is not at rest."""
    c = LEDGER.c
    losers = sa.select(MERGES.c.loser).where(MERGES.c.kind == kind, MERGES.c.loser.in_(page))
    held = set()
    for loser in db.scalars(losers).all():
        takers = [key for _, key in with_winners(db, {(kind, loser)})]
        resting = sa.select(sa.func.count()).where(c.kind == kind, c.id.in_(takers), at_rest)
        if db.scalar(resting) != len(takers):
            held.add(loser)
    return held


class _Fate(msgspec.Struct):
    """What tells whether a row has anything left to say."""

    IsDeleted: Any = None
    MasterRecordId: Any = None

    @property
    def body(self) -> bytes:
        """What stays of it; the loser of a merge goes on speaking in the winner."""
        return DELETED if self.IsDeleted is True and not self.MasterRecordId else DROPPED


_read_fate = msgspec.json.Decoder(_Fate).decode


def _drop(db: sa.Connection, kind: str, keys: Sequence[str]) -> None:
    """Empty the rows of these; what was skipped is not due again by other settings alone."""
    theirs = sa.and_(ROWS.c.kind == kind, ROWS.c.conversation.in_(keys), _HAS_TEXT)
    emptied = [
        {"of_stream": stream, "of_id": row_id, "left": _read_fate(body).body}
        for stream, row_id, body in db.execute(
            sa.select(ROWS.c.stream, ROWS.c.id, ROWS.c.body).where(theirs)
        )
    ]
    if emptied:
        this = (ROWS.c.stream == sa.bindparam("of_stream"), ROWS.c.id == sa.bindparam("of_id"))
        db.execute(sa.update(ROWS).where(*this).values(body=sa.bindparam("left")), emptied)
    c = LEDGER.c
    skipped = sa.and_(c.kind == kind, c.id.in_(keys), c.content_hash.is_(None))
    db.execute(sa.update(LEDGER).where(skipped).values(rules=None))


def _forget_log(engine: sa.Engine) -> None:
    """Let SQLite's write-ahead log go: it holds the pages as they were."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as db:
            db.execution_options(isolation_level="AUTOCOMMIT")
            db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def reconsider(db: sa.Connection, refilled: Iterable[Key]) -> None:
    """Make due what waited for the text of its rows, where all of them have it again."""
    by_kind = defaultdict(list)
    for kind, key in with_winners(db, refilled):
        by_kind[kind].append(key)
    for kind, keys in by_kind.items():
        takers = owners(db, kind, keys)
        lacking: set[str] = set()
        for some in chunks(list(takers)):
            empty = sa.select(ROWS.c.conversation).where(
                ROWS.c.kind == kind, ROWS.c.conversation.in_(some), IS_DROPPED
            )
            lacking.update(*(takers[key] for key in db.scalars(empty.distinct())))
        for some in chunks([key for key in keys if key not in lacking]):
            whole = sa.and_(LEDGER.c.kind == kind, LEDGER.c.id.in_(some))
            # As after a change of settings: all are due but what is sent.
            db.execute(sa.update(LEDGER).where(whole).values(rules=""))
