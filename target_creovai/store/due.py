"""What is due: the outcomes of conversations, and what makes them be looked at again."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa

from target_creovai.kinds import KINDS
from target_creovai.model import SHAPE_LENGTH
from target_creovai.outcomes import Code, Outcome, Reason
from target_creovai.payload import utc
from target_creovai.store.tables import LEDGER, execute_many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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


def touch(
    db: sa.Connection,
    insert: Callable[[sa.Table], Any],
    conversations: Iterable[tuple[str, str]],
) -> None:
    """Make these conversations due: one of their rows came, changed or moved away."""
    touched = sorted(conversations)
    if not touched:
        return
    now = utc(datetime.now(UTC))
    statement = insert(LEDGER).on_conflict_do_update(
        index_elements=["kind", "id"],
        set_={"revision": LEDGER.c.revision + 1, "changed_at": now},
    )
    new = {"revision": 1, "outcome": Outcome.WAITING, "reason": _NEW.stored, "changed_at": now}
    execute_many(db, statement, [{"kind": kind, "id": key, **new} for kind, key in touched])


def is_due(kind: str, rules: str, now: str, turn: Turn | None = None) -> sa.ColumnElement[bool]:
    """Return the condition for what `Ledger.due` returns of a kind."""
    c = LEDGER.c
    due = sa.or_(
        c.assembled.is_(None),
        c.assembled != c.revision,
        c.outcome == Outcome.PENDING,
        c.intent_hash.is_not(None),
        c.due_at <= now,
        sa.and_(
            sa.or_(
                c.outcome.in_([Outcome.WAITING, Outcome.SKIPPED, Outcome.SET_ASIDE]),
                c.reason == DELETED_LATER,
            ),
            c.rules != rules,
        ),
    )
    return sa.and_(c.kind == kind, due, *_TURNS.get(turn, ()))


_TURNS: dict[Turn | None, tuple[sa.ColumnElement[bool], ...]] = {
    Turn.IN_DOUBT: (
        LEDGER.c.intent_hash.is_not(None),
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
