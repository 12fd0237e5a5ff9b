"""No customer text and no credential leaves through a log, an error or a state.

Every text field, name, address and credential holds the canary; every byte that a
process writes, at debug level, is searched for it.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.demo.chats import Dialogue, Stage, render_body
from tests.fakes.creovai import CreovaiServer
from tests.fakes.salesforce import SalesforceServer
from tests.fakes.salesforce.messaging import static_text
from tests.pipe.support import OPENED, Pipe, SmallOrg
from tests.project import ROOT, MeltanoProject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.pipe.support import Ended

CANARY = "zqxcanary"
TEXT_TYPES = {"string", "textarea", "email", "phone", "url"}
# Transcripts have a layout, and conversations are found by their identifier.
KEPT = {"Body", "ConversationIdentifier"}
CREDENTIALS: dict[str, Any] = {
    name: f"{CANARY}-{name}"
    for name in ("username", "password", "security_token", "client_id", "client_secret")
}
DEBUG = {"TAP_SALESFORCE_CHAT_LOGLEVEL": "DEBUG", "TARGET_CREOVAI_LOGLEVEL": "DEBUG"}


@pytest.fixture
def canaries(org: SmallOrg) -> SmallOrg:
    """The org with the canary in all that is text; the dialogues stay readable."""
    for sobject, definition in org.org._objects.items():
        fields = [f for f in definition.fields if f.type in TEXT_TYPES and f.name not in KEPT]
        for row in org.org.rows(sobject):
            row.update({f.name: _canary(f.type) for f in fields if row.get(f.name) is not None})
            row.update({f.name: _canary(f.type) for f in fields if f.name.endswith("Body")})
    for chat_id in org.chats:
        agent = org.cases.agents[0]
        stage = Stage(OPENED, agent, f"{CANARY} A", f"{CANARY} V", f"{CANARY} Q")
        dialogue = Dialogue(((True, f"{CANARY} hello", 5), (False, f"{CANARY} bye", 9)))
        org.org.get("LiveChatTranscript", chat_id)["Body"] = render_body(dialogue, stage)
    for entries in org.org.messaging.entries.values():
        for entry in entries:
            entry["entryPayload"] = static_text(f"{CANARY} hello")
            entry["sender"]["subject"] = CANARY
    return org


def _canary(field_type: str) -> str:
    return f"{CANARY}@example.test" if field_type == "email" else f"{CANARY} text"


@pytest.fixture
def salesforce(canaries: SmallOrg) -> Iterator[SalesforceServer]:
    """A Salesforce that is logged in to with canaries."""
    with SalesforceServer(canaries.org, page_size=4, **CREDENTIALS) as server:
        yield server


@pytest.fixture
def creovai() -> Iterator[CreovaiServer]:
    """A Creovai that is logged in to with canaries."""
    with CreovaiServer(api_user=f"{CANARY}-user", api_password=f"{CANARY}-api") as server:
        yield server


@pytest.fixture
def pipe(tmp_path: Path, salesforce: SalesforceServer, creovai: CreovaiServer) -> Pipe:
    """The pipe at debug level."""
    return Pipe(
        tmp_path,
        salesforce,
        creovai,
        tap_settings=dict(CREDENTIALS),
        target_settings={"api_user": f"{CANARY}-user", "api_password": f"{CANARY}-api"},
        environment=DEBUG,
    )


def assert_silent(ended: Ended) -> None:
    """Search all that both processes wrote, but for the rows between them."""
    for name in ("stdout", "tap_log", "target_log"):
        assert CANARY not in getattr(ended, name).casefold(), name
    assert "DEBUG" in ended.tap_log
    assert "DEBUG" in ended.target_log


def test_a_good_run_is_silent(pipe: Pipe, org: SmallOrg, creovai: CreovaiServer) -> None:
    """The canary arrives in Creovai and shows nowhere else."""
    ended = pipe.run()

    assert {*creovai.chats, *creovai.cases} == org.deliverable, ended.target_log
    assert CANARY in str(creovai.chats)
    assert CANARY in str(creovai.cases)
    assert_silent(ended)


def test_a_refusal_that_quotes_the_customer_is_silent(
    pipe: Pipe, org: SmallOrg, creovai: CreovaiServer
) -> None:
    """Creovai's error bodies repeat what was sent."""
    creovai.refuse(org.chats[0], status=400)
    creovai.refuse(org.closed[0], status=400, html=True)

    ended = pipe.run()

    assert ended.target == 3
    assert "HTTP 400" in ended.target_log
    assert_silent(ended)


