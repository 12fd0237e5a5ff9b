"""The suite that the SDK expects every target to pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import get_target_test_class

from target_creovai.target import TargetCreovai

if TYPE_CHECKING:
    from pathlib import Path

_Standard: Any = get_target_test_class(TargetCreovai, config={}, parse_env_config=False)


class TestStandard(_Standard):  # type: ignore[misc] # the SDK makes it at run time
    """Odd streams, odd schemas, odd values: none of them is ours to refuse."""

    @pytest.fixture(autouse=True)
    def _own_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The default store lies in the working directory."""
        monkeypatch.chdir(tmp_path)
