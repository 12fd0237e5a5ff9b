"""What is deleted in Salesforce is taken back from Creovai, once, and never by mistake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from tests.fakes.creovai import Fault
from tests.target.rows import at, case, case_id, chat, chat_id, comment, deleted, mail
from tests.target.support import posts_to, texts

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

FOREVER = 10_000
WAYS = pytest.mark.parametrize(("way", "done"), [("exclude", "excluded"), ("purge", "purged")])


def is_there(creovai: CreovaiServer, session_id: str) -> bool:
    """Tell whether Creovai has a conversation and looks at it."""
    return creovai.look_up(session_id)["status"] not in {"NotFound", "Excluded"}


@WAYS
@pytest.mark.parametrize("row", [chat, case])
def test_what_was_sent_is_taken_back_when_it_is_deleted(
    run_target: TargetRunner, creovai: CreovaiServer, row: Any, way: str, done: str
) -> None:
    """The ledger keeps a tombstone; the rows are gone."""
    record = row(Description="words")
    run_target(record, on_delete=way)
    assert is_there(creovai, record.row["Id"])

    outcome = run_target(deleted(record), on_delete=way)
    assert outcome.exit_code == 0
    assert len(outcome.says(done)) == 1
    assert not is_there(creovai, record.row["Id"])
    assert run_target.ledger() == {
        record.row["Id"]: ("skipped", f"{done} at Creovai: deleted in Salesforce")
    }
    assert run_target.query("SELECT * FROM creovai_rows") == []


@WAYS
def test_what_was_not_sent_yet_is_never_sent(
    run_target: TargetRunner, creovai: CreovaiServer, way: str, done: str
) -> None:
    """There is nothing to take back either: Creovai was asked for it, once."""
    run_target(deleted(chat()), deleted(case(Description="words")), on_delete=way)
    run_target(on_delete=way)

    assert [call.path for call in creovai.calls] == ["/Token", "/capture/v2/status"]
    assert {outcome for outcome, _ in run_target.ledger().values()} == {"skipped"}


@WAYS
def test_a_tombstone_outlives_a_full_refresh(
    run_target: TargetRunner, creovai: CreovaiServer, way: str, done: str
) -> None:
    """Read again, restored, changed: it stays away, and its text leaves the store again."""
    run_target(chat(), on_delete=way)
    run_target(deleted(chat()), on_delete=way)
    run_target(deleted(chat()), on_delete=way)
    restored = chat(SystemModstamp=at("22:00"), Rating__c=5)
    outcome = run_target(restored, on_delete=way)

    assert outcome.exit_code == 0
    assert creovai.post_count(chat_id()) == 1
    assert creovai.outofband == []
    assert run_target.query("SELECT * FROM creovai_rows") == []


def test_too_many_deletions_are_none(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """Losing a permission must not look like mass deletion; all else is delivered."""
    rows = [chat(number) for number in range(1, 5)]
    run_target(*rows)
    gone = [deleted(row) for row in rows]
    outcome = run_target(*gone, chat(9), on_delete="purge", max_deletes=3)

    assert outcome.exit_code == 1
    (line,) = outcome.says("STOPPED")
    assert "4 conversations" in line
    assert "max_deletes (3)" in line
    assert all(is_there(creovai, row.row["Id"]) for row in rows)
    assert creovai.post_count(chat_id(9)) == 1

    again = run_target(on_delete="purge", max_deletes=4)
    assert again.exit_code == 0
    assert again.says("purged") == ["purged     4 chats at Creovai: deleted in Salesforce"]


def test_deletions_go_by_the_hundred(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """Creovai refuses a request with more Ids than that."""
    rows = [chat(number) for number in range(1, 131)]
    run_target(*rows)
    run_target(*map(deleted, rows), on_delete="purge", max_deletes=1000)

    requests = [call for call in creovai.calls if call.path.startswith("/interactions")]
    assert len(requests) == 2
    assert creovai.chats == {}


def test_a_case_goes_on_without_a_deleted_child(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It is sent again, complete, without those words."""
    run_target(case(Description="words"), comment(1), comment(2), on_delete="purge")
    run_target(deleted(comment(2)), on_delete="purge")

    assert texts(creovai.cases[case_id()]) == ["words", "comment 1"]


