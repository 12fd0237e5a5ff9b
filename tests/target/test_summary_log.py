"""How a run's end is logged: one event for programs and people, then lines with levels, once."""

from __future__ import annotations

import json
import logging
import re
import signal
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner
from singer_sdk.logging import StructuredFormatter

from target_creovai import LOGGER_NAME
from target_creovai.model.history import RunFacts
from target_creovai.model.outcomes import Code, Reason
from target_creovai.target import TargetCreovai
from target_creovai.watch.logs import DiscreetFilter, unforeseen
from target_creovai.watch.summary import NotDelivered, Summary
from target_creovai.watch.summary_text import lines_of
from tests.fakes.creovai import CreovaiServer, Fault
from tests.project import ROOT
from tests.target.rows import COMPLETED, STARTED, case, chat, chat_id, comment, singer
from tests.target.support import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.target.support import TargetRunner

FOREVER = 10**6
ALWAYS_THERE = {"exit_code", "duration_seconds", "input_ended_well", "stopped"}
FIELDS = re.compile(r"`(\w+)`")


def events(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return the events with a summary in their fields."""
    return [record for record in caplog.records if hasattr(record, "summary")]


def shown(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Return level and text of what someone sees who asked for no debug lines."""
    own = [
        each
        for each in caplog.records
        if each.name == LOGGER_NAME and DiscreetFilter().filter(each)
    ]
    return [(each.levelname, each.getMessage()) for each in own if each.levelno > logging.DEBUG]


def level_of(caplog: pytest.LogCaptureFixture, start: str) -> list[str]:
    """Return the levels of the lines that begin so."""
    return [level for level, text in shown(caplog) if text.startswith(start)]


def test_a_run_is_told_in_one_event(
    run_target: TargetRunner, creovai: CreovaiServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A log pipeline needs no more: counts by kind, stream and code, and no Ids."""
    creovai.refuse(chat_id(2))
    run_target(STARTED, chat(1), chat(2), case(1, IsClosed=False), comment(1), COMPLETED)

    (event,) = events(caplog)
    summary: dict[str, Any] = event.summary  # type: ignore[attr-defined] # looked for above
    assert summary["rows"] == {"LiveChatTranscript": 2, "Case": 1, "CaseComment": 1}
    assert summary["sent"] == {"chat": 1}
    assert summary["set_aside"] == {"chat": {"refused": 1}}
    assert summary["waiting"] == {"case": {"case-open": 1}}
    assert (summary["exit_code"], summary["stopped"]) == (3, None)
    answers = [number for each in summary["requests"].values() for number in each.values()]
    assert sum(answers) == len(creovai.calls)
    assert event.levelname == "WARNING"
    line = json.loads(StructuredFormatter().format(event))
    assert line["extra"]["summary"] == summary
    assert chat_id(1) not in str(line)


def test_what_is_empty_is_no_field_of_the_event(
    run_target: TargetRunner, caplog: pytest.LogCaptureFixture
) -> None:
    """As the page on watching says, which names every field that there may be."""
    run_target(STARTED, chat(1), COMPLETED)
    caplog.clear()
    run_target(STARTED, chat(1), COMPLETED)

    (event,) = events(caplog)
    summary: dict[str, Any] = event.summary  # type: ignore[attr-defined] # looked for above
    assert set(summary) == {"counts", "rows", *ALWAYS_THERE}
    page = (ROOT / "docs" / "watching.md").read_text(encoding="utf-8")
    table = page.partition("| in `summary` of the target |")[2].partition("\n\n")[0]
    named = {name for line in table.splitlines() for name in FIELDS.findall(line.split("|")[1])}
    assert named == {*RunFacts.__struct_fields__, *ALWAYS_THERE}


def test_a_run_without_news_is_that_event_alone(
    run_target: TargetRunner, creovai: CreovaiServer, caplog: pytest.LogCaptureFixture
) -> None:
    """An hourly run reads the last rows again; who asks what waits asks `status`."""
    rows = (STARTED, chat(1), case(1), case(2, IsClosed=False), comment(1), COMPLETED)
    run_target(*rows)
    caplog.clear()
    caplog.set_level(logging.INFO, "singer_sdk.metrics")

    assert run_target(*rows).exit_code == 0
    ((level, text),) = shown(caplog)
    assert level == "INFO"
    assert text.startswith("run ended  exit code 0 after 0.")
    assert "4 rows, 0 new or changed, 1 waiting (oldest: " in text
    assert "2 unchanged" in text
    assert [each.name for each in caplog.records if each.name != LOGGER_NAME] == []


@pytest.mark.parametrize(
    ("items", "fault", "start", "level"),
    [
        pytest.param([chat(CaseId="no Id")], None, "SET ASIDE", "WARNING", id="set-aside"),
        pytest.param([chat(Id=None)], None, "UNUSABLE", "WARNING", id="unusable"),
        pytest.param([chat()], "503", "PENDING", "WARNING", id="pending"),
        pytest.param([STARTED, case()], None, "HELD", "ERROR", id="held"),
        pytest.param([STARTED, chat()], None, "BROKEN OFF", "ERROR", id="broken-off"),
        pytest.param([chat()], "403", "STOPPED", "ERROR", id="stopped"),
    ],
)
def test_what_stops_a_run_is_an_error_and_what_is_set_aside_a_warning(
    run_target: TargetRunner,
    creovai: CreovaiServer,
    caplog: pytest.LogCaptureFixture,
    items: list[Any],
    fault: str | None,
    start: str,
    level: str,
) -> None:
    """Whoever filters by level sees it, and what to do about it; it is said once, at the end."""
    if fault:
        creovai.faults.add(Fault(fault, path="/capture/v2/chat", times=FOREVER))
    run_target(*items)

    assert level_of(caplog, start) == [level]
    assert level_of(caplog, "run ended") == [level]
    if start != "BROKEN OFF":
        assert level_of(caplog, "TO DO") == [level]
    (told,) = [text for _, text in shown(caplog) if text.startswith(start)]
    assert sum(told[11:] in text for _, text in shown(caplog)) == 1


def test_what_the_report_has_no_room_for_is_named_at_once(
    run_target: TargetRunner, creovai: CreovaiServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Each once: the first ones in the report, the others before it."""
    for number in range(23):
        creovai.refuse(chat_id(number))
    run_target(*(chat(number) for number in range(23)))

    for number in range(23):
        assert sum(chat_id(number) in text for _, text in shown(caplog)) == 1
    assert [text for _, text in shown(caplog) if "3 more: each has a warning in the log" in text]


def test_a_run_that_a_signal_ends_says_how_far_it_came(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """And what it could not store, of which nobody else would ever hear.

    Here as JSON, by the file for the plain pair: no line of the process is anything else.
    """
    rows = [chat(Id=None), *(chat(number) for number in range(1500))]
    file = str(ROOT / "deploy" / "logging.plugins.yaml")
    with run_target.start({"SINGER_SDK_LOG_CONFIG": file}) as process:
        process.write(singer(*rows))
        wait_until(lambda: creovai.chats)
        process.popen.send_signal(signal.SIGTERM)
        outcome = process.finish()

    lines = [json.loads(line) for line in outcome.stderr.splitlines()]
    (end,) = [line for line in lines if "summary" in line["extra"]]
    assert end["message"].startswith("run ended  exit code 143 after ")
    assert end["extra"]["summary"]["counts"]["unusable_rows"] == 1
    assert end["extra"]["summary"]["exit_code"] == 143
    (unusable,) = [line for line in lines if line["message"].startswith("UNUSABLE")]
    assert unusable["level"] == end["level"] == "warning"


def test_the_words_of_all_troubles_have_a_level() -> None:
    """A new line in capitals that nobody gave a level would arrive as information."""
    trouble = NotDelivered("chat", "570", Reason(Code.NO_TEXT))
    summary = Summary(
        gaps=["a gap"],
        unusable_rows=["a row"],
        set_aside=[trouble],
        broken="broken",
        state_lost="lost",
        halted="halted",
        input_broke_off=True,
    )
    summary.pending["chat", "570"] = trouble
    words = {line[:10].rstrip() for line in lines_of(summary)}
    from target_creovai.watch.summary_log import _LEVELS  # noqa: PLC0415

    assert {word for word in words if word.isupper()} - {"TO DO"} <= set(_LEVELS)


def test_an_unforeseen_error_is_one_line_without_what_it_quotes(
    run_target: TargetRunner, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither traceback nor text, as either may hold a row."""

    def stumble(_: TargetCreovai, __: str, record: dict[str, Any]) -> None:
        raise ValueError(record["Body"])

    monkeypatch.setattr(TargetCreovai, "stage", stumble)
    config = run_target.folder / "config.json"
    config.write_text(json.dumps(run_target.config))
    data = singer(chat(Body="canary"))
    command = TargetCreovai.get_singer_command()
    result = CliRunner().invoke(command, ["--config", str(config)], input=data)

    assert result.exit_code == 1
    assert "An unforeseen error ended the run (ValueError; " in caplog.text
    assert "Traceback" not in caplog.text + result.stderr
    assert "canary" not in caplog.text + result.stderr
    assert "No space left" in unforeseen(OSError(28, "No space left on device"))


def test_meltanos_two_logging_files_differ_in_the_form_of_lines_alone() -> None:
    """What keeps rows out of the log in one must do so in the other."""

    def loggers(path: Path) -> dict[str, Any]:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {**loaded["loggers"], "root": loaded["root"]}

    assert loggers(ROOT / "logging.yaml") == loggers(ROOT / "logging.json.yaml")
    assert loggers(ROOT / "logging.yaml")["meltano.plugin.stdout"] == {"level": "INFO"}
