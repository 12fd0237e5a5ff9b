"""The report at the end of a run: since when something waits, and what was left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from target_creovai.model.findings import Finding
from target_creovai.watch.summary import Summary
from target_creovai.watch.summary_text import FINDINGS, lines_of
from tests.target.rows import at, case, comment, mail, reply

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

NOW = datetime(2024, 6, 1, tzinfo=UTC)
OPEN: dict[str, Any] = {"IsClosed": False, "ClosedDate": None}


@pytest.mark.parametrize("dry_run", [False, True])
def test_the_report_tells_since_when_the_oldest_waits(
    run_target: TargetRunner, creovai: CreovaiServer, *, dry_run: bool
) -> None:
    """Who reads it sees whether something is stuck."""
    with time_machine.travel(NOW - timedelta(weeks=3), tick=False):
        run_target(case(1, **OPEN), dry_run=dry_run)
    with time_machine.travel(NOW - timedelta(days=2), tick=False):
        run_target(case(2, **OPEN), dry_run=dry_run)
    with time_machine.travel(NOW, tick=False):
        lines = run_target(dry_run=dry_run).says("waiting")

    assert lines == ["waiting    2 cases: the case is open (oldest: 3 weeks ago)"]


def test_a_change_ends_the_wait_so_far(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """What waits is the conversation as it is now."""
    with time_machine.travel(NOW - timedelta(weeks=3), tick=False):
        run_target(case(1, **OPEN))
    with time_machine.travel(NOW - timedelta(days=2), tick=False):
        run_target(comment(1))
    with time_machine.travel(NOW, tick=False):
        lines = run_target(case(1, **OPEN)).says("waiting")

    assert lines == ["waiting    1 case: the case is open (oldest: 2 days ago)"]


def test_every_finding_has_its_line() -> None:
    """None is counted and then forgotten."""
    assert set(FINDINGS) == set(Finding)
    for finding in Finding:
        summary = Summary()
        summary.count_findings("case", {finding: 2})
        (line,) = (line for line in lines_of(summary) if "2 " in line)
        word = line[:10].rstrip()
        assert line[10] == " "
        assert word == word.strip()


def test_what_was_left_out_of_cases_is_counted(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Quoted text, second copies, automatic mails, and what had to stay whole."""
    quoted = "On Mon, May 6, 2024 at 11:00 AM Ada Quill <a@b.c> wrote:\n> mail 1\n"
    elsewhere = quoted.replace("mail 1", "something that nobody wrote here")
    process = {"UserType": "AutomatedProcess", "Name": "Automated Process"}
    outcome = run_target(
        case(),
        mail(1),
        reply(2, TextBody=f"Thanks!\n\n{quoted}", MessageDate=at("12:00")),
        reply(3, TextBody="Thanks!", MessageDate=at("12:00")),
        comment(4, CommentBody="Thanks!"),
        reply(5, CreatedBy=process, MessageDate=at("13:00")),
        mail(6, TextBody=elsewhere, MessageDate=at("14:00")),
    )

    assert outcome.says("kept whole") == ["kept whole 1 mail of nothing but what seems quoted"]
    assert outcome.says("repeated") == [
        "repeated   1 message that said the same once more, left out"
    ]
    assert outcome.says("automatic") == ["automatic  1 message that no person wrote, left out"]
    (stripped,) = outcome.says("stripped")
    assert int(stripped.split()[1]) == pytest.approx(len(quoted), abs=4)
