"""Settings of the SDK that change what our tap writes, and not what arrives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipe.support import Pipe, SmallOrg

_FLATTENED = {"flattening_enabled": True, "flattening_max_depth": 1}
SETTINGS: dict[str, dict[str, Any]] = {
    "flattened": _FLATTENED,
    "flattened by underscores": _FLATTENED | {"flattening_separator": "_"},
}


def payloads(pipe: Pipe, folder: Path, **tap_settings: Any) -> dict[str, Any]:
    """Return, by file name, what a run into an empty store would send."""
    pipe.tap_settings = tap_settings
    pipe.target_settings = {
        "api_url": None,
        "store_url": f"sqlite:///{folder}/store.db",
        "payload_dir": str(folder),
    }
    ended = pipe.run()
    assert (ended.tap, ended.target) == (0, 0), ended.tap_log + ended.target_log
    return {file.stem: json.loads(file.read_bytes()) for file in folder.glob("c*/*.json")}


def test_the_same_conversations_arrive(pipe: Pipe, org: SmallOrg, tmp_path: Path) -> None:
    """Word by word, and with the same metadata."""
    ordinary = payloads(pipe, tmp_path / "ordinary")

    assert ordinary.keys() == org.deliverable
    for name, settings in SETTINGS.items():
        assert payloads(pipe, tmp_path / name, **settings) == ordinary, name
