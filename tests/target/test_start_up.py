"""What a start of the target imports: all that takes time is left for when it is needed.

Modules, not seconds: those differ from machine to machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

STARTS = """
import json, sys
from target_creovai.__main__ import main

loaded = {}
for name, arguments in json.loads(sys.argv[1]).items():
    sys.argv = ["target-creovai", *arguments]
    try:
        main()
    except SystemExit as end:
        assert not end.code, end
    loaded[name] = sorted(sys.modules)
json.dump(loaded, sys.__stderr__)
"""
OF_A_RUN = {
    "target_creovai.assemble",
    "target_creovai.http.client",
    "target_creovai.model.conversation",
    "target_creovai.settings.checks",
    "target_creovai.store",
    "target_creovai.target",
    "jsonschema_rs",
    "sqlalchemy",
}
OF_CONVERSATIONS = {
    "target_creovai.parsers.mail",
    "target_creovai.parsers.messaging",
    "target_creovai.parsers.transcript",
    "pendulum",
    "phonenumbers",
    "regex",
    "resiliparse",
    "selectolax",
    "stdnum",
}
OF_COMMANDS = {
    "target_creovai.commands.support.command",
    "target_creovai.commands.status",
    "target_creovai.preview",
    "target_creovai.store.operator",
}
OF_A_TERMINAL = {"tqdm"}
OF_POSTGRESQL = {"psycopg", "sqlalchemy.dialects.postgresql"}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Return the modules that a process holds after `--version`, then after an empty run."""
    folder = tmp_path_factory.mktemp("start")
    arguments = json.dumps({"version": ["--version"], "run": ["--config", str(config(folder))]})
    done = subprocess.run(
        [sys.executable, "-c", STARTS, arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stderr.splitlines()[-1])
    return {name: set(modules) for name, modules in found.items()}


def config(folder: Path) -> Path:
    """Write the settings of a run that sends."""
    file = folder / "config.json"
    settings = {
        "store_url": f"sqlite:///{folder / 'store.db'}",
        "api_url": "http://127.0.0.1:9",
        "api_user": "user",
        "api_password": "password",
    }
    file.write_text(json.dumps(settings), encoding="utf-8")
    return file


def test_the_version_needs_nothing_of_a_run(loaded: dict[str, set[str]]) -> None:
    """Nor the `--about` that Meltano asks for."""
    needless = OF_A_RUN | OF_CONVERSATIONS | OF_COMMANDS | OF_A_TERMINAL | OF_POSTGRESQL

    assert not loaded["version"] & needless


def test_a_run_without_news_needs_no_parser_and_no_command(loaded: dict[str, set[str]]) -> None:
    """Most hourly runs have little to do, or nothing."""
    needless = OF_CONVERSATIONS | OF_COMMANDS | OF_A_TERMINAL | OF_POSTGRESQL

    assert loaded["run"] >= OF_A_RUN
    assert not loaded["run"] & needless
