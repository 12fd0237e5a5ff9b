"""Before its first post from this store, a conversation is looked up: another one may have sent it.

A store that was lost, restored or begun anew costs one look-up for a hundred conversations,
and no second post.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from target_creovai.assemble import Ready
from target_creovai.http.client import IDS_PER_LOOK_UP
from target_creovai.http.sessions import creovai_id_of, is_excluded
from target_creovai.model.timestamps import utc
from target_creovai.sending.outbox import BYTES_AT_ONCE
from target_creovai.sending.sender import StatusQuery
from target_creovai.store import EXCLUDED
from target_creovai.store.ledger.adoption import Adopted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol

    from target_creovai.assemble import Verdict
    from target_creovai.sending.context import DeliveryContext
    from target_creovai.sending.outbox import Outbox
    from target_creovai.sending.sender import Found
    from target_creovai.store import LedgerEntry

    class CarryOut(Protocol):
        """Carries out the next step of a conversation."""

        def __call__(
            self, entry: LedgerEntry, verdict: Verdict, *, not_at_creovai: bool = False
        ) -> None:
            """Do it; `not_at_creovai`: a look-up has just not found it."""


class ExistenceChecks:
    """Gathers conversations, looks up a hundred at once, and carries out the next step of each."""

    def __init__(
        self,
        context: DeliveryContext,
        outbox: Outbox,
        carry_out: CarryOut,
    ) -> None:
        self._store = context.store
        self._summary = context.summary
        self._rules = context.rules
        self._prefix = context.prefix
        self._outbox = outbox
        self._carry_out = carry_out
        self._waiting: list[tuple[LedgerEntry, Verdict]] = []
        self._bytes = 0

    def add(self, entry: LedgerEntry, verdict: Verdict) -> None:
        """Add a conversation whose next step depends on whether Creovai has it."""
        self._waiting.append((entry, verdict))
        if isinstance(verdict, Ready):
            self._bytes += verdict.size
        if len(self._waiting) >= IDS_PER_LOOK_UP or self._bytes >= BYTES_AT_ONCE:
            self.query()

    def query(self) -> None:
        """Look up all that were added."""
        if not self._waiting:
            return
        by_session = {self._prefix + entry.id: (entry, made) for entry, made in self._waiting}
        self.drop()

        def resolve(found: Found) -> None:
            for name, (entry, verdict) in by_session.items():
                if session := found.get(name):
                    self._adopt(entry, verdict, session)
                else:
                    self._carry_out(entry, verdict, not_at_creovai=True)

        self._outbox.submit_query(StatusQuery(list(by_session), resolve))

    def drop(self) -> None:
        """Drop all that were added."""
        self._waiting, self._bytes = [], 0

    def _adopt(self, entry: LedgerEntry, verdict: Verdict, session: Mapping[str, Any]) -> None:
        adopted = adopted_from(session, datetime.now(UTC))
        self._summary.adopted[entry.kind] += 1
        if adopted.excluded:
            self._store.outcomes.discard(
                entry, rules=self._rules, reason=EXCLUDED, erased_at=adopted.found_at
            )
            return
        self._store.outcomes.record_adoption(entry, adopted)
        self._carry_out(adopted.applied_to(entry), verdict)


def adopted_from(session: Mapping[str, Any], now: datetime) -> Adopted:
    """Return what is to be taken over of a session that Creovai has found."""
    return Adopted(utc(now), creovai_id_of(session) or None, is_excluded(session))
