"""Whether all entries of a session are there, and which sessions belong together."""

from __future__ import annotations

from typing import Any

import pytest

from target_creovai.assemble import Reach, Ready
from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.verdicts import Waiting
from target_creovai.wholeness.coverage import Coverage
from tests.target.messaging_rows import (
    answer,
    enhanced,
    entries,
    entry,
    joined,
    session,
    session_id,
)
from tests.target.rows import Record, at
from tests.target.support import payload_of, spoken, verdict_on

# Whether all entries are there


def test_rows_wait_for_each_other() -> None:
    """The tap reads sessions at once and entries under limits, days later at worst."""
    row, *said = enhanced()

    assert verdict_on(row) == Waiting(Reason(Code.ENTRIES_UNREAD))
    assert verdict_on(*said) == Waiting(Reason(Code.NO_MAIN_ROW, ("MessagingSession",)))


@pytest.mark.parametrize("missing", range(3))
def test_a_session_waits_for_each_of_its_entries(missing: int) -> None:
    """Half a conversation is none."""
    said = entries(entry(1), answer(2), joined(3, "b", "x"))
    del said[missing]

    assert verdict_on(session(), *said) == Waiting(Reason(Code.ENTRIES_MISSING))


def test_a_copy_of_an_entry_does_not_count_for_another() -> None:
    """What counts is the Id."""
    first, second = entries(entry(1), answer(2))

    waits = Waiting(Reason(Code.ENTRIES_MISSING))
    assert verdict_on(session(), first, first) == waits
    assert len(spoken(session(), first, second, second)) == 2


def read_at(clock: str, *said: Record) -> list[Record]:
    """Return entries of a reading of the session as it was then."""
    return entries(*said, SystemModstamp=at(clock))


def test_the_newest_reading_rules() -> None:
    """Late entries are waited for, whatever the earlier reading had counted."""
    row = session(SystemModstamp=at("12:00"))
    old = read_at("11:00", entry(1), answer(2))
    new = read_at("12:00", entry(1), answer(2), entry(3))

    assert len(spoken(row, *old)) == 2
    # By Id the store has one row of each: the newest.
    assert verdict_on(row, new[0], old[1]) == Waiting(Reason(Code.ENTRIES_MISSING))
    assert verdict_on(row, old[0], *new[1:]) == Waiting(Reason(Code.ENTRIES_MISSING))
    assert len(spoken(row, *new)) == 3


def test_what_the_newest_reading_lacks_is_not_sent() -> None:
    """It is gone from Salesforce, and makes up for no entry that is missing."""
    gone = read_at("11:00", answer(7), answer(8))
    new = read_at("12:00", entry(1), answer(2))

    assert [words for _, words in spoken(session(), *gone, *new)] == ["words 1", "words 2"]
    waits = Waiting(Reason(Code.ENTRIES_MISSING))
    assert verdict_on(session(), *gone, new[0]) == waits


def test_a_session_that_had_no_entries_may_get_some() -> None:
    """The row that said so counts for none of them."""
    none = entry(1, Id=session_id(), EntryType="NoEntries", SessionEntryCount=0)
    said = entries(entry(1), answer(2))

    assert len(spoken(session(), none, *said)) == 2
    waits = Waiting(Reason(Code.ENTRIES_MISSING))
    assert verdict_on(session(), none, said[0]) == waits


def test_a_foreign_taps_entries_are_taken_at_the_end_of_its_input() -> None:
    """They don't say how many they are: then it is not proven that all are there."""
    row, *said = enhanced()
    bare = [entry(1), answer(2)]
    proven, open_ = verdict_on(row, *said), verdict_on(row, *bare)

    assert isinstance(proven, Ready)
    assert isinstance(open_, Ready)
    assert proven.payload == open_.payload
    assert isinstance(verdict_on(row, *said, reach=Reach(Coverage())), Ready)
    assert verdict_on(row, *bare, reach=Reach(Coverage())) == Waiting(
        Reason(Code.STREAM_UNREAD, ("MessagingSession",))
    )


# Conversations of several sessions

SAME: dict[str, Any] = {
    "ConversationId": "0dw0",
    "Conversation": {"ConversationIdentifier": "long-talk"},
}


def test_a_conversation_of_one_session_is_no_collection() -> None:
    """It is complete by itself."""
    assert "collectionId" not in payload_of(*enhanced())


def test_sessions_of_one_conversation_are_a_collection() -> None:
    """Creovai shows them together; each stays a chat."""
    payload = payload_of(*enhanced(2, **SAME), session(1, **SAME))

    assert payload["collectionId"] == "long-talk"
    assert payload["sessionId"] == session_id(2)


def test_the_conversations_name_may_come_from_the_entries() -> None:
    """A foreign tap's sessions may have no parents."""
    payload = payload_of(*enhanced(2, Conversation=None), session(1))

    assert payload["collectionId"] == "conversation-2"


def test_joining_a_collection_is_no_change_of_a_chat() -> None:
    """The first session was sent when it was alone: it must not look changed for that."""
    alone, together = (
        verdict_on(*enhanced(**SAME)),
        verdict_on(*enhanced(**SAME), session(2, **SAME)),
    )

    assert isinstance(alone, Ready)
    assert isinstance(together, Ready)
    assert alone.payload != together.payload
    assert alone.content_hash == together.content_hash
