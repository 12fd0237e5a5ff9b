"""What a chat's record says is compared with its transcript, and nothing is lost in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_creovai.assemble import Ready
from target_creovai.model.findings import Finding
from tests.target.rows import Record, chat, transcript
from tests.target.support import verdict_on

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

# One word of an agent, one of the customer; the last one 31 seconds after StartTime.
ROW = chat().row
BOT = transcript("( 1s ) Robi: Hi", "( 9s ) Ada Quill: human?", agent=None) + transcript(
    "( 7s ) Nora V: Good day", "( 9s ) Ada Quill: hello"
)


def findings(row: Record) -> Mapping[Finding, int]:
    """Return what assembling a chat brings to light."""
    verdict = verdict_on(row)
    assert isinstance(verdict, Ready), verdict
    return verdict.findings


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, None),
        ({"OperatorMessageCount": 1, "VisitorMessageCount": 1}, None),
        ({"OperatorMessageCount": 1.0}, None),
        ({"OperatorMessageCount": None, "VisitorMessageCount": "many"}, None),
        ({"OperatorMessageCount": 2}, Finding.OPERATOR_COUNT),
        ({"OperatorMessageCount": 0}, Finding.OPERATOR_COUNT),
        ({"VisitorMessageCount": 0}, Finding.VISITOR_COUNT),
        ({"ChatDuration": 31}, None),
        ({"ChatDuration": 0, "Body": transcript("( 1m ) Nora V: a")}, None),
        ({"ChatDuration": 0, "Body": transcript("( 1m 1s ) Nora V: a")}, Finding.DURATION),
        ({"ChatDuration": 0, "StartTime": None}, None),
        ({"ChatDuration": 10**30}, None),
        ({"ChatDuration": -(10**30)}, Finding.DURATION),
    ],
)
def test_counts_and_duration_are_compared(fields: dict[str, Any], found: Finding | None) -> None:
    """A difference hints at a speaker on the wrong side, or at words that are missing."""
    assert findings(chat(**fields)) == ({found: 1} if found else {})


@pytest.mark.parametrize(("count", "differs"), [(0, True), (1, False), (2, False), (3, True)])
def test_a_bot_may_or_may_not_count_as_operator(count: int, *, differs: bool) -> None:
    """Which of the two Salesforce does is not documented."""
    row = chat(Body=BOT, IsChatbotSession=True, OperatorMessageCount=count)

    assert (Finding.OPERATOR_COUNT in findings(row)) is differs


def test_what_has_no_place_in_a_transcript_is_counted() -> None:
    """An entry that was cut off before its name, with its characters."""
    body = transcript("( 7s ) Nora V: Good day", "( 9s ) Ada Quill: hello") + "( 31s"

    assert findings(chat(Body=body)) == {Finding.UNPLACED: 5, Finding.CUT_OFF: 1}


def test_the_summary_counts_chats_by_what_differs(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """One line a check, without a word of the transcripts."""
    cut = transcript("( 7s ) Nora V: Good day", "( 9s ) Ada Quill: hello") + "( 31s"
    wrong: dict[str, Any] = {"OperatorMessageCount": 7}
    rows = (*(chat(n, **wrong) for n in (1, 2, 3)), chat(4, VisitorMessageCount=7, Body=cut))
    outcome = run_target(*rows)

    assert outcome.exit_code == 0, "they are sent all the same"
    assert outcome.says("differs") == [
        "differs    3 chats: OperatorMessageCount",
        "differs    1 chat: VisitorMessageCount",
    ]
    assert outcome.says("unplaced") == [
        "unplaced   5 characters of transcripts that belong to no message"
    ]
    assert outcome.says("cut off") == ["cut off    1 chat: the transcript ends in the middle"]
    assert run_target(*rows).says("differs") == [], "what has not changed is not read again"


def test_a_chat_without_a_message_is_counted_too(run_dry: TargetRunner) -> None:
    """Skipped, but not in silence, and a dry run says so as well."""
    outcome = run_dry(chat(Body=transcript() + "( 31s"))

    assert outcome.says("skipped") == ["skipped    1 chat: empty: nothing was said"]
    assert outcome.says("unplaced")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("12:01 Nora says hello<br>12:02 Ada says hi<br>", id="another-layout"),
        pytest.param("( 5s ) hello there<br>", id="offset-without-a-name"),
    ],
)
def test_words_that_are_nobodys_are_set_aside(run_dry: TargetRunner, words: str) -> None:
    """A chat that was written down in an unknown form is not an empty chat."""
    outcome = run_dry(chat(Body=transcript() + words))

    assert outcome.exit_code == 3
    assert "can be told to be anyone's words" in outcome.says("SET ASIDE")[0]
    assert "hello" not in outcome.stderr
