"""`ConversationEntry`: complete sessions by either interface, once, and a bookmark that is true."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tap_salesforce_chat.errors import SalesforceError
from tests.fakes.salesforce import Fault
from tests.fakes.salesforce.messaging import message, static_text
from tests.tap.messaging.support import (
    AGENT,
    BOT,
    CUSTOMER,
    HOUR,
    MINUTE,
    STREAM,
    YESTERDAY,
    add_chat,
    add_chats,
    add_session,
    by_data_api,
    entries_asked,
    errors_of,
    open_conversation,
    read,
)
from tests.tap.support import NOON, catalog_of, deselect, invoke, run_tap, settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock, Run

MILLISECOND = timedelta(milliseconds=1)
BOTH = pytest.mark.parametrize("by", ["connect", "conversation_data"])


def interface(server: SalesforceServer, by: str) -> dict[str, Any]:
    """Return the settings of an interface."""
    return by_data_api(server) if by == "conversation_data" else {}


def shares(run: Run) -> dict[str, list[str]]:
    """Return the Ids of entries by session, as they came."""
    found: dict[str, list[str]] = {}
    for row in run.rows(STREAM):
        found.setdefault(row["MessagingSessionId"], []).append(row["Id"])
    return found


def is_complete(run: Run) -> bool:
    """Tell whether each session has as many rows as its rows say."""
    rows, found = run.rows(STREAM), shares(run)
    return all(
        len(set(found[row["MessagingSessionId"]])) == max(1, row["SessionEntryCount"])
        for row in rows
    )


@BOTH
def test_a_chat_arrives_in_order(server: SalesforceServer, org: SalesforceOrg, by: str) -> None:
    """Who said what, when, in which session."""
    chat = add_chat(org, "Hello", "Hi, how can I help?", "Parcel?", CaseId=org.add("Case"))

    rows = read(server, **interface(server, by)).rows(STREAM)

    assert [row["MessageText"] for row in rows] == ["Hello", "Hi, how can I help?", "Parcel?"]
    assert [row["SenderRole"] for row in rows] == ["EndUser", "Agent", "EndUser"]
    assert {row["SessionEntryCount"] for row in rows} == {3}
    assert {row["MessagingSessionId"] for row in rows} == {chat.session}
    assert {row["ConversationIdentifier"] for row in rows} == {chat.identifier}
    assert {row["SystemModstamp"] for row in rows} == {"2024-04-30T12:10:00Z"}
    assert rows[1]["ServerReceivedTimestamp"] == "2024-04-30T12:01:00Z"
    assert rows[1]["ClientTimestamp"] == "2024-04-30T12:00:59.880Z"


def test_the_session_itself_is_a_row_of_its_own(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """With its parents, by REST and by Bulk alike."""
    chat = add_chat(org, CaseId=org.add("Case"))
    catalog = catalog_of(server, "MessagingSession")

    by_rest = run_tap(settings(server), catalog).rows("MessagingSession")
    by_bulk = run_tap(settings(server, api_type="BULK2"), catalog).rows("MessagingSession")

    assert by_rest == by_bulk
    (row,) = by_rest
    assert row["Id"] == chat.session
    assert row["Conversation"] == {"ConversationIdentifier": chat.identifier}
    assert row["MessagingEndUser"] == {"Name": "Jo", "MessageType": None}
    assert row["Case"] == {"CaseNumber": "00001001"}
    assert row["Owner"]["Name"] == "Integration User"


@BOTH
def test_a_long_chat_comes_in_pages(server: SalesforceServer, org: SalesforceOrg, by: str) -> None:
    """Also where many entries have the very time at which a page ends."""
    conversation, identifier = open_conversation(org)
    ids = [
        org.messaging.say(identifier, YESTERDAY + (n // 300) * MILLISECOND, CUSTOMER, f"{n}")
        for n in range(2_500)
    ]
    add_session(org, conversation, YESTERDAY)

    run = read(server, **interface(server, by))

    assert sorted(run.column("Id", STREAM)) == sorted(ids)
    assert set(run.column("SessionEntryCount", STREAM)) == {2_500}
    assert len(entries_asked(server)) >= 3


def test_more_in_a_moment_than_a_page_holds_is_an_error(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """Rather than a chat with a hole, or questions without an end."""
    conversation, identifier = open_conversation(org)
    for n in range(1_001):
        org.messaging.say(identifier, YESTERDAY, CUSTOMER, f"{n}")
    add_session(org, conversation, YESTERDAY)

    run = read(server, fails=True)

    assert "in one millisecond" in str(run.error)
    assert run.rows(STREAM) == []


@BOTH
def test_a_conversation_of_several_sessions_is_read_once(
    server: SalesforceServer, org: SalesforceOrg, by: str
) -> None:
    """Each session gets what was said in it; what is said in one that goes on has time."""
    conversation, identifier = open_conversation(org)
    said = org.messaging.say
    first = add_session(org, conversation, YESTERDAY)
    second = add_session(org, conversation, YESTERDAY + 3 * HOUR)
    add_session(org, conversation, YESTERDAY + 5 * HOUR, Status="Active", EndTime=None)
    opening = said(identifier, YESTERDAY + 3 * HOUR - 2 * 1000 * MILLISECOND, CUSTOMER, "Again")
    hello = said(identifier, YESTERDAY, CUSTOMER, "Hello")
    late = org.messaging.add(
        identifier, YESTERDAY + 4 * HOUR, AGENT, static_text("PS"), relatedRecords=[first]
    )
    said(identifier, YESTERDAY + 5 * HOUR, CUSTOMER, "And now this")

    run = read(server, **interface(server, by))

    assert shares(run) == {first: [hello, late], second: [opening]}
    assert entries_asked(server) == [identifier]
    assert is_complete(run)


def test_a_session_that_comes_later_gets_its_own(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """What an earlier run has read of the conversation is not told again."""
    conversation, identifier = open_conversation(org)
    org.messaging.say(identifier, YESTERDAY, CUSTOMER, "Hello")
    first = add_session(org, conversation, YESTERDAY)
    before = read(server)
    org.messaging.say(identifier, NOON, CUSTOMER, "Again")
    second = add_session(org, conversation, NOON)
    clock.tick(3600)

    after = read(server, before.states[-1])

    assert list(shares(before)) == [first]
    assert list(shares(after)) == [second]
    assert after.column("MessageText", STREAM) == ["Again"]


@BOTH
def test_a_session_without_entries_is_told(
    server: SalesforceServer, org: SalesforceOrg, by: str
) -> None:
    """In one row, so that nobody waits for more; one without a conversation costs no call."""
    empty = add_chat(org).session
    none = add_session(org, None, YESTERDAY + HOUR)

    rows = read(server, **interface(server, by)).rows(STREAM)

    assert [(row["Id"], row["EntryType"], row["SessionEntryCount"]) for row in rows] == [
        (empty, "NoEntries", 0),
        (none, "NoEntries", 0),
    ]
    assert len(entries_asked(server)) == 1


@pytest.mark.parametrize(
    ("values", "is_read"),
    [
        ({"Status": "Ended"}, True),
        ({"Status": "Ended", "EndTime": None}, True),
        ({"Status": "Error"}, True),
        ({"Status": "Inactive", "EndTime": None}, False),
        ({"Status": "Active", "EndTime": None}, False),
        ({"Status": "Waiting", "EndTime": None}, False),
    ],
)
def test_only_sessions_that_have_ended_are_read(
    server: SalesforceServer, org: SalesforceOrg, values: dict[str, Any], *, is_read: bool
) -> None:
    """An inactive one goes on when the customer writes again, and would have to be read again."""
    add_chat(org, "Hello", **values)

    assert bool(read(server).rows(STREAM)) is is_read


def test_deleted_sessions_and_those_that_a_filter_hides_cost_no_call(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """A condition on sessions is one on their entries."""
    chats = add_chats(org, 3)
    org.delete("MessagingSession", chats[0].session)
    org.update("MessagingSession", chats[1].session, Origin="AgentInitiated", SystemModstamp=NOON)

    run = read(
        server, filters={"MessagingSession": "Origin = 'AgentInitiated'"}, lookback_seconds=0
    )

    assert run.rows(STREAM) == []
    assert entries_asked(server) == []


def test_what_was_said_in_a_deleted_session_is_not_told(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """Not as a part of another session of the conversation either."""
    conversation, identifier = open_conversation(org)
    deleted = add_session(org, conversation, YESTERDAY)
    kept = add_session(org, conversation, YESTERDAY + 3 * HOUR)
    org.messaging.say(identifier, YESTERDAY, CUSTOMER, "Forget this")
    hello = org.messaging.say(identifier, YESTERDAY + 3 * HOUR, CUSTOMER, "Hello")
    org.delete("MessagingSession", deleted)

    assert shares(read(server)) == {kept: [hello]}


def test_a_filter_on_entries_is_refused(server: SalesforceServer) -> None:
    """No query reads them."""
    run = run_tap(settings(server, filters={"ConversationEntry": "Id = 'x'"}))

    assert "'filters' may only name" in errors_of(run)


@BOTH
def test_dates_bound_what_is_read(server: SalesforceServer, org: SalesforceOrg, by: str) -> None:
    """By the time of the session's last change, as in all streams."""
    chats = add_chats(org, 5, apart=HOUR)

    run = read(
        server,
        start_date=(YESTERDAY + HOUR).isoformat(),
        end_date=(YESTERDAY + 3 * HOUR).isoformat(),
        **interface(server, by),
    )

    assert list(shares(run)) == [chat.session for chat in chats[1:3]]


