"""How a MessagingSession and its entries become a chat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from target_creovai.model.findings import Finding
from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.verdicts import Deleted, Skipped, Waiting
from tests.target.messaging_rows import (
    ALL_TYPES,
    BOT,
    answer,
    enhanced,
    entries,
    entry,
    joined,
    message,
    session,
    session_id,
    talk,
)
from tests.target.rows import at, case_id
from tests.target.support import dialogue, findings, payload_of, spoken, verdict_on

# What makes a chat


def test_a_session_is_a_chat_of_its_case() -> None:
    """Prefix and Id, as for all other conversations."""
    payload = payload_of(*enhanced(CaseId=case_id()), session_id_prefix="eu-")

    assert payload["sessionId"] == f"eu-{session_id()}"
    assert payload["caseReferenceId"] == f"eu-{case_id()}"
    assert dialogue(payload) == [
        (at("10:00:01"), "Customer", "words 1"),
        (at("10:00:02"), "Agent", "words 2"),
    ]


def test_fields_of_the_session_are_metadata_and_its_preview_is_not() -> None:
    """Channel, origin, agent type, language; PreviewDetails is what someone wrote."""
    found = payload_of(*enhanced(PreviewDetails="secret words", Tier__c=2))["metadata"]

    assert {
        "ChannelType": "EmbeddedMessaging",
        "Origin": "InboundInitiated",
        "AgentType": "BotToAgent",
        "EndUserLanguage": "en_US",
        "MessagingChannel.DeveloperName": "Shop",
        "Tier__c": 2,
    }.items() <= found.items()
    assert "secret words" not in found.values()


def test_entries_are_put_in_order_however_they_came() -> None:
    """By the server's time, then by Id; the client's clock has no say."""
    late = entry(1, ServerReceivedTimestamp=at("10:05"), ClientTimestamp="1970-01-01T00:00:00Z")
    twins = [answer(number, ServerReceivedTimestamp=at("10:01")) for number in (3, 4)]

    for rows in permutations([late, entry(2), *twins]):
        payload = payload_of(session(), *entries(*rows))
        assert {
            who["type"]: [said["content"] for said in who["messages"]]
            for who in payload["participants"]
        } == {"Customer": ["words 2", "words 1"], "Agent": ["words 3", "words 4"]}
        assert payload["utcStart"] == at("10:00")


def test_an_entry_without_a_time_is_put_at_the_start() -> None:
    """Nothing else is known of it; without any time there is no chat to be made."""
    timeless = [entry(1), answer(2, ServerReceivedTimestamp=None)]

    assert spoken(*talk(*timeless)) == [("Agent", "words 2"), ("Customer", "words 1")]
    verdict = verdict_on(*talk(*timeless, StartTime=None, CreatedDate=None))
    assert "says when it took place" in str(getattr(verdict, "reason", ""))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({}, ("10:00:00", "10:10:00"), id="as-the-row-says"),
        pytest.param({"StartTime": at("10:00:02")}, ("10:00:01", "10:10:00"), id="earlier-word"),
        pytest.param({"EndTime": at("10:00:01")}, ("10:00:00", "10:00:02"), id="later-word"),
        pytest.param({"StartTime": None}, ("10:00:01", "10:10:00"), id="no-start"),
    ],
)
def test_the_window_is_widened_to_every_message(
    fields: dict[str, Any], expected: tuple[str, str]
) -> None:
    """Creovai refuses a chat with a message outside its window."""
    payload = payload_of(*enhanced(**fields))

    assert (payload["utcStart"], payload["utcEnd"]) == tuple(map(at, expected))


# What is a message


@pytest.mark.parametrize(
    "kind",
    [
        *("TypingStartedIndicator", "TypingStoppedIndicator", "DeliveryAcknowledgement"),
        *("ReadAcknowledgement", "RoutingWorkResult", "RoutingResult", "ParticipantChanged"),
        *("SessionStatusChanged", "FlagRaise", "EndUserConsentUpdated", "SESSION_CONTEXT"),
    ],
)
def test_what_only_happens_is_no_message(kind: str) -> None:
    """Nobody said it."""
    assert spoken(*talk(entry(1), entry(2, EntryType=kind))) == [("Customer", "words 1")]


def test_a_flag_without_words_says_nothing() -> None:
    """Whoever may see whispers sees no marker for it either."""
    flag = entry(2, EntryType="FlagRaise", Payload={"entryType": "FlagRaise", "id": "x"})

    heard = spoken(*talk(entry(1), flag), include_internal_comments=True)
    assert heard == [("Customer", "words 1")]


def test_an_answer_is_what_was_chosen() -> None:
    """Even where it holds no more than the identifier of an option."""
    option = {"titleItem": {"title": "Track my order"}, "optionIdentifier": "o-1"}
    offer = message("ChoicesMessage", choices={"text": "What is it?", "optionItems": [option]})
    chosen = {"selectedOptions": [{"optionIdentifier": "o-1"}]}
    rows = talk(
        entry(1, **BOT | {"Payload": offer}),
        entry(2, Payload=message("ChoicesResponseMessage", choicesResponse=chosen)),
    )

    assert spoken(*rows) == [
        ("Bot", "What is it?\n- Track my order"),
        ("Customer", "Track my order"),
    ]


def test_one_odd_entry_costs_neither_the_others_nor_its_place() -> None:
    """A marker stands where something was said, and the summary counts it."""
    odd = entry(2, Payload=message("StaticContentMessage", staticContent={"formatType": "Media"}))
    rows = talk(entry(1), odd, entry(3, Payload=None, MessageText="plain"))

    assert [words for _, words in spoken(*rows)] == ["words 1", "[unsupported: Media]", "plain"]
    assert findings(*rows) == {Finding.UNSUPPORTED: 1}


def test_an_entry_of_which_nothing_is_known_is_counted_and_not_made_up() -> None:
    """Connect gives no types: what has no words either may be a menu, or somebody typing."""
    bare: dict[str, Any] = {"EntryType": None, "MessageText": None, "Payload": None}
    rows = talk(entry(1), entry(2, **bare), entry(3, **bare | {"MessageText": "typed"}))

    assert [words for _, words in spoken(*rows)] == ["words 1", "typed"]
    assert findings(*rows) == {Finding.BARE: 1}


def test_what_could_not_be_delivered_is_counted() -> None:
    """It was said all the same."""
    failed = {"failedConversationEntryIdentifier": answer(2).row["Id"], "errorCode": "1"}
    rows = talk(entry(1), answer(2), answer(3, EntryType="MessageDeliveryFailed", Payload=failed))

    assert len(spoken(*rows)) == 2
    assert findings(*rows) == {Finding.UNDELIVERED: 1}


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, None),
        ({"AgentMessageCount": None, "EndUserMessageCount": None}, None),
        ({"AgentMessageCount": 0, "EndUserMessageCount": 0}, None),
        ({"AgentMessageCount": 1, "EndUserMessageCount": 2}, None),
        ({"AgentMessageCount": 2}, None),
        ({"AgentMessageCount": 3}, Finding.AGENT_COUNT),
        ({"EndUserMessageCount": 1}, Finding.END_USER_COUNT),
    ],
)
def test_message_counts_are_compared(fields: dict[str, Any], found: Finding | None) -> None:
    """Zero is no count: Salesforce does not calculate them in enhanced sessions."""
    said = [entry(1), entry(2), answer(3), entry(4, **BOT), answer(5, EntryType="Note")]

    assert findings(*talk(*said, **fields)) == ({found: 1} if found else {})


# What waits, what is skipped


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"Status": "Active", "EndTime": None}, Waiting(Reason(Code.SESSION_OPEN))),
        ({"Status": "Inactive"}, Waiting(Reason(Code.SESSION_OPEN))),
        ({"Status": "Waiting"}, Waiting(Reason(Code.SESSION_OPEN))),
        ({"Status": None, "EndTime": None}, Waiting(Reason(Code.SESSION_OPEN))),
        ({"Status": "Novel", "EndTime": None}, Waiting(Reason(Code.SESSION_OPEN))),
        ({"IsDeleted": True}, Deleted()),
    ],
)
def test_a_session_that_is_none_waits_or_is_skipped(fields: dict[str, Any], expected: Any) -> None:
    """An inactive session may go on."""
    assert verdict_on(*enhanced(**fields)) == expected


@pytest.mark.parametrize("status", ["Ended", "ENDED", "Error", "Novel", None])
def test_any_final_status_lets_a_session_go(status: str | None) -> None:
    """Where the status says nothing, its end does."""
    payload_of(*enhanced(Status=status))


@pytest.mark.parametrize(("minute", "waits"), [(14, True), (15, False)])
def test_a_session_settles_after_its_last_change(minute: int, *, waits: bool) -> None:
    """As the other kinds do."""
    changed = datetime(2024, 5, 6, 10, 11, tzinfo=UTC)
    now = changed + timedelta(minutes=minute)
    verdict = verdict_on(*enhanced(), settle_minutes=15, now=now)

    assert isinstance(verdict, Waiting) is waits


def test_a_session_in_which_nobody_spoke_is_skipped() -> None:
    """Read, and found empty; or nothing but the system's words and events."""
    none = entry(1, Id=session_id(), EntryType="NoEntries", SessionEntryCount=0, Payload=None)
    system = entry(1, SenderRole="System", SenderId=None)

    assert verdict_on(session(), none) == Skipped(Reason(Code.NOTHING_SAID))
    verdict = verdict_on(*talk(system, joined(2, "b", "x")), participant_types=ALL_TYPES)
    assert verdict == Skipped(Reason(Code.NOTHING_SAID))


@pytest.mark.parametrize(
    ("fields", "missed"),
    [
        ({"AcceptTime": None, "AgentType": "Agent"}, True),
        ({"AcceptTime": None, "AgentType": "Bot"}, False),
        ({"AgentType": "Agent"}, False),
    ],
    ids=["nobody-came", "a-bot-answered", "someone-took-it"],
)
def test_a_session_that_nobody_answered_is_missed(fields: dict[str, Any], *, missed: bool) -> None:
    """What a bot said may be out of the tap's reach."""
    verdict = verdict_on(*talk(entry(1), **fields))

    assert (verdict == Skipped(Reason(Code.MISSED))) is missed
