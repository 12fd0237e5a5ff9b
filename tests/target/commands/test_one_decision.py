"""What a report says the next run does is what the next run does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.target.rows import (
    COMPLETED,
    STARTED,
    at,
    case,
    case_id,
    chat,
    chat_id,
    comment,
    mail,
    transcript,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner

SAID = "please call 4111111111111111"
REDACTED: dict[str, Any] = {"redact": {"card": "[card]"}}
BODY = transcript(f"( 5s ) Ada Quill: {SAID}", "( 7s ) Nora V: Good day")


@pytest.fixture
def delivered(run_target: TargetRunner) -> TargetRunner:
    """A case and a chat are in Creovai, with a word that nobody should have sent."""
    run_target(STARTED, case(), mail(TextBody=SAID), chat(Body=BODY), COMPLETED)
    return run_target


def test_the_update_of_a_case_that_a_crash_cut_off_is_told_to_go_again(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """The ledger has the receipt of the version before and an intent of this one."""
    delivered.execute(
        "UPDATE creovai_conversations SET intent_hash = content_hash, outcome = 'pending' "
        "WHERE kind = 'case'"
    )
    (found,) = operator.json("explain", case_id())
    delivered()

    assert (found["action"], found["now"]) == ("post", "the next run sends it again, complete.")
    assert creovai.post_count(case_id()) == 2


def test_a_changed_chat_is_told_to_stay_and_its_metadata_to_go(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """Both belong to the answer: the text that stays, and the fields that go."""
    more = f"{BODY}<br>( 9s ) Ada Quill: more"
    changed = chat(Body=more, Subject__c="new", SystemModstamp=at("20:00"))
    delivered(STARTED, changed, COMPLETED, dry_run=True)
    (found,) = operator.json("explain", chat_id())
    outcome = delivered()

    assert found["outdated"] is True
    assert found["now"].startswith("Creovai has an earlier text of this chat;")
    assert found["now"].endswith("the next run sends the changed fields.")
    assert creovai.post_count(chat_id()) == 1
    assert outcome.says("metadata") == ["metadata   1 chat"]


@pytest.mark.parametrize(
    "changed",
    [REDACTED, {"agent_id": "Id"}, {"session_id_prefix": "eu-"}],
    ids=["redact", "agent_id", "prefix"],
)
def test_no_report_promises_what_a_change_of_settings_does_not_bring(
    operator: Operator, delivered: TargetRunner, changed: dict[str, Any]
) -> None:
    """What was delivered is looked at again when its rows change, or on request."""
    for key in (case_id(), chat_id()):
        (found,) = operator.json("explain", key, **changed)
        assert found["action"] == "rest"
        assert "the next run" not in found["now"]


def test_what_other_settings_made_is_counted_and_left(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """The operator learns how much of it there is, and how to have the cases sent again."""
    assert operator.json("status")["of_other_settings"] == {}
    assert delivered().says("otherwise") == []
    outcome = delivered(**REDACTED)

    assert outcome.says("otherwise")[0].startswith("otherwise  1 case, 1 chat: delivered under")
    assert operator.json("status", **REDACTED)["of_other_settings"] == {"case": 1, "chat": 1}
    assert creovai.post_count(case_id()) == creovai.post_count(chat_id()) == 1


def test_settings_of_the_time_change_nothing_of_what_was_delivered(
    operator: Operator, delivered: TargetRunner
) -> None:
    """When something goes is no part of what goes."""
    changed: dict[str, Any] = {"settle_minutes": 5, "case_delivery": "all", "on_delete": "exclude"}
    assert delivered(**changed).says("otherwise") == []
    assert operator.json("status", **changed)["of_other_settings"] == {}


def test_cases_of_other_settings_are_sent_again_on_request(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """Cases only, each once, and with the settings of now."""
    result = operator("resend", "--changed-settings", **REDACTED)
    assert result.exit_code == 0, result.output
    assert "\n1 to be made anew" in result.stdout
    delivered(**REDACTED)

    assert creovai.post_count(case_id()) == 2
    assert SAID not in str(creovai.cases[case_id()])
    assert creovai.post_count(chat_id()) == 1
    assert operator.json("status", **REDACTED)["of_other_settings"] == {"chat": 1}
    delivered(**REDACTED)
    assert creovai.post_count(case_id()) == 2


def test_a_case_that_reads_the_same_is_not_sent_again(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """It is made anew, compared, and taken for made by the settings of now."""
    changed: dict[str, Any] = {"redact": {"zzz": "[z]"}}
    operator("resend", "--changed-settings", **changed)
    delivered(**changed)

    assert creovai.post_count(case_id()) == 1
    assert operator.json("status", **changed)["of_other_settings"] == {"chat": 1}


@pytest.mark.parametrize("typed", [(), ("1", "--changed-settings")], ids=["nothing", "both"])
def test_resend_takes_ids_or_the_changed_settings(
    operator: Operator, delivered: TargetRunner, typed: tuple[str, ...]
) -> None:
    """One of them, so that nobody sends more than was meant."""
    assert operator("resend", *typed).exit_code == 2
    assert delivered().says("sent") == ["sent       none"]


def test_where_cases_go_once_their_change_of_settings_says_so(
    operator: Operator, delivered: TargetRunner
) -> None:
    """`case_updates` decides; nothing is marked in vain."""
    result = operator("resend", "--changed-settings", case_updates="once", **REDACTED)
    assert result.exit_code == 1
    assert "case_updates" in result.output
    assert delivered(case_updates="once", **REDACTED).says("sent") == ["sent       none"]


def test_a_later_answer_to_a_chat_keeps_it_counted(
    operator: Operator, delivered: TargetRunner
) -> None:
    """Its metadata are of now, its text is as it was made."""
    later = chat(Body=BODY, Subject__c="new", SystemModstamp=at("20:00"))
    outcome = delivered(STARTED, later, COMPLETED, **REDACTED)

    assert outcome.says("metadata") == ["metadata   1 chat"]
    assert operator.json("status", **REDACTED)["of_other_settings"]["chat"] == 1


def test_a_dry_run_says_what_the_next_run_does(
    delivered: TargetRunner, creovai: CreovaiServer, tmp_path: Path
) -> None:
    """By the step that delivery takes: new, changed, and changed where only fields may follow."""
    rows = (
        comment(3, CommentBody="more", SystemModstamp=at("19:00")),
        chat(Body=BODY, Subject__c="new", SystemModstamp=at("20:00")),
        chat(2),
    )
    outcome = delivered(STARTED, *rows, COMPLETED, dry_run=True, payload_dir=str(tmp_path))

    assert outcome.says("next run") == [
        "next run   1 case: sends it again",
        "next run   1 chat: sends it, if no other store has",
        "next run   1 chat: sends the changed fields",
    ]
    assert creovai.post_count(case_id()) == 1
    told = delivered()
    assert told.says("sent") == ["sent       1 case, 1 chat"]
    assert told.says("metadata") == ["metadata   1 chat"]