def test_a_transcript_that_nobody_can_read_is_silent(
    pipe: Pipe, org: SmallOrg, creovai: CreovaiServer
) -> None:
    """What is set aside is named by its Id and a reason, not by its words."""
    org.org.get("LiveChatTranscript", org.chats[0])["Body"] = f"{CANARY} no layout {CANARY}"

    ended = pipe.run()

    assert f"SET ASIDE  chat {org.chats[0]}" in ended.target_log
    assert_silent(ended)


def test_refused_logins_are_silent(pipe: Pipe, tmp_path: Path) -> None:
    """Neither side prints the credentials that were refused."""
    pipe.run()
    pipe.tap_settings["password"] = f"{CANARY}-wrong"
    empty = f"sqlite:///{tmp_path / 'empty.db'}"
    pipe.target_settings |= {"api_password": f"{CANARY}-wrong", "store_url": empty}
    # Without rows the target would have no reason to log in.
    refused_by_creovai = pipe.run()
    pipe.tap_settings["password"] = CREDENTIALS["password"]
    refused_by_both = pipe.run()

    assert refused_by_creovai.tap == 1
    assert refused_by_both.target == 1
    assert_silent(refused_by_creovai)
    assert_silent(refused_by_both)


def test_wrong_settings_are_silent(pipe: Pipe) -> None:
    """A setting that breaks a rule is named; its value may be a secret in the wrong place."""
    pipe.tap_settings["page_size"] = f"{CANARY}"
    pipe.target_settings["max_workers"] = f"{CANARY}"

    ended = pipe.run()

    assert "page_size" in ended.tap_log
    assert "max_workers" in ended.target_log
    for log in (ended.tap_log, ended.target_log):
        assert CANARY not in log


def test_a_failure_in_the_middle_is_silent(pipe: Pipe, org: SmallOrg) -> None:
    """Tracebacks and last states hold no row."""
    catalog = pipe.folder / "catalog.json"
    catalog.write_bytes(subprocess.check_output(pipe.tap_command("--discover")))
    org.org.forbid("LiveChatTranscript")

    ended = pipe.run(options=("--catalog", str(catalog)))

    assert ended.tap == 1
    assert_silent(ended)


def test_meltano_at_debug_level_is_silent(
    tmp_path: Path, canaries: SmallOrg, creovai: CreovaiServer
) -> None:
    """By itself Meltano would print every row; the project's logging.yaml forbids it."""
    with (
        SalesforceServer(canaries.org) as salesforce,
        CreovaiServer(api_user="demo-user", api_password="demo-secret") as tenant,
    ):
        salesforce.app_scopes = "api sfap_api"
        project = MeltanoProject(tmp_path / "project", salesforce, tenant)
        project.create()
        quiet = (ROOT / "logging.yaml").read_text(encoding="utf-8")
        (project.folder / "logging.yaml").write_text(
            quiet.replace(
                "meltano.plugin.stderr: {level: INFO}", "meltano.plugin.stderr: {level: DEBUG}"
            )
        )

        job = ("--environment=demo", "run", "tap-salesforce-chat", "target-creovai")
        ended = project.run("--log-level=debug", *job)

        assert ended.returncode == 0, ended.stderr
        assert {*tenant.chats, *tenant.cases} == canaries.deliverable
        assert "debug" in ended.stderr
        assert CANARY not in (ended.stdout + ended.stderr).casefold()
