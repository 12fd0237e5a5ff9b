"""What is measured can be read by Prometheus' own parser; the alert rules ask for nothing else."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
import yaml
from prometheus_client.parser import text_string_to_metric_families

from target_creovai.store import Store
from target_creovai.watch.prometheus import Gauge, exposition
from tests.project import ROOT
from tests.target.rows import COMPLETED, STARTED, UNANSWERED, at, case, chat, chat_id

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator

RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
PROMTOOL = shutil.which("promtool")
PREFIX = "target_creovai_"
EIGHT, NINE = datetime(2024, 5, 7, 8, tzinfo=UTC), datetime(2024, 5, 7, 9, tzinfo=UTC)

Samples = dict[str, dict[tuple[str, ...], float]]
"""Values by metric, without its prefix, and by its labels in alphabetical order."""


@pytest.fixture
def measured(operator: Operator, creovai: CreovaiServer) -> str:
    """A run that went well, and an hour later one that needs an eye."""
    with time_machine.travel(EIGHT, tick=False):
        operator.target(
            STARTED, chat(1, SystemModstamp=at("12:00")), case(1, IsClosed=False), COMPLETED
        )
    creovai.refuse(chat_id(2))
    with time_machine.travel(NINE, tick=False):
        operator.target(STARTED, chat(2), chat(3, **UNANSWERED), COMPLETED)
        result = operator("status", "--format", "prometheus")
    assert result.exit_code == 0
    return result.stdout


def parsed(text: str) -> Samples:
    """Read it as Prometheus' own client does; every family has to say what it is."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        values = {tuple(v for _, v in sorted(s.labels.items())): s.value for s in family.samples}
        found[family.name.removeprefix(PREFIX)] = values
    return found


def test_where_conversations_stand_is_counted_by_kind_outcome_and_code(measured: str) -> None:
    """Codes and not reasons, which name fields and moments: each would be a series of its own."""
    assert parsed(measured)["conversations"] == {
        ("case", "waiting", "case-open"): 1,
        ("chat", "sent", ""): 1,
        ("chat", "set aside", "refused"): 1,
        ("chat", "skipped", "missed"): 1,
    }


def test_runs_are_told_by_when_they_ended_and_how(measured: str) -> None:
    """Alerts ask how long ago one went well; one that needs an eye has delivered all it could."""
    found = parsed(measured)

    assert found["last_run_exit_code"] == {(): 3}
    assert found["last_success_timestamp_seconds"] == {(): EIGHT.timestamp()}
    assert found["last_completion_timestamp_seconds"] == {(): NINE.timestamp()}
    assert found["last_run_start_timestamp_seconds"] == {(): NINE.timestamp()}
    assert found["last_run_end_timestamp_seconds"] == {(): NINE.timestamp()}
    assert found["last_run_results"]["rows",] == 2
    assert found["last_run_results"]["set_aside",] == 1
    assert found["last_input_ended_well"] == {(): 1}


def test_the_store_and_its_delays_are_measured(measured: str) -> None:
    """Since when something waits, and how long conversations take to arrive."""
    found = parsed(measured)

    changed = datetime.fromisoformat(at("18:00")).timestamp()
    assert found["oldest_waiting_timestamp_seconds"] == {(): changed}
    assert found["newest_row_timestamp_seconds"] == {(): changed}
    assert found["gaps"] == {(): 0}
    took = (EIGHT - datetime.fromisoformat(at("12:00"))).total_seconds()
    assert found["delivery_lag_seconds"]["chat", "50"] == pytest.approx(took, rel=0.06)
    assert set(found["delivery_lag_seconds"]) == {("chat", "50"), ("chat", "95")}


