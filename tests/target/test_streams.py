"""What the streams of a tap are taken for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_creovai.errors import InputError
from target_creovai.input.announced import AnnouncedStreams
from target_creovai.salesforce.streams import CONVERSATION_STREAMS, object_of
from tests.target.rows import Record, case, case_id, chat, singer

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

PLAIN = {"Id", "SystemModstamp"}


@pytest.mark.parametrize(
    ("stream", "fields", "known"),
    [
        ("Case", set(), "Case"),
        ("case", set(), "Case"),
        ("CASES", set(), "Case"),
        ("live_chat_transcript", set(), "LiveChatTranscript"),
        ("LIVECHATTRANSCRIPT", set(), "LiveChatTranscript"),
        ("liveChatTranscript", set(), "LiveChatTranscript"),
        ("live-chat-transcripts", set(), "LiveChatTranscript"),
        ("salesforce-Case", set(), "Case"),
        ("salesforce_email_message", set(), "EmailMessage"),
        ("sf_case_comment", set(), "CaseComment"),
        ("RAW-SALESFORCE-CASECOMMENT", set(), "CaseComment"),
        ("raw.salesforce.case", set(), "Case"),
        ("stg_salesforce__messaging_session", set(), "MessagingSession"),
        ("SFCase", set(), "Case"),
        ("salesforceEmailMessages", set(), "EmailMessage"),
        ("crm_case", PLAIN, "Case"),
        ("crm_CaseComment", PLAIN, "CaseComment"),
        ("case_raw", {"CaseNumber"}, "Case"),
        ("email_message_v2", {"text_body"}, "EmailMessage"),
        ("User", set(), "User"),
        ("sf_user", {"user_type"}, "User"),
        ("Contact", set(), "Contact"),
    ],
)
def test_another_spelling_is_recognised(stream: str, fields: set[str], known: str) -> None:
    """Upper and lower case, snake case, plurals, and what others put before or behind a name."""
    assert object_of(stream, fields) == known


@pytest.mark.parametrize(
    ("stream", "fields"),
    [
        ("CaseHistory", PLAIN),
        ("case_history", PLAIN | {"OldValue"}),
        ("CaseFeed", PLAIN),
        ("case_team_member", PLAIN),
        ("EmailMessageRelation", PLAIN),
        ("LiveChatTranscriptEvent", PLAIN),
        ("Support_Case__c", PLAIN | {"CaseNumber"}),
        ("Case__Share", PLAIN),
        ("messaging_end_user", PLAIN),
        ("UserRole", PLAIN),
        ("users", {"id", "email"}),
        ("hubspot-contacts", {"id"}),
        ("account_contact", PLAIN),
        ("support_case", {"id", "title"}),
        ("showcase", PLAIN),
        ("Account", PLAIN),
        ("", set()),
        ("!?", set()),
        pytest.param("a_" * 50_000 + "case", PLAIN, id="endless"),
    ],
)
def test_what_only_looks_like_one_is_not_taken_for_it(stream: str, fields: set[str]) -> None:
    """Salesforce itself has objects whose names begin or end so."""
    assert object_of(stream, fields) is None


def test_two_streams_of_one_object_are_refused(run_target: TargetRunner) -> None:
    """Which of them is the right one, only their owner knows."""
    copy = Record("archive-Case", case(2).row)

    with pytest.raises(InputError, match=r"Line 5: The streams 'Case' and 'archive-Case' are both"):
        run_target(case(1), copy)


def test_a_schema_that_comes_again_is_no_second_stream() -> None:
    """Taps repeat SCHEMA messages, and add fields."""
    announced = AnnouncedStreams()
    announced.register("case", ["id"])
    announced.register("case", ["id", "is_closed", "created_by__user_type"])

    assert announced.fields["Case"] == {"Id", "IsClosed", "CreatedBy.UserType"}


def test_an_input_without_a_stream_of_a_conversation_is_an_error(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A job that brings nothing, run after run, must not be green; it says what it looks for."""
    run_target(chat())
    outcome = run_target(Record("Account", {"Id": "1"}), Record("tickets", {"Id": "2"}))

    assert outcome.exit_code == 1
    (line,) = outcome.says("BROKEN")
    assert "('Account', 'tickets')" in line
    assert all(stream in line for stream in CONVERSATION_STREAMS)
    assert outcome.says("ignored") == [
        "ignored    Account: 1 rows of a stream that makes no conversation",
        "ignored    tickets: 1 rows of a stream that makes no conversation",
    ]


def test_a_dry_run_says_so_too(run_dry: TargetRunner) -> None:
    """The first look is the best time to hear of it."""
    outcome = run_dry(Record("tickets", {"Id": "2"}))

    assert outcome.exit_code == 1
    assert outcome.says("BROKEN")


def test_a_program_without_settings_says_so_too(run_dry: TargetRunner) -> None:
    """All of them have defaults."""
    run_dry.config.clear()
    with run_dry.start() as process:
        outcome = process.finish(singer(Record("tickets", {"Id": "2"})))

    assert outcome.exit_code == 1
    assert outcome.says("BROKEN")


def test_an_input_that_has_nothing_for_us_frees_nothing(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A case that an input left half waits for one that brings cases."""
    run_target.read(
        b'{"type": "STATE", "value": {"sync_started_at": "2024-05-07T00:00:00Z"}}\n'
        + singer(case(Description="half"))
    )
    run_target(Record("Account", {"Id": "1"}))

    assert creovai.cases == {}


def test_an_empty_input_is_no_error(run_target: TargetRunner) -> None:
    """A tap may have nothing to say."""
    assert run_target.read(b"").exit_code == 0


def test_rows_under_another_name_are_those_of_the_object(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """From one run to the next, too."""
    other = singer(case(Description="words")).replace(b'"Case"', b'"salesforce-Case"')
    run_target.read(other)
    outcome = run_target(case(Description="words"))

    assert list(creovai.cases) == [case_id()]
    assert outcome.says("sent") == ["sent       none"]
