"""How many calls the limits leave, and when. Pure: the time comes from the caller.

Salesforce counts calls in an hour (Connect) or a minute (Conversation Data), and takes every
conversation that was called for as active during half an hour: an org has a limit of active ones,
beyond which customers cannot begin a chat. All of these are limits of calls in a sliding period,
kept here against the calls of earlier runs too.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from tap_salesforce_chat.timestamps import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_salesforce_chat.messaging.quiet_hours import QuietHours

# Calls are counted by so many seconds: few numbers to remember from run to run.
_GRAIN = timedelta(seconds=10)
# A call reaches Salesforce a little later than it is counted, and clocks are read a little late.
_LAG = timedelta(seconds=10)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many calls in any period of a length; `name` is for people."""

    most: int
    period: timedelta
    name: str


@dataclass(frozen=True, slots=True)
class Slot:
    """When a call may be made, and what it has to wait for."""

    at: datetime
    because: str


class RateLimits:
    """The calls of this run and of those before it, against the limits.

    Args:
        limits: All of them hold.
        pauses: When nothing may be called at all.
        spent: The calls of earlier runs, as `spent` returned them.
        rest_until: What Salesforce asked an earlier run to wait for.

    Raises:
        ValueError: `spent` is not what `spent` returns.
    """

    def __init__(
        self,
        limits: Iterable[Limit],
        pauses: QuietHours,
        spent: Mapping[str, int],
        rest_until: datetime | None = None,
    ) -> None:
        self._limits = tuple(limits)
        self._pauses = pauses
        self._calls = Counter({parse_instant(text): int(spent[text]) for text in spent})
        self.rest_until = rest_until

    def next_slot(self, now: datetime) -> Slot:
        """Return when the next call may be made: now, or else as soon as all limits let it."""
        slots = [Slot(self._room(limit, now), limit.name) for limit in self._limits]
        if self.rest_until and self.rest_until > now:
            slots.append(Slot(self.rest_until, "Salesforce, which refuses calls for now"))
        slot = max(slots, key=lambda slot: slot.at, default=Slot(now, ""))
        end = self._pauses.end(slot.at)
        return Slot(end, "messaging_pause") if end > slot.at else slot

    def _room(self, limit: Limit, now: datetime) -> datetime:
        """Return when a limit lets one more call pass."""
        kept = limit.period + _GRAIN + _LAG
        left = limit.most
        for moment in sorted(self._calls, reverse=True):
            left -= self._calls[moment]
            if left <= 0:
                return max(now, moment + kept)
        return now

    def spend(self, now: datetime) -> None:
        """Count a call that is about to be made."""
        self.rest_until = None
        second = now.second - now.second % int(_GRAIN.total_seconds())
        self._calls[now.replace(second=second, microsecond=0)] += 1
        longest = max((limit.period for limit in self._limits), default=timedelta())
        for moment in [key for key in self._calls if key + longest + _GRAIN + _LAG <= now]:
            del self._calls[moment]

    def spent(self) -> dict[str, int]:
        """Return the calls that still count, by time, for the next run."""
        return {format_instant(moment): self._calls[moment] for moment in sorted(self._calls)}

    def hours_for(self, calls: int, now: datetime) -> int:
        """Return in how many hours so many calls can be made if it is tried all the time."""
        kept = [
            limit.most / (limit.period + _GRAIN + _LAG).total_seconds() for limit in self._limits
        ]
        minutes = ceil(calls / (60 * min(kept)))
        days, rest = divmod(minutes, self._pauses.open_minutes)
        moment = self.next_slot(now).at + days * _DAY
        for _ in range(rest):
            moment = self._pauses.end(moment + timedelta(minutes=1))
        return ceil((moment - now) / _HOUR)
