"""From entries to rows: order, doubles, whose session it was, and what a row holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_salesforce_chat.messaging.entries import (
    SCHEMA,
    Entry,
    Session,
    by_session_id,
    display_names,
    in_order,
    rows_of,
)

MINUTE = 60_000
DAY = 1440 * MINUTE
T0 = 1_714_564_800_000  # 2024-05-01T12:00:00Z


def entry(identifier: str = "e", received: int = T0, **more: Any) -> Entry:
    """Return an entry as an interface would tell it."""
    return Entry.of({"identifier": identifier, "serverReceivedTimestamp": received, **more})


def session(number: int, began: int | None, ended: int | None) -> Session:
    """Return a session of one and the same conversation."""
    session_id = f"0Mw00000000000{number}AAA"
    return Session(session_id, "0dw", "uuid", "2024-05-01T12:00:00Z", began, ended)


FIRST = session(1, T0, T0 + 10 * MINUTE)
SECOND = session(2, T0 + DAY, T0 + DAY + 10 * MINUTE)
RUNNING = session(3, T0 + 2 * DAY, None)
SESSIONS = [FIRST, SECOND, RUNNING]


@pytest.mark.parametrize(
    ("received", "owner"),
    [
        pytest.param(T0, FIRST, id="its first moment"),
        pytest.param(T0 + 10 * MINUTE, FIRST, id="its last moment"),
        pytest.param(T0 - MINUTE, FIRST, id="before all"),
        pytest.param(T0 + 11 * MINUTE, FIRST, id="just after"),
        pytest.param(T0 + DAY - 2_000, SECOND, id="the line that opens a chat"),
        pytest.param(T0 + 2 * DAY + MINUTE, RUNNING, id="while one goes on"),
        pytest.param(T0 + 99 * DAY, RUNNING, id="long after it began"),
    ],
)
def test_an_entry_belongs_to_the_session_of_its_time(received: int, owner: Session) -> None:
    """Between two, to the nearer one; a session that goes on has no end."""
    assert list(by_session_id([entry(received=received)], SESSIONS)) == [owner.id]


@pytest.mark.parametrize("name", [FIRST.id, FIRST.id[:15]])
def test_an_entry_that_names_its_session_belongs_to_it(name: str) -> None:
    """Whatever the time, and whichever form the Id has."""
    named = entry(received=SECOND.began or 0, relatedRecords=["0aC000000000001AAA", name])

    assert by_session_id([named], SESSIONS) == {FIRST.id: [named]}


def test_an_entry_of_a_session_that_is_gone_is_nobody_elses() -> None:
    """It names one that no query shows any more."""
    gone = "0Mw000000000009AAA"

    assert list(by_session_id([entry(relatedRecords=[gone])], SESSIONS)) == [gone]


def test_where_sessions_overlap_the_later_one_counts() -> None:
    """A transfer may begin a session before the one before has been wound up."""
    later = session(4, T0 + 5 * MINUTE, T0 + 20 * MINUTE)

    assert list(by_session_id([entry(received=T0 + 6 * MINUTE)], [FIRST, later])) == [later.id]


MOMENTS = st.integers(T0 - DAY, T0 + 9 * DAY)


@given(st.lists(st.tuples(MOMENTS, st.integers(0, 99)), max_size=40), st.randoms())
def test_no_entry_is_lost_or_doubled(pairs: list[tuple[int, int]], random: Any) -> None:
    """Answers come in no order, and pages repeat what lies on their edge."""
    entries = [entry(f"e{number}", moment) for moment, number in dict(pairs).items()]
    answers = entries + random.sample(entries, len(entries) // 2)
    random.shuffle(answers)

    ordered = in_order(answers)
    shares = by_session_id(ordered, SESSIONS)

    assert {item.id for item in ordered} == {item.id for item in entries}
    assert len({item.id for item in ordered}) == len(ordered)
    assert [item.received for item in ordered] == sorted(item.received for item in ordered)
    assert sum(map(len, shares.values())) == len(ordered)


def test_a_row_holds_what_is_known() -> None:
    """Every field of the schema, instants in their one form."""
    payload = {"entryType": "Message", "abstractMessage": {"staticContent": {"text": "Hi"}}}
    document: dict[str, Any] = {
        "entryType": "Message",
        "entryPayload": payload,
        "sender": {"appType": "agent", "role": "Agent", "subject": "005x"},
        "clientTimestamp": T0 - 5,
    }

    (row,) = rows_of(FIRST, [entry(**document)], {"005x": "Ada"})

    assert row.keys() == SCHEMA["properties"].keys()
    assert row == {
        "Id": "e",
        "MessagingSessionId": FIRST.id,
        "ConversationIdentifier": "uuid",
        "EntryType": "Message",
        "SenderRole": "Agent",
        "SenderId": "005x",
        "SenderName": "Ada",
        "ServerReceivedTimestamp": "2024-05-01T12:00:00Z",
        "ClientTimestamp": "2024-05-01T11:59:59.995Z",
        "MessageText": "Hi",
        "Payload": payload,
        "SessionEntryCount": 1,
        "SystemModstamp": FIRST.modified,
    }


def test_a_session_without_entries_says_so_in_one_row() -> None:
    """Whoever waits for its entries is told that there are none."""
    (row,) = rows_of(FIRST, [], {})

    told = {name: value for name, value in row.items() if value is not None}
    assert told == {
        "Id": FIRST.id,
        "MessagingSessionId": FIRST.id,
        "ConversationIdentifier": "uuid",
        "EntryType": "NoEntries",
        "SessionEntryCount": 0,
        "SystemModstamp": FIRST.modified,
    }


@pytest.mark.parametrize(
    ("payload", "kept"),
    [
        ({"a": 1}, {"a": 1}),
        ('{"a": {"b": "é"}}', {"a": {"b": "é"}}),
        ("no JSON", None),
        ("[1]", None),
        (None, None),
    ],
    ids=["object", "text", "broken", "array", "none"],
)
def test_a_payload_may_be_an_object_or_its_text(payload: Any, kept: Any) -> None:
    """Salesforce's interfaces differ in this."""
    assert entry(entryPayload=payload).payload == kept


