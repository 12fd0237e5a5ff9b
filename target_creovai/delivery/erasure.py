"""Erasure: what was deleted in Salesforce after it was sent is excluded or purged at Creovai."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from target_creovai.errors import HaltError, RejectedError, RetryLaterError
from target_creovai.http.client import CreovaiClient
from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.timestamps import utc
from target_creovai.salesforce.rows import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_creovai.sending.context import DeliveryContext
    from target_creovai.sending.sender import Sender
    from target_creovai.store import LedgerEntry

# The documented maximum of a purge; for the other requests none is documented.
IDS_PER_REQUEST = 100
# Large batches take Creovai hours: until then "not found" does not mean "gone".
SURELY_ARRIVED = timedelta(hours=24)


class ErasureMethod(NamedTuple):
    """A request that erases. `call` gets session ids, and returns those that are erased by it.

    `done` is the participle for reports.
    """

    done: str
    call: Callable[[CreovaiClient, Sequence[str]], set[str]]


ERASURE_METHODS = {
    "exclude": ErasureMethod("excluded", CreovaiClient.exclude),
    "purge": ErasureMethod("purged", CreovaiClient.purge),
}


class Erasures:
    """Conversations to erase: gathered while a run walks through the store, erased at its end.

    Only then their number is known. To request the same erasure twice changes nothing at Creovai,
    so that a run may be killed in between.
    """

    def __init__(
        self,
        context: DeliveryContext,
        sender: Sender,
        *,
        method: ErasureMethod,
        limit: int,
    ) -> None:
        self._store = context.store
        self._summary = context.summary
        self._rules = context.rules
        self._prefix = context.prefix
        self._sender = sender
        self._method = method
        self._limit = limit
        self._entries: dict[tuple[str, str], LedgerEntry] = {}

    def add(self, entry: LedgerEntry) -> None:
        """Add one that was sent and is deleted in Salesforce."""
        self._entries[entry.kind, entry.id] = entry

    def __contains__(self, entry: LedgerEntry) -> bool:
        return (entry.kind, entry.id) in self._entries

    def carry_out(self, between: Callable[[], None]) -> None:
        """Erase all of them, or none if they are too many.

        Args:
            between: Called before each request; may end the run.

        Raises:
            HaltError: They are too many, or Creovai refuses the request.
        """
        entries = list(self._entries.values())
        if len(entries) > self._limit:
            msg = (
                f"{len(entries)} conversations that were sent are deleted in Salesforce now, which "
                f"is more than max_deletes ({self._limit}): none was {self._method.done}. If that "
                "is right, and not a permission that the Salesforce user lost, run once with a "
                "higher max_deletes."
            )
            raise HaltError(msg)
        for start in range(0, len(entries), IDS_PER_REQUEST):
            between()
            self._erase(entries[start : start + IDS_PER_REQUEST])

    def _erase(self, entries: Sequence[LedgerEntry]) -> None:
        by_session = {self._prefix + entry.id: entry for entry in entries}
        found = self._sender.look_up_sessions(list(by_session), frozenset(by_session))
        known = [session_id for session_id in by_session if session_id in found]
        # Before the request: should its answer be lost, the conversation is never sent again.
        now = utc(datetime.now(UTC))
        begun = Reason(Code.ERASING, (self._method.done,))
        for session_id in known:
            self._store.outcomes.record_erasure(by_session[session_id], begun, now)
        self._store.commit()
        done, reason = self._request(known)
        for session_id, entry in by_session.items():
            if session_id in done or (session_id not in found and _is_gone(entry)):
                self._record_erased(entry, now)
            else:
                self._postpone(entry, reason if session_id in found else "Creovai has it not yet")

    def _request(self, session_ids: Sequence[str]) -> tuple[set[str], str]:
        """Return the sessions that are erased, and why the others are not."""
        try:
            done = self._sender.retry_budget.retrying(self._method.call)(
                self._sender.client, session_ids
            )
        except (RejectedError, RetryLaterError) as error:
            return set(), str(error)
        return done, f"Creovai has not {self._method.done} it yet"

    def _record_erased(self, entry: LedgerEntry, now: str) -> None:
        reason = Reason(Code.ERASED, (self._method.done,))
        erased_at = entry.erased_at or now
        self._store.outcomes.discard(entry, rules=self._rules, reason=reason, erased_at=erased_at)
        self._summary.erased[self._method.done, entry.kind] += 1

    def _postpone(self, entry: LedgerEntry, why: str) -> None:
        reason = Reason(Code.TO_ERASE, (self._method.done, why))
        self._store.outcomes.postpone(entry, reason)
        self._summary.add_pending(entry.kind, entry.id, reason)


def _is_gone(entry: LedgerEntry) -> bool:
    """Tell whether "not found" means erased: it was requested before, or it was sent long ago."""
    sent_at = parse_time(entry.sent_at)
    long_ago = sent_at is not None and datetime.now(UTC) - sent_at > SURELY_ARRIVED
    return entry.erased_at is not None or long_ago
