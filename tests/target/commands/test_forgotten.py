"""What was forgotten was not read: a case of which rows come again waits for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.target.rows import at, case, case_id, chat, chat_id, comment, mail
from tests.target.support import texts
from tests.target.wholeness.syncs import going_on, reads, sync

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner

NIGHT = "2024-05-07T06:00:00Z"
LATER = "2024-05-07T07:00:00Z"
ROWS = (case(Description="words"), comment(1), mail(2))
CHANGED = case(Description="words", SystemModstamp=NIGHT)
MORE = comment(5, SystemModstamp=NIGHT, CreatedDate=NIGHT)
WHOLE = ["words", "mail 2", "comment 1"]


def forgotten_and_changed(run: TargetRunner, operator: Operator) -> None:
    """Deliver a case, forget it, and let the tap go on: two of its rows come again."""
    run(*sync(*ROWS))
    operator("forget", case_id())
    outcome = run(*sync(CHANGED, MORE, **going_on(at("23:50"), until=LATER)))

    assert outcome.exit_code == 3
    (command,) = outcome.says("TO DO")
    assert case_id() in command


def test_a_forgotten_case_that_changes_waits_until_it_is_read_again(
    run_target: TargetRunner, operator: Operator, creovai: CreovaiServer
) -> None:
    """Sent with its newer rows alone, it would replace the whole one; the command brings all."""
    forgotten_and_changed(run_target, operator)
    assert texts(creovai.cases[case_id()]) == WHOLE

    just_this = reads(since="1999-01-01T00:00:00Z", until=LATER, filter="just this case")
    outcome = run_target(*sync(CHANGED, *ROWS[1:], MORE, entries=just_this))
    assert outcome.exit_code == 0
    assert texts(creovai.cases[case_id()]) == [*WHOLE, "comment 5"]

    new = comment(6, SystemModstamp="2024-05-07T08:00:00Z", CreatedDate="2024-05-07T08:00:00Z")
    run_target(*sync(new, **going_on("2024-05-07T06:50:00Z", until="2024-05-07T09:00:00Z")))
    assert texts(creovai.cases[case_id()]) == [*WHOLE, "comment 5", "comment 6"]


def test_a_full_refresh_brings_it_back_too(
    run_target: TargetRunner, operator: Operator, creovai: CreovaiServer
) -> None:
    """All rows of all cases are here again."""
    forgotten_and_changed(run_target, operator)
    outcome = run_target(*sync(CHANGED, *ROWS[1:], MORE, entries=reads(until=LATER)))

    assert outcome.exit_code == 0
    assert texts(creovai.cases[case_id()]) == [*WHOLE, "comment 5"]


def test_a_mail_alone_of_a_forgotten_case_is_named(
    run_target: TargetRunner, operator: Operator
) -> None:
    """Its Case row was dropped, not kept out by filters or sharing."""
    run_target(*sync(*ROWS))
    operator("forget", case_id())

    assert run_target(*sync(MORE, **going_on(at("23:50"), until=LATER))).exit_code == 3


def test_a_forgotten_chat_is_complete_in_itself(
    run_target: TargetRunner, operator: Operator, creovai: CreovaiServer
) -> None:
    """It waits for nothing, and Creovai is asked before it goes."""
    run_target(*sync(chat(1)))
    operator("forget", chat_id(1))
    outcome = run_target(*sync(chat(1, SystemModstamp=NIGHT), **going_on(at("23:50"), until=LATER)))

    assert outcome.exit_code == 0
    assert creovai.post_count(chat_id(1)) == 1
