"""What images install: exact versions with hashes, from uv.lock. Run it to write them anew."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

# By file, which part of uv.lock it holds.
LOCKED: Mapping[Path, tuple[str, ...]] = MappingProxyType({
    ROOT / "deploy" / "requirements.txt": ("--no-dev", "--extra=postgres"),
    ROOT / "deploy" / "requirements-meltano.txt": ("--only-group=meltano",),
})  # fmt: skip
UV = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
_HEAD = "# Made by `make lock` from uv.lock: don't edit.\n"


def requirements(part: tuple[str, ...]) -> str:
    """Return a part of uv.lock as a requirements file; this needs no network.

    Raises:
        CalledProcessError: uv.lock is not that of pyproject.toml, or there is none.
    """
    command = [UV, "export", "--frozen", "--offline", "--no-emit-project", "--no-header", *part]
    return _HEAD + subprocess.check_output(
        [*command, "--quiet"], cwd=ROOT, text=True, stderr=subprocess.PIPE
    )


if __name__ == "__main__":
    for file, part in LOCKED.items():
        file.write_text(requirements(part))
