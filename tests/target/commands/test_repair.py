"""`resend`, `retry` and `forget` decide what the next run does; they send nothing themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_creovai.store import Store
from tests.fakes.creovai import Fault
from tests.target.other_taps import contact, user
from tests.target.rows import (
    COMPLETED,
    CONTACT_ID,
    STARTED,
    at,
    case,
    case_id,
    chat,
    chat_id,
    comment,
    mail,
)
from tests.target.support import posts_to

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner

BILLED = "--even-if-chats-are-billed-twice"


@pytest.fixture
def delivered(run_target: TargetRunner) -> TargetRunner:
    """A case and a chat are in Creovai."""
    run_target(STARTED, case(CaseNumber="00000042"), mail(), chat(), COMPLETED)
    return run_target


def test_resend_sends_an_unchanged_case_once_more(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """By the next run, and by that one alone."""
    result = operator("resend", "42")
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("\n1 conversation to be sent by the next run.\n")
    assert creovai.post_count(case_id()) == 1

    outcome = delivered()
    assert outcome.exit_code == 0
    assert creovai.post_count(case_id()) == 2
    assert outcome.states == []

    delivered()
    assert creovai.post_count(case_id()) == 2
    assert delivered.ledger()[case_id()] == ("sent", None)


def test_resend_leaves_a_sent_chat_alone_unless_told_twice(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """A second post may be billed, so it takes a flag that says so."""
    result = operator("resend", chat_id(), case_id())
    delivered()

    assert result.exit_code == 1
    assert "1 conversation to be sent" in result.stdout
    assert BILLED in result.stdout
    assert creovai.post_count(chat_id()) == 1
    assert creovai.post_count(case_id()) == 2

    assert operator("resend", chat_id(), BILLED).exit_code == 0
    delivered()
    delivered()
    assert creovai.post_count(chat_id()) == 2


def test_resend_of_a_case_survives_a_crash(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """The version that Creovai has already is not mistaken for the one to come."""
    delivered(STARTED, case(), comment(5), COMPLETED, dry_run=True)
    operator("resend", case_id())
    creovai.faults.add(Fault("drop_before", times=99))
    delivered()
    creovai.faults.clear()

    delivered()

    assert [said["content"] for said in creovai.cases[case_id()]["messages"]] == [
        "mail 1",
        "comment 5",
    ]


def test_resend_does_not_make_a_conversation_out_of_nothing(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """An open case still waits, and says so."""
    run_target(STARTED, case(IsClosed=False), mail(), COMPLETED)

    operator("resend", case_id())
    run_target()

    assert creovai.cases == {}
    assert run_target.ledger()[case_id()] == ("waiting", "the case is open")


def test_resend_lifts_a_refusal(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A chat that was never taken needs no flag."""
    creovai.refuse(chat_id())
    run_target(chat())
    creovai.accept(chat_id())
    run_target()
    assert creovai.chats == {}

    assert operator("resend", chat_id()).exit_code == 0
    run_target()

    assert set(creovai.chats) == {chat_id()}


