"""`deploy/sync.sh`: one sync without Meltano."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.project import BIN, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.creovai import CreovaiServer
    from tests.fakes.salesforce import SalesforceServer
    from tests.pipe.support import SmallOrg

SCRIPT = ROOT / "deploy" / "sync.sh"

# Programs that wait to be stopped; the target is stopped in the middle of a line.
TAP = """#!/bin/sh
echo '{"type":"STATE","value":{"n":1}}'
exec sleep 600
"""
TARGET = """#!/bin/sh
head -n 1 >/dev/null
echo '{"n":1}'
printf '{"n":'
echo up >ready
exec sleep 600
"""


@pytest.fixture
def environment(tmp_path: Path, settings: dict[str, str]) -> dict[str, str]:
    """The environment of a container: settings, and one folder to write to."""
    return os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "STATE_FILE": str(tmp_path / "state.json"),
        "TARGET_CREOVAI_STORE_URL": f"sqlite:///{tmp_path}/store.db",
        **settings,
    }


def sync(folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the script to its end."""
    return subprocess.run(
        [str(SCRIPT)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_second_sync_starts_where_the_first_one_ended(
    tmp_path: Path,
    environment: dict[str, str],
    org: SmallOrg,
    salesforce: SalesforceServer,
    creovai: CreovaiServer,
) -> None:
    """The state is the last line of the target, in a file that is replaced as a whole."""
    first = sync(tmp_path, environment)
    assert first.returncode == 0, first.stderr
    assert {*creovai.chats, *creovai.cases} == org.deliverable
    calls = len(salesforce.calls)
    environment["METRICS_FILE"] = str(tmp_path / "creovai.prom")

    second = sync(tmp_path, environment)

    assert second.returncode == 0, second.stderr
    asked = [call.query["q"] for call in salesforce.calls[calls:] if "q" in call.query]
    assert asked
    assert all("SystemModstamp >" in soql for soql in asked if "Organization" not in soql)
    state = json.loads((tmp_path / "state.json").read_text())
    assert state["bookmarks"]["Case"]["replication_key_value"]
    assert {path.name for path in tmp_path.glob("state*")} == {"state.json"}
    assert "target_creovai_last_run_exit_code 0\n" in (tmp_path / "creovai.prom").read_text()


def test_a_tap_that_fails_fails_the_sync_and_keeps_the_state(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """Neither the green end of the target nor an empty output hides it."""
    assert sync(tmp_path, environment).returncode == 0
    state = (tmp_path / "state.json").read_bytes()
    environment["TAP_SALESFORCE_CHAT_PASSWORD"] = "wrong"

    failed = sync(tmp_path, environment)

    assert failed.returncode != 0
    assert (tmp_path / "state.json").read_bytes() == state


def test_a_signal_ends_both_programs_and_keeps_the_state(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """What the target had committed when the container was stopped is not read again."""
    programs = {"tap-salesforce-chat": TAP, "target-creovai": TARGET}
    (tmp_path / "bin").mkdir()
    for name, text in programs.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    environment["PATH"] = f"{tmp_path}/bin{os.pathsep}{environment['PATH']}"
    os.mkfifo(tmp_path / "ready")
    with subprocess.Popen(
        [str(SCRIPT)], cwd=tmp_path, env=environment, start_new_session=True
    ) as process:
        (tmp_path / "ready").read_text()
        os.killpg(process.pid, signal.SIGTERM)

    assert process.returncode == 128 + signal.SIGTERM
    assert json.loads((tmp_path / "state.json").read_text()) == {"n": 1}
