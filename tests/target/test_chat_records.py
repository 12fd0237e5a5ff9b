"""What the record of a chat decides: who answered, what is internal, which transcripts belong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_creovai.assemble import Invalid
from target_creovai.model.findings import Finding
from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.verdicts import Skipped
from tests.target.rows import UNANSWERED, at, chat, chat_id, transcript
from tests.target.support import dialogue, findings, payload_of, spoken, verdict_on

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

NO_CONTACT: dict[str, Any] = {"ContactId": None, "Contact": None}
BOT: dict[str, Any] = {"IsChatbotSession": True, "OwnerId": None, "Owner": None}


# Missed


def test_a_missed_chat_that_a_bot_answered_is_a_conversation() -> None:
    """A failed handover is what an operations manager looks for."""
    body = transcript("( 1s ) Robi: Hi", "( 9s ) Ada Quill: human", agent=None)

    assert spoken(chat(Status="Missed", Body=body, **BOT)) == [
        ("Bot", "Hi"),
        ("Customer", "human"),
    ]


@pytest.mark.parametrize(
    "fields",
    [
        UNANSWERED,
        UNANSWERED | NO_CONTACT,
        {"Status": "Missed", "Body": None},
        {"Status": "Missed", "Body": transcript(agent=None)},
    ],
)
def test_a_missed_chat_in_which_only_the_visitor_speaks_is_skipped(fields: dict[str, Any]) -> None:
    """Nobody answered, whatever the visitor is called."""
    assert verdict_on(chat(**fields)) == Skipped(Reason(Code.MISSED))


def test_a_lone_word_in_a_bots_missed_session_is_not_skipped() -> None:
    """It may be the bot's, and that is for somebody to see."""
    body = transcript("( 1s ) Robi: Hi", agent=None)
    verdict = verdict_on(chat(Status="Missed", Body=body, **BOT, **NO_CONTACT))

    assert not isinstance(verdict, Skipped)


# Counts

SWAPPED = {"OperatorMessageCount": 2, "VisitorMessageCount": 1}
TWO_WORDS = transcript("( 7s ) Nora V: a", "( 9s ) Ada Quill: b", "( 11s ) Ada Quill: c")


def test_what_fits_the_counts_only_when_swapped_is_not_sent() -> None:
    """The names are in the detail, and nowhere else; the page shows the dialogue."""
    verdict = verdict_on(chat(Body=TWO_WORDS, **SWAPPED))

    assert isinstance(verdict, Invalid)
    assert "OperatorMessageCount and VisitorMessageCount" in str(verdict.reason)
    assert "speaker_roles" in str(verdict.reason)
    assert "Ada" not in str(verdict.reason)
    assert verdict.detail == {"unknown_speakers": {"Nora V": 1, "Ada Quill": 2}}


def test_counts_that_fit_neither_way_are_counted() -> None:
    """Something else is wrong then, and which words are whose is not in doubt."""
    counts = {"OperatorMessageCount": 7, "VisitorMessageCount": 1}

    assert findings(chat(Body=TWO_WORDS, **counts)) == {
        Finding.OPERATOR_COUNT: 1,
        Finding.VISITOR_COUNT: 1,
    }


def test_counts_of_a_body_that_was_cut_decide_nothing() -> None:
    """They count what is missing, too."""
    body = transcript("( 7s ) Desk: a", "( 9s ) Pat: b", "( 11s ) Pat: c") + "( 31s"
    verdict = verdict_on(chat(Body=body, **NO_CONTACT, **SWAPPED))

    assert "who speaks is open" in str(getattr(verdict, "reason", ""))


# What supervisors wrote

WHISPER = transcript("( 8s ) Max P: offer a voucher", "( 7s ) Nora V: Good day")
PLAIN = "Max says: offer a voucher"


def test_a_supervisors_words_stay_in_salesforce() -> None:
    """The customer never saw them."""
    assert "voucher" not in str(payload_of(chat(SupervisorTranscriptBody=WHISPER)))


@pytest.mark.parametrize(
    ("text", "words"),
    [(WHISPER, "offer a voucher"), (PLAIN, PLAIN)],
    ids=["as-body", "in-no-known-layout"],
)
def test_a_supervisors_words_go_with_internal_comments(text: str, words: str) -> None:
    """As those of enhanced chats do; what stands in Body as well is not said twice."""
    row = chat(SupervisorTranscriptBody=text)
    found = spoken(row, include_internal_comments=True)

    assert sorted(found) == sorted([*spoken(row), ("Agent", words)])


# Transcripts of one chat


def collections(creovai: CreovaiServer) -> dict[str, Any]:
    """Return the collection of each chat that Creovai has."""
    return {key: payload.get("collectionId") for key, payload in creovai.chats.items()}


def test_transcripts_of_one_chat_key_are_one_collection(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Salesforce writes one for each time that the visitor comes back."""
    key = "d3c1b0f2-3ba3-4bb4-84cc-0f6a1c7d9e55"
    run_target(chat(1, ChatKey=key), chat(2, ChatKey=key), chat(3, ChatKey="another"))

    assert collections(creovai) == {chat_id(1): key, chat_id(2): key, chat_id(3): None}


def test_a_later_transcript_says_where_it_belongs(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The first one was alone when it went, and chats are sent once."""
    run_target(chat(1, ChatKey="k"))
    outcome = run_target(chat(2, ChatKey="k", SystemModstamp=at("12:00")))

    assert collections(creovai) == {chat_id(1): None, chat_id(2): "k"}
    assert not outcome.says("changed")


def test_times_are_those_of_the_body() -> None:
    """Whoever spoke when, the collection moves nothing."""
    assert [clock for clock, _, _ in dialogue(payload_of(chat()))] == [
        at("10:00:07"),
        at("10:00:31"),
    ]
