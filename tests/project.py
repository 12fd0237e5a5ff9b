"""A copy of the Meltano project that speaks to the simulated services, and to nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.fakes.salesforce import SalesforceServer

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent

# What a user has exported or keeps in `.env` for the real org and the real tenant.
SETTINGS_OF_THE_USER = ("TAP_SALESFORCE_CHAT_", "TARGET_CREOVAI_", "MELTANO_", "DEMO_")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Nothing listens on the discard port: a request to any other host fails before it leaves.
NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class MeltanoProject:
    """The project's own `meltano.yml` in a folder of its own, with the plugins of this environment.

    No `.env`, no exported setting and no Meltano database of the user's reaches it.
    """

    folder: Path
    salesforce: SalesforceServer
    creovai: CreovaiServer
    settings: dict[str, str] = field(default_factory=dict)
    """Environment variables of the copy."""

    def create(self) -> None:
        """Copy what Meltano reads; an earlier copy stays as it is.

        Raises:
            ValueError: A service is not on this machine.
        """
        for url in (self.salesforce.url, self.creovai.url):
            if urlsplit(url).hostname not in LOOPBACK:
                msg = f"{url} is not on this machine: the simulated services only."
                raise ValueError(msg)
        if (self.folder / "meltano.yml").exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = (ROOT / "meltano.yml").read_text(encoding="utf-8").splitlines(keepends=True)
        # With `pip_url`, Meltano would install the plugins from the package registry.
        kept = "".join(line for line in lines if "pip_url:" not in line)
        (self.folder / "meltano.yml").write_text(kept, encoding="utf-8")
        for name in ("logging.yaml", "logging.json.yaml"):
            shutil.copy(ROOT / name, self.folder)

    def run(
        self, *arguments: str, below: str = "", capture: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run `meltano` with these arguments, in the project's folder or in one `below` it."""
        self.create()
        place = self.folder / below
        place.mkdir(exist_ok=True)
        return subprocess.run(
            [str(BIN / "meltano"), *arguments],
            cwd=place,
            env=self.environment(),
            capture_output=capture,
            text=True,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        """Return this process's environment without the user's settings and proxies."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.upper().startswith(SETTINGS_OF_THE_USER) and name.upper() not in PROXIES
        }
        return kept | {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "HTTP_PROXY": NOWHERE,
            "HTTPS_PROXY": NOWHERE,
            "NO_PROXY": ",".join(LOOPBACK),
            "DEMO_SALESFORCE_URL": self.salesforce.url,
            "DEMO_CREOVAI_URL": self.creovai.url,
            **self.settings,
        }
