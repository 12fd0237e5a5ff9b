"""`doctor` looks at all that a run needs, one line each, and says what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from target_creovai.commands.doctor import (
    LEAST_FREE_BYTES,
    check_clock,
    check_space,
    check_types,
)
from target_creovai.commands.support import disks
from target_creovai.commands.support.check import CheckStatus
from target_creovai.commands.support.disks import mounts_in, why_it_goes
from tests.fakes.creovai import Fault
from tests.target.rows import chat

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner

SECRET = "s3cr3t-value"
NOW = datetime(2024, 6, 1, tzinfo=UTC)
WANTED = {"agent": "Agent", "customer": "Customer", "bot": "Bot", "system": None}


def marks(operator: Operator, **changes: Any) -> dict[str, CheckStatus]:
    """Return what each check found."""
    checks = operator.json("doctor", **changes)["checks"]
    return {check["check"]: CheckStatus(check["status"]) for check in checks}


def test_a_healthy_set_up_passes_every_check(operator: Operator, creovai: CreovaiServer) -> None:
    """And nothing was sent to find out."""
    operator.target(chat())
    posts = len(creovai.posts)

    result = operator("doctor")

    assert result.exit_code == 0, result.stdout
    marked = [line.split(":")[0] for line in result.stdout.splitlines()[1:]]
    assert [mark for mark in marked if mark != "--   lasting"] == [
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
        {"requests_per_second": 0.5},
        {"participant_types": "Agent"},
        {"participant_types": {"agent": 5}},
    ],
)
def test_settings_that_cannot_be_used_are_not(operator: Operator, settings: dict[str, Any]) -> None:
    """Creovai is then not asked, and no traceback ends the visit."""
    assert marks(operator, **settings)["settings"] is CheckStatus.FAILED
    assert marks(operator, **settings)["Creovai"] is CheckStatus.WARNING


def test_a_store_that_cannot_be_opened_fails(operator: Operator, tmp_path: Path) -> None:
    """With the reason, without the URL, which may hold a password."""
    (tmp_path / "file").touch()
    for url, check in (
        (f"nosuch://u:{SECRET}@h", "store"),
        (f"postgresql+psycopg://u:p@{SECRET}@127.0.0.1/db", "store"),
        (f"sqlite:///{tmp_path}/file/store.db", "disk"),
    ):
        result = operator("doctor", store_url=url)

        assert result.exit_code == 1
        assert f"FAIL {check}: " in result.stdout
        assert SECRET not in result.output
    assert marks(operator, store_url=5)["store"] is CheckStatus.WARNING


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

    assert marks(operator)["token"] is CheckStatus.FAILED
    assert marks(operator)["clock"] is CheckStatus.WARNING


def test_the_tenants_types_are_compared(operator: Operator, creovai: CreovaiServer) -> None:
    """A bot needs a type that someone has defined."""
    creovai.participant_types = {"Agent", "Customer"}

    result = operator("doctor")

    assert result.exit_code == 1
    assert "participant_types.bot is 'Bot', which the tenant lacks" in result.stdout
    assert marks(operator, participant_types={"bot": None})["participant types"] is CheckStatus.OK


def test_types_that_differ_by_spelling_are_told_apart_from_missing_ones() -> None:
    """Categories run by type: a wrong one silently breaks the analysis."""
    check = check_types(WANTED, ["agent", "Customer", "BOT"])

    assert check.status is CheckStatus.FAILED
    assert "participant_types.agent is 'Agent', the tenant spells it 'agent'." in check.found
    assert "participant_types.bot is 'Bot', the tenant spells it 'BOT'." in check.found
    assert "customer is" not in check.found


@pytest.mark.parametrize(
    ("seconds", "ok"), [(0, True), (59, True), (-59, True), (61, False), (-3600, False)]
)
def test_a_clock_may_be_a_minute_off(seconds: int, *, ok: bool) -> None:
    """In either direction."""
    assert (check_clock(NOW, NOW + timedelta(seconds=seconds)).status is CheckStatus.OK) is ok


def test_a_clock_that_cannot_be_compared_is_no_fault() -> None:
    """A proxy may drop the date."""
    assert check_clock(NOW, None).status is CheckStatus.WARNING


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
    assert (check_space(free, size).status is CheckStatus.OK) is ok


def test_without_a_creovai_only_the_rest_is_checked(operator: Operator) -> None:
    """As in the environment that looks before it sends."""
    found = marks(operator, api_url=None)

    assert found["Creovai"] is CheckStatus.WARNING
    assert operator("doctor", api_url=None).exit_code == 0


def test_a_store_that_is_not_there_yet_is_not_made(
    operator: Operator, run_target: TargetRunner
) -> None:
    """The first run makes it; until then there is room for it, or not."""
    found = marks(operator)

    assert found["store"] is CheckStatus.WARNING
    assert found["disk"] is CheckStatus.OK
    assert not (run_target.folder / "store.db").exists()


# Lines as proc(5) describes them: id, parent, device, root, point, options, tags, type, source.
HOST = "27 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
IMAGE = "600 500 0:52 / / rw,relatime - overlay overlay rw,lowerdir=/l,upperdir=/u,workdir=/w\n"
VOLUME = "610 600 254:1 {root} {point} rw,relatime - ext4 /dev/vda1 rw\n"
IN_MEMORY = "620 600 0:60 / /run/store rw,nosuid - tmpfs tmpfs rw,size=64k\n"
NAMED = "/var/lib/docker/volumes/creovai/_data"
NAMELESS = f"/var/lib/docker/volumes/{'0a' * 32}/_data"
POD = "/var/lib/kubelet/pods/5f1c/volumes/kubernetes.io~{kind}/data"


@pytest.mark.parametrize(
    ("mounts", "file", "word"),
    [
        pytest.param(HOST, "/srv/store.db", None, id="a-disk"),
        pytest.param("", "/srv/store.db", None, id="macos"),
        pytest.param(HOST, "/tmp/store.db", "temporary", id="tmp"),  # noqa: S108
        pytest.param("", "/private/tmp/store.db", "temporary", id="tmp-on-macos"),
        pytest.param(IMAGE, "/srv/store.db", "layer", id="a-container"),
        pytest.param(HOST + IN_MEMORY, "/run/store/store.db", "memory", id="tmpfs"),
        pytest.param(
            IMAGE + VOLUME.format(root=NAMED, point="/data"), "/data/s.db", None, id="a-volume"
        ),
        pytest.param(
            IMAGE + VOLUME.format(root=NAMED, point="/my\\040data"),
            "/my data/s.db",
            None,
            id="a-blank",
        ),
        pytest.param(
            IMAGE + VOLUME.format(root=NAMED, point="/tmp/x"),  # noqa: S108
            "/tmp/x/s.db",  # noqa: S108
            None,
            id="a-volume-below-tmp",
        ),
        pytest.param(
            IMAGE + VOLUME.format(root=NAMELESS, point="/data"),
            "/data/s.db",
            "without a name",
            id="a-nameless-volume",
        ),
        pytest.param(
            IMAGE + VOLUME.format(root=POD.format(kind="empty-dir"), point="/data"),
            "/data/s.db",
            "emptyDir",
            id="an-emptydir",
        ),
        pytest.param(
            IMAGE + VOLUME.format(root=POD.format(kind="csi"), point="/data"),
            "/data/s.db",
            None,
            id="a-claim",
        ),
    ],
)
def test_a_disk_that_will_not_last_is_told_from_one_that_will(
    mounts: str, file: str, word: str | None
) -> None:
    """By what the system says of the innermost mount that the store is on."""
    why = why_it_goes(Path(file), mounts_in(mounts), in_container=False)

    assert (why is None) if word is None else (word in (why or ""))


def test_a_container_is_known_by_its_mark_where_its_layer_is_a_file_system_of_its_own() -> None:
    """Storage drivers such as btrfs and vfs show no overlay."""
    mounts = list(mounts_in(HOST))

    assert why_it_goes(Path("/srv/store.db"), mounts, in_container=False) is None
    assert "layer" in (why_it_goes(Path("/srv/store.db"), mounts, in_container=True) or "")


def test_a_store_in_a_temporary_folder_is_a_warning_with_a_way_out(
    operator: Operator, run_target: TargetRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run works there all the same."""
    monkeypatch.setattr(disks, "TEMPORARY", (run_target.folder,))
    monkeypatch.setattr(disks, "MOUNTS", Path("/nowhere"))

    result = operator("doctor")

    assert result.exit_code == 0, result.stdout
    assert "--   lasting: the store will not last: it is in a folder for temp" in result.stdout
    assert "Keep the store on a volume that outlives the container" in result.stdout


