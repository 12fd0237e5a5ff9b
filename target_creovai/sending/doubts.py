"""Posts whose answers were lost: they are looked up at Creovai, with growing pauses.

How soon a look-up finds what Creovai took is not documented. "Not found" counts when
`doubt_minutes` have passed since the post; where a second post replaces the first, it counts
at once, if two look-ups agree.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from target_creovai.clock import uptime
from target_creovai.http.client import IDS_PER_LOOK_UP
from target_creovai.http.sessions import creovai_id_of
from target_creovai.model.history import UNKNOWN
from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.timestamps import utc
from target_creovai.salesforce.rows import parse_time
from target_creovai.sending.outbox import SECONDS_TO_SEND
from target_creovai.sending.sender import StatusQuery
from target_creovai.store import sent_once

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Protocol

    from target_creovai.model.history import Traits
    from target_creovai.sending.context import DeliveryContext
    from target_creovai.sending.outbox import Outbox
    from target_creovai.sending.sender import Found
    from target_creovai.store import LedgerEntry

    Key = tuple[str, str]

    class OnResolved(Protocol):
        """What is called when a look-up has shown whether Creovai has a conversation."""

        def __call__(self, entry: LedgerEntry, *, arrived: bool) -> None:
            """Handle it."""


FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
DIED = "a run ended before its answer came"


class Doubt(msgspec.Struct, frozen=True):
    """A post that may have arrived. `why`: what came instead of its answer.

    `traits` are empty where another run has posted it.
    """

    entry: LedgerEntry
    posted_by: datetime
    why: str
    next_look: float
    pause: float = FIRST_PAUSE
    traits: Traits = UNKNOWN


class Doubts:
    """The open doubts of a run. `on_resolved` is called for each that a look-up has resolved."""

    def __init__(
        self,
        context: DeliveryContext,
        outbox: Outbox,
        *,
        minutes: int,
        on_resolved: OnResolved,
    ) -> None:
        self._store = context.store
        self._summary = context.summary
        self._prefix = context.prefix
        self._outbox = outbox
        self._minutes = timedelta(minutes=minutes)
        self._minutes_text = str(minutes)
        self._on_resolved = on_resolved
        self._open: dict[Key, Doubt] = {}
        self.resolved = 0
        """How many were resolved: those conversations may be due again."""

    def __contains__(self, entry: LedgerEntry) -> bool:
        return (entry.kind, entry.id) in self._open

    def __len__(self) -> int:
        return len(self._open)

    def add_lost_answer(self, entry: LedgerEntry, why: str, traits: Traits) -> None:
        """Add a post of this run whose answer was lost just now."""
        now, next_look = datetime.now(UTC), uptime() + FIRST_PAUSE
        self._record(Doubt(entry, now, why, next_look, traits=traits))

    def look_up(self, entries: Iterable[LedgerEntry]) -> None:
        """Add intents without receipts that an earlier run has left, and look them up at once."""
        now = datetime.now(UTC)
        left = [Doubt(entry, _posted_by(entry, now), _why(entry), 0.0) for entry in entries]
        for doubt in left:
            self._open[doubt.entry.kind, doubt.entry.id] = doubt
        self._query(left)

    def look_up_due(self) -> None:
        """Look up those whose pause is over."""
        now = uptime()
        self._query([one for one in self._open.values() if one.next_look <= now])

    def look_up_all(self) -> None:
        """Look up all of them, whatever their pauses."""
        self._query(list(self._open.values()))

    def _query(self, doubts: Sequence[Doubt]) -> None:
        for start in range(0, len(doubts), IDS_PER_LOOK_UP):
            some = doubts[start : start + IDS_PER_LOOK_UP]
            for one in some:  # not once more while the query is in flight
                key = (one.entry.kind, one.entry.id)
                self._open[key] = replace(one, next_look=float("inf"))
            self._outbox.submit_query(self._status_query(some))

    def _status_query(self, doubts: Sequence[Doubt]) -> StatusQuery:
        now = datetime.now(UTC)
        by_session = {self._prefix + one.entry.id: one for one in doubts}
        over = frozenset(name for name, one in by_session.items() if self._ends(one) <= now)

        def resolve(found: Found) -> None:
            for name, doubt in by_session.items():
                if session := found.get(name):
                    self._arrived(doubt, creovai_id_of(session))
                elif name in over:
                    self._not_arrived(doubt)
                else:
                    pause = min(2 * doubt.pause, LONGEST_PAUSE)
                    self._record(replace(doubt, next_look=uptime() + pause, pause=pause))

        return StatusQuery(list(by_session), resolve, over)

    def _ends(self, doubt: Doubt) -> datetime:
        """Return from when on "not found" counts."""
        minutes = self._minutes if sent_once(doubt.entry.kind) else timedelta()
        return doubt.posted_by + minutes if minutes else datetime.min.replace(tzinfo=UTC)

    def _record(self, doubt: Doubt) -> None:
        entry = doubt.entry
        reason = Reason(Code.IN_DOUBT, (doubt.why, self._minutes_text))
        self._open[entry.kind, entry.id] = doubt
        self._store.outcomes.record_lost_answer(entry, reason, utc(doubt.posted_by))
        self._summary.add_pending(entry.kind, entry.id, reason)

    def _arrived(self, doubt: Doubt, creovai_id: str) -> None:
        now = utc(datetime.now(UTC))
        self._store.outcomes.recover_receipt(doubt.entry, now, creovai_id, doubt.traits)
        self._close(doubt, arrived=True)

    def _not_arrived(self, doubt: Doubt) -> None:
        self._store.outcomes.clear_intent(doubt.entry, Reason(Code.NOT_ARRIVED, (doubt.why,)))
        self._close(doubt, arrived=False)

    def _close(self, doubt: Doubt, *, arrived: bool) -> None:
        key = (doubt.entry.kind, doubt.entry.id)
        del self._open[key]
        self._summary.pending.pop(key, None)
        self.resolved += 1
        self._on_resolved(doubt.entry, arrived=arrived)


def _posted_by(entry: LedgerEntry, now: datetime) -> datetime:
    """Return the latest moment of a post; a clock that was wrong must not make it a late one."""
    recorded = parse_time(entry.posted_by)
    latest = now + timedelta(seconds=SECONDS_TO_SEND)
    return recorded if recorded and recorded <= latest else now


def _why(entry: LedgerEntry) -> str:
    """Return what came instead of the answer, as an earlier run recorded it."""
    if entry.reason and entry.reason.code is Code.IN_DOUBT:
        return entry.reason.args[0]
    return str(entry.reason or DIED)
