"""A clock that also runs while the machine is suspended, and deadlines by it."""

from __future__ import annotations

import time


def _boot_clock() -> int | None:
    """Return the clock that runs in suspend: `time.monotonic` does not on Linux."""
    return getattr(time, "CLOCK_BOOTTIME", None) or getattr(time, "CLOCK_MONOTONIC", None)


def uptime() -> float:
    """Return seconds since some moment in the past."""
    clock = _boot_clock()
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Deadline:
    """A moment in the future, by two clocks: it has come when either has reached it.

    The uptime of a virtual machine stands still while its host has frozen it; its time of day is
    set right soon after.
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
