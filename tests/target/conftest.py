"""No test of the target sleeps, and none reads settings or proxies of this machine."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _no_waiting(sleeps: list[float]) -> None:
    """Make `sleeps` apply to all tests here."""


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ("TARGET_CREOVAI_", "MELTANO_")
    for name in list(os.environ):
        if name.upper().startswith(settings) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
