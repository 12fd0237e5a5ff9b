"""`meltano run` with the project's own meltano.yml."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from tests.project import MeltanoProject

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.creovai import CreovaiServer
    from tests.fakes.salesforce import SalesforceServer
    from tests.pipe.support import SmallOrg

JOB = ("run", "tap-salesforce-chat", "target-creovai")
# What a user has in `.env` or exported for the real org and the real tenant.
REAL = {
    "TAP_SALESFORCE_CHAT_ACCESS_TOKEN": "the-real-token",
    "TAP_SALESFORCE_CHAT_INSTANCE_URL": "https://real.my.salesforce.example",
    "TARGET_CREOVAI_API_URL": "https://real.api.tethr.example",
    "TARGET_CREOVAI_STORE_URL": "sqlite:////nowhere/real.db",
    "MELTANO_ENVIRONMENT": "prod",
    "MELTANO_DATABASE_URI": "sqlite:////nowhere/meltano.db",
    "MELTANO_PROJECT_ROOT": "/nowhere",
    "https_proxy": "http://proxy.example:3128",
}


def test_the_job_runs_incrementally(
    project: MeltanoProject,
    org: SmallOrg,
    salesforce: SalesforceServer,
    creovai: CreovaiServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From any folder of the project, twice: the second run finds its state and sends nothing.

    As `make demo`, beside exported settings that are real: nothing real is read or sent to.
    """
    for name, value in REAL.items():
        monkeypatch.setenv(name, value)
    assert not {*REAL.values()} & {*project.environment().values()}

    first = project.run("--environment=demo", *JOB, below="below")
    assert first.returncode == 0, first.stderr
    assert {*creovai.chats, *creovai.cases} == org.deliverable
    assert (project.folder / "output" / "demo" / "target-creovai.db").exists()
    assert not (project.folder / ".env").exists()
    posts, calls = len(creovai.posts), len(salesforce.calls)

    second = project.run("--log-config=logging.json.yaml", "--environment=demo", *JOB)

    assert second.returncode == 0, second.stderr
    assert len(creovai.posts) == posts
    assert "METRIC" in first.stderr
    assert "stream=LiveChatTranscript" in first.stderr
    # No news: each plugin says so in one event, and Meltano has its ten lines.
    events = [json.loads(line) for line in second.stderr.splitlines()]
    assert len(events) <= 15
    told = [event for event in events if event.get("string_id")]
    assert [event["string_id"] for event in told] == ["tap-salesforce-chat", "target-creovai"]
    assert all("summary" in event for event in told)
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


def test_the_default_environment_sends_nothing(project: MeltanoProject) -> None:
    """A new user looks before sending: `dev` writes payloads to files.

    Its store is its own, whatever `.env` names for prod.
    """
    project.create()
    (project.folder / ".env").write_text("TARGET_CREOVAI_STORE_URL=sqlite:////nowhere/prod.db\n")

    shown = project.run("--environment=dev", "invoke", "--dump=config", "target-creovai")

    assert shown.returncode == 0, shown.stderr
    config = json.loads(shown.stdout)
    output = project.folder / "output" / "dev"
    assert config["dry_run"] is True
    assert config["payload_dir"] == str(output / "payloads")
    assert config["store_url"] == f"sqlite:///{output / 'target-creovai.db'}"


def test_the_operators_commands_get_their_settings(project: MeltanoProject) -> None:
    """`meltano invoke target-creovai:doctor` asks the tenant that the environment names."""
    doctor = ("invoke", "target-creovai:doctor", "--format=json")

    done = project.run("--environment=demo", *doctor)

    assert done.returncode == 0, done.stderr
    assert f"{project.folder}/output/demo/target-creovai.db, environment demo" in done.stderr
    assert not (project.folder / "output").exists()
    report = json.loads(done.stdout)
    assert report["would_work"] is True
    assert [check["check"] for check in report["checks"] if check["status"] == "ok"] == [
        "settings",
        "disk",
        "token",
        "clock",
        "rights",
        "participant types",
    ]


def test_only_services_on_this_machine_are_simulated_ones(tmp_path: Path) -> None:
    """A copy of the project refuses to be made for any other host."""
    elsewhere = SimpleNamespace(url="https://real.my.salesforce.example")
    project = MeltanoProject(tmp_path, elsewhere, elsewhere)  # type: ignore[arg-type] # not a server

    with pytest.raises(ValueError, match="not on this machine"):
        project.create()
