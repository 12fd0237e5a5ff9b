"""What the tests of both packages share: a simulated Creovai, the target, and no waiting."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.fakes.creovai import CreovaiServer
from tests.target.support import TargetRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def creovai() -> Iterator[CreovaiServer]:
    """A Creovai tenant on loopback."""
    with CreovaiServer() as server:
        yield server


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the code under test would have slept; nothing sleeps."""
    seconds: list[float] = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


@pytest.fixture
def run_target(tmp_path: Path, creovai: CreovaiServer) -> TargetRunner:
    """The target, set up for that tenant and a store in a folder of its own."""
    return TargetRunner(
        tmp_path,
        api_url=creovai.url,
        api_user=creovai.api_user,
        api_password=creovai.api_password,
        max_workers=2,
        request_timeout_seconds=5,
    )


@pytest.fixture
def run_dry(tmp_path: Path) -> TargetRunner:
    """The target without a Creovai: payloads become files."""
    return TargetRunner(tmp_path)
