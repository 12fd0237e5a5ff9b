"""Each conversation arrives once, however answers get lost and runs end."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from target_creovai.http.client import CreovaiClient
from target_creovai.store.ledger.outcomes import Outcomes
from tests.fakes.creovai import CreovaiServer, Fault
from tests.target.rows import at, case, case_id, chat, chat_id, comment, transcript
from tests.target.support import texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.target.support import TargetRunner

FOREVER = 10_000


class Crash(BaseException):
    """The process ends here, as far as the store can tell."""


def look_ups(creovai: CreovaiServer, *, before_sending: int = 1) -> int:
    """Count the questions for what has arrived, without those before a first post."""
    asked = Counter(call.path for call in creovai.calls)["/capture/v2/status"]
    return asked - before_sending


@pytest.mark.parametrize("fault", ["drop_after", "500_after"])
@pytest.mark.parametrize("row", [chat(), case(Description="words")], ids=["chat", "case"])
def test_a_lost_answer_is_looked_up_and_not_sent_twice(
    run_target: TargetRunner, creovai: CreovaiServer, fault: str, row: Any
) -> None:
    """Creovai has it: its own answer says so."""
    creovai.faults.add(Fault(fault, path="/capture/v2/ca" if row.stream == "Case" else "/capture"))
    run_target(row)

    assert creovai.post_count(row.row["Id"]) == 1
    assert look_ups(creovai) == 1
    (kept,) = run_target.query("SELECT creovai_id FROM creovai_conversations")
    assert kept.creovai_id == creovai.look_up(row.row["Id"])["id"]


def test_not_found_is_believed_only_the_second_time(
    run_target: TargetRunner, creovai: CreovaiServer, sleeps: list[float]
) -> None:
    """How soon Creovai can tell of what it took is not documented."""
    creovai.hide_for(1)
    creovai.faults.add(Fault("drop_after", path="/capture/v2/chat"))
    run_target(chat())

    assert creovai.post_count(chat_id()) == 1
    assert look_ups(creovai) == 2
    assert 2.0 in sleeps, "the second look must come later than the first"


def test_what_did_not_arrive_is_sent_again(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Not found twice is not found."""
    creovai.faults.add(Fault("drop_before", path="/capture/v2/chat"))
    run_target(chat())

    assert creovai.post_count(chat_id()) == 1
    assert look_ups(creovai) == 2


def test_an_update_that_got_lost_is_sent_again(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A look-up could not tell the new version from the old one."""
    run_target(case(Description="words"))
    creovai.faults.add(Fault("drop_before", path="/capture/v2/case"))
    run_target(comment())

    assert texts(creovai.cases[case_id()]) == ["words", "comment 1"]
    assert look_ups(creovai) == 0


def test_the_intent_is_written_before_the_post(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A process that dies on the way leaves a trace to look up."""
    seen: list[Any] = []

    def look() -> None:
        seen.extend(
            run_target.query(
                "SELECT outcome, intent_hash IS NOT NULL, content_hash IS NULL "
                "FROM creovai_conversations"
            )
        )

    creovai.interceptors.add(lambda request: request.path == "/capture/v2/chat", before=look)
    run_target(chat())

    assert [tuple(row) for row in seen] == [("pending", 1, 1)]


@contextmanager
def crash_in(owner: type, name: str) -> Iterator[None]:
    """Let the run end at the next call of a method."""

    def crash(*_: Any, **__: Any) -> None:
        raise Crash

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, crash)
        with pytest.raises(Crash):
            yield


@pytest.mark.parametrize(
    ("owner", "method", "arrived"),
    [
        pytest.param(Outcomes, "record_intent", 0, id="before-the-intent"),
        pytest.param(CreovaiClient, "capture", 0, id="before-the-post"),
        pytest.param(Outcomes, "record_receipt", 1, id="before-the-receipt"),
    ],
)
@pytest.mark.parametrize("row", [chat(), case(Description="words")], ids=["chat", "case"])
def test_a_run_that_died_is_recovered_by_the_next(
    run_target: TargetRunner,
    creovai: CreovaiServer,
    owner: type,
    method: str,
    arrived: int,
    row: Any,
) -> None:
    """Wherever it died, the conversation is there once, and nothing is to be done by hand."""
    with crash_in(owner, method):
        run_target(row)
    assert creovai.post_count(row.row["Id"]) == arrived

    assert run_target().exit_code == 0
    assert creovai.post_count(row.row["Id"]) == 1
    posts = len(creovai.posts)
    assert run_target(row).exit_code == 0
    assert len(creovai.posts) == posts


