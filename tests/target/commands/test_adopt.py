"""`adopt` makes a lost ledger anew from Creovai and the rows at hand, and says what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.creovai import Fault
from tests.target.rows import case, case_id, chat, chat_id
from tests.target.support import posts_to
from tests.target.test_first_look import lose_store

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner

ROWS = [case(1, Description="words"), case(2, IsClosed=False), *(chat(n) for n in range(1, 121))]


def lost(run: TargetRunner) -> None:
    """Deliver all but one, and lose the store; then let the rows come once more."""
    run(*ROWS[:-1])
    lose_store(run)
    run(*ROWS, dry_run=True)


def test_it_says_what_it_found(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """By kind, side by side, for two look-ups of a hundred Ids each."""
    lost(run_target)
    creovai.exclude(chat_id(7))
    creovai.calls.clear()
    result = operator("adopt")

    assert result.exit_code == 0, result.output
    assert [" ".join(line.split()) for line in result.stdout.splitlines()[1:]][:6] == [
        "asked found not there",
        "case 2 1 1",
        "chat 120 119 1",
        "messaging 0 0 0",
        "at Creovai Concluded: 119",
        "at Creovai Excluded: 1",
    ]
    assert posts_to(creovai, "status") == 2
    assert len(creovai.posts) == 119 + 1


def test_the_next_run_sends_what_was_not_there_and_makes_cases_certain(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """No chat goes twice, and what was excluded stays away."""
    lost(run_target)
    creovai.exclude(chat_id(7))
    operator("adopt")
    before = len(creovai.posts)
    assert run_target(*ROWS).exit_code == 0

    assert [post.payload["sessionId"] for post in creovai.posts[before:]] == [
        case_id(1),
        chat_id(120),
    ]
    assert creovai.duplicate_chats == []
    assert run_target.ledger()[chat_id(7)][0] == "skipped"
    assert operator.json("adopt")["found"] == {}, "what is known is asked for no more"


def test_explain_says_whence_it_is_known(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Before and after the next run."""
    lost(run_target)
    operator("adopt")
    assert "Creovai has it from another store" in operator("explain", chat_id(1)).stdout
    assert operator("explain", case_id(1)).stdout.count("sends it again, complete") == 1
    run_target()

    told = operator("explain", chat_id(1)).stdout
    assert "found at Creovai" in told
    assert "Creovai has it as it is." in told


def test_a_creovai_that_does_not_answer_changes_nothing(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """No receipt is made of an outage."""
    lost(run_target)
    creovai.faults.add(Fault("503", times=99))
    before = run_target.ledger()
    result = operator("adopt")

    assert result.exit_code == 1
    assert "does not tell" in result.stderr
    assert run_target.ledger() == before


def test_it_asks_under_the_prefix_that_the_store_has_sent_with(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Under another one nothing would be found."""
    run_target(chat(1), session_id_prefix="emea-")
    result = operator("adopt", session_id_prefix="apac-")

    assert result.exit_code == 1
    assert "session_id_prefix 'emea-'" in result.stderr


def test_without_a_creovai_it_says_so(operator: Operator) -> None:
    """Nobody can be asked."""
    assert "api_url" in operator("adopt", api_url=None).stderr