def test_deletions_that_were_ignored_follow_when_that_changes(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Whoever switches `on_delete` on means those, too."""
    run_target(chat())
    run_target(deleted(chat()))
    assert is_there(creovai, chat_id())

    run_target(on_delete="exclude")
    assert not is_there(creovai, chat_id())


def test_a_missing_right_to_purge_stops_and_says_so(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The next run takes back what is left."""
    run_target(chat())
    creovai.faults.add(Fault("403", path="/interactions"))
    outcome = run_target(deleted(chat()), on_delete="purge")
    assert outcome.exit_code == 1
    assert "may not purge interactions" in outcome.says("STOPPED")[0]

    assert run_target(on_delete="purge").exit_code == 0
    assert creovai.chats == {}


def test_a_purge_that_creovai_cannot_do_now_is_pending(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """An interaction in progress is refused: the next run asks again."""
    run_target(chat())
    creovai.statuses[chat_id()] = "InProgress"
    outcome = run_target(deleted(chat()), on_delete="purge")
    assert outcome.exit_code == 1
    assert outcome.says("PENDING") == [
        f"PENDING    chat {chat_id()}: to be purged: Creovai has not purged it yet"
    ]

    creovai.statuses[chat_id()] = "Complete"
    assert run_target(on_delete="purge").exit_code == 0


@WAYS
def test_what_creovai_has_not_yet_is_not_taken_for_gone(
    run_target: TargetRunner, creovai: CreovaiServer, way: str, done: str
) -> None:
    """Large batches take it hours; after a day "not found" is believed."""
    creovai.hide_for(FOREVER)
    with time_machine.travel("2024-06-01T00:00:00Z", tick=False) as clock:
        creovai.token_seconds = 10**9
        run_target(chat())
        early = run_target(deleted(chat()), on_delete=way)
        assert early.exit_code == 1
        assert "Creovai has it not yet" in early.says("PENDING")[0]

        clock.shift(25 * 3600)
        late = run_target(on_delete=way)
    assert late.exit_code == 0
    assert run_target.ledger()[chat_id()][1] == f"{done} at Creovai: deleted in Salesforce"


@WAYS
def test_an_erasure_whose_answer_never_came_is_known_to_be_done(
    run_target: TargetRunner, creovai: CreovaiServer, way: str, done: str
) -> None:
    """The next run finds nothing there, and takes it neither for lost nor for late."""
    path = {"exclude": "/capture/v2/status/exclude", "purge": "/interactions"}[way]
    run_target(chat(), on_delete=way)
    creovai.faults.add(Fault("drop_after", path=path, times=FOREVER))
    first = run_target(deleted(chat()), on_delete=way)
    assert first.exit_code == 1
    assert "to be" in first.says("PENDING")[0]

    creovai.faults.clear()
    second = run_target(on_delete=way)
    assert second.exit_code == 0
    assert second.says(done) == [f"{done:<10} 1 chat at Creovai: deleted in Salesforce"]


@pytest.mark.parametrize("fault", ["500", "drop_after", "429"])
def test_a_lost_answer_is_no_matter(
    run_target: TargetRunner, creovai: CreovaiServer, fault: str
) -> None:
    """Asking twice for the same changes nothing."""
    run_target(chat(), case(Description="words"), mail())
    creovai.faults.add(Fault(fault, path="/interactions"))
    outcome = run_target(deleted(chat()), deleted(case(Description="words")), on_delete="purge")

    assert outcome.exit_code == 0
    assert posts_to(creovai, "chat") == 1
    assert (creovai.chats, creovai.cases) == ({}, {})
