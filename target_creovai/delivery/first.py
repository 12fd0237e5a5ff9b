"""Creovai is asked for what was never sent from this store: another one may have sent it.

A store that was lost, restored or begun anew so costs look-ups, one for a hundred conversations,
and no second post.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from target_creovai.assemble import Ready
from target_creovai.delivery.dispatch import BYTES_AT_ONCE
from target_creovai.http.client import IDS_PER_LOOK_UP, STATUS_EXCLUDED
from target_creovai.model.timestamps import utc
from target_creovai.sending.sender import Question
from target_creovai.store import EXCLUDED
from target_creovai.store.ledger.adoption import Adopted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Protocol

    from target_creovai.assemble import Verdict
    from target_creovai.delivery.outbox import Outbox
    from target_creovai.sending.sender import Found
    from target_creovai.store import LedgerEntry, Store
    from target_creovai.watch.summary import Summary

    class GoesOn(Protocol):
        """Carries out the next step of a conversation."""

        def __call__(self, entry: LedgerEntry, verdict: Verdict, *, asked: bool = False) -> None:
            """Do it; `asked`: Creovai does not have it."""


class FirstLooks:
    """Gathers questions, and goes on with each conversation when the answer is here."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        summary: Summary,
        *,
        prefix: str,
        rules: str,
        go_on: GoesOn,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._summary = summary
        self._prefix = prefix
        self._rules = rules
        self._go_on = go_on
        self._waiting: list[tuple[LedgerEntry, Verdict]] = []
        self._bytes = 0

    def add(self, entry: LedgerEntry, verdict: Verdict) -> None:
        """Take a conversation whose next step depends on whether Creovai has it."""
        self._waiting.append((entry, verdict))
        if isinstance(verdict, Ready):
            self._bytes += verdict.size
        if len(self._waiting) >= IDS_PER_LOOK_UP or self._bytes >= BYTES_AT_ONCE:
            self.ask()

    def ask(self) -> None:
        """Ask for all that wait."""
        if not self._waiting:
            return
        by_session = {self._prefix + entry.id: (entry, made) for entry, made in self._waiting}
        self.drop()

        def settle(found: Found) -> None:
            for name, (entry, verdict) in by_session.items():
                if session := found.get(name):
                    self._adopt(entry, verdict, session)
                else:
                    self._go_on(entry, verdict, asked=True)

        self._outbox.ask(Question(list(by_session), settle))

    def drop(self) -> None:
        """Ask for none of them."""
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
        self._go_on(adopted.applied_to(entry), verdict)


def adopted_from(session: Mapping[str, Any], now: datetime) -> Adopted:
    """Return what is to be taken over of a session that Creovai has found."""
    excluded = session.get("status") == STATUS_EXCLUDED
    return Adopted(utc(now), str(session.get("id") or "") or None, excluded)
