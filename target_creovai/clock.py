"""Seconds that pass also while the machine sleeps, or its process stands still."""

from __future__ import annotations

import time


def _boot_clock() -> int | None:
    """Return the clock that goes on in suspend: `time.monotonic` stands still on Linux."""
    return getattr(time, "CLOCK_BOOTTIME", None) or getattr(time, "CLOCK_MONOTONIC", None)


def uptime() -> float:
    """Return seconds since some moment in the past."""
    clock = _boot_clock()
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Deadline:
    """A moment in the future. It has come when either clock says so.

    A virtual machine that was frozen by its host finds its uptime where it was; the time of
    day is set right soon after.
    """

    __slots__ = ("_time", "_uptime")

    def __init__(self, seconds: float) -> None:
        self._uptime, self._time = uptime() + seconds, time.time() + seconds

    @property
    def passed(self) -> bool:
        """Whether it has come."""
        return self.comes_within(0.0)

    def comes_within(self, seconds: float) -> bool:
        """Tell whether it will have come by then."""
        return uptime() + seconds >= self._uptime or time.time() + seconds >= self._time
