"""Every command says which store it speaks of, makes none, and prints commands that run."""

from __future__ import annotations

import json
import re
import shlex
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from target_creovai.commands.group import COMMANDS
from target_creovai.store.database.location import store_name
from target_creovai.target import TargetCreovai
from tests.target.rows import COMPLETED, STARTED, case, case_id, chat, chat_id, deleted

if TYPE_CHECKING:
    from click.testing import Result

    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner

SECRET = "s3cr3t-value"
# Each with the arguments that it cannot do without.
ARGUMENTS = {
    "explain": [chat_id()],
    "forget": [chat_id()],
    "preview": ["--output", "page.html"],
    "report": ["--output", "report.html"],
    "resend": [chat_id()],
}
OF_A_STORE = sorted(COMMANDS.keys() - {"store"})
PRINTED = re.compile(r"`((?:target-creovai|meltano) [^`]+)`")


@pytest.mark.parametrize("environment", [None, "prod"])
@pytest.mark.parametrize("name", OF_A_STORE)
def test_a_command_says_first_which_store_it_speaks_of(
    operator: Operator,
    run_target: TargetRunner,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    environment: str | None,
) -> None:
    """After a run in prod, an answer from dev's store is no answer."""
    run_target(chat())
    monkeypatch.chdir(run_target.folder)
    monkeypatch.setenv("MELTANO_ENVIRONMENT", environment or "")

    result = operator(name, *ARGUMENTS.get(name, []))

    of = f", environment {environment}" if environment else ""
    assert result.stdout.splitlines()[0] == f"store      {run_target.folder / 'store.db'}{of}"


@pytest.mark.parametrize("name", ["status", "doctor", "reconcile", "explain"])
def test_what_programs_read_stays_json(
    operator: Operator, run_target: TargetRunner, name: str
) -> None:
    """The store is told beside it."""
    run_target(chat())

    result = operator(name, *ARGUMENTS.get(name, []), "--format", "json")

    assert json.loads(result.stdout)
    assert result.stderr.startswith(f"store      {run_target.folder / 'store.db'}\n")


def test_status_as_json_names_store_and_environment(
    operator: Operator, run_target: TargetRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A monitor may watch several."""
    run_target(chat())
    monkeypatch.setenv("MELTANO_ENVIRONMENT", "prod")

    report = operator.json("status")

    assert report["store"] == str(run_target.folder / "store.db")
    assert report["environment"] == "prod"


@pytest.mark.parametrize("name", ["doctor", "status"])
def test_a_store_that_no_setting_names_is_named_as_well(
    operator: Operator, run_target: TargetRunner, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """It is the one that a run would take, also where settings are looked at before their check."""
    monkeypatch.chdir(run_target.folder)

    result = operator(name, store_url=None)

    assert str(run_target.folder / "target-creovai.db") in result.output.splitlines()[0]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (
            f"postgresql+psycopg://u:{SECRET}@db:5433/x",
            "postgresql db:5433, database x",
        ),
        (f"postgresql://u:{SECRET}@/x?host=/run/pg", "postgresql /run/pg, database x"),
        (f"postgresql://u:p@{SECRET}@db.example/x", "unknown: store_url is no database URL"),
        (f"postgresql://u:{SECRET}@h:port/x", "unknown: store_url is no database URL"),
        (SECRET, "unknown: store_url is no database URL"),
        ("sqlite:////srv/store.db", "/srv/store.db"),
    ],
)
def test_a_store_is_named_without_user_and_password(url: str, name: str) -> None:
    """Not even a part of one that was not percent-encoded."""
    assert store_name(url) == name


@pytest.mark.parametrize("name", [name for name in OF_A_STORE if name != "doctor"])
def test_a_command_makes_no_store(
    operator: Operator, run_target: TargetRunner, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """An empty one would say that all is well."""
    monkeypatch.chdir(run_target.folder)

    result = operator(name, *ARGUMENTS.get(name, []))

    assert result.exit_code == 1
    assert f"There is no store at {run_target.folder / 'store.db'}" in result.stderr
    assert "Give the settings that the runs have." in result.stderr
    assert not list(run_target.folder.glob("store.db*"))


def test_under_meltano_a_missing_store_hints_at_other_environments(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one, commands are dev's."""
    monkeypatch.setenv("MELTANO_ENVIRONMENT", "dev")

    assert "give `--environment` of the runs that you mean" in operator("status").stderr


def said_of_troubles(operator: Operator, creovai: CreovaiServer) -> list[str]:
    """Return what a run and all commands say where something is to be done."""
    creovai.refuse(chat_id(2))
    run = operator.target
    cases = [case(number, Description="words") for number in (1, 2)]
    rows = [chat(1), chat(2), *cases]
    first = run(STARTED, *rows, COMPLETED, on_delete="purge")
    creovai.lose(chat_id(1))
    run(STARTED, deleted(cases[1]), COMPLETED, on_delete="purge")
    results = [
        operator("explain", chat_id(1), strip_signatures=True),
        operator("explain", chat_id(2)),
        operator("explain", case_id(1), case_updates="once", strip_signatures=True),
        operator("explain", case_id(1), strip_signatures=True),
        operator("explain", case_id(2)),
        operator("resend", case_id(2), chat_id(1)),
        operator("resend", "no such"),
        operator("reconcile"),
        operator("status", strip_signatures=True),
    ]
    return [first.stderr, *(result.output for result in results)]


@pytest.mark.parametrize("environment", [None, "prod"])
def test_every_command_that_is_printed_runs_as_printed(
    operator: Operator,
    creovai: CreovaiServer,
    monkeypatch: pytest.MonkeyPatch,
    environment: str | None,
) -> None:
    """Somebody copies it at 3 a.m."""
    file = operator.target.folder / "operator.json"
    monkeypatch.setattr(sys, "argv", ["target-creovai", "--config", str(file)])
    monkeypatch.setenv("MELTANO_ENVIRONMENT", environment or "")
    said = "\n".join(said_of_troubles(operator, creovai))

    printed = {command for command in PRINTED.findall(said) if " select " not in command}

    names = {typed(command, str(file), environment)[2] for command in printed}
    assert names == {"retry", "resend", "forget", "explain", "reconcile"}
    for command in printed:
        result = run(typed(command, str(file), environment))
        assert result.exit_code in {0, 1}, (command, result.output)
        assert "Usage" not in result.output
        assert "Traceback" not in result.output


def typed(command: str, config: str, environment: str | None) -> list[str]:
    """Return the words that the executable gets, `--config` first; Meltano adds its own file."""
    words = shlex.split(command)
    if environment:
        assert words[:4] == ["meltano", f"--environment={environment}", "invoke", "target-creovai"]
        return ["--config", config, *words[4:]]
    assert words[0] == "target-creovai"
    assert words[2:4] == ["--config", config]
    return ["--config", config, words[1], *words[4:]]


def run(words: list[str]) -> Result:
    """Run the executable."""
    return CliRunner().invoke(TargetCreovai.get_singer_command(), words)
