"""`meltano run` with the project's own meltano.yml."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.pipe.support import BIN

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.fakes.salesforce import SalesforceServer
    from tests.pipe.support import SmallOrg

ROOT = Path(__file__).resolve().parents[2]


def meltano(
    folder: Path, salesforce: SalesforceServer, creovai: CreovaiServer, *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run Meltano in a copy of the project whose plugins are installed already."""
    project = folder / "project"
    (project / "below").mkdir(parents=True, exist_ok=True)
    lines = (ROOT / "meltano.yml").read_text(encoding="utf-8").splitlines(keepends=True)
    # With `pip_url`, Meltano would install the plugins from the package registry.
    kept = "".join(line for line in lines if "pip_url:" not in line)
    (project / "meltano.yml").write_text(kept, encoding="utf-8")
    if not (project / "logging.yaml").exists():
        shutil.copy(ROOT / "logging.yaml", project)
    return subprocess.run(
        [str(BIN / "meltano"), *arguments],
        cwd=project / "below",
        env=os.environ
        | {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "DEMO_SALESFORCE_URL": salesforce.url,
            "DEMO_CREOVAI_URL": creovai.url,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_job_runs_incrementally(
    tmp_path: Path, org: SmallOrg, salesforce: SalesforceServer, creovai: CreovaiServer
) -> None:
    """From any folder of the project, twice: the second run finds its state and sends nothing."""
    job = ("--environment=demo", "run", "tap-salesforce-chat", "target-creovai")
    first = meltano(tmp_path, salesforce, creovai, *job)
    assert first.returncode == 0, first.stderr
    assert {*creovai.chats, *creovai.cases} == org.deliverable
    posts, calls = len(creovai.posts), len(salesforce.calls)

    second = meltano(tmp_path, salesforce, creovai, *job)

    assert second.returncode == 0, second.stderr
    assert len(creovai.posts) == posts
    asked = [call.query["q"] for call in salesforce.calls[calls:] if "q" in call.query]
    assert asked
    assert all("SystemModstamp >" in soql for soql in asked)
    # What was said in enhanced chats was read once, and not again.
    read = [
        place
        for place, call in enumerate(salesforce.calls)
        if call.path.endswith("/conversation-entries")
    ]
    assert read
    assert max(read) < calls
    assert not any("LastViewedDate" in soql for soql in asked)
    assert not any("SupervisorTranscriptBody" in soql for soql in asked)


def test_the_default_environment_sends_nothing(
    tmp_path: Path, org: SmallOrg, salesforce: SalesforceServer, creovai: CreovaiServer
) -> None:
    """A new user looks before sending: `dev` writes payloads to files."""
    environment = ("--environment=dev", "config", "print", "target-creovai")
    shown = meltano(tmp_path, salesforce, creovai, *environment)

    assert shown.returncode == 0, shown.stderr
    assert '"dry_run": true' in shown.stdout
    assert str(tmp_path / "project" / "output" / "dev" / "payloads") in shown.stdout


def test_the_operators_commands_get_their_settings(
    tmp_path: Path, salesforce: SalesforceServer, creovai: CreovaiServer
) -> None:
    """`meltano invoke target-creovai:doctor` asks the tenant that the environment names."""
    arguments = ("--environment=demo", "invoke", "target-creovai:doctor", "--format=json")

    done = meltano(tmp_path, salesforce, creovai, *arguments)

    assert done.returncode == 0, done.stderr
    assert [check["name"] for check in json.loads(done.stdout) if check["ok"]] == [
        "settings",
        "store",
        "disk",
        "token",
        "clock",
        "rights",
        "participant types",
    ]
