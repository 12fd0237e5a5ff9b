"""Quiet hours: the hours of the day without calls. No I/O: the time comes from the caller."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
_WINDOW = re.compile(rf"({_CLOCK})-({_CLOCK})")

_MINUTE = timedelta(minutes=1)
_DAY = 24 * 60  # minutes


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of local time, which follow daylight saving time.

    Args:
        windows: Start, and end (exclusive), which is on the next day if it is not later.
        zone: The time zone; None: that of this machine.
    """

    windows: tuple[tuple[time, time], ...] = ()
    zone: tzinfo | None = None

    @classmethod
    def parse(cls, windows: Iterable[str], zone: str | None) -> QuietHours:
        """Return the quiet hours of the settings.

        Raises:
            ValueError: A window is malformed, the time zone does not exist, or no minute of the
                day is left. The message names the setting.
        """
        quiet = cls(tuple(map(_window, windows)), _zone(zone))
        if not quiet.open_minutes:
            msg = "Setting 'messaging_pause' leaves no minute of the day to read in."
            raise ValueError(msg)
        return quiet

    @property
    def open_minutes(self) -> int:
        """The number of minutes of a day outside of all windows."""
        return sum(not self._cover_time(time(minute // 60, minute % 60)) for minute in range(_DAY))

    def cover(self, moment: datetime) -> bool:
        """Return whether an instant lies in a window."""
        return self._cover_time(moment.astimezone(self.zone).time())

    def next_open(self, moment: datetime) -> datetime:
        """Return the first instant from one on that lies in no window."""
        if not self.cover(moment):
            return moment
        moment = moment.replace(second=0, microsecond=0)
        while self.cover(moment):
            moment += _MINUTE
        return moment

    def _cover_time(self, local: time) -> bool:
        return any(
            start <= local < end if start < end else local >= start or local < end
            for start, end in self.windows
        )


def _window(text: str) -> tuple[time, time]:
    match = _WINDOW.fullmatch(text)
    if match is None:
        msg = "Setting 'messaging_pause' must be a list of hours such as 08:00-18:00."
        raise ValueError(msg)
    return time.fromisoformat(match[1]), time.fromisoformat(match[2])


def _zone(name: str | None) -> tzinfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        msg = "Setting 'messaging_time_zone' must be the name of a time zone: Europe/Berlin."
        raise ValueError(msg) from None
