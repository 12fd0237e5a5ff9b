"""The allocator is asked to give memory back, where there is one that can be asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tap_salesforce_chat.malloc import tune_malloc


def test_the_allocator_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With glibc's numbers for its options."""
    told: list[tuple[int, int]] = []
    library = SimpleNamespace(mallopt=lambda *option: told.append(option))
    monkeypatch.setattr("ctypes.CDLL", lambda _: library)

    tune_malloc()

    assert {option for option, _ in told} == {-1, -3, -8}


@pytest.mark.parametrize("error", [OSError, TypeError, AttributeError])
def test_another_c_library_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    """There is none by that name, or it has no such function: memory only, no reason to fail."""

    def fail(_: Any) -> None:
        raise error

    monkeypatch.setattr("ctypes.CDLL", fail)

    tune_malloc()