@pytest.mark.parametrize(
    ("document", "kind", "text"),
    [
        ({"messageText": "Hi"}, "Message", "Hi"),
        ({"messageText": None}, None, None),
        ({"entryType": "Note", "messageText": "psst"}, "Note", "psst"),
        ({"entryType": "RoutingResult", "entryPayload": {}}, "RoutingResult", None),
    ],
)
def test_the_kind_is_what_the_interface_says(
    document: dict[str, Any], kind: str | None, text: str | None
) -> None:
    """Connect says nothing, and shows texts of messages only."""
    found = entry(**document)

    assert (found.kind, found.text) == (kind, text)


def test_a_time_may_have_another_name_or_be_missing() -> None:
    """The Conversation Data API calls it otherwise, and bots have no clock of their own."""
    other = Entry.of({"identifier": "e", "transcriptedTimestamp": T0, "clientTimestamp": 0})
    client_only = Entry.of({"identifier": "e", "clientTimestamp": str(T0)})

    assert (other.received, other.client) == (T0, 0)
    assert (client_only.received, client_only.client) == (T0, T0)
    assert rows_of(FIRST, [other], {})[0]["ClientTimestamp"] is None


def test_names_come_from_where_they_are_told() -> None:
    """From the entry itself, or from the change that brought somebody in."""
    joined = {"operation": "add", "participant": {"subject": "agent"}, "displayName": "Ada B"}
    entries = [
        entry("e1", entryType="ParticipantChanged", entryPayload={"entries": [joined]}),
        entry("e2", sender={"subject": "visitor"}, senderDisplayName="Jo"),
    ]

    assert display_names(entries) == {"agent": "Ada B", "visitor": "Jo"}
