"""Which conversations are due: conditions for queries, and what makes a conversation due."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from target_creovai.kinds import KINDS
from target_creovai.model.outcomes import Code, Outcome, Reason
from target_creovai.model.settings import OPENING_LENGTH, SHAPE_LENGTH
from target_creovai.model.timestamps import utc
from target_creovai.store.database.counts import COUNTS, add_up, counts
from target_creovai.store.database.statements import execute_many
from target_creovai.store.database.tables import IS_DUE, IS_INTENDED, LEDGER
from target_creovai.store.ledger.entry import DELETED_LATER, SEND_AGAIN, sent_once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_NEW = Reason(Code.NOT_ASSEMBLED)


class ClaimPhase(StrEnum):
    """The order in which a run looks at what is due."""

    IN_DOUBT = "in doubt"  # posts whose answers are not known
    FRESH = "fresh"
    FAILED = "failed"  # Creovai could not take these last time


def is_of_other_settings(rules: str) -> sa.ColumnElement[bool]:
    """Return the condition for what Creovai has as other settings made it."""
    c = LEDGER.c
    shape = sa.func.substr(c.rules, 1, SHAPE_LENGTH)
    sent = sa.and_(
        c.outcome == Outcome.SENT, c.content_hash.is_not(None), c.assembled == c.revision
    )
    # Empty where rows got their text back: how it was made is not known.
    known = sa.and_(c.erased_at.is_(None), c.rules != "")
    return sa.and_(sent, known, shape != rules[:SHAPE_LENGTH])


class ConversationFacts(NamedTuple):
    """What the rows that came contain about their conversation itself.

    `modified` is the newest SystemModstamp among them, `number` a CaseNumber.
    """

    modified: str = ""
    number: str | None = None


NO_FACTS = ConversationFacts()


def mark_changed(
    db: sa.Connection,
    insert: Callable[[sa.Table], Any],
    conversations: Mapping[tuple[str, str], ConversationFacts],
) -> None:
    """Make these conversations due: one of their rows came, changed or moved away."""
    if not conversations:
        return
    now = utc(datetime.now(UTC))
    new = {"revision": 1, "outcome": Outcome.WAITING, "reason": _NEW.stored, "changed_at": now}
    lines = [
        {"kind": kind, "id": key, "modified": facts.modified, "number": facts.number, **new}
        for (kind, key), facts in sorted(conversations.items())
    ]
    c, statement = LEDGER.c, insert(LEDGER)
    given = statement.excluded
    changed = {
        "revision": c.revision + 1,
        "changed_at": now,
        "modified": sa.case((given.modified > c.modified, given.modified), else_=c.modified),
        "number": sa.func.coalesce(given.number, c.number),
        "has_text": sa.true(),
    }
    execute_many(
        db, statement.on_conflict_do_update(index_elements=["kind", "id"], set_=changed), lines
    )
    add_up(db)


def is_due(kind: str, phase: ClaimPhase | None = None) -> sa.ColumnElement[bool]:
    """Return the condition for what a run looks at of a kind, after `mark_due`."""
    return sa.and_(LEDGER.c.kind == kind, sa.text(IS_DUE), *_PHASES.get(phase, ()))


def becomes_due(kind: str, rules: str, now: str) -> sa.ColumnElement[bool]:
    """Return the condition for what `mark_due` makes due."""
    return sa.or_(_is_awaited(kind, now), _is_of_other_rules(kind, rules))


def has_newly_due(db: sa.Connection, kind: str, rules: str, now: str) -> bool:
    """Return whether `mark_due` would find anything, by an index and by the counters."""
    awaited = db.scalar(sa.select(sa.exists().where(_is_awaited(kind, now))))
    return bool(awaited) or _have_other_rules(db, kind, rules)


def mark_due(db: sa.Connection, kind: str, rules: str, now: str) -> None:
    """Make due what has waited for a time, and what other settings or another version may change.

    What waits to be closed, or for its main row, depends on few of them: see `opening_of`.
    """
    _mark(db, kind, _is_awaited(kind, now), due_at=None)
    if _have_other_rules(db, kind, rules):
        _mark(db, kind, _is_of_other_rules(kind, rules), rules=None)
    add_up(db)


def _is_awaited(kind: str, now: str) -> sa.ColumnElement[bool]:
    return sa.and_(LEDGER.c.kind == kind, LEDGER.c.due_at <= now)


def _is_of_other_rules(kind: str, rules: str) -> sa.ColumnElement[bool]:
    """Return the condition for what is not sent, and was left under other rules than these."""
    c = LEDGER.c
    return sa.and_(c.kind == kind, DEPENDS_ON_RULES, c.rules.not_in(_known(rules)))


def _known(rules: str) -> tuple[str, ...]:
    return "", rules, opening_of(rules)


def opening_of(rules: str) -> str:
    """Return the part of a fingerprint by which conversations are open or closed."""
    return rules[SHAPE_LENGTH : SHAPE_LENGTH + OPENING_LENGTH]


# Not sent, or sent and deleted since: other settings may change what follows from it.
_NOT_SENT = (Outcome.WAITING, Outcome.SKIPPED, Outcome.SET_ASIDE)
DEPENDS_ON_RULES = sa.or_(LEDGER.c.outcome.in_(_NOT_SENT), LEDGER.c.reason == DELETED_LATER)


def _have_other_rules(db: sa.Connection, kind: str, rules: str) -> bool:
    c = COUNTS.c
    depends = sa.or_(c.outcome.in_(_NOT_SENT), c.reason == DELETED_LATER.stored)
    return bool(counts(db, c.kind == kind, depends, c.rules.not_in(_known(rules))))


def _mark(db: sa.Connection, kind: str, which: sa.ColumnElement[bool], **cleared: None) -> None:
    """Make due, except what another transaction has locked: that gets a new outcome anyway."""
    c = LEDGER.c
    ids = sa.select(c.id).where(which).with_for_update(skip_locked=True)
    these = sa.update(LEDGER).where(c.kind == kind, c.id.in_(ids))
    db.execute(these.values(assembled=None, **cleared))


_PHASES: dict[ClaimPhase | None, tuple[sa.ColumnElement[bool] | sa.TextClause, ...]] = {
    ClaimPhase.IN_DOUBT: (
        sa.text(IS_INTENDED),
        sa.or_(
            LEDGER.c.content_hash.is_(None),
            sa.and_(
                LEDGER.c.content_hash == SEND_AGAIN,
                LEDGER.c.kind.in_([kind for kind in KINDS if sent_once(kind)]),
            ),
        ),
    ),
    ClaimPhase.FRESH: (LEDGER.c.failed_at.is_(None),),
    ClaimPhase.FAILED: (LEDGER.c.failed_at.is_not(None),),
}
