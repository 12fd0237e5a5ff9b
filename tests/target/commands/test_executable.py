"""`target-creovai` is the Singer executable that it always was; commands are found below it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from target_creovai.commands.group import COMMANDS
from target_creovai.store import Store
from target_creovai.target import TargetCreovai
from tests.target.canaries import INPUT, SONG, unknown_speakers
from tests.target.rows import case_id, chat, chat_id, singer

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner


def executable(*arguments: str, data: bytes = b"") -> Result:
    """Run `target-creovai` with nothing added."""
    return CliRunner().invoke(TargetCreovai.get_singer_command(), arguments, input=data)


@pytest.fixture
def config(run_target: TargetRunner, tmp_path: Path) -> str:
    """A config file."""
    file = tmp_path / "config.json"
    file.write_text(json.dumps(run_target.config))
    return str(file)


def test_without_a_command_it_reads_singer_messages(config: str, creovai: CreovaiServer) -> None:
    """`tap | target-creovai --config c.json`."""
    result = executable("--config", config, data=singer(chat()))

    assert result.exit_code == 0, result.stderr
    assert set(creovai.chats) == {chat_id()}


def test_input_may_come_from_a_file(config: str, creovai: CreovaiServer, tmp_path: Path) -> None:
    """`--input` is the Singer executable's option."""
    (tmp_path / "lines").write_bytes(singer(chat()))

    result = executable("--config", config, "--input", str(tmp_path / "lines"))

    assert result.exit_code == 0, result.stderr
    assert set(creovai.chats) == {chat_id()}


def test_about_and_version_answer_as_before() -> None:
    """Meltano and people ask for them."""
    about = json.loads(executable("--about", "--format", "json").stdout)

    assert about["name"] == "target-creovai"
    assert "store_url" in about["settings"]["properties"]
    assert executable("--version").stdout.startswith("target-creovai v")


def test_a_run_that_needs_an_eye_exits_with_3(config: str, creovai: CreovaiServer) -> None:
    """A pipe's script goes by it."""
    creovai.refuse(chat_id())

    assert executable("--config", config, data=singer(chat())).exit_code == 3


def test_help_shows_options_and_commands() -> None:
    """One page tells all that there is."""
    said = executable("--help").stdout

    assert "--input" in said
    assert all(f"  {name} " in said for name in COMMANDS)


@pytest.mark.parametrize("before", [True, False], ids=["before", "behind"])
def test_config_may_stand_on_either_side_of_the_command(
    config: str, run_target: TargetRunner, *, before: bool
) -> None:
    """`--config c.json status` is typed as readily as `status --config c.json`."""
    run_target(chat())
    option = ("--config", config)

    result = executable(*option, "status") if before else executable("status", *option)

    assert result.exit_code == 0, result.stderr
    assert "chat       sent" in result.stdout


def test_settings_may_come_from_the_environment(
    run_target: TargetRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Meltano passes them to its commands."""
    run_target(chat())
    monkeypatch.setenv("TARGET_CREOVAI_STORE_URL", run_target.config["store_url"])

    result = executable("status", "--config=ENV")

    assert "chat       sent" in result.stdout


def test_wrong_settings_end_a_command_by_name(operator: Operator) -> None:
    """Like they end a run."""
    result = operator("status", case_delivery=SONG)

    assert result.exit_code == 1
    assert "case_delivery" in result.stderr
    assert SONG not in result.output


def test_the_package_can_be_run(config: str, run_target: TargetRunner) -> None:
    """`python -m target_creovai`, where no script was installed."""
    run_target(chat())

    done = subprocess.run(
        [sys.executable, "-m", "target_creovai", "status", "--config", config],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "chat       sent" in done.stdout


def everything(operator: Operator) -> list[Result]:
    """Run each command in each format."""
    ids = (case_id(), chat_id(), chat_id(8))
    return [
        *(operator(*name, "--format", form) for name in ASKING for form in ("text", "json")),
        *(operator("explain", key, "--format", form) for key in ids for form in ("text", "json")),
        operator("preview", "--output", str(operator.target.folder / "page.html")),
        operator("resend", *ids, "--even-if-chats-are-billed-twice"),
        operator("retry"),
        operator("forget", *ids),
    ]


ASKING: tuple[tuple[str, ...], ...] = (("status",), ("reconcile", "--requeue"), ("doctor",))


def test_no_command_sings(operator: Operator, creovai: CreovaiServer) -> None:
    """Customer text and credentials are in no report, whatever became of a conversation."""
    secrets: dict[str, Any] = {"api_user": f"{SONG}-user", "api_password": f"{SONG}-password"}
    creovai.api_user, creovai.api_password = secrets.values()
    operator.target.config |= secrets
    operator.target.read(INPUT + singer(unknown_speakers()))
    with Store(operator.target.config["store_url"]) as store:
        outcomes = {outcome for _kind, outcome, *_ in store.ledger.outcome_counts()}
    assert outcomes == {"sent", "set aside"}

    for result in everything(operator):
        assert "Traceback" not in result.output
        assert SONG not in result.output


@pytest.mark.parametrize("command", [(), ("status",)])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(None, "it is not there", id="missing"),
        pytest.param(f'{{"api_password": {SONG}}}', "it is no JSON object", id="no-json"),
        pytest.param(f'["{SONG}"]', "it is no JSON object", id="list"),
    ],
)
def test_a_config_file_that_cannot_be_read_is_a_sentence(
    tmp_path: Path, command: tuple[str, ...], content: str | None, says: str
) -> None:
    """No traceback, and nothing of what is in it."""
    file = tmp_path / "settings.json"
    if content:
        file.write_text(content)

    result = executable(*command, "--config", str(file))

    assert result.exit_code == 2
    assert f"the config file {file} cannot be read ({says})" in result.stderr
    assert "Traceback" not in result.output
    assert SONG not in result.output
