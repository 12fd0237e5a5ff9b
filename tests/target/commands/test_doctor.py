"""`doctor` looks at all that a run needs, one line each, and says what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from target_creovai.commands.doctor import (
    LEAST_FREE_BYTES,
    Status,
    check_clock,
    check_space,
    check_types,
)
from tests.fakes.creovai import Fault
from tests.target.rows import chat

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator

SECRET = "s3cr3t-value"
NOW = datetime(2024, 6, 1, tzinfo=UTC)
WANTED = {"agent": "Agent", "customer": "Customer", "bot": "Bot", "system": None}


def marks(operator: Operator, **changes: Any) -> dict[str, Status]:
    """Return what each check found."""
    checks = operator.json("doctor", **changes)["checks"]
    return {check["check"]: Status(check["status"]) for check in checks}


def test_a_healthy_set_up_passes_every_check(operator: Operator, creovai: CreovaiServer) -> None:
    """And nothing was sent to find out."""
    operator.target(chat())
    posts = len(creovai.posts)

    result = operator("doctor")

    assert result.exit_code == 0, result.stdout
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == [
        "ok   settings",
        "ok   store",
        "ok   disk",
        "ok   token",
        "ok   clock",
        "ok   rights",
        "ok   participant types",
    ]
    assert "1 conversations" in result.stdout
    assert len(creovai.posts) == posts


def test_wrong_settings_fail_and_the_rest_is_looked_at(operator: Operator) -> None:
    """One visit to the doctor, not one for every fault."""
    result = operator("doctor", agent_id=SECRET)

    assert result.exit_code == 1
    assert "FAIL settings: Setting 'agent_id'" in result.stdout
    assert "ok   token" in result.stdout
    assert SECRET not in result.stdout


@pytest.mark.parametrize(
    "settings",
    [
        {"api_password": None},
        {"api_url": "creovai.example"},
        {"api_url": "http://creovai.example"},
        {"max_workers": "many"},
        {"request_timeout_seconds": 0},
    ],
)
def test_settings_that_cannot_be_used_are_not(operator: Operator, settings: dict[str, Any]) -> None:
    """Creovai is then not asked, and no traceback ends the visit."""
    assert marks(operator, **settings)["settings"] is Status.FAILED
    assert marks(operator, **settings)["Creovai"] is Status.WARNING


def test_a_store_that_cannot_be_opened_fails(operator: Operator, tmp_path: Path) -> None:
    """With the reason, without the URL, which may hold a password."""
    (tmp_path / "file").touch()
    for url in (f"nosuch://u:{SECRET}@h", f"sqlite:///{tmp_path}/file/{SECRET}.db"):
        result = operator("doctor", store_url=url)

        assert result.exit_code == 1
        assert "FAIL store: " in result.stdout
        assert SECRET not in result.stdout
    assert marks(operator, store_url=5)["store"] is Status.WARNING


def test_a_refused_login_names_its_likely_reasons(operator: Operator) -> None:
    """The 365 days among them."""
    result = operator("doctor", api_password=SECRET)

    assert result.exit_code == 1
    assert "FAIL token: Creovai refused the login" in result.stdout
    assert "365 days" in result.stdout
    assert "rights" not in result.stdout
    assert SECRET not in result.stdout


@pytest.mark.parametrize(
    ("path", "name"),
    [("/capture/v2/status", "rights"), ("/processing", "participant types")],
)
def test_a_missing_right_is_named(
    operator: Operator, creovai: CreovaiServer, path: str, name: str
) -> None:
    """As far as harmless calls can tell."""
    creovai.faults.add(Fault("403", path))

    result = operator("doctor")

    assert result.exit_code == 1
    assert f"FAIL {name}: " in result.stdout
    assert "the API user may not read" in result.stdout


def test_a_creovai_that_is_not_there_fails(operator: Operator, creovai: CreovaiServer) -> None:
    """In one line; the clock cannot be compared then."""
    creovai.stop()

    assert marks(operator)["token"] is Status.FAILED
    assert marks(operator)["clock"] is Status.WARNING


def test_the_tenants_types_are_compared(operator: Operator, creovai: CreovaiServer) -> None:
    """A bot needs a type that someone has defined."""
    creovai.participant_types = {"Agent", "Customer"}

    result = operator("doctor")

    assert result.exit_code == 1
    assert "participant_types.bot is 'Bot', which the tenant lacks" in result.stdout
    assert marks(operator, participant_types={"bot": None})["participant types"] is Status.OK


def test_types_that_differ_by_spelling_are_told_apart_from_missing_ones() -> None:
    """Categories run by type: a wrong one silently breaks the analysis."""
    check = check_types(WANTED, ["agent", "Customer", "BOT"])

    assert check.status is Status.FAILED
    assert "participant_types.agent is 'Agent', the tenant spells it 'agent'." in check.found
    assert "participant_types.bot is 'Bot', the tenant spells it 'BOT'." in check.found
    assert "customer is" not in check.found


@pytest.mark.parametrize(
    ("seconds", "ok"), [(0, True), (59, True), (-59, True), (61, False), (-3600, False)]
)
def test_a_clock_may_be_a_minute_off(seconds: int, *, ok: bool) -> None:
    """In either direction."""
    assert (check_clock(NOW, NOW + timedelta(seconds=seconds)).status is Status.OK) is ok


def test_a_clock_that_cannot_be_compared_is_no_fault() -> None:
    """A proxy may drop the date."""
    assert check_clock(NOW, None).status is Status.WARNING


@pytest.mark.parametrize(
    ("free", "size", "ok"),
    [
        (LEAST_FREE_BYTES, 0, True),
        (LEAST_FREE_BYTES - 1, 0, False),
        (LEAST_FREE_BYTES, LEAST_FREE_BYTES + 1, False),
    ],
)
def test_the_disk_needs_room_for_a_run(free: int, size: int, *, ok: bool) -> None:
    """At least as much as the store has."""
    assert (check_space(free, size).status is Status.OK) is ok


def test_without_a_creovai_only_the_rest_is_checked(operator: Operator) -> None:
    """As in the environment that looks before it sends."""
    found = marks(operator, api_url=None)

    assert found["Creovai"] is Status.WARNING
    assert operator("doctor", api_url=None).exit_code == 0
