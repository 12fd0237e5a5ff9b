"""What is due: the outcomes of conversations, and what makes them be looked at again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_creovai.payload import utc
from target_creovai.store.tables import LEDGER, execute_many

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

WAITING, SKIPPED, PENDING, SENT, SET_ASIDE = "waiting", "skipped", "pending", "sent", "set aside"

# Stands for the hash of what Creovai has, where that is to be replaced: no content has it.
SEND_AGAIN = "send again"
# The reason of what is sent and stays so until `on_delete` says otherwise.
DELETED_LATER = "deleted in Salesforce after it was sent"


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
    new = {"revision": 1, "outcome": WAITING, "reason": "not assembled yet", "changed_at": now}
    execute_many(db, statement, [{"kind": kind, "id": key, **new} for kind, key in touched])


def is_due(kind: str, rules: str, now: str) -> sa.ColumnElement[bool]:
    """Return the condition for what `Ledger.due` returns of a kind."""
    c = LEDGER.c
    return sa.and_(
        c.kind == kind,
        sa.or_(
            c.assembled.is_(None),
            c.assembled != c.revision,
            c.outcome == PENDING,
            c.intent_hash.is_not(None),
            c.due_at <= now,
            sa.and_(
                sa.or_(c.outcome.in_([WAITING, SKIPPED, SET_ASIDE]), c.reason == DELETED_LATER),
                c.rules != rules,
            ),
        ),
    )
