"""A line of the ledger, and what follows from it alone."""

from __future__ import annotations

import msgspec

from target_creovai.kinds import KINDS
from target_creovai.model.outcomes import Code, Outcome, Reason
from target_creovai.model.settings import OPENING_LENGTH

# These stand for the hash of what Creovai has; no content has them. The first is to be replaced,
# the second was found there, sent by another store: its content is not known.
SEND_AGAIN, ADOPTED = "send again", "adopted"
# The reason of a tombstone that was found there.
EXCLUDED = Reason(Code.EXCLUDED)
# The reason of what is sent and stays so unless `on_delete` has it taken back.
DELETED_LATER = Reason(Code.DELETED_LATER)


class LedgerEntry(msgspec.Struct, frozen=True):
    """One conversation's line in the ledger, as delivery and the operator's commands see it.

    See the ledger's columns in `tables` for what the fields are.
    """

    kind: str
    id: str
    revision: int
    outcome: str
    refused_hash: str | None
    intent_hash: str | None
    content_hash: str | None
    metadata: bytes | None
    changed_at: str | None
    sent_at: str | None
    erased_at: str | None
    reason: Reason | None = None
    posted_by: str | None = None
    adopted_at: str | None = None
    failures: int | None = None
    event_time: str | None = None
    assembled: int | None = None
    rules: str | None = None
    creovai_id: str | None = None

    @property
    def made_by(self) -> str | None:
        """The rules that made what Creovai has, if known; opening rules alone make nothing."""
        return None if len(self.rules or "") <= OPENING_LENGTH else self.rules


def sent_once(kind: str) -> bool:
    """Return whether it is undocumented what a second post of such a conversation does."""
    return KINDS[kind].interface.sent_once


def in_doubt(entry: LedgerEntry) -> bool:
    """Return whether a post may have arrived, so that another one would be a duplicate.

    The update of a case is no duplicate: it replaces what is there.
    """
    return bool(entry.intent_hash) and is_first_post(entry)


def is_first_post(entry: LedgerEntry) -> bool:
    """Return whether Creovai has not confirmed the one post that this conversation is to have."""
    return entry.content_hash is None or (
        entry.content_hash == SEND_AGAIN and sent_once(entry.kind)
    )


def is_concluded(entry: LedgerEntry) -> bool:
    """Return whether a sent conversation is never due again, whatever the settings are.

    `due.is_due` is the same for the database.
    """
    concluded = entry.outcome == Outcome.SENT and entry.reason != DELETED_LATER
    return concluded and entry.assembled == entry.revision and not entry.intent_hash
