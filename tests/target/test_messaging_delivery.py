"""Enhanced chats from run to run: whole or not at all, once, and known to the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.creovai import Fault
from tests.target.messaging_rows import answer, enhanced, entries, entry, session, session_id
from tests.target.rows import COMPLETED, STARTED, Schema, at
from tests.target.support import dialogue, posts_to

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

SESSION, *SAID = enhanced()
LONG: dict[str, Any] = {
    "ConversationId": "0dw0",
    "Conversation": {"ConversationIdentifier": "long-talk"},
}
NOT_READ = "its entries have not been read yet"


def test_entries_may_come_days_after_their_session(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Waiting for them is no failure; half of them is not enough; then it goes, once."""
    first = run_target(STARTED, SESSION, COMPLETED)
    assert first.exit_code == 0
    assert first.says("waiting")[0].startswith(f"waiting    1 messaging session: {NOT_READ}")

    second = run_target(STARTED, SAID[0], COMPLETED)
    assert second.exit_code == 0
    assert run_target.ledger()[session_id()][1] == "some of its entries have not arrived yet"

    assert run_target(STARTED, SAID[1], COMPLETED).says("sent")[0] == (
        "sent       1 messaging session"
    )
    assert len(dialogue(creovai.chats[session_id()])) == 2
    run_target(STARTED, SESSION, *SAID, COMPLETED)
    assert creovai.post_count(session_id()) == 1


def test_what_is_proven_whole_goes_though_the_tap_died(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Its own rows say that none is missing."""
    outcome = run_target(STARTED, *enhanced(1), session(2), entries(entry(1, 2), answer(2, 2))[0])

    assert outcome.exit_code == 1
    assert list(creovai.chats) == [session_id(1)]


def test_what_is_not_proven_whole_is_held_until_an_input_ends_well(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A foreign tap does not say how many entries there are."""
    held = run_target(STARTED, session(), entry(1), answer(2))
    assert held.exit_code == 1
    assert held.says("HELD") == ["HELD       1 messaging session: the tap did not finish"]
    assert creovai.chats == {}

    assert run_target(STARTED, Schema("Case"), COMPLETED).exit_code == 3
    assert creovai.chats == {}
    assert run_target(STARTED, Schema("MessagingSession"), COMPLETED).exit_code == 0
    assert len(dialogue(creovai.chats[session_id()])) == 2


@pytest.mark.parametrize("ends", [True, False], ids=["whole-input", "broken-input"])
def test_delivery_that_goes_on_while_rows_come_sends_no_half(
    run_target: TargetRunner, creovai: CreovaiServer, monkeypatch: pytest.MonkeyPatch, *, ends: bool
) -> None:
    """Each row is a commit of its own here, and delivery looks on after each."""
    monkeypatch.setattr("target_creovai.input.intake.ROWS_PER_COMMIT", 1)
    bare = [session(2), entry(1, 2), answer(2, 2)]
    outcome = run_target(STARTED, *enhanced(1), *bare, *enhanced(3), *[COMPLETED] * ends)

    sent = [1, 2, 3] if ends else [1, 3]
    assert sorted(creovai.chats) == [session_id(number) for number in sent]
    assert all(len(dialogue(chat)) == 2 for chat in creovai.chats.values())
    assert posts_to(creovai, "chat") == len(sent)
    held = ["HELD       1 messaging session: the tap did not finish"]
    assert outcome.says("HELD") == ([] if ends else held)


def test_a_foreign_tap_that_never_says_it_ended_is_taken_at_its_end(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """As with cases."""
    assert run_target(session(), entry(1), answer(2)).exit_code == 0
    assert list(creovai.chats) == [session_id()]


def test_a_lost_answer_is_looked_up_and_not_sent_twice(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A chat at Creovai, and billed as one."""
    creovai.faults.add(Fault("drop_after", path="/capture/v2/chat"))
    run_target(*enhanced())

    assert creovai.post_count(session_id()) == 1
    assert run_target.ledger()[session_id()] == ("sent", None)


def test_entries_that_come_after_it_was_sent_are_reported(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """As with chats that changed: what a second post does is not public."""
    run_target(*enhanced())
    changed: dict[str, Any] = {"SystemModstamp": at("12:00")}
    more = entries(entry(1), answer(2), entry(3), **changed)
    half = run_target(session(**changed), *more[:2])
    whole = run_target(more[2])

    assert half.says("changed") == []
    assert whole.says("changed") == [f"changed    after they were sent: {session_id()}"]
    assert posts_to(creovai, "chat") == 1


def test_a_changed_field_follows_as_metadata(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The words stay as they are."""
    run_target(*enhanced())
    run_target(session(Rating__c=5, SystemModstamp=at("12:00")))

    assert creovai.metadata(session_id())["Rating__c"] == 5
    assert posts_to(creovai, "chat") == 1


def test_a_dry_run_writes_the_chat(run_dry: TargetRunner) -> None:
    """Under its session id, beside all other chats."""
    run_dry(*enhanced())

    assert list(run_dry.payloads("chat")) == [session_id()]


# Conversations of several sessions


def collections(creovai: CreovaiServer) -> dict[str, str | None]:
    """Return the collection that each chat was sent with."""
    return {key: chat.get("collectionId") for key, chat in sorted(creovai.chats.items())}


def test_sessions_that_are_there_together_all_say_where_they_belong(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Whatever became of the others: here one was empty, and another is of someone else."""
    later: dict[str, Any] = {"SystemModstamp": at("12:00")}
    none = entry(1, 0, Id=session_id(0), EntryType="NoEntries", SessionEntryCount=0, **later)
    run_target(
        session(0, **LONG, **later), none, *enhanced(1, **LONG), *enhanced(2, **LONG), *enhanced(4)
    )

    assert collections(creovai) == {
        session_id(1): "long-talk",
        session_id(2): "long-talk",
        session_id(4): None,
    }
    assert all(len(dialogue(chat)) == 2 for chat in creovai.chats.values())


def test_a_later_session_says_so_and_leaves_the_first_as_it_is(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A chat is sent once: the first was alone when it went, and counts as unchanged."""
    run_target(*enhanced(1, **LONG))
    run_target(*enhanced(2, **LONG))
    outcome = run_target(session(1, Rating__c=5, SystemModstamp=at("12:00"), **LONG))

    assert collections(creovai) == {session_id(1): None, session_id(2): "long-talk"}
    assert outcome.says("changed") == []
    assert outcome.says("metadata")[0] == "metadata   1 messaging session"
