"""The command that `needs its rows again` names does what it says, as it is printed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING, Any

from tests.pipe.support import BIN
from tests.pipe.test_meltano import meltano
from tests.target.support import texts

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.fakes.creovai import CreovaiServer
    from tests.fakes.salesforce import SalesforceServer
    from tests.pipe.support import Pipe, SmallOrg

ASKED = "TO DO      needs its rows again: "
JOB = ("--environment=demo", "run", "tap-salesforce-chat", "target-creovai")


def typed(log: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command that a log names in a shell."""
    (command,) = (line.partition(ASKED)[2] for line in log.splitlines() if ASKED in line)
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=os.environ | environment | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def comment_late(org: SmallOrg) -> str:
    """Let someone write once more in a case that is closed; return its Id."""
    key = org.closed[0]
    org.cases.comment(key, org.org.now(), org.cases.agents[0], "One more word.", published=True)
    return key


def states(project: Path) -> list[Any]:
    """Return what Meltano remembers of its jobs: `meltano state get` takes seconds."""
    with closing(sqlite3.connect(project / ".meltano" / "meltano.db")) as db:
        found = db.execute("SELECT state_id, partial_state, completed_state FROM state").fetchall()
    assert found
    return found


def test_the_command_reads_just_that_case(
    pipe: Pipe, org: SmallOrg, salesforce: SalesforceServer, creovai: CreovaiServer
) -> None:
    """Whatever `start_date` says; the case goes out complete, and nothing else is read."""
    pipe.target_settings["retention_days"] = 0
    pipe.tap_settings["lookback_seconds"] = 0
    state = pipe.run().state
    key = comment_late(org)
    pipe.tap_settings["start_date"] = "2025-12-24T00:00:00Z"
    before, posts = texts(creovai.cases[key]), len(creovai.posts)
    asked = pipe.run(state=state)
    assert (asked.tap, asked.target, len(creovai.posts)) == (0, 1, posts)

    again = typed(asked.target_log, pipe.folder, {})

    assert again.returncode == 0, again.stderr
    assert texts(creovai.cases[key]) == [*before, "One more word."]
    assert len(creovai.posts) == posts + 1
    assert "staged     Case: 1 rows, 0 new or changed" in again.stderr
    assert "LiveChatTranscript:" not in again.stderr
    assert pipe.run(state=asked.state).target == 0
    assert len(creovai.posts) == posts + 1


def test_meltano_runs_the_command_and_keeps_its_state(
    tmp_path: Path,
    org: SmallOrg,
    salesforce: SalesforceServer,
    creovai: CreovaiServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the environment that asked for it, and without a trace in the state of the job."""
    monkeypatch.setenv("TARGET_CREOVAI_RETENTION_DAYS", "0")
    monkeypatch.setenv("TAP_SALESFORCE_CHAT_LOOKBACK_SECONDS", "0")  # which reads all of this again
    assert meltano(tmp_path, salesforce, creovai, *JOB).returncode == 0
    key = comment_late(org)
    asked = meltano(tmp_path, salesforce, creovai, *JOB)
    kept = states(tmp_path / "project")
    servers = {"DEMO_SALESFORCE_URL": salesforce.url, "DEMO_CREOVAI_URL": creovai.url}

    again = typed(asked.stderr, tmp_path / "project" / "below", servers)

    assert asked.returncode == 1
    assert again.returncode == 0, again.stderr
    assert texts(creovai.cases[key])[-1] == "One more word."
    assert states(tmp_path / "project") == kept
