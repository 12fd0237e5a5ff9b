"""`plugins/`: both plugins in a Meltano project that is not this one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.plugin_definitions import FOLDER, PLUGINS, TO_INCLUDE, definitions
from tests.project import MeltanoProject

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.creovai import CreovaiServer
    from tests.fakes.salesforce import SalesforceServer
    from tests.pipe.support import SmallOrg

EMPTY = {"version": 1, "default_environment": "prod", "environments": [{"name": "prod"}]}


@pytest.fixture
def project(tmp_path: Path, salesforce: SalesforceServer, creovai: CreovaiServer) -> MeltanoProject:
    """A Meltano project of somebody else, with nothing in it."""
    write_yaml(tmp_path / "meltano.yml", EMPTY)
    settings = {
        "TAP_SALESFORCE_CHAT_LOGIN_URL": salesforce.url,
        "TAP_SALESFORCE_CHAT_USERNAME": "integration@example.test",
        "TAP_SALESFORCE_CHAT_PASSWORD": "demo-password",
        "TAP_SALESFORCE_CHAT_SECURITY_TOKEN": "demo-token",
        "TAP_SALESFORCE_CHAT_CLIENT_ID": "demo-client",
        "TAP_SALESFORCE_CHAT_CLIENT_SECRET": "demo-secret",
        "TAP_SALESFORCE_CHAT_MESSAGING_API": "conversation_data",
        "TAP_SALESFORCE_CHAT_CONVERSATION_DATA_URL": (f"{salesforce.url}/platform/engagement/v1.0"),
        "TARGET_CREOVAI_API_URL": creovai.url,
        "TARGET_CREOVAI_API_USER": "demo-user",
        "TARGET_CREOVAI_API_PASSWORD": "demo-secret",
    }
    return MeltanoProject(tmp_path, salesforce, creovai, settings)


def write_yaml(path: Path, content: object) -> None:
    """Write a file that Meltano reads."""
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def without_pip_url(text: str) -> str:
    """With it, Meltano would install the plugins from the package registry."""
    return "".join(line for line in text.splitlines(keepends=True) if "pip_url:" not in line)


def test_the_definitions_are_those_of_the_plugins() -> None:
    """On a difference: `python -m tests.plugin_definitions`."""
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.yml")}

    assert written == definitions()


def test_an_included_file_brings_both_plugins(
    project: MeltanoProject, org: SmallOrg, creovai: CreovaiServer
) -> None:
    """Copy one file, name it in `include_paths`, and run."""
    text = (FOLDER / TO_INCLUDE).read_text(encoding="utf-8")
    (project.folder / TO_INCLUDE).write_text(without_pip_url(text), encoding="utf-8")
    write_yaml(project.folder / "meltano.yml", EMPTY | {"include_paths": [TO_INCLUDE]})

    done = project.run("--log-format=json", "run", "tap-salesforce-chat", "target-creovai")

    assert done.returncode == 0, done.stderr
    assert {*creovai.chats, *creovai.cases} == org.deliverable
    # Without a logging file of ours, too, programs can read how it went.
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    names = [line["string_id"] for line in lines if "summary" in line]
    assert names == ["tap-salesforce-chat", "target-creovai"]
    # Each environment has its own store, where a new Meltano project commits nothing to Git.
    assert (project.folder / "output" / "prod" / "target-creovai.db").exists()
    assert {path.name for path in project.folder.iterdir()} <= {
        *("meltano.yml", TO_INCLUDE, ".meltano", "output"),
        *("logging.yaml", "logging.json.yaml"),
    }
    counted = [line["metric_info"]["tags"] for line in lines if "metric_info" in line]
    assert {"Case", "LiveChatTranscript"} < {tags.get("stream") for tags in counted}


def test_both_plugins_can_be_added_from_a_definition(
    project: MeltanoProject, org: SmallOrg, creovai: CreovaiServer
) -> None:
    """`meltano add --from-ref` keeps settings and commands, and a run needs no more."""
    for group, plugin in PLUGINS.items():
        kind = group.removesuffix("s")
        reference = project.folder / f"{plugin.name}.reference.yml"
        text = (FOLDER / f"{plugin.name}.yml").read_text(encoding="utf-8")
        reference.write_text(without_pip_url(text), encoding="utf-8")
        arguments = ("--plugin-type", kind, "--from-ref", str(reference), "--no-install")
        added = project.run("add", *arguments, plugin.name)
        assert added.returncode == 0, added.stderr

    done = project.run("run", "tap-salesforce-chat", "target-creovai")

    assert done.returncode == 0, done.stderr
    assert {*creovai.chats, *creovai.cases} == org.deliverable
