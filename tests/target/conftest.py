"""No test of the target sleeps."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_waiting(sleeps: list[float]) -> None:
    """Make `sleeps` apply to all tests here."""
