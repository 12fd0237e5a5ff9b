"""What another store has sent, taken over: the same for a run and for the command `adopt`."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from target_creovai.model.outcomes import Outcome
from target_creovai.store.ledger.entry import ADOPTED, EXCLUDED, LedgerEntry


class Adopted(msgspec.Struct, frozen=True):
    """A conversation that Creovai has, and this store never sent.

    One that is `excluded` there is never sent: how it could be is not documented.
    """

    found_at: str
    creovai_id: str | None
    excluded: bool

    @property
    def columns(self) -> dict[str, Any]:
        """What its line in the ledger becomes: a receipt, or a tombstone."""
        return {"creovai_id": self.creovai_id} | (
            self._tombstone if self.excluded else self._receipt
        )

    @property
    def _tombstone(self) -> dict[str, Any]:
        return {"outcome": Outcome.SKIPPED, "reason": EXCLUDED, "erased_at": self.found_at}

    @property
    def _receipt(self) -> dict[str, Any]:
        return {"outcome": Outcome.SENT, "reason": None} | self._found

    @property
    def _found(self) -> dict[str, Any]:
        return {
            "content_hash": ADOPTED,
            "sent_at": self.found_at,
            "adopted_at": self.found_at,
        }

    def applied_to(self, entry: LedgerEntry) -> LedgerEntry:
        """Return an entry as what is decided next depends on it, once the receipt is written."""
        return replace(entry, metadata=None, **self._found)
