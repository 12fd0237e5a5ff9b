"""`explain` tells what is known of one conversation, and what the next run would do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_creovai.salesforce.ids import long_id
from tests.fakes.creovai import Fault
from tests.target.aliases import OPEN as OPEN_CHAT
from tests.target.aliases import settling
from tests.target.rows import (
    COMPLETED,
    STARTED,
    UNANSWERED,
    Record,
    at,
    case,
    case_id,
    chat,
    chat_id,
    comment,
    deleted,
    mail,
    sf_id,
    transcript,
)

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner

CASE = [case(CaseNumber="00012345"), mail(), comment(2)]
MIXED_CASE_ID = "5003000000D8cuIAAR"


@pytest.mark.parametrize(
    "typed",
    [
        case_id(),
        case_id()[:15],
        f"acme-{case_id()}",
        f"acme-{case_id()[:15]}",
        "00012345",
        "12345",
        sf_id("EmailMessage", 1),
        f" {case_id()} ",
    ],
)
def test_a_case_is_found_by_all_that_people_call_it(
    operator: Operator, run_target: TargetRunner, typed: str
) -> None:
    """Number, Id as pages show it, session id, or the Id of a mail."""
    run_target(
        STARTED, *CASE, case(2, CaseNumber="000123456"), COMPLETED, session_id_prefix="acme-"
    )

    (found,) = operator.json("explain", typed, session_id_prefix="acme-")

    assert found["id"] == case_id()
    assert found["session_id"] == f"acme-{case_id()}"


def test_a_chat_is_found_by_creovais_id(operator: Operator, run_target: TargetRunner) -> None:
    """What someone reads on Creovai's side leads back to Salesforce."""
    run_target(chat())
    (by_id,) = operator.json("explain", chat_id())

    assert operator.json("explain", by_id["creovai_id"]) == [by_id]


@pytest.mark.parametrize(
    ("short", "whole"),
    [("5003000000D8cuI", MIXED_CASE_ID), ("abcdeABCDEaBcDe", "abcdeABCDEaBcDeA5K")],
)
def test_an_id_of_15_characters_gets_its_last_three(short: str, whole: str) -> None:
    """They tell which of the others are capitals."""
    assert long_id(short) == whole


def test_rows_are_listed_with_their_dates(operator: Operator, run_target: TargetRunner) -> None:
    """Whether a mail has arrived at all is the first question."""
    run_target(STARTED, *CASE, COMPLETED)

    assert operator.json("explain", case_id())[0]["rows"] == [
        {"stream": "Case", "id": case_id(), "modified": at("18:00")},
        {"stream": "CaseComment", "id": sf_id("CaseComment", 2), "modified": at("12:00")},
        {"stream": "EmailMessage", "id": sf_id("EmailMessage", 1), "modified": at("11:01")},
    ]