def test_a_run_goes_on_where_the_last_one_ended(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """Nothing is asked for twice, also among sessions that changed in the same second."""
    chats = [add_chat(org, "Hello") for _ in range(5)]
    first = read(server, messaging_calls_per_hour=3)

    second = read(server, first.states[-1])
    third = read(server, second.states[-1])

    assert list(shares(first)) == [chat.session for chat in chats[:3]]
    assert list(shares(second)) == [chat.session for chat in chats[3:]]
    assert third.rows(STREAM) == []
    assert third.bookmark(STREAM) == "2024-04-30T12:10:00Z"


def test_a_session_that_changes_is_read_again(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """A message may be redacted, or a late one come in."""
    chat = add_chat(org, "Hello")
    before = read(server)
    org.messaging.say(chat.identifier, YESTERDAY + MINUTE, CUSTOMER, "Late")
    org.update("MessagingSession", chat.session)
    clock.tick(3600)

    rows = read(server, before.states[-1]).rows(STREAM)

    assert [row["MessageText"] for row in rows] == ["Hello", "Late"]
    assert {row["SessionEntryCount"] for row in rows} == {2}


def test_a_session_that_has_just_changed_waits(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Others may become visible that changed before it; reading twice would cost calls."""
    add_chat(org, "Hello", began=NOON, SystemModstamp=NOON)
    clock.tick(599)
    early = read(server)
    clock.tick(2)

    late = read(server, early.states[-1])

    assert early.rows(STREAM) == []
    assert late.column("MessageText", STREAM) == ["Hello"]


def test_a_killed_run_leaves_no_hole(server: SalesforceServer, org: SalesforceOrg) -> None:
    """From any line on, the state before it gets the rest, and whole sessions."""
    for n in range(4):
        add_chat(org, "a", "b", "c", began=YESTERDAY + n * HOUR)
    whole = read(server)
    said = {row["Id"] for row in whole.rows(STREAM)}

    for cut in range(1, len(whole.messages)):
        seen = whole.messages[:cut]
        states = [item["value"] for item in seen if item["type"] == "STATE"]
        rest = read(server, states[-1] if states else None)
        told = {item["record"]["Id"] for item in seen if item["type"] == "RECORD"}
        assert told | set(rest.column("Id", STREAM)) == said
        assert is_complete(rest)


@BOTH
def test_what_is_not_selected_is_not_told(
    server: SalesforceServer, org: SalesforceOrg, by: str
) -> None:
    """Texts may be wanted without their payloads."""
    add_chat(org, "Hello")
    catalog = catalog_of(server, STREAM)
    deselect(catalog, STREAM, "Payload")
    deselect(catalog, STREAM, "ClientTimestamp")

    (row,) = run_tap(settings(server, **interface(server, by)), catalog).rows(STREAM)

    assert not {"Payload", "ClientTimestamp"} & row.keys()
    assert row["MessageText"] == "Hello"


@pytest.mark.parametrize("as_text", [True, False])
def test_all_kinds_of_entries_come_by_the_data_api(
    server: SalesforceServer,
    org: SalesforceOrg,
    as_text: bool,  # noqa: FBT001 - a table
) -> None:
    """Menus, forms, files and what happened, each with its payload as it is."""
    conversation, identifier = open_conversation(org)
    menu = message("ChoicesMessage", choices={"formatType": "Buttons", "text": "Which?"})
    routed = {"entryType": "RoutingResult", "routingType": "Initial", "weight": 1.25}
    org.messaging.add(identifier, YESTERDAY, BOT, menu)
    org.messaging.add(identifier, YESTERDAY + MINUTE, ("System", "s"), routed)
    org.messaging.payload_as_text = as_text
    add_session(org, conversation, YESTERDAY)

    rows = read(server, **by_data_api(server)).rows(STREAM)

    assert [row["EntryType"] for row in rows] == ["Message", "RoutingResult"]
    assert [row["Payload"] for row in rows] == [menu, routed]
    assert [row["MessageText"] for row in rows] == [None, None]


def test_agents_have_names(server: SalesforceServer, org: SalesforceOrg) -> None:
    """Those of their users, where the entries tell none; asked for once."""
    ada = org.add("User", FirstName="Ada", LastName="Brandt", Email="a@b.c", Username="a@b.c")
    for n in range(3):
        chat = add_chat(org, "Hello", began=YESTERDAY + n * HOUR)
        moment = YESTERDAY + n * HOUR + MINUTE
        org.messaging.say(chat.identifier, moment, ("Agent", ada[:15] if n else ada), "Hi")

    run = read(server)

    assert run.column("SenderName", STREAM) == [None, "Ada Brandt"] * 3
    asked = [call for call in server.calls if "FROM User" in call.query.get("q", "")]
    assert len(asked) == 1


def test_a_conversation_that_cannot_be_seen_ends_the_run(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """Its sessions would look as if nothing had been said."""
    add_chat(org, "Hello")
    catalog = catalog_of(server, STREAM)
    (row,) = org.rows("Conversation")
    row["ConversationIdentifier"] = None

    run = run_tap(settings(server), catalog)

    assert isinstance(run.error, SalesforceError)
    assert "Read on object Conversation" in str(run.error)


def test_entries_are_read_last(server: SalesforceServer, org: SalesforceOrg) -> None:
    """They take longest, and may be what a permission is missing for."""
    org.add("Case")
    add_chat(org, "Hello")
    org.messaging.permitted = False

    run = run_tap(settings(server))

    told = [item["stream"] for item in run.messages if item["type"] == "SCHEMA"]
    assert told[-1] == STREAM
    assert len(told) == 6
    assert len(run.rows("Case")) == len(run.rows("MessagingSession")) == 1
    assert run.error is not None
    assert run.bookmark("MessagingSession") == "2024-04-30T12:10:00Z"


def test_an_org_without_messaging_is_warned_of_once(
    server: SalesforceServer, org: SalesforceOrg, caplog: pytest.LogCaptureFixture
) -> None:
    """Both streams are left out, and the rest goes its way."""
    org.forbid("MessagingSession", "Conversation")
    case = org.add("Case")

    run = run_tap(settings(server))

    assert run.error is None
    assert run.column("Id") == [case]
    assert "sync_completed_at" in run.states[-1]
    warnings = [item for item in caplog.records if item.levelname == "WARNING"]
    (told,) = [item.getMessage() for item in warnings if "Messaging" in item.getMessage()]
    assert told.startswith("Left out: MessagingSession, ConversationEntry.")


def test_sessions_without_conversations_have_no_entries(
    server: SalesforceServer, org: SalesforceOrg, caplog: pytest.LogCaptureFixture
) -> None:
    """Before enhanced chat there were none; the sessions are read all the same."""
    org.hide("MessagingSession", "ConversationId")

    streams = {entry["tap_stream_id"] for entry in catalog_of(server)["streams"]}

    assert "MessagingSession" in streams
    assert STREAM not in streams
    assert any(text.startswith("Left out: ConversationEntry.") for text in caplog.messages)


def test_the_connection_test_makes_no_call(
    server: SalesforceServer, org: SalesforceOrg, tmp_path: Path
) -> None:
    """A call makes a conversation active, and nobody would remember it."""
    add_chat(org, "Hello")
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings(server)))

    result = invoke("--config", str(config), "--test")

    assert result.exit_code == 0
    assert '"stream": "MessagingSession"' in result.stdout.replace('":"', '": "')
    assert entries_asked(server) == []


@BOTH
def test_a_failure_on_the_way_is_tried_again(
    server: SalesforceServer, org: SalesforceOrg, waits: list[float], by: str
) -> None:
    """Each try is a call, and counts as one."""
    add_chat(org, "Hello")
    path = "entries"
    server.faults.add(Fault("500", path=path, times=2))
    server.faults.add(Fault("drop", path=path))

    run = read(server, **interface(server, by))

    assert run.column("MessageText", STREAM) == ["Hello"]
    assert len(waits) == 3
    assert sum(run.states[-1]["bookmarks"][STREAM]["calls"].values()) == 4


def test_entries_that_lacked_their_words_are_read_again_when_those_are_selected(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Each call counts, so it goes on where the limit of a run stopped it."""
    chats = add_chats(org, 3)
    catalog = catalog_of(server, STREAM)
    narrow = deepcopy(catalog)
    deselect(narrow, STREAM, "MessageText")

    first = run_tap(settings(server), narrow)
    clock.tick(2 * 3600)
    few = settings(server, messaging_calls_per_hour=2)
    again = [run_tap(few, deepcopy(catalog), first.states[-1])]
    clock.tick(2 * 3600)
    again.append(run_tap(few, deepcopy(catalog), again[0].states[-1]))
    clock.tick(2 * 3600)
    last = run_tap(few, deepcopy(catalog), again[1].states[-1])

    assert first.states[-1]["sync_reads"][STREAM]["without"] == ["MessageText"]
    assert not any("MessageText" in row for row in first.rows(STREAM))
    assert {row["MessagingSessionId"] for run in again for row in run.rows(STREAM)} == {
        chat.session for chat in chats
    }
    assert all(row["MessageText"] for run in again for row in run.rows(STREAM))
    assert last.rows(STREAM) == []