def test_unknown_ids_are_named_and_the_others_are_done(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """One typing error in a list of twenty costs that one."""
    result = operator("resend", case_id(7), case_id(), "0815")
    delivered()

    assert result.exit_code == 1
    assert f"Not in the store: {case_id(7)}." in result.stdout
    assert "Not in the store: 0815." in result.stdout
    assert creovai.post_count(case_id()) == 2


def test_retry_sends_all_that_is_set_aside(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """After Creovai's side was mended, nothing has to change in Salesforce."""
    for number in (1, 2):
        creovai.refuse(chat_id(number))
    run_target(STARTED, chat(1), chat(2), chat(3), COMPLETED)
    creovai.accept(chat_id(1))

    said = operator("retry").stdout
    assert said.endswith("\n2 to be tried again by the next run: 2 of kind chat.\n")
    outcome = run_target()

    assert set(creovai.chats) == {chat_id(1), chat_id(3)}
    assert creovai.post_count(chat_id(3)) == 1
    assert outcome.exit_code == 3
    assert run_target.ledger()[chat_id(2)][0] == "set aside"


def test_retry_with_nothing_to_do_is_no_failure(
    operator: Operator, delivered: TargetRunner
) -> None:
    """It may stand in a script."""
    result = operator("retry")

    assert result.exit_code == 0
    assert result.stdout.endswith("\n0 to be tried again by the next run.\n")


def test_forget_drops_rows_and_receipt(operator: Operator, delivered: TargetRunner) -> None:
    """Nothing of the conversation stays in the store; it says what Creovai still has."""
    result = operator("forget", case_id())

    assert result.exit_code == 0
    assert "1 conversation forgotten, with 2 rows." in result.stdout
    assert f"Creovai still has case {case_id()}" in result.stdout
    assert set(delivered.ledger()) == {chat_id()}
    assert [row.stream for row in delivered.query("SELECT stream FROM creovai_rows")] == [
        "LiveChatTranscript"
    ]
    assert operator("explain", case_id()).exit_code == 1


def test_what_was_forgotten_is_delivered_anew_when_it_is_read_again(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """Not before."""
    operator("forget", case_id())
    delivered()
    assert creovai.post_count(case_id()) == 1

    delivered(STARTED, case(), mail(), COMPLETED)

    assert creovai.post_count(case_id()) == 2


def test_forget_names_what_is_not_there(operator: Operator, delivered: TargetRunner) -> None:
    """Exit code 1, and nothing else is touched."""
    result = operator("forget", case_id(7))

    assert result.exit_code == 1
    assert f"Not in the store: {case_id(7)}." in result.stdout
    assert len(delivered.ledger()) == 2


@pytest.mark.parametrize("command", [("resend", case_id()), ("retry",), ("forget", case_id())])
def test_nothing_is_changed_while_a_run_delivers(
    operator: Operator, delivered: TargetRunner, command: tuple[str, ...]
) -> None:
    """It would write over the mark, or send what was forgotten."""
    before = delivered.query("SELECT * FROM creovai_conversations")
    with Store(delivered.config["store_url"]) as store, store.runs.delivering():
        result = operator(*command)

    assert result.exit_code == 1
    assert "A run is delivering" in result.stderr
    assert delivered.query("SELECT * FROM creovai_conversations") == before


def test_a_dry_run_shows_what_a_resend_would_send(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """And leaves it to be sent."""
    operator("resend", case_id())

    delivered(dry_run=True)
    assert set(delivered.payloads("case")) == {case_id()}
    assert posts_to(creovai, "case") == 1

    delivered()
    assert posts_to(creovai, "case") == 2


def test_changed_metadata_of_a_resent_case_goes_with_it(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """The complete case holds it: no second request."""
    operator("resend", case_id())
    delivered(STARTED, case(Priority="High", SystemModstamp=at("19:00")), COMPLETED)

    assert creovai.cases[case_id()]["metadata"]["Priority"] == "High"
    assert creovai.outofband == []


def test_resend_sends_a_case_that_is_sent_once(
    operator: Operator, delivered: TargetRunner, creovai: CreovaiServer
) -> None:
    """`case_updates: once` is for changes that nobody asked to be sent."""
    operator("resend", case_id(), case_updates="once")
    delivered(case_updates="once")

    assert creovai.post_count(case_id()) == 2


def test_a_person_is_forgotten_by_their_id(operator: Operator, run_target: TargetRunner) -> None:
    """What a User or Contact row has left is a person's; 15 characters will do."""
    run_target(contact(), user())
    result = operator("forget", CONTACT_ID[:15])

    assert result.exit_code == 0, result.output
    assert f"Forgotten as well: {CONTACT_ID}" in result.stdout
    assert [row.stream for row in run_target.query("SELECT stream FROM creovai_rows")] == ["User"]
