"""Rate limits: when the next call may be made. No I/O: the time comes from the caller.

Salesforce counts calls in an hour (Connect) or a minute (Conversation Data), and counts every
conversation that was called for as active for half an hour: an org has a limit of active ones,
above which customers cannot start a chat. All of these limit the calls in a sliding period, and
the calls of earlier runs count as well.
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

# Calls are counted per interval of this length: STATE keeps few numbers from run to run.
_INTERVAL = timedelta(seconds=10)
# A call reaches Salesforce a little later than it is counted, and clocks are read a little late.
_LAG = timedelta(seconds=10)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `max_calls` calls in any period of a length; `name` is for log lines."""

    max_calls: int
    period: timedelta
    name: str


@dataclass(frozen=True, slots=True)
class Slot:
    """When a call may be made, and the limit that it waits for."""

    at: datetime
    reason: str


class RateLimits:
    """Compares the calls of this run and of earlier ones with the limits.

    Args:
        limits: The limits, all of which hold.
        quiet_hours: When no call may be made.
        calls: The calls of earlier runs, as `recorded_calls` returned them.
        blocked_until: Until when Salesforce refused calls in an earlier run.

    Raises:
        ValueError: `calls` is not of the form that `recorded_calls` returns.
    """

    def __init__(
        self,
        limits: Iterable[Limit],
        quiet_hours: QuietHours,
        calls: Mapping[str, int],
        blocked_until: datetime | None = None,
    ) -> None:
        self._limits = tuple(limits)
        self._quiet_hours = quiet_hours
        self._calls = Counter({parse_instant(text): int(calls[text]) for text in calls})
        self.blocked_until = blocked_until

    def next_slot(self, now: datetime) -> Slot:
        """Return when the next call may be made: now, or as soon as all limits permit it."""
        slots = [Slot(self._next_call(limit, now), limit.name) for limit in self._limits]
        if self.blocked_until and self.blocked_until > now:
            slots.append(Slot(self.blocked_until, "Salesforce, which refuses calls for now"))
        slot = max(slots, key=lambda slot: slot.at, default=Slot(now, ""))
        end = self._quiet_hours.next_open(slot.at)
        return Slot(end, "messaging_pause") if end > slot.at else slot

    def _next_call(self, limit: Limit, now: datetime) -> datetime:
        """Return when a limit permits one more call."""
        kept = limit.period + _INTERVAL + _LAG
        left = limit.max_calls
        for moment in sorted(self._calls, reverse=True):
            left -= self._calls[moment]
            if left <= 0:
                return max(now, moment + kept)
        return now

    def record_call(self, now: datetime) -> None:
        """Count a call that is about to be made."""
        self.blocked_until = None
        second = now.second - now.second % int(_INTERVAL.total_seconds())
        self._calls[now.replace(second=second, microsecond=0)] += 1
        longest = max((limit.period for limit in self._limits), default=timedelta())
        for moment in [key for key in self._calls if key + longest + _INTERVAL + _LAG <= now]:
            del self._calls[moment]

    def recorded_calls(self) -> dict[str, int]:
        """Return the number of calls that still count, by instant, for the next run."""
        return {format_instant(moment): self._calls[moment] for moment in sorted(self._calls)}

    def hours_for(self, calls: int, now: datetime) -> int:
        """Return in how many hours so many calls can be made by runs without a break."""
        kept = [
            limit.max_calls / (limit.period + _INTERVAL + _LAG).total_seconds()
            for limit in self._limits
        ]
        minutes = ceil(calls / (60 * min(kept)))
        days, rest = divmod(minutes, self._quiet_hours.open_minutes)
        moment = self.next_slot(now).at + days * _DAY
        for _ in range(rest):
            moment = self._quiet_hours.next_open(moment + timedelta(minutes=1))
        return ceil((moment - now) / _HOUR)
