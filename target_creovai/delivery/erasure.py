"""Erasure that follows the data: what was deleted in Salesforce is taken back from Creovai."""

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

    from target_creovai.sending.sender import Sender
    from target_creovai.store import LedgerEntry, Store
    from target_creovai.watch.summary import Summary

# The documented maximum of a purge; none is known of the other requests.
IDS_PER_REQUEST = 100
# Large batches take Creovai hours: until then "not found" does not mean "gone".
SURELY_ARRIVED = timedelta(hours=24)


class Way(NamedTuple):
    """A way to take something back. `call` gets session ids, and returns those that are done."""

    done: str
    call: Callable[[CreovaiClient, Sequence[str]], set[str]]


WAYS = {
    "exclude": Way("excluded", CreovaiClient.exclude),
    "purge": Way("purged", CreovaiClient.purge),
}


class Erasures:
    """Conversations to take back: noted while a run goes through the store, done at its end.

    Only at the end it is known how many there are. Asking twice for the same changes
    nothing at Creovai, so that a run which is killed in between is no matter.
    """

    def __init__(
        self,
        store: Store,
        sender: Sender,
        summary: Summary,
        *,
        way: Way,
        limit: int,
        prefix: str,
        rules: str,
    ) -> None:
        self._store = store
        self._sender = sender
        self._summary = summary
        self._way = way
        self._limit = limit
        self._prefix = prefix
        self._rules = rules
        self._noted: dict[tuple[str, str], LedgerEntry] = {}

    def note(self, entry: LedgerEntry) -> None:
        """Note one that was sent and is deleted in Salesforce."""
        self._noted[entry.kind, entry.id] = entry

    def __contains__(self, entry: LedgerEntry) -> bool:
        return (entry.kind, entry.id) in self._noted

    def carry_out(self, between: Callable[[], None]) -> None:
        """Take all of them back, or none if they are too many.

        Args:
            between: Is called before each request, and may end the run.

        Raises:
            HaltError: They are too many, or Creovai does not let us.
        """
        noted = list(self._noted.values())
        if len(noted) > self._limit:
            msg = (
                f"{len(noted)} conversations that were sent are deleted in Salesforce now, which "
                f"is more than max_deletes ({self._limit}): none was {self._way.done}. If that is "
                "right, and not a permission that the Salesforce user lost, run once with a "
                "higher max_deletes."
            )
            raise HaltError(msg)
        for start in range(0, len(noted), IDS_PER_REQUEST):
            between()
            self._take_back(noted[start : start + IDS_PER_REQUEST])

    def _take_back(self, noted: Sequence[LedgerEntry]) -> None:
        by_session = {self._prefix + entry.id: entry for entry in noted}
        found = self._sender.what_arrived(list(by_session), frozenset(by_session))
        known = [session_id for session_id in by_session if session_id in found]
        # Before the request: whoever finds it done knows by whom, and never sends it again.
        now = utc(datetime.now(UTC))
        begun = Reason(Code.ERASING, (self._way.done,))
        for session_id in known:
            self._store.outcomes.record_erasure(by_session[session_id], begun, now)
        self._store.commit()
        done, reason = self._ask(known)
        for session_id, entry in by_session.items():
            if session_id in done or (session_id not in found and _is_gone(entry)):
                self._bury(entry, now)
            else:
                self._put_off(entry, reason if session_id in found else "Creovai has it not yet")

    def _ask(self, session_ids: Sequence[str]) -> tuple[set[str], str]:
        """Return what is done, and why the rest is not."""
        try:
            done = self._sender.patience.retrying(self._way.call)(self._sender.client, session_ids)
        except (RejectedError, RetryLaterError) as error:
            return set(), str(error)
        return done, f"Creovai has not {self._way.done} it yet"

    def _bury(self, entry: LedgerEntry, now: str) -> None:
        reason = Reason(Code.ERASED, (self._way.done,))
        erased_at = entry.erased_at or now
        self._store.outcomes.discard(entry, rules=self._rules, reason=reason, erased_at=erased_at)
        self._summary.erased[self._way.done, entry.kind] += 1

    def _put_off(self, entry: LedgerEntry, why: str) -> None:
        reason = Reason(Code.TO_ERASE, (self._way.done, why))
        self._store.outcomes.postpone(entry, reason)
        self._summary.add_pending(entry.kind, entry.id, reason)


def _is_gone(entry: LedgerEntry) -> bool:
    """Tell whether "not found" is to be believed: an earlier run erased it, or it is long ago."""
    sent_at = parse_time(entry.sent_at)
    long_ago = sent_at is not None and datetime.now(UTC) - sent_at > SURELY_ARRIVED
    return entry.erased_at is not None or long_ago
