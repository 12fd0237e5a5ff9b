"""What is due: the outcomes of conversations, and what makes them be looked at again."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import sqlalchemy as sa

from target_creovai.kinds import KINDS
from target_creovai.model.conversation import OPENING_LENGTH, SHAPE_LENGTH
from target_creovai.model.outcomes import Code, Outcome, Reason
from target_creovai.payload.payload import utc
from target_creovai.store.database.counts import COUNTS, add_up, counts
from target_creovai.store.database.tables import IS_DUE, IS_INTENDED, LEDGER, execute_many

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# These stand for the hash of what Creovai has; no content has them. The first is to be replaced,
# the second was found there, sent by another store: nobody knows its content.
SEND_AGAIN, ADOPTED = "send again", "adopted"
# The reason of a tombstone that was found there.
EXCLUDED = Reason(Code.EXCLUDED)
# The reason of what is sent and stays so until `on_delete` says otherwise.
DELETED_LATER = Reason(Code.DELETED_LATER)
_NEW = Reason(Code.NOT_ASSEMBLED)


class Turn(StrEnum):
    """The order in which a run looks at what is due."""

    IN_DOUBT = "in doubt"  # posts whose answers are not known
    FRESH = "fresh"
    FAILED = "failed"  # Creovai could not take these last time


class Intended(Protocol):
    """What tells whether a post may have arrived."""

    @property
    def kind(self) -> str:
        """The kind of conversation."""

    @property
    def intent_hash(self) -> str | None:
        """The content of a post whose answer is not known."""

    @property
    def content_hash(self) -> str | None:
        """The content that Creovai has."""


def sent_once(kind: str) -> bool:
    """Tell whether it is unknown what a second post of such a conversation does."""
    return KINDS[kind].interface.sent_once


def in_doubt(line: Intended) -> bool:
    """Tell whether a post of this conversation may have arrived, and would be one too many.

    The update of a case is none: it is made once more, and replaces.
    """
    return bool(line.intent_hash) and is_first_post(line)


def is_first_post(line: Intended) -> bool:
    """Tell whether Creovai is to have one post of this conversation that it has not confirmed."""
    return line.content_hash is None or (line.content_hash == SEND_AGAIN and sent_once(line.kind))


class Concluded(Protocol):
    """What tells whether a conversation is looked at again."""

    @property
    def outcome(self) -> str:
        """Where it stands."""

    @property
    def reason(self) -> Reason | None:
        """Why it stands there."""

    @property
    def revision(self) -> int:
        """How often its rows have changed."""

    @property
    def assembled(self) -> int | None:
        """The revision that the outcome speaks of."""

    @property
    def intent_hash(self) -> str | None:
        """The content of a post whose answer is not known."""


def is_at_rest(line: Concluded) -> bool:
    """Tell whether no run looks at a conversation that was sent, whatever the settings are.

    `is_due` is the same for the database.
    """
    concluded = line.outcome == Outcome.SENT and line.reason != DELETED_LATER
    return concluded and line.assembled == line.revision and not line.intent_hash


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


class News(NamedTuple):
    """What the rows that came tell of their conversation itself.

    `modified` is the newest SystemModstamp among them, `number` a CaseNumber.
    """

    modified: str = ""
    number: str | None = None


NO_NEWS = News()


def touch(
    db: sa.Connection,
    insert: Callable[[sa.Table], Any],
    conversations: Mapping[tuple[str, str], News],
) -> None:
    """Make these conversations due: one of their rows came, changed or moved away."""
    if not conversations:
        return
    now = utc(datetime.now(UTC))
    new = {"revision": 1, "outcome": Outcome.WAITING, "reason": _NEW.stored, "changed_at": now}
    lines = [
        {"kind": kind, "id": key, "modified": news.modified, "number": news.number, **new}
        for (kind, key), news in sorted(conversations.items())
    ]
    c, statement = LEDGER.c, insert(LEDGER)
    told = statement.excluded
    changed = {
        "revision": c.revision + 1,
        "changed_at": now,
        "modified": sa.case((told.modified > c.modified, told.modified), else_=c.modified),
        "number": sa.func.coalesce(told.number, c.number),
        "has_text": sa.true(),
    }
    execute_many(
        db, statement.on_conflict_do_update(index_elements=["kind", "id"], set_=changed), lines
    )
    add_up(db)


def is_due(kind: str, turn: Turn | None = None) -> sa.ColumnElement[bool]:
    """Return the condition for what a run looks at of a kind, once `wake` has been there."""
    return sa.and_(LEDGER.c.kind == kind, sa.text(IS_DUE), *_TURNS.get(turn, ()))


def gets_due(kind: str, rules: str, now: str) -> sa.ColumnElement[bool]:
    """Return the condition for what `wake` makes due."""
    return sa.or_(_is_awaited(kind, now), _is_of_other_rules(kind, rules))


def may_wake(db: sa.Connection, kind: str, rules: str, now: str) -> bool:
    """Tell whether `wake` would find anything, by an index and by the counts."""
    awaited = db.scalar(sa.select(sa.exists().where(_is_awaited(kind, now))))
    return bool(awaited) or _have_other_rules(db, kind, rules)


def wake(db: sa.Connection, kind: str, rules: str, now: str) -> None:
    """Make due what time has freed, and what other settings, or another version, may free.

    What waits to be closed, or for its main row, rests on few of them: see `opening_of`.
    """
    _free(db, kind, _is_awaited(kind, now), due_at=None)
    if _have_other_rules(db, kind, rules):
        _free(db, kind, _is_of_other_rules(kind, rules), rules=None)
    add_up(db)


def _is_awaited(kind: str, now: str) -> sa.ColumnElement[bool]:
    return sa.and_(LEDGER.c.kind == kind, LEDGER.c.due_at <= now)


def _is_of_other_rules(kind: str, rules: str) -> sa.ColumnElement[bool]:
    """Return the condition for what is not sent, and was left under other rules than these."""
    c = LEDGER.c
    return sa.and_(c.kind == kind, RESTS_ON_RULES, c.rules.not_in(_known(rules)))


def _known(rules: str) -> tuple[str, ...]:
    return "", rules, opening_of(rules)


def opening_of(rules: str) -> str:
    """Return the part of a fingerprint by which conversations are open or closed."""
    return rules[SHAPE_LENGTH : SHAPE_LENGTH + OPENING_LENGTH]


# Not sent, or sent and deleted since: other settings may change what follows from it.
_NOT_SENT = (Outcome.WAITING, Outcome.SKIPPED, Outcome.SET_ASIDE)
RESTS_ON_RULES = sa.or_(LEDGER.c.outcome.in_(_NOT_SENT), LEDGER.c.reason == DELETED_LATER)


def _have_other_rules(db: sa.Connection, kind: str, rules: str) -> bool:
    c = COUNTS.c
    rests = sa.or_(c.outcome.in_(_NOT_SENT), c.reason == DELETED_LATER.stored)
    return bool(counts(db, c.kind == kind, rests, c.rules.not_in(_known(rules))))


def _free(db: sa.Connection, kind: str, which: sa.ColumnElement[bool], **cleared: None) -> None:
    """Make due, but for what somebody else is writing just now: that is concluded anew."""
    c = LEDGER.c
    ids = sa.select(c.id).where(which).with_for_update(skip_locked=True)
    these = sa.update(LEDGER).where(c.kind == kind, c.id.in_(ids))
    db.execute(these.values(assembled=None, **cleared))


_TURNS: dict[Turn | None, tuple[sa.ColumnElement[bool] | sa.TextClause, ...]] = {
    Turn.IN_DOUBT: (
        sa.text(IS_INTENDED),
        sa.or_(
            LEDGER.c.content_hash.is_(None),
            sa.and_(
                LEDGER.c.content_hash == SEND_AGAIN,
                LEDGER.c.kind.in_([kind for kind in KINDS if sent_once(kind)]),
            ),
        ),
    ),
    Turn.FRESH: (LEDGER.c.failed_at.is_(None),),
    Turn.FAILED: (LEDGER.c.failed_at.is_not(None),),
}
