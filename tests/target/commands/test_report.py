"""`report` writes a page on how it went: numbers that are the store's, and no customer's words."""

from __future__ import annotations

import re
import shlex
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import time_machine
from msgspec.structs import replace

from target_creovai.model.history import Run, RunFacts
from target_creovai.model.outcomes import Code, in_general
from target_creovai.report.figures.problems import problems_of_runs
from target_creovai.store.operator.store import OperatorStore
from tests.target.commands.reported import NOW, first, report, run_at
from tests.target.rows import (
    COMPLETED,
    STARTED,
    case,
    chat,
    chat_id,
)

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner


def test_without_a_store_there_is_no_page(operator: Operator, tmp_path: Path) -> None:
    """Somebody may mean another one, and an empty page would look like a quiet week."""
    result = operator("report", "--output", str(tmp_path / "report.html"))

    assert result.exit_code == 1
    assert "There is no store at" in result.output
    assert not (tmp_path / "report.html").exists()


def test_a_store_without_a_run_says_so(operator: Operator) -> None:
    """Made by hand, or by an upgrade from before there was a history."""
    with OperatorStore(operator.target.config["store_url"]):
        page = report(operator)

    (problem,) = page.problems
    assert problem.startswith("Look: No run yet.Is store_url the right one? target-creovai status")
    assert page.tree.css("svg") == []


def test_one_run_is_on_the_page(operator: Operator, mixed: TargetRunner) -> None:
    """What was sent, what waits and what was set aside, and why."""
    page = report(operator)

    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert page.table("Conversations sent")[0] == {
        "Day": today,
        "Cases": "1",
        "Chats": "1",
        "Changes of metadata": "0",
    }
    by_kind = {row["Kind"]: row for row in page.table("Day by day")}
    assert by_kind["Cases"] == {
        "Day": today,
        "Kind": "Cases",
        "Sent": "1",
        "Waiting": "2",
        "Why it waits": "the case is open: 2",
        "Set aside": "0",
        "Why set aside": "",
    }
    assert by_kind["Chats"]["Why set aside"] == "Creovai refused it: 1"
    assert [row["Why"] for row in page.table("Set aside now")] == ["HTTP 400: Creovai refused it"]
    assert [row["Why"] for row in page.table("Waiting now")] == ["the case is open"]
    assert [(row["Agent"], row["Together"]) for row in page.table("Conversations by agents")] == [
        ("Nora Vance", "2")
    ]
    assert page.table("The last runs")[0]["Exit code"] == "3"
    assert page.table("Requests")[0]["Asked of Salesforce"] == "not known"


