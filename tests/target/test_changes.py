"""What happens to a conversation after it was sent, or while it waits."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from tests.fakes.creovai import CreovaiServer, Fault
from tests.target.rows import (
    UNANSWERED,
    at,
    case,
    case_id,
    chat,
    chat_id,
    comment,
    mail,
    transcript,
)
from tests.target.support import texts

if TYPE_CHECKING:
    from tests.target.support import TargetRunner

FOREVER = 10_000
TRIES = 6


def test_what_has_not_changed_is_not_sent_again(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A tap's look-back reads the same rows again and again."""
    rows = [chat(), case(Description="words"), comment(), mail()]
    run_target(*rows)
    outcome = run_target(*rows)

    assert outcome.exit_code == 0
    assert len(creovai.posts) == 2
    assert outcome.says("unchanged") == ["unchanged  1 case, 1 chat"]
    assert outcome.says("sent") == ["sent       none"]


def test_a_changed_case_is_sent_again_complete(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Creovai may replace what it has: nothing may be missing."""
    run_target(case(Description="words"), comment(1))
    run_target(comment(2, CreatedDate=at("14:00")))

    assert creovai.post_count(case_id()) == 2
    assert texts(creovai.cases[case_id()]) == ["words", "comment 1", "comment 2"]


@pytest.mark.parametrize("kind", ["chat", "case"])
def test_changed_metadata_alone_goes_out_of_band(
    run_target: TargetRunner, creovai: CreovaiServer, kind: str
) -> None:
    """Only the changed fields, dated by the record's own time."""
    make: Any = chat if kind == "chat" else case
    run_target(make(Description="words", Rating__c=1, Tier__c="a"))
    outcome = run_target(
        make(Description="words", Rating__c=5, Tier__c="a", SystemModstamp=at("20:00"))
    )

    key = {"chat": ("sessionId", chat_id()), "case": ("caseReferenceId", case_id())}[kind]
    (change,) = creovai.outofband
    assert change.payload == {
        key[0]: key[1],
        "eventTime": at("20:00"),
        "metadata": {"Rating__c": 5, "SystemModstamp": at("20:00")},
    }
    assert creovai.post_count(key[1]) == 1
    assert outcome.says("metadata") == [f"metadata   1 {kind}"]

    run_target(make(Description="words", Rating__c=5, Tier__c="a", SystemModstamp=at("20:00")))
    assert len(creovai.outofband) == 1


def test_bookkeeping_alone_is_not_worth_a_message(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Every save moves SystemModstamp, whatever it saved."""
    run_target(case(Description="words", LastModifiedById="005A"))
    moved: dict[str, Any] = {"SystemModstamp": at("21:00"), "LastModifiedById": "005B"}
    outcome = run_target(case(Description="words", **moved))

    assert outcome.exit_code == 0
    assert len(creovai.posts) == 1
    due = "SELECT id FROM creovai_conversations WHERE assembled <> revision"
    assert run_target.query(due) == [], "the next run need not look again"


def test_a_lost_answer_to_metadata_is_no_harm(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The same change with the same eventTime may arrive twice."""
    run_target(chat())
    creovai.faults.add(Fault("drop_after", path="/capture/v2/outofband"))
    outcome = run_target(chat(Rating__c=5, SystemModstamp=at("20:00")))

    assert outcome.exit_code == 0
    assert creovai.metadata(chat_id())["Rating__c"] == 5


def test_a_sign_in_page_is_no_receipt_for_metadata(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A proxy may answer 200 to anything."""
    run_target(chat())
    creovai.faults.add(Fault("html_200", path="/capture/v2/outofband"))
    outcome = run_target(chat(Rating__c=5, SystemModstamp=at("20:00")))

    assert outcome.exit_code == 0
    assert len(creovai.outofband) == 1


def test_a_sent_chat_whose_words_changed_is_not_sent_twice(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """What a second post does is not public, and may be billed: it is reported instead."""
    run_target(chat())
    changed = transcript("( 7s ) Nora V: redacted", "( 31s ) Ada Quill: redacted")
    outcome = run_target(chat(Body=changed, Rating__c=5, SystemModstamp=at("20:00")))

    assert creovai.post_count(chat_id()) == 1
    assert outcome.says("changed") == [f"changed    after they were sent: {chat_id()}"]
    assert creovai.metadata(chat_id())["Rating__c"] == 5


@pytest.mark.parametrize("row", [chat, case])
def test_what_was_sent_stays_sent_when_it_is_deleted(
    run_target: TargetRunner, creovai: CreovaiServer, row: Any
) -> None:
    """Creovai has it: the ledger must go on saying so."""
    run_target(row(Description="words"))
    run_target(row(Description="words", IsDeleted=True, SystemModstamp=at("20:00")))

    (verdict,) = run_target.ledger().values()
    assert verdict == ("sent", "deleted in Salesforce after it was sent")
    assert len(creovai.posts) == 1


def test_a_reopened_case_waits_and_is_sent_again_when_it_closes(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Until then Creovai keeps what it has."""
    run_target(case(Description="words"))
    reopened = run_target(case(Description="words", IsClosed=False, SystemModstamp=at("20:00")))
    assert reopened.says("waiting") == [
        "waiting    1 case: the case is open (oldest: a few seconds ago)"
    ]
    assert len(creovai.posts) == 1

    run_target(case(Description="words", SystemModstamp=at("21:00")), comment())
    assert texts(creovai.cases[case_id()]) == ["words", "comment 1"]


# Waiting and skipping


def test_what_waits_becomes_due_by_time_alone(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """No further row need arrive."""
    when = datetime(2024, 5, 6, 18, 0, tzinfo=UTC)
    rows = (case(Description="words"), chat(SystemModstamp=at("18:00")))
    with time_machine.travel(when.replace(minute=29)):
        early = run_target(*rows, settle_minutes=30)
    assert (early.exit_code, creovai.posts) == (0, [])
    assert len(early.says("waiting")) == 2

    with time_machine.travel(when.replace(minute=31)):
        late = run_target(settle_minutes=30)
    assert late.says("sent") == ["sent       1 case, 1 chat"]


def test_a_changed_setting_frees_what_waited(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Nobody should have to read everything again for it."""
    run_target(case(Description="words", IsClosed=False, ClosedDate=None))
    assert creovai.posts == []

    assert run_target(case_delivery="all").says("sent") == ["sent       1 case"]


def test_the_ledger_tells_the_outcome_of_each(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Waiting, skipped, sent and set aside, each with its reason."""
    creovai.refuse(chat_id(4))
    run_target(chat(1), chat(2, Status="Waiting"), chat(3, **UNANSWERED), chat(4))

    assert run_target.ledger() == {
        chat_id(1): ("sent", None),
        chat_id(2): ("waiting", "the chat has not ended"),
        chat_id(3): ("skipped", "missed: nobody answered"),
        chat_id(4): ("set aside", "HTTP 400: Creovai refused it"),
    }


def test_many_troubles_are_listed_up_to_a_screenful(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The rest is counted: each has its own warning in the log."""
    for number in range(25):
        creovai.refuse(chat_id(number))
    lines = run_target(*(chat(n) for n in range(25))).says("SET ASIDE")

    assert len(lines) == 21
    assert lines[-1] == "SET ASIDE  5 more: each has a warning in the log above"
