"""The command that `needs its rows again` names does what it says, as it is printed."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING, Any

from tests.pipe.support import BIN
from tests.target.support import texts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.creovai import CreovaiServer
    from tests.fakes.salesforce import SalesforceServer
    from tests.pipe.support import Pipe, SmallOrg
    from tests.project import MeltanoProject

ASKED = "TO DO      needs its rows again: "
JOB = ("--environment=demo", "run", "tap-salesforce-chat", "target-creovai")


def typed(log: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command that a log names in a shell."""
    (command,) = (line.partition(ASKED)[2] for line in log.splitlines() if ASKED in line)
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=environment,
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
    assert (asked.tap, asked.target, len(creovai.posts)) == (0, 3, posts)

    path = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    again = typed(asked.target_log, pipe.folder, path)

    assert again.returncode == 0, again.stderr
    assert texts(creovai.cases[key]) == [*before, "One more word."]
    assert len(creovai.posts) == posts + 1
    assert "staged     Case: 1 rows, 0 new or changed" in again.stderr
    assert "LiveChatTranscript:" not in again.stderr
    assert pipe.run(state=asked.state).target == 0
    assert len(creovai.posts) == posts + 1


def test_meltano_runs_the_command_and_keeps_its_state(
    project: MeltanoProject, org: SmallOrg, creovai: CreovaiServer
) -> None:
    """In the environment that asked for it, and without a trace in the state of the job."""
    project.settings["TARGET_CREOVAI_RETENTION_DAYS"] = "0"
    # A lookback would read all of this again.
    project.settings["TAP_SALESFORCE_CHAT_LOOKBACK_SECONDS"] = "0"
    assert project.run(*JOB).returncode == 0
    key = comment_late(org)
    asked = project.run(*JOB)
    kept = states(project.folder)

    again = typed(asked.stderr, project.folder, project.environment())

    assert asked.returncode != 0
    assert again.returncode == 0, again.stderr
    assert texts(creovai.cases[key])[-1] == "One more word."
    assert states(project.folder) == kept