def test_a_chat_that_changed_after_a_crash_is_not_sent_twice(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """What was intended has arrived; what came since is told out of band."""
    with crash_in(Outcomes, "record_receipt"):
        run_target(chat())
    changed = transcript("( 7s ) Nora V: other words", "( 31s ) Ada Quill: other words")
    outcome = run_target(chat(Body=changed, Rating__c=5, SystemModstamp=at("20:00")))

    assert creovai.post_count(chat_id()) == 1
    assert outcome.says("changed") == [f"changed    after they were sent: {chat_id()}"]
    assert creovai.metadata(chat_id())["Rating__c"] == 5


def test_a_case_that_changed_after_a_crash_is_sent_complete(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Creovai has the old version: the new one follows."""
    with crash_in(Outcomes, "record_receipt"):
        run_target(case(Description="words"))
    run_target(comment())

    assert texts(creovai.cases[case_id()]) == ["words", "comment 1"]


def test_an_update_whose_receipt_is_missing_is_made_certain(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Nobody can tell which version arrived: the case is sent again, the same."""
    run_target(case(Description="words"))
    with crash_in(CreovaiClient, "capture"):
        run_target(comment())
    assert texts(creovai.cases[case_id()]) == ["words"]

    run_target()
    assert texts(creovai.cases[case_id()]) == ["words", "comment 1"]


def test_an_update_that_was_taken_back_after_a_crash_is_taken_back_at_creovai(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The update may have arrived: what was sent before it is sent again."""
    run_target(case(Description="words"))
    with crash_in(Outcomes, "record_receipt"):
        run_target(comment())
    run_target(comment(IsDeleted=True, SystemModstamp=at("20:00")))

    assert texts(creovai.cases[case_id()]) == ["words"]


def test_many_lost_ones_are_asked_for_together(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """One question a page, not one each."""
    creovai.latency_seconds = 0.3  # all are on their way before the first answer
    with crash_in(Outcomes, "record_receipt"):
        run_target(*(chat(n) for n in range(30)), max_workers=30)
    sent = len(creovai.chats)
    assert sent > 1
    creovai.latency_seconds = 0
    outcome = run_target()

    assert outcome.exit_code == 0
    assert look_ups(creovai) <= 2
    assert len(creovai.chats) == 30
    assert creovai.duplicate_chats == []


def test_nothing_is_sent_while_creovai_does_not_tell_what_it_has(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A guess could make a duplicate."""
    with crash_in(Outcomes, "record_receipt"):
        run_target(chat())
    creovai.faults.add(Fault("503", path="/capture/v2/status", times=FOREVER))
    outcome = run_target()

    assert outcome.exit_code == 1
    assert "does not tell what it has of 1 conversations" in outcome.says("STOPPED")[0]
    assert creovai.post_count(chat_id()) == 1

    creovai.faults.clear()
    assert run_target().exit_code == 0
    assert creovai.post_count(chat_id()) == 1


def test_a_look_up_that_is_forbidden_stops_delivery(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The message names the right; the conversation stays pending."""
    creovai.faults.add(Fault("drop_after", path="/capture/v2/chat"))
    creovai.faults.add(Fault("403", path="/capture/v2/status"))
    outcome = run_target(chat())

    assert "may not read the status" in outcome.says("STOPPED")[0]
    assert run_target().exit_code == 0
    assert creovai.post_count(chat_id()) == 1


def test_a_conversation_whose_answer_was_lost_may_turn_out_skipped(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It did not arrive, and is not wanted any more."""
    with crash_in(CreovaiClient, "capture"):
        run_target(chat())
    outcome = run_target(chat(IsDeleted=True, SystemModstamp=at("20:00")))

    assert outcome.exit_code == 0
    assert creovai.posts == []
    assert run_target.ledger()[chat_id()] == ("skipped", "deleted in Salesforce")
    run_target()
    assert look_ups(creovai) == 2, "it is not asked for for ever"