@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        (
            "http://user:{secret}@127.0.0.1:9",
            "127.0.0.1:9, which HTTP_PROXY names, does not",
        ),
        ("http://{secret}:port", "HTTP_PROXY is no address"),
    ],
)
def test_a_wrong_proxy_is_named_without_its_password(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, proxy: str, says: str
) -> None:
    """It is the environment's, and easily forgotten."""
    monkeypatch.setenv("HTTP_PROXY", proxy.format(secret=SECRET))

    result = operator("doctor", api_url="http://creovai.localhost:9")

    assert result.exit_code == 1
    assert f"FAIL proxy: {says}" in result.stdout
    assert "NO_PROXY" in result.stdout
    assert SECRET not in result.output


def test_a_proxy_that_answers_is_named(
    operator: Operator, creovai: CreovaiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it lets requests through, the login tells."""
    monkeypatch.setenv("HTTP_PROXY", creovai.url)

    assert marks(operator, api_url="http://creovai.localhost:9")["proxy"] is CheckStatus.OK


@pytest.mark.parametrize(("days", "warns"), [(0, False), (334, False), (335, True), (400, True)])
def test_a_secret_near_its_365_days_is_named(
    operator: Operator, run_target: TargetRunner, days: int, *, warns: bool
) -> None:
    """Counted from when a run used it first, which the store notes."""
    with time_machine.travel(NOW, tick=False):
        run_target(chat())
    with time_machine.travel(NOW + timedelta(days=days / 2), tick=False):
        run_target(chat(2))

    with time_machine.travel(NOW + timedelta(days=days), tick=False):
        result = operator("doctor")

    assert (f"api_password has been in use here for {days} days" in result.stdout) is warns
    assert ("ask Creovai support for a new one" in result.stdout) is warns


def test_a_new_secret_begins_anew(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """One that Creovai refuses is not noted, and of none is more kept than a short fingerprint."""
    with time_machine.travel(NOW, tick=False):
        run_target(chat())
    creovai.api_password = SECRET
    with time_machine.travel(NOW + timedelta(days=350), tick=False):
        assert run_target(chat(2)).exit_code == 1
        assert "in use here for 350 days" in operator("doctor").stdout
        run_target(chat(2), api_password=SECRET)
        assert "in use here" not in operator("doctor", api_password=SECRET).stdout

    (note,) = run_target.query("SELECT value FROM creovai_meta WHERE name = 'secret'")
    assert SECRET not in note.value
    assert len(json.loads(note.value)["fingerprint"]) == 8
