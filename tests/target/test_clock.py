"""Time goes on while a machine sleeps: what was valid when it fell asleep is not when it wakes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from target_creovai import clock
from target_creovai.clock import Deadline, uptime

if TYPE_CHECKING:
    import pytest


def test_uptime_counts_suspend(monkeypatch: pytest.MonkeyPatch) -> None:
    """`time.monotonic` stands still in it, on Linux."""
    monkeypatch.setattr(time, "CLOCK_BOOTTIME", 7, raising=False)
    monkeypatch.setattr(time, "clock_gettime", {7: 5.0}.__getitem__)

    assert uptime() == 5.0


def test_a_machine_without_such_clocks_counts_as_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows has neither."""
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    monkeypatch.delattr(time, "CLOCK_MONOTONIC", raising=False)
    monkeypatch.setattr(time, "monotonic", lambda: 3.0)

    assert uptime() == 3.0


def test_either_clock_ends_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that froze a virtual machine stops its uptime, and sets its time of day later."""
    now = {"uptime": 100.0, "time": 1000.0}
    monkeypatch.setattr(clock, "uptime", lambda: now["uptime"])
    monkeypatch.setattr(time, "time", lambda: now["time"])
    deadline = Deadline(60)

    def passed(**clocks: float) -> bool:
        now.update(clocks)
        return deadline.passed

    assert deadline.comes_within(60)
    assert not passed()
    assert passed(time=1061.0)
    assert not passed(time=61.0)
    assert passed(uptime=160.0)
