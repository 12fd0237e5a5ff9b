"""Posts whose answers were lost: Creovai is asked for them, with growing pauses.

How soon Creovai can tell of what it took is not documented. "Not found" is believed when so many
minutes have passed since the post, and at once, if it is said twice, where a second post
replaces the first.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from target_creovai.clock import uptime
from target_creovai.delivery.outbox import SECONDS_TO_SEND
from target_creovai.http.client import IDS_PER_LOOK_UP
from target_creovai.model.history import UNKNOWN
from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.timestamps import utc
from target_creovai.salesforce.rows import parse_time
from target_creovai.sending.sender import Question
from target_creovai.store import sent_once

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Protocol

    from target_creovai.delivery.outbox import Outbox
    from target_creovai.model.history import Traits
    from target_creovai.sending.sender import Found
    from target_creovai.store import LedgerEntry, Store
    from target_creovai.watch.summary import Summary

    Key = tuple[str, str]

    class Settled(Protocol):
        """Is told that Creovai has a conversation, or that it does not."""

        def __call__(self, entry: LedgerEntry, *, arrived: bool) -> None:
            """Go on with it."""


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
    """The open doubts of a run. `settled` is told of each that is none any more."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        summary: Summary,
        *,
        minutes: int,
        prefix: str,
        settled: Settled,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._summary = summary
        self._minutes = timedelta(minutes=minutes)
        self._asked_for = str(minutes)
        self._prefix = prefix
        self._tell = settled
        self._open: dict[Key, Doubt] = {}
        self.settled = 0
        """How many were settled: those may be due again."""

    def __contains__(self, entry: LedgerEntry) -> bool:
        return (entry.kind, entry.id) in self._open

    def __len__(self) -> int:
        return len(self._open)

    def lose(self, entry: LedgerEntry, why: str, traits: Traits) -> None:
        """Take a post of this run whose answer was lost just now."""
        now, next_look = datetime.now(UTC), uptime() + FIRST_PAUSE
        self._note(Doubt(entry, now, why, next_look, traits=traits))

    def take_over(self, entries: Iterable[LedgerEntry]) -> None:
        """Ask at once for what an earlier run, or one that died, has left."""
        now = datetime.now(UTC)
        left = [Doubt(entry, _posted_by(entry, now), _why(entry), 0.0) for entry in entries]
        for doubt in left:
            self._open[doubt.entry.kind, doubt.entry.id] = doubt
        self._ask(left)

    def look(self, *, early: bool = False) -> None:
        """Ask for those whose next look is due; for all of them, if `early`."""
        now = uptime()
        self._ask([one for one in self._open.values() if early or one.next_look <= now])

    def _ask(self, doubts: Sequence[Doubt]) -> None:
        for start in range(0, len(doubts), IDS_PER_LOOK_UP):
            some = doubts[start : start + IDS_PER_LOOK_UP]
            for one in some:  # not once more while the question is on its way
                key = (one.entry.kind, one.entry.id)
                self._open[key] = replace(one, next_look=float("inf"))
            self._outbox.ask(self._question(some))

    def _question(self, doubts: Sequence[Doubt]) -> Question:
        now = datetime.now(UTC)
        by_session = {self._prefix + one.entry.id: one for one in doubts}
        over = frozenset(name for name, one in by_session.items() if self._ends(one) <= now)

        def settle(found: Found) -> None:
            for name, doubt in by_session.items():
                if session := found.get(name):
                    self._arrived(doubt, str(session.get("id") or ""))
                elif name in over:
                    self._free(doubt)
                else:
                    pause = min(2 * doubt.pause, LONGEST_PAUSE)
                    self._note(replace(doubt, next_look=uptime() + pause, pause=pause))

        return Question(list(by_session), settle, over)

    def _ends(self, doubt: Doubt) -> datetime:
        """Return from when on "not found" is believed."""
        minutes = self._minutes if sent_once(doubt.entry.kind) else timedelta()
        return doubt.posted_by + minutes if minutes else datetime.min.replace(tzinfo=UTC)

    def _note(self, doubt: Doubt) -> None:
        entry = doubt.entry
        reason = Reason(Code.IN_DOUBT, (doubt.why, self._asked_for))
        self._open[entry.kind, entry.id] = doubt
        self._store.outcomes.record_lost_answer(entry, reason, utc(doubt.posted_by))
        self._summary.add_pending(entry.kind, entry.id, reason)

    def _arrived(self, doubt: Doubt, creovai_id: str) -> None:
        now = utc(datetime.now(UTC))
        self._store.outcomes.recover_receipt(doubt.entry, now, creovai_id, doubt.traits)
        self._close(doubt, arrived=True)

    def _free(self, doubt: Doubt) -> None:
        self._store.outcomes.clear_intent(doubt.entry, Reason(Code.NOT_ARRIVED, (doubt.why,)))
        self._close(doubt, arrived=False)

    def _close(self, doubt: Doubt, *, arrived: bool) -> None:
        key = (doubt.entry.kind, doubt.entry.id)
        del self._open[key]
        self._summary.pending.pop(key, None)
        self.settled += 1
        self._tell(doubt.entry, arrived=arrived)


def _posted_by(entry: LedgerEntry, now: datetime) -> datetime:
    """Return the latest moment of a post; a clock that was wrong must not make it a late one."""
    noted = parse_time(entry.posted_by)
    latest = now + timedelta(seconds=SECONDS_TO_SEND)
    return noted if noted and noted <= latest else now


def _why(entry: LedgerEntry) -> str:
    """Return what came instead of the answer, as an earlier run wrote it down."""
    if entry.reason and entry.reason.code is Code.IN_DOUBT:
        return entry.reason.args[0]
    return str(entry.reason or DIED)
