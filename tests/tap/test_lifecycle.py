"""How a run starts and ends: the marks in STATE, the exit code, the last words on stderr."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tap_salesforce_chat.output.writer import WholeLineWriter
from tests.fakes.salesforce import Fault
from tests.tap.support import add_cases, catalog_of, invoke, run_tap, settings, sync

if TYPE_CHECKING:
    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "tap_salesforce_chat")
STARTED, COMPLETED = "sync_started_at", "sync_completed_at"


@pytest.fixture
def files(server: SalesforceServer, tmp_path: Path) -> tuple[str, ...]:
    """The arguments of a sync of the stream Case, one page after the other."""
    (tmp_path / "config.json").write_text(json.dumps(settings(server, max_workers=1)))
    catalog = catalog_of(server, "Case")
    (tmp_path / "catalog.json").write_text(json.dumps(catalog, default=list))
    return (
        "--config",
        str(tmp_path / "config.json"),
        "--catalog",
        str(tmp_path / "catalog.json"),
    )


def test_a_finished_sync_says_so_in_its_last_state(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """The start comes before anything else, the end after everything else."""
    org.add("Case")

    run = sync(server)

    first, last = run.messages[0], run.messages[-1]
    assert first["type"] == last["type"] == "STATE"
    assert [STARTED in state for state in run.states] == [True] * len(run.states)
    assert [COMPLETED in state for state in run.states] == [False] * (len(run.states) - 1) + [True]
    assert last["value"][STARTED] <= last["value"][COMPLETED]


def test_the_marks_do_not_outlive_their_run(server: SalesforceServer, org: SalesforceOrg) -> None:
    """A state that is loaded again says nothing about the run that loads it."""
    org.add("Case")
    state = sync(server).states[-1]
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault("request_limit"))

    run = run_tap(settings(server), catalog, state)

    assert run.error is not None
    assert COMPLETED in state
    assert not any(COMPLETED in state for state in run.states)


def test_a_sync_of_nothing_is_finished(server: SalesforceServer) -> None:
    """No rows are no failure."""
    run = run_tap(settings(server), catalog_of(server))

    assert run.error is None
    assert COMPLETED in run.states[-1]


def test_a_failed_stream_leaves_the_sync_unfinished(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """What was emitted before keeps its bookmark, in a last STATE."""
    add_cases(org, clock, 3)
    server.faults.add(Fault("500", times=100, after=1))

    run = run_tap(settings(server))

    assert run.error is not None
    assert run.messages[-1]["type"] == "STATE"
    assert run.bookmark() == "2024-05-01T12:00:01Z"
    assert COMPLETED not in run.states[-1]


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["TERM", "INT"]
)
def test_a_signal_leaves_the_sync_unfinished(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    files: tuple[str, ...],
    number: signal.Signals,
    exit_code: int,
) -> None:
    """The exit code is a signal's, and the output ends with a whole line and a true bookmark."""
    ids = add_cases(org, clock, 6)
    server.faults.add(Fault("hang", times=100, after=2))
    with subprocess.Popen(
        [*COMMAND, *files], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        assert server.hanging.wait(timeout=30)
        lines: list[bytes] = []
        while sum(b'"RECORD"' in line for line in lines) < 4:
            lines.append(process.stdout.readline())
        process.send_signal(number)
        lines += process.stdout.readlines()

    messages = [json.loads(line) for line in lines]
    assert process.returncode == exit_code
    assert [item["record"]["Id"] for item in messages if item["type"] == "RECORD"] == ids[:4]
    # The signal may come between a row and its bookmark, never the other way round.
    assert messages[-1]["value"]["bookmarks"]["Case"]["replication_key_value"] in {
        "2024-05-01T12:00:02Z",
        "2024-05-01T12:00:03Z",
    }
    assert not any(COMPLETED in item.get("value", {}) for item in messages)


def test_a_signal_during_a_line_waits_for_its_end(
    server: SalesforceServer, org: SalesforceOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line would make the target fail on it."""
    ids = [org.add("Case") for _ in range(3)]
    serialize = WholeLineWriter.serialize_message

    def interrupted(writer: WholeLineWriter, message: Any) -> bytearray:
        record: Any = getattr(message, "record", None)
        if record is not None and record.Id == ids[1]:
            signal.raise_signal(signal.SIGTERM)
        return serialize(writer, message)

    monkeypatch.setattr(WholeLineWriter, "serialize_message", interrupted)

    run = run_tap(settings(server), catalog_of(server, "Case"))

    assert isinstance(run.error, SystemExit)
    assert run.error.code == 143
    assert run.column("Id") == ids[:2]
    assert COMPLETED not in run.states[-1]


def test_the_command_syncs(
    server: SalesforceServer, org: SalesforceOrg, files: tuple[str, ...]
) -> None:
    """The exit code 0 and the mark in STATE go together."""
    org.add("Case", Subject="Grüße")

    result = invoke(*files)

    assert result.exit_code == 0
    assert COMPLETED in json.loads(result.stdout.splitlines()[-1])["value"]
    assert "Grüße" in result.stdout


@pytest.mark.parametrize(
    "mode", [(), ("--discover",), ("--test",)], ids=["sync", "discover", "test"]
)
def test_a_refused_login_is_one_paragraph_and_exit_code_1(
    server: SalesforceServer, tmp_path: Path, mode: tuple[str, ...]
) -> None:
    """No traceback: the reader is an administrator, not a programmer."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings(server, password="hush")))

    result = invoke("--config", str(config), *mode)

    assert result.exit_code == 1
    assert "Salesforce refused the login" in result.stderr
    assert "Traceback" not in result.stderr
    assert "hush" not in result.output


@pytest.mark.parametrize(
    "mode", [(), ("--discover",), ("--test",)], ids=["sync", "discover", "test"]
)
def test_a_wrong_setting_is_one_paragraph_and_exit_code_1(
    tmp_path: Path, mode: tuple[str, ...]
) -> None:
    """The message names the setting and keeps its value."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"password": 271828182845}))

    result = invoke("--config", str(config), *mode)

    assert result.exit_code == 1
    assert "'password' must be of type string" in result.stderr
    assert "271828182845" not in result.output


def test_the_test_asks_for_no_stream_that_nobody_selected(
    org: SalesforceOrg, files: tuple[str, ...]
) -> None:
    """An org without chat events is as good as any for chats and cases."""
    org.forbid("LiveChatTranscriptEvent", "User")
    org.add("Case")

    assert invoke(*files[:2], "--test").exit_code == 0


def test_the_command_discovers_and_tests(
    server: SalesforceServer, org: SalesforceOrg, files: tuple[str, ...]
) -> None:
    """`--test` reads a row of each stream and is content with none."""
    org.add("Case")

    catalog = json.loads(invoke(*files[:2], "--discover").stdout)
    test = invoke(*files[:2], "--test")

    assert [entry["tap_stream_id"] for entry in catalog["streams"]] == [
        "Case",
        "CaseComment",
        "ConversationEntry",
        "EmailMessage",
        "LiveChatTranscript",
        "MessagingSession",
    ]
    assert test.exit_code == 0


def test_the_command_tells_about_itself() -> None:
    """The version is that of the distribution, whose name is not the plugin's."""
    version = invoke("--version").stdout
    about = json.loads(invoke("--about", "--format=json").stdout)

    assert version.startswith("tap-salesforce-chat v")
    assert about["version"] in version
    assert about["version"][0].isdigit()
    assert {"catalog", "state", "discover", "stream-maps"} <= set(about["capabilities"])
    assert "batch_config" not in about["settings"]["properties"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["TERM", "INT"])
def test_a_signal_ends_doctor_without_a_traceback(
    server: SalesforceServer, files: tuple[str, ...], number: signal.Signals
) -> None:
    """It writes no messages, so the signal ends it as it ends any command."""
    server.faults.add(Fault("hang", path="/services/data", times=100))
    with subprocess.Popen(
        [*COMMAND, "doctor", *files[:2]],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert server.hanging.wait(timeout=30)
        process.send_signal(number)
        _, stderr = process.communicate()

    assert process.returncode == -number
    assert stderr == b""


def test_ctrl_c_while_modules_are_loaded_prints_no_traceback(tmp_path: Path) -> None:
    """It would be one out of some library that happened to be read just then."""
    slow = tmp_path / "singer_sdk"
    slow.mkdir()
    (slow / "__init__.py").write_text("print('loading', flush=True)\ninput()\n")
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}

    with subprocess.Popen(
        [sys.executable, "-m", "tap_salesforce_chat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"loading\n"
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate()

    assert process.returncode == -signal.SIGINT
    assert stderr == b""


@pytest.mark.parametrize(
    ("redirect", "says"),
    [
        pytest.param(">&-", "Standard output is closed.", id="closed"),
        pytest.param("> /dev/full", "cannot be written (No space left on device).", id="full"),
        pytest.param("| true", "is closed: what reads it has ended", id="pipe"),
    ],
)
def test_output_that_nobody_takes_is_a_sentence(
    server: SalesforceServer, org: SalesforceOrg, files: tuple[str, ...], redirect: str, says: str
) -> None:
    """The disk may be full, and the target may have ended."""
    org.add("Case")
    code = "from tap_salesforce_chat.tap import TapSalesforceChat; TapSalesforceChat.cli()"

    done = subprocess.run(
        ["/bin/sh", "-c", f'"$@" {redirect}', "sh", sys.executable, "-c", code, *files],
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )

    told = done.stderr.decode()
    assert says in told.splitlines()[-1]
    assert "Traceback" not in told