def test_a_run_that_goes_on_hides_no_end(
    operator: Operator, measured: str, creovai: CreovaiServer
) -> None:
    """Nor one that was killed: an alert on the last exit code would end whenever a run begins."""
    with (
        time_machine.travel(NINE + timedelta(hours=1), tick=False),
        Store(operator.target.config["store_url"]) as store,
    ):
        store.history.begin_run("2024-05-07T10:00:00.000000Z")
        found = parsed(operator("status", "--format", "prometheus").stdout)

    assert found["last_run_exit_code"] == {(): 3}
    start = (NINE + timedelta(hours=1)).timestamp()
    assert found["last_run_start_timestamp_seconds"] == {(): start}
    assert found["last_run_end_timestamp_seconds"] == {(): NINE.timestamp()}


def test_an_empty_store_is_measured_as_well(operator: Operator) -> None:
    """What is not known is left out: a zero would be the year 1970."""
    with Store(operator.target.config["store_url"]):
        found = parsed(operator("status", "--format", "prometheus").stdout)

    assert found == {"gaps": {(): 0}}


def test_the_file_is_there_as_a_whole_and_for_others_to_read(
    operator: Operator, measured: str, tmp_path: Path
) -> None:
    """Of the store's folder nobody else may read anything; node_exporter is somebody else."""
    file = tmp_path / "textfile" / "creovai.prom"
    file.parent.mkdir()
    file.write_text("old")
    before = file.open()
    with time_machine.travel(NINE, tick=False):
        result = operator("status", "--format", "prometheus", "--output", str(file))

    assert (result.exit_code, result.stdout) == (0, "")
    assert file.read_text() == measured
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert [path.name for path in file.parent.iterdir()] == ["creovai.prom"]
    with before:  # whoever had it open still reads the old one, to its end
        assert before.read() == "old"


def test_a_file_that_cannot_be_written_is_a_sentence(
    operator: Operator, measured: str, tmp_path: Path
) -> None:
    """And the exit code says so: a scheduler is to notice."""
    file = tmp_path / "nowhere" / "creovai.prom"
    result = operator("status", "--format", "prometheus", "--output", str(file))

    assert result.exit_code == 1
    assert "The file cannot be written (No such file or directory)" in result.stderr


def test_labels_and_help_may_hold_anything() -> None:
    """Streams of other taps have names that nobody here chose."""
    label, text = 'a "b" \\ c\nd', "a \\ b\nc"
    gauge = Gauge("x", text, [({"name": label}, 1.0), ({}, 0.5), ({"name": ""}, 1796000000.125)])
    lines = list(exposition([gauge, Gauge.of("y", "none", None)]))
    (family,) = text_string_to_metric_families("\n".join(lines) + "\n")

    assert family.documentation == text
    assert [sample.labels.get("name") for sample in family.samples] == [label, None, ""]
    assert [sample.value for sample in family.samples] == [1, 0.5, 1796000000.125]


def rules() -> list[dict[str, Any]]:
    """Return the alerts."""
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def test_the_alerts_ask_for_what_is_measured(measured: str) -> None:
    """A rule on a name that nobody exports never fires, and nobody notices."""
    text = " ".join(rule["expr"] for rule in rules())
    asked = set(re.findall(rf"{PREFIX}(\w+)", text))

    assert asked <= set(parsed(measured))
    assert {"last_completion_timestamp_seconds", "last_run_exit_code", "conversations"} <= asked
    for name, outcome in re.findall(r'(outcome|percent)="([^"]*)"', text):
        assert f'{name}="{outcome}"' in measured


def test_the_page_on_watching_names_all_that_is_measured(measured: str) -> None:
    """Whoever builds a dashboard looks there."""
    page = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^\| metric .*?\n\n", page, re.MULTILINE | re.DOTALL)

    named = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE))))
    assert named == set(parsed(measured))


@pytest.mark.skipif(PROMTOOL is None, reason="no promtool here")
def test_promtool_finds_nothing(measured: str) -> None:
    """Prometheus' own tool knows what names, types and expressions may be."""
    for command, text in (
        (["check", "metrics"], measured),
        (["check", "rules", str(RULES)], ""),
    ):
        done = subprocess.run(
            [str(PROMTOOL), *command], input=text, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
