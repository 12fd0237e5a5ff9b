"""How a LiveChatTranscript becomes a chat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.verdicts import Deleted, SetAside, Skipped, Waiting
from tests.target.rows import (
    AGENT,
    AGENT_ID,
    CONTACT_ID,
    UNANSWERED,
    at,
    case_id,
    chat,
    chat_id,
    transcript,
)
from tests.target.support import dialogue, payload_of, verdict_on

NO_CONTACT: dict[str, Any] = {"ContactId": None, "Contact": None}


def keys(payload: dict[str, Any]) -> set[tuple[str, str]]:
    """Return type and referenceId of the participants."""
    return {(who["type"], who["referenceId"]) for who in payload["participants"]}


def test_messages_are_utc_plain_and_nested_under_their_sender() -> None:
    """UTC time is the segment's start plus the offset; tags go, `<br>` stays a newline."""
    body = transcript(
        "( 7s ) Nora V: Good <b>day</b>, what&#39;s up?",
        "( 1m 4s ) Ada Quill: one<br>two &amp;amp; three",
    ).replace("10:00:00 (+0000)", "12:00:00 (+0200)")

    assert dialogue(payload_of(chat(Body=body))) == [
        (at("10:00:07"), "Agent", "Good day, what's up?"),
        (at("10:01:04"), "Customer", "one\ntwo &amp; three"),
    ]


@pytest.mark.parametrize(
    ("fields", "window"),
    [
        pytest.param({}, ("10:00:00", "10:05:00"), id="as-the-row-says"),
        pytest.param({"StartTime": at("10:00:20")}, ("10:00:07", "10:05:00"), id="earlier-word"),
        pytest.param({"EndTime": at("10:00:20")}, ("10:00:00", "10:00:31"), id="later-word"),
        pytest.param({"StartTime": None}, ("09:59:00", "10:05:00"), id="no-start"),
        pytest.param({"EndTime": None}, ("10:00:00", "10:00:31"), id="no-end"),
        pytest.param({"EndTime": at("09:00")}, ("10:00:00", "10:00:31"), id="end-before-start"),
    ],
)
def test_the_window_is_widened_to_every_message(
    fields: dict[str, Any], window: tuple[str, str]
) -> None:
    """Creovai refuses a chat with a message outside its window."""
    payload = payload_of(chat(**fields))

    assert (payload["utcStart"], payload["utcEnd"]) == tuple(map(at, window))


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({}, CONTACT_ID),
        (NO_CONTACT | {"LeadId": "00Q1", "Lead": {"Name": "Ada Quill"}}, "00Q1"),
        (NO_CONTACT, "5710000000000001AAA"),
        (NO_CONTACT | {"LiveChatVisitorId": None}, f"visitor-{chat_id()}"),
    ],
    ids=["contact", "lead", "visitor", "nobody"],
)
def test_the_customers_key_is_contact_else_lead_else_visitor(
    fields: dict[str, Any], key: str
) -> None:
    """An anonymous visitor has a key as well: Creovai insists on one."""
    assert ("Customer", key) in keys(payload_of(chat(**fields)))


@pytest.mark.parametrize(
    ("agent_id", "owner", "key"),
    [
        ("Email", AGENT, "nora@desk.example"),
        ("Username", AGENT, "nora@desk.example.prod"),
        ("Id", AGENT, AGENT_ID),
        ("Email", {"Name": "Nora Vance"}, AGENT_ID),
        ("Email", None, AGENT_ID),
    ],
)
def test_the_owner_is_keyed_by_agent_id(
    agent_id: str, owner: dict[str, Any] | None, key: str
) -> None:
    """The same key as in cases and calls, or the agent's history splits."""
    assert ("Agent", key) in keys(payload_of(chat(Owner=owner), agent_id=agent_id))


def test_other_agents_are_keyed_by_their_name_in_the_transcript() -> None:
    """Only the owner's user is known."""
    body = transcript("( 7s ) Max P: one moment", "( 9s ) Ada Quill: fine", agent="Max P")
    second = transcript("( 7s ) Nora V: I take over", "( 9s ) Ada Quill: good")
    payload = payload_of(chat(Body=body + second))

    assert keys(payload) == {
        ("Agent", "Max P"),
        ("Agent", "nora@desk.example"),
        ("Customer", CONTACT_ID),
    }


def test_a_queue_is_no_agent() -> None:
    """A chat that a queue owns has only the names of its transcript."""
    payload = payload_of(chat(OwnerId="00G000000000001AAA", Owner={"Name": "Q", "Type": "Queue"}))

    assert ("Agent", "Nora V") in keys(payload)


def test_an_automatic_user_is_no_agent() -> None:
    """Salesforce gives it the chats that nobody took; a header may name who spoke all the same."""
    owner = {"Name": "Automated Process", "Email": "auto@desk.example", "Type": "User"}

    assert ("Agent", "Nora V") in keys(payload_of(chat(Owner=owner)))


