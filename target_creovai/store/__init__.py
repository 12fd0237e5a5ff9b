"""The store: staged rows, and the ledger of what was delivered. All SQL is here.

One relational database, SQLite by default and PostgreSQL by URL. STATE is passed on
after a commit here, so SQLite runs in WAL mode with `synchronous=FULL`:
what was committed survives kill -9 and a power cut.
"""

from target_creovai.store.ledger.due import ClaimPhase, opening_of
from target_creovai.store.ledger.entry import (
    ADOPTED,
    DELETED_LATER,
    EXCLUDED,
    SEND_AGAIN,
    LedgerEntry,
    in_doubt,
    is_first_post,
    sent_once,
)
from target_creovai.store.ledger.ledger import OutcomeCount
from target_creovai.store.store import Store

__all__ = [
    "ADOPTED",
    "DELETED_LATER",
    "EXCLUDED",
    "SEND_AGAIN",
    "ClaimPhase",
    "LedgerEntry",
    "OutcomeCount",
    "Store",
    "in_doubt",
    "is_first_post",
    "opening_of",
    "sent_once",
]
