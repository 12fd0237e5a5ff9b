"""What the end-to-end tests share: a small org, and `tap | target` as processes."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.demo.cases import CaseDesk
from tests.demo.chats import ChatDesk, other_dialogues
from tests.demo.messaging import add_enhanced_chats
from tests.demo.people import hire, meet
from tests.fakes.salesforce import SalesforceOrg

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.fakes.salesforce import SalesforceServer

BIN = Path(sys.executable).parent
OPENED = datetime(2025, 11, 3, 8, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SmallOrg:
    """Three closed cases, an open one, six chats in six languages, and twelve enhanced ones."""

    org: SalesforceOrg
    cases: CaseDesk
    closed: list[str]
    still_open: str
    chats: list[str]
    sessions: list[str]

    @property
    def deliverable(self) -> set[str]:
        """The Ids of what a run must deliver."""
        return {*self.closed, *self.chats, *self.sessions}


def small_org() -> SmallOrg:
    """Fill an org, the same way every time."""
    org, rng = SalesforceOrg(), random.Random(7)  # noqa: S311 -- made-up data
    agents, customers = hire(org), meet(org)
    cases = CaseDesk(org, rng, agents, customers)
    chats = ChatDesk(
        org,
        rng,
        agents,
        customers,
        button=org.add("LiveChatButton", MasterLabel="Web chat"),
        deployment=org.add("LiveChatDeployment", MasterLabel="Shop"),
    )
    closed = [cases.add(OPENED + timedelta(days=n), closed=True) for n in range(3)]
    # The last of them is the one in which nobody speaks.
    *sessions, _silent = add_enhanced_chats(org, agents, customers, OPENED)
    return SmallOrg(
        org=org,
        cases=cases,
        closed=closed,
        still_open=cases.add(OPENED, closed=False),
        chats=[
            chats.add(dialogue, OPENED + timedelta(hours=n), bot=n == 1, case_id=closed[0])
            for n, dialogue in enumerate(other_dialogues())
        ],
        sessions=sessions,
    )


def pass_a_minute(org: SalesforceOrg) -> None:
    """Set the org's clock forward: what changes in the second of a sync may wait for the next."""
    now = org.now
    org.now = lambda: now() + timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a pipe ended: both exit codes, what the target wrote, and both logs."""

    tap: int
    target: int
    stdout: str
    tap_log: str
    target_log: str

    @property
    def state(self) -> dict[str, Any]:
        """The last STATE, as a user would keep it."""
        state: dict[str, Any] = json.loads(self.stdout.splitlines()[-1])
        return state


@dataclass(slots=True)
class Pipe:
    """`tap-salesforce-chat | target-creovai` with config and state files in a folder."""

    folder: Path
    salesforce: SalesforceServer
    creovai: CreovaiServer
    tap_settings: dict[str, Any] = field(default_factory=dict)
    target_settings: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    programs: Path = BIN  # where both are installed

    def tap_config(self) -> dict[str, Any]:
        return {
            "login_url": self.salesforce.url,
            "username": "integration@example.test",
            "password": "demo-password",
            "security_token": "demo-token",
            "client_id": "demo-client",
            "client_secret": "demo-secret",
        } | self.tap_settings

    def target_config(self) -> dict[str, Any]:
        return {
            "api_url": self.creovai.url,
            "api_user": "demo-user",
            "api_password": "demo-secret",
            "store_url": f"sqlite:///{self.folder}/store.db",
            "payload_dir": f"{self.folder}/payloads",
        } | self.target_settings

    def tap_command(self, *options: str, state: dict[str, Any] | None = None) -> list[str]:
        command = [
            str(self.programs / "tap-salesforce-chat"),
            "--config",
            self._write("tap", self.tap_config()),
        ]
        if state is not None:
            command += ["--state", self._write("state", state)]
        return [*command, *options]

    def target_command(self) -> list[str]:
        return [
            str(self.programs / "target-creovai"),
            "--config",
            self._write("target", self.target_config()),
        ]

    def run(self, *, state: dict[str, Any] | None = None, options: tuple[str, ...] = ()) -> Ended:
        """Run the pipe to its end, the way a shell does, a minute after all that changed before."""
        pass_a_minute(self.salesforce.org)
        environment = os.environ | self.environment
        with (
            (self.folder / "tap.log").open("w+") as tap_log,
            subprocess.Popen(
                self.tap_command(*options, state=state),
                stdout=subprocess.PIPE,
                stderr=tap_log,
                env=environment,
            ) as tap,
            subprocess.Popen(
                self.target_command(),
                stdin=tap.stdout,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
            ) as target,
        ):
            # Only the target may hold the pipe's end: the tap must notice when it is gone.
            if tap.stdout is not None:
                tap.stdout.close()
            stdout, target_log = target.communicate()
            tap.wait()
            tap_log.seek(0)
            return Ended(tap.returncode, target.returncode, stdout, tap_log.read(), target_log)

    def _write(self, name: str, content: dict[str, Any]) -> str:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(content))
        return str(path)
