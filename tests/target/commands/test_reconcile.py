"""`reconcile` asks Creovai for all that was sent, and names what did not come through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from target_creovai.sending.sender import LOOK_AGAIN_SECONDS
from target_creovai.store import Store
from tests.fakes.creovai import Fault
from tests.target.rows import COMPLETED, STARTED, case, case_id, chat, chat_id, mail
from tests.target.support import posts_to

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner


@pytest.fixture
def delivered(run_target: TargetRunner, creovai: CreovaiServer) -> TargetRunner:
    """A case and four chats are in Creovai and complete; a second case is open."""
    chats = [chat(number) for number in range(1, 5)]
    run_target(STARTED, case(), mail(), case(2, IsClosed=False), *chats, COMPLETED)
    creovai.statuses |= dict.fromkeys(creovai.statuses, "Complete")
    return run_target


def test_all_is_well_when_creovai_has_it_all(operator: Operator, delivered: TargetRunner) -> None:
    """No false alarm; what was never sent is no loss."""
    result = operator("reconcile")

    assert result.exit_code == 0, result.output
    assert [" ".join(line.split()) for line in result.stdout.splitlines()[1:]] == [
        "stored sent accepted complete",
        "case 2 1 1 1",
        "chat 4 4 4 4",
        "messaging 0 0 0 0",
        "not sent waiting: the case is open: 1",
        f"case {case_id(2)}",
    ]


def test_every_difference_is_named(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """What is lost, excluded or not processed yet, with Ids; only a loss fails."""
    creovai.lose(chat_id(1))
    creovai.exclude(chat_id(2))
    creovai.statuses[chat_id(3)] = "InProgress"
    creovai.statuses[case_id()] = "Concluded"

    result = operator("reconcile", "--format", "json")
    report = json.loads(result.stdout)

    assert result.exit_code == 1
    assert {one["id"]: one["status"] for one in report["differences"]} == {
        chat_id(1): "NotFound",
        chat_id(2): "Excluded",
        chat_id(3): "InProgress",
        case_id(): "Concluded",
    }
    assert report["statuses"] == {
        "NotFound": 1,
        "Excluded": 1,
        "InProgress": 1,
        "Concluded": 1,
        "Complete": 1,
    }
    assert report["accepted"] == {"case": 1, "chat": 3}
    assert report["complete"] == {"case": 0, "chat": 1}
    lost = [line for line in operator("reconcile").stdout.splitlines() if "LOST" in line]
    assert len(lost) == 1
    assert chat_id(1) in lost[0]


def test_not_found_is_believed_when_it_is_said_twice(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer, sleeps: list[float]
) -> None:
    """How soon Creovai can tell of what it took is not documented."""
    creovai.hide_for(1)
    run_target(chat())

    assert operator("reconcile").exit_code == 0
    assert sleeps == [LOOK_AGAIN_SECONDS]


def test_ids_go_by_the_hundred(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """No greater number is documented."""
    run_target(*[chat(number) for number in range(1, 206)])
    creovai.calls.clear()

    operator("reconcile")

    asked = [json.loads(call.body) for call in creovai.calls if call.path == "/capture/v2/status"]
    assert [len(body["sessionIds"]) for body in asked] == [100, 100, 5]


def test_since_leaves_out_what_was_sent_before(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """By the time of sending, in UTC."""
    creovai.lose(chat_id(1))
    creovai.lose(chat_id(2))
    _set_sent_at(delivered, chat_id(1), "2024-05-05T23:59:59.5Z")
    _set_sent_at(delivered, chat_id(2), "2024-05-06T00:00:00.25Z")

    report = operator.json("reconcile", "--since", "2024-05-06")

    assert [one["id"] for one in report["differences"]] == [chat_id(2)]
    assert report["sent"] == {"case": 1, "chat": 3}


def _set_sent_at(run: TargetRunner, key: str, sent_at: str) -> None:
    with Store(run.config["store_url"]) as store, store.database.transaction() as db:
        db.exec_driver_sql(
            "UPDATE creovai_conversations SET sent_at = ? WHERE id = ?", (sent_at, key)
        )


def test_requeue_sends_what_is_lost_and_nothing_else(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """By the next run; afterwards all is well."""
    creovai.lose(chat_id(1))
    creovai.lose(case_id())
    creovai.exclude(chat_id(2))
    before = len(creovai.posts)

    result = operator("reconcile", "--requeue")
    assert result.exit_code == 1
    assert "2 are looked up once more" in result.stdout
    assert len(creovai.posts) == before

    assert delivered(max_workers=1).exit_code == 0
    assert [post.payload["sessionId"] for post in creovai.posts[before:]] == [
        case_id(),
        chat_id(1),
    ]
    assert operator("reconcile").exit_code == 0


def test_what_turns_up_after_all_is_not_sent_twice(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The next run asks Creovai before it sends, and the ledger is as before."""
    creovai.hide_for(2)
    run_target(chat())
    before = run_target.ledger()

    assert operator("reconcile", "--requeue").exit_code == 1
    assert run_target.ledger() != before
    run_target()

    assert posts_to(creovai, "chat") == 1
    assert run_target.ledger() == before


def test_without_requeue_nothing_is_marked(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """It is a question."""
    creovai.lose(chat_id(1))
    before = delivered.query("SELECT * FROM creovai_conversations")

    operator("reconcile")

    assert delivered.query("SELECT * FROM creovai_conversations") == before


def test_a_creovai_that_does_not_answer_is_no_loss(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """Nothing is requeued because of an outage."""
    creovai.faults.add(Fault("503", times=99))
    before = delivered.query("SELECT * FROM creovai_conversations")

    result = operator("reconcile", "--requeue")

    assert result.exit_code == 1
    assert "does not tell" in result.stderr
    assert "LOST" not in result.stdout
    assert delivered.query("SELECT * FROM creovai_conversations") == before


def test_without_a_creovai_it_says_so(operator: Operator) -> None:
    """Nothing was sent, so nobody is asked."""
    result = operator("reconcile", api_url=None)

    assert result.exit_code == 1
    assert "api_url" in result.stderr