def test_what_was_sent_says_when_and_under_which_id(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The receipt, as Creovai would confirm it."""
    run_target(chat())

    (found,) = operator.json("explain", chat_id())

    assert found["outcome"] == "sent"
    assert found["creovai_id"] == creovai.look_up(chat_id())["id"]
    assert found["sent_at"].startswith("20")
    assert found["now"] == "Creovai has it as it is."


OPEN = case(IsClosed=False)
MISSED = chat(**UNANSWERED)


@pytest.mark.parametrize(
    ("record", "start"),
    [
        pytest.param(OPEN, "waits: the case is open", id="waiting"),
        pytest.param(comment(), "waits: its Case row has not arrived", id="no-parent"),
        pytest.param(MISSED, "is skipped: missed: nobody answered", id="skipped"),
        pytest.param(case(), "is skipped: no message", id="no-message"),
    ],
)
def test_what_was_not_sent_says_why(
    operator: Operator, run_target: TargetRunner, record: Record, start: str
) -> None:
    """In the words of the ledger, as the rows are now."""
    run_target(STARTED, record, COMPLETED)

    (found,) = operator.json("explain", record.row.get("ParentId") or record.row["Id"])

    assert found["now"].startswith(start)
    assert found["now"].endswith(found["reason"])
    assert found["sent_at"] is None


def test_it_speaks_of_the_settings_of_now(operator: Operator, run_target: TargetRunner) -> None:
    """An operator who changed `case_delivery` sees what that will do."""
    run_target(STARTED, OPEN, mail(), COMPLETED)

    (found,) = operator.json("explain", case_id(), case_delivery="all")

    assert found["outcome"] == "waiting"
    assert found["now"] == "ready: the next run sends it."


def test_a_held_case_says_what_was_not_read(operator: Operator, run_target: TargetRunner) -> None:
    """Its rows are here, but nobody knows whether all of them are."""
    run_target(STARTED, *CASE)

    (found,) = operator.json("explain", case_id())

    assert found["now"] == "waits: a part was never read: the rest of Case"
    assert found["to_do"].startswith("run the tap again")


def test_refused_content_is_told_from_content_that_changed_since(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Only the latter goes by itself."""
    creovai.refuse(chat_id())
    run_target(chat())

    (found,) = operator.json("explain", chat_id())
    assert found["outcome"] == "set aside"
    assert found["content_refused"] is True
    assert "retry" in found["now"]

    run_target(chat(Subject__c="new", SystemModstamp=at("11:00")), api_url=None)
    (found,) = operator.json("explain", chat_id())
    assert found["content_refused"] is False
    assert found["now"] == "ready: the next run sends it."


def staged_later(run: TargetRunner, *records: Record) -> None:
    """Let rows arrive that are not delivered yet."""
    run(STARTED, *records, COMPLETED, dry_run=True)


def test_changes_since_delivery_are_named_by_field(
    operator: Operator, run_target: TargetRunner
) -> None:
    """Names of fields, never their values."""
    run_target(STARTED, *CASE, COMPLETED)
    changed = case(CaseNumber="00012345", Priority="kanarienvogel", SystemModstamp=at("19:00"))
    staged_later(run_target, changed)

    result = operator("explain", case_id())

    assert "changed    fields, since it was delivered: Priority, SystemModstamp" in result.stdout
    assert "the next run sends the changed fields" in result.stdout
    assert "kanarienvogel" not in result.stdout


def test_a_new_message_is_a_change_of_the_conversation(
    operator: Operator, run_target: TargetRunner
) -> None:
    """A case then goes again, a chat does not."""
    run_target(STARTED, *CASE, chat(), COMPLETED)
    body = transcript("( 7s ) Nora V: Good day", "( 9s ) Ada Quill: and more")
    staged_later(run_target, comment(3), chat(Body=body, SystemModstamp=at("19:00")))

    (of_case,) = operator.json("explain", case_id())
    (of_chat,) = operator.json("explain", chat_id())

    assert of_case["conversation_changed"] is True
    assert of_case["now"] == "the next run sends it again, complete."
    assert of_chat["conversation_changed"] is True
    assert "resend" in of_chat["now"]


def test_a_lost_answer_is_said_to_be_open(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Whether it arrived, only Creovai can tell."""
    creovai.faults.add(Fault("drop_before", path="/capture/v2/chat", times=99))
    run_target(chat())

    (found,) = operator.json("explain", chat_id())

    assert found["now"].startswith("whether it arrived is open")


def test_a_deleted_one_that_was_never_sent_is_said_to_be_skipped(
    operator: Operator, run_target: TargetRunner
) -> None:
    """Where `on_delete` takes back, Creovai is asked for it first."""
    staged_later(run_target, deleted(chat()))

    (found,) = operator.json("explain", chat_id(), on_delete="purge")

    assert found["now"].startswith("is skipped: it is deleted in Salesforce.")
    assert "Creovai purge it" in found["now"]


def test_explaining_changes_nothing(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It is a question."""
    creovai.refuse(chat_id(2))
    run_target(STARTED, *CASE, chat(), chat(2))
    ledger, calls = run_target.query("SELECT * FROM creovai_conversations"), len(creovai.calls)

    for key in (case_id(), chat_id(), chat_id(2)):
        operator("explain", key)

    assert run_target.query("SELECT * FROM creovai_conversations") == ledger
    assert len(creovai.calls) == calls


@pytest.mark.parametrize("typed", ["00099999", case_id(9), "0", "'; DROP TABLE x", "kein\x00e"])
def test_an_unknown_id_says_what_the_reason_could_be(
    operator: Operator, run_target: TargetRunner, typed: str
) -> None:
    """Not visible, filtered, not yet read."""
    run_target(STARTED, *CASE, COMPLETED)

    result = operator("explain", typed)

    assert result.exit_code == 1
    assert "is not in the store" in result.stdout
    assert "Salesforce user may not see it" in result.stdout
    assert operator.json("explain", typed)["unknown"] == typed


def test_a_case_without_its_text_is_explained(operator: Operator, run_target: TargetRunner) -> None:
    """At rest there is nothing to do; once a mail comes, the command is named."""
    run_target.config["retention_days"] = 0
    run_target(STARTED, *CASE, COMPLETED)
    (at_rest,) = operator.json("explain", "12345")
    assert at_rest["now"] == "nothing: it has not changed since retention_days dropped its text."

    run_target(STARTED, comment(3), COMPLETED)
    (needy,) = operator.json("explain", case_id())
    assert needy["now"].startswith("is set aside: needs its rows again")
    assert f"Id IN ('{case_id()}')" in needy["read_again"]
    assert needy["read_again"] in operator("explain", case_id()).stdout


def test_a_chat_without_its_text_can_be_sent_again(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Once its row is read again, as the command says; not as an empty chat."""
    run_target.config["retention_days"] = 0
    run_target(chat())
    operator("resend", chat_id(), "--even-if-chats-are-billed-twice")
    asked = run_target()
    assert asked.exit_code == 3
    (command,) = asked.says("TO DO      needs its rows again: ")
    assert f"Id IN ('{chat_id()}')" in command
    assert r"\"Case\":\"Id = null\"" in command

    run_target(chat())
    assert creovai.post_count(chat_id()) == 2


def test_a_chat_says_what_tells_who_speaks(operator: Operator, run_target: TargetRunner) -> None:
    """Without a name: the report may be passed on."""
    run_target(chat())
    (found,) = operator.json("explain", chat_id())
    report = operator("explain", chat_id()).output

    assert found["speakers"] == [
        {"role": "agent", "evidence": "a name in the record, a header, a notice or a transfer"},
        {"role": "customer", "evidence": "a name in the record, a header, a notice or a transfer"},
    ]
    assert "speaks     agent: a name in the record" in report
    assert "Ada" not in report


def test_a_chat_that_rests_on_others_says_so(operator: Operator, run_target: TargetRunner) -> None:
    """Before it is sent as well: the store knows the others."""
    run_target(*settling())
    run_target(OPEN_CHAT, api_url=None)

    (found,) = operator.json("explain", chat_id())

    assert found["speakers"] == [
        {"role": "agent", "evidence": "other chats"},
        {"role": "customer", "evidence": "a chat has one visitor"},
    ]
    assert found["now"] == "ready: the next run sends it."