def test_the_case_of_a_chat_is_its_reference() -> None:
    """It is the case's sessionId, prefix included."""
    payload = payload_of(chat(CaseId=case_id()), session_id_prefix="eu-")

    assert payload["sessionId"] == f"eu-{chat_id()}"
    assert payload["caseReferenceId"] == f"eu-{case_id()}"
    assert "caseReferenceId" not in payload_of(chat())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Status": "InProgress"}, Waiting(Reason(Code.CHAT_OPEN))),
        ({"Status": "In Progress"}, Waiting(Reason(Code.CHAT_OPEN))),
        ({"Status": "Waiting"}, Waiting(Reason(Code.CHAT_OPEN))),
        ({"Status": None, "EndTime": None}, Waiting(Reason(Code.CHAT_OPEN))),
        (UNANSWERED, Skipped(Reason(Code.MISSED))),
        ({"Status": "Missed", "Body": None}, Skipped(Reason(Code.MISSED))),
        ({"Body": None}, Skipped(Reason(Code.NOTHING_SAID))),
        ({"Body": "  "}, Skipped(Reason(Code.NOTHING_SAID))),
        ({"Body": transcript()}, Skipped(Reason(Code.NOTHING_SAID))),
        ({"IsDeleted": True}, Deleted()),
    ],
)
def test_a_chat_that_is_none_waits_or_is_skipped(fields: dict[str, Any], expected: Any) -> None:
    """With Omni-Channel the row exists from the visitor's request on."""
    assert verdict_on(chat(**fields)) == expected


@pytest.mark.parametrize("status", ["Completed", "Dropped", "Ended by agent", None])
def test_any_final_status_lets_a_chat_go(status: str | None) -> None:
    """Status is an open set."""
    payload_of(chat(Status=status))


@pytest.mark.parametrize(("minute", "waits"), [(14, True), (15, False)])
def test_a_chat_settles_after_its_last_change(minute: int, *, waits: bool) -> None:
    """Until then an agent may still write the wrap-up."""
    changed = datetime(2024, 5, 6, 10, 6, tzinfo=UTC)
    now = changed + timedelta(minutes=minute)
    verdict = verdict_on(chat(), settle_minutes=15, now=now)

    waiting = Waiting(Reason(Code.UNSETTLED), until=changed + timedelta(minutes=15))
    assert (verdict == waiting) is waits


def test_a_transcript_in_no_known_form_is_set_aside() -> None:
    """It is not guessed at, and not quoted."""
    verdict = verdict_on(chat(Body="Lorem ipsum\ndolor sit amet"))

    assert isinstance(verdict, SetAside)
    assert "ipsum" not in str(verdict.reason)


@pytest.mark.parametrize("field", ["Body", "Status"])
def test_a_row_without_a_needed_field_waits_for_it(field: str) -> None:
    """Without it every chat of the org would be skipped as empty, or go while it lasts."""
    stream, row = chat()
    del row[field]
    record = type(chat())(stream, row)

    assert verdict_on(record) == Waiting(Reason(Code.FIELD_UNREAD, ("LiveChatTranscript", field)))
    accepted = verdict_on(record, accept_missing=(f"LiveChatTranscript.{field}",))
    assert accepted != verdict_on(record)


# Roles

BOT = transcript("( 1s ) Robi: Hi, I am a bot", "( 9s ) Ada Quill: human please", agent=None)


def test_a_chat_with_a_bot_alone_is_a_chat() -> None:
    """At least one person or bot said something."""
    payload = payload_of(chat(Body=BOT, IsChatbotSession=True, OwnerId=None, Owner=None))

    assert keys(payload) == {("Bot", "Robi"), ("Customer", CONTACT_ID)}


def test_roles_may_be_left_out_or_renamed() -> None:
    """Null leaves such messages out; the system's notices are out by default."""
    row = chat(Body=BOT, IsChatbotSession=True, OwnerId=None, Owner=None)
    types = {"agent": "Colleague", "customer": "Guest", "bot": None, "system": "Machine"}
    payload = payload_of(row, participant_types=types)

    assert {kind for kind, _ in keys(payload)} == {"Guest", "Machine"}


THREE = transcript(
    "( 7s ) Nora V: Good day",
    "( 9s ) Ada Quill: hello",
    "( 11s ) Somebody: I listen in",
)


def test_unknown_speakers_set_a_chat_aside_unless_they_have_a_type() -> None:
    """A wrong side would silently spoil the analysis."""
    row = chat(Body=THREE, **NO_CONTACT)
    verdict = verdict_on(row)
    assert isinstance(verdict, SetAside)
    assert "participant_types.unknown" in str(verdict.reason)
    assert "Somebody" not in str(verdict.reason)

    types = {"agent": "Agent", "customer": "Customer", "unknown": "Agent"}
    assert ("Agent", "Somebody") in keys(payload_of(row, participant_types=types))


def test_two_roles_of_one_type_and_name_stay_two_participants() -> None:
    """Creovai's key is type and referenceId; a tenant may call bots agents."""
    types = {"agent": "Agent", "customer": "Agent"}
    row = chat(ContactId="nora@desk.example")
    payload = payload_of(row, participant_types=types)

    assert keys(payload) == {
        ("Agent", "nora@desk.example"),
        ("Agent", "nora@desk.example (customer)"),
    }


def test_a_foreign_taps_row_makes_a_chat() -> None:
    """Salesforce's own date form, and no parents."""
    stream, row = chat(
        StartTime="2024-05-06T10:00:00.000+0000", EndTime="2024-05-06T12:05:00.000+0200"
    )
    bare = {name: value for name, value in row.items() if not isinstance(value, dict)}
    body = transcript("( 7s ) Nora V: Good day", "( 31s ) Visitor: hello")
    payload = payload_of(type(chat())(stream, bare | {"Body": body}))

    assert payload["utcEnd"] == at("10:05")
    assert keys(payload) == {("Agent", AGENT_ID), ("Customer", CONTACT_ID)}