def test_problems_come_first_with_commands_that_work(
    operator: Operator, mixed: TargetRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typed as they stand there."""
    monkeypatch.chdir(mixed.folder)
    page = report(operator)

    assert first(page.tree, "main h2").text() == "What needs an eye"
    assert any("Chats set aside: 1. HTTP 400" in problem for problem in page.problems)
    assert len(page.commands) >= 2
    for command in page.commands:
        name, *arguments = shlex.split(command)
        assert name == "target-creovai"
        settings = arguments.index("--config")
        del arguments[settings : settings + 2]  # the operator gives them
        assert operator(*arguments).exit_code == 0


def test_no_customer_is_on_the_page(operator: Operator, mixed: TargetRunner) -> None:
    """It may be shown to whoever asks how it goes; agents may be left out as well."""
    page = report(operator)
    for words in ("Ada", "Quill", "question", "ada@example.com", chat_id(1)):
        assert words not in page.text
    assert "Nora Vance" in page.text

    assert "Nora" not in report(operator, "--no-agents").text


def test_the_page_loads_nothing_and_runs_nothing(operator: Operator, mixed: TargetRunner) -> None:
    """It is one file; links lead to its own parts."""
    page = report(operator)

    links = [link.attributes["href"] or "" for link in page.tree.css("[href]")]
    assert links
    for link in links:
        assert link.startswith("#")
        assert page.tree.css_first(f'[id="{link[1:]}"]')
    assert page.tree.css("script, link, img, iframe, object, [src], [style], [onclick]") == []
    assert set(re.findall(r"https?://[^\"' <]*", page.text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "url(" not in page.text
    assert "@import" not in page.text
    policy = first(page.tree, "meta[http-equiv]").attributes["content"]
    assert str(policy).startswith("default-src 'none'; style-src 'sha256-")


def test_every_picture_has_a_name_and_a_table(operator: Operator, mixed: TargetRunner) -> None:
    """Whoever cannot see it reads the table."""
    page = report(operator)

    ids = [node.attributes["id"] for node in page.tree.css("[id]")]
    assert len(ids) == len(set(ids))
    pictures = page.tree.css("figure")
    assert len(pictures) == 8
    for picture in pictures:
        svg = first(picture, "svg")
        assert svg.attributes["role"] == "img"
        name = first(page.tree, f'[id="{svg.attributes["aria-labelledby"]}"]')
        assert name.text().strip()
        section = picture.parent
        assert section is not None
        assert section.css("details table tbody tr")
    for table in page.tree.css("table"):
        assert first(table, "caption").text()
        assert all(head.attributes["scope"] == "col" for head in table.css("thead th"))


def test_only_its_owner_may_read_the_file(
    operator: Operator, mixed: TargetRunner, tmp_path: Path
) -> None:
    """Agents are named in it."""
    report(operator)
    assert stat.S_IMODE((tmp_path / "report.html").stat().st_mode) == 0o600


def test_a_page_that_cannot_be_written_says_so(
    operator: Operator, mixed: TargetRunner, tmp_path: Path
) -> None:
    """One sentence, and no traceback."""
    result = operator("report", "--output", str(tmp_path / "nowhere" / "report.html"))

    assert result.exit_code == 1
    assert "The file cannot be written (No such file or directory)" in result.output


# What needs an eye


def problems(operator: Operator, now: datetime) -> list[str]:
    """Return what the page says at a time."""
    with time_machine.travel(now, tick=True):
        return report(operator).problems


def test_a_schedule_that_stands_still_is_a_problem(
    operator: Operator, run_target: TargetRunner
) -> None:
    """A run cannot report that it did not begin."""
    with time_machine.travel(NOW, tick=True):
        run_target(chat(1))

    assert problems(operator, NOW + timedelta(hours=25)) == []
    (problem,) = problems(operator, NOW + timedelta(days=90))
    assert problem.startswith("Grave: The last run began 90 days ago.")


def test_a_run_that_was_stopped_is_a_problem(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """With the words of the one who stopped it."""
    creovai.chat_enabled = False
    with time_machine.travel(NOW, tick=True):
        run_target(chat(1))

    (problem,) = problems(operator, NOW)
    assert problem.startswith("Grave: The last run stopped or failed: Creovai answered HTTP 403")


def test_a_run_that_never_ended_is_a_problem(operator: Operator, run_target: TargetRunner) -> None:
    """Killed, as nothing runs for that long."""
    with OperatorStore(run_target.config["store_url"]) as store:
        store.history.begin_run("2024-06-20T12:00:00Z")

    assert problems(operator, NOW + timedelta(hours=1)) == []
    (problem,) = problems(operator, NOW + timedelta(hours=13))
    assert problem.startswith("Grave: The run that began at 2024-06-20T12:00:00Z has not ended")


def test_runs_that_are_killed_each_time_are_a_problem() -> None:
    """Out of memory every hour: the next one has always begun when somebody looks."""
    runs = [run_at(NOW), *(killed_at(NOW + timedelta(hours=hour)) for hour in (1, 2, 3))]

    (problem,) = problems_of_runs(runs[::-1], NOW + timedelta(hours=3, minutes=1))
    assert problem.text.startswith("The last 3 runs have not ended, from 2024-06-20T13:00:00Z on")
    assert problem.grave
    assert not list(problems_of_runs(runs[1::-1], NOW + timedelta(hours=1, minutes=1)))


def test_a_run_at_work_hides_no_failure() -> None:
    """Whoever looks while the next run is at it is still told of the last end."""
    failed = replace(run_at(NOW, stopped="Creovai is down."), exit_code=1)

    runs = [killed_at(NOW + timedelta(hours=1)), failed]
    (problem,) = problems_of_runs(runs, NOW + timedelta(hours=1, minutes=1))
    assert problem.text == "The last run that ended stopped or failed: Creovai is down."
    assert problem.grave


def killed_at(moment: datetime) -> Run:
    """Return a run of which nobody wrote down the end."""
    return Run(f"{moment:%Y-%m-%dT%H:%M:%SZ}", None, None, RunFacts())


def test_parts_that_were_not_read_are_problems(
    operator: Operator, run_target: TargetRunner
) -> None:
    """With what `status` says to do about them."""
    row = case(1)
    del row.row["Description"]
    run_target(STARTED, row, COMPLETED)

    assert any("was not read" in problem for problem in problems(operator, datetime.now(UTC)))


def test_conversations_that_take_longer_than_before_are_a_problem(
    operator: Operator, run_target: TargetRunner
) -> None:
    """Half of them more than twice as long as the week before, and more than an hour."""
    with time_machine.travel(NOW - timedelta(days=9), tick=True):
        run_target(chat(1, SystemModstamp="2024-06-11T11:00:00Z"))
    with time_machine.travel(NOW - timedelta(days=1), tick=True):
        run_target(chat(2, SystemModstamp="2024-06-19T07:00:00Z"))

    (problem,) = problems(operator, NOW)
    assert re.match(r"Look: Half of what .* took 5\.\d h and more; before, [01]\.\d h\.", problem)


def test_every_code_has_words_of_its_own() -> None:
    """Tables of days count codes: what else a reason names is not theirs to say."""
    words = [in_general(code) for code in Code]

    assert len(set(words)) == len(Code)
    for text in words:
        assert re.search(r"[^\W\d_]{3}", text)
        assert "{" not in text
