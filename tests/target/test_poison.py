"""Conversations that Creovai cannot take stop no others, and are set aside in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.creovai import Fault
from tests.target.rows import at, case, case_id, chat, chat_id, comment
from tests.target.support import posts_to

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

POISON = range(8)


@pytest.mark.parametrize("workers", [1, 4])
def test_eight_that_are_always_answered_with_500_stop_none_of_the_others(
    run_target: TargetRunner, creovai: CreovaiServer, workers: int
) -> None:
    """They come first, and the others go in the same run."""
    for number in POISON:
        creovai.refuse(chat_id(number), 500)
    outcome = run_target(*(chat(number) for number in range(40)), max_workers=workers)

    assert len(creovai.chats) == 32
    assert outcome.says("STOPPED") == []
    assert len(outcome.says("PENDING")) == len(POISON)


def test_what_failed_last_time_goes_last(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """Others have not failed yet."""
    creovai.refuse(chat_id(1), 500)
    run_target(chat(1))
    creovai.accept(chat_id(1))
    run_target(chat(2), chat(3), max_workers=1)

    assert [post.payload["sessionId"] for post in creovai.posts] == [
        chat_id(2),
        chat_id(3),
        chat_id(1),
    ]


def test_what_failed_goes_last_of_all_kinds(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Cases go before chats, but for this."""
    creovai.refuse(case_id(1), 500)
    run_target(case(1, Description="words"))
    creovai.accept(case_id(1))
    run_target(chat(2), max_workers=1)

    assert [post.payload["sessionId"] for post in creovai.posts] == [chat_id(2), case_id(1)]


@pytest.mark.parametrize("kind", ["chat", "case"])
def test_what_fails_in_three_runs_that_take_others_is_set_aside_with_its_status(
    run_target: TargetRunner, creovai: CreovaiServer, kind: str
) -> None:
    """It is this conversation, not the time. It is named, and out of the way from then on."""
    row = chat(1) if kind == "chat" else case(1, Description="words")
    key = row.row["Id"]
    creovai.refuse(key, 500)
    outcomes = [run_target(row, chat(number)) for number in (10, 11, 12, 13)]

    assert [len(outcome.says("PENDING")) for outcome in outcomes] == [1, 1, 0, 0]
    assert outcomes[2].says("SET ASIDE") == [
        f"SET ASIDE  {kind} {key}: Creovai could not take it in 3 runs that took others (HTTP 500)"
    ]
    assert outcomes[3].exit_code == 0
    assert run_target.ledger()[key][0] == "set aside"


def test_a_chat_in_doubt_is_set_aside_once_creovai_surely_has_it_not(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Each of its posts was answered with 500, and looked for until its time was over."""
    creovai.refuse(chat_id(1), 500)
    for number in range(3):
        run_target(chat(1), chat(10 + number), doubt_minutes=1)
        run_target.execute("UPDATE creovai_conversations SET posted_by = '2024-01-01T00:00:00Z'")
    assert posts_to(creovai, "chat") == 3 + 3
    outcome = run_target(chat(1), chat(20), doubt_minutes=1)

    assert len(outcome.says("SET ASIDE")) == 1
    assert posts_to(creovai, "chat") == 3 + 4


def test_runs_that_take_nothing_count_for_nobody(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Where all fail, it is Creovai that is down."""
    creovai.faults.add(Fault("503", path="/capture/v2/chat", times=10_000))
    for _ in range(5):
        run_target(chat(1), chat(2))
    creovai.faults.clear()

    assert run_target().says("sent") == ["sent       2 chats"]


def test_what_was_set_aside_so_goes_again_when_it_changes(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """And has three more runs then."""
    creovai.refuse(case_id(), 500)
    for number in range(3):
        run_target(case(Description="words"), chat(number))
    creovai.accept(case_id())
    assert run_target(case(Description="words")).says("sent") == ["sent       none"]
    outcome = run_target(comment(SystemModstamp=at("20:00")))

    assert outcome.says("sent") == ["sent       1 case"]


def test_metadata_that_always_fails_is_set_aside_as_well(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The conversation itself stays as it was sent."""
    run_target(chat(1, Rating__c=1))
    creovai.refuse(chat_id(1), 500)
    later = chat(1, Rating__c=2, SystemModstamp=at("20:00"))
    outcomes = [run_target(later, chat(number)) for number in (10, 11, 12)]

    assert len(outcomes[2].says("SET ASIDE")) == 1
    assert creovai.post_count(chat_id(1)) == 1
