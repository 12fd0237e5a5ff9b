"""Several conversations in flight, and when it is better to stop."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from target_creovai.sending.workers import THREAD_NAME, WokenError, Workers
from tests.fakes.creovai import CreovaiServer, Fault
from tests.target.rows import State, case, case_id, chat, chat_id, singer
from tests.target.support import posts_to, wait_until

if TYPE_CHECKING:
    from tests.target.support import TargetRunner

FOREVER = 10_000
TRIES = 6


def test_a_creovai_that_takes_nothing_stops_delivery(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """After three that were waited for, twenty others are tried once each: it is down."""
    creovai.faults.add(Fault("503", path="/capture/v2/chat", times=FOREVER))
    outcome = run_target(*(chat(n) for n in range(60)), max_workers=1)

    assert outcome.exit_code == 1
    assert "Creovai could not take 23 conversations in a row" in outcome.says("STOPPED")[0]
    assert posts_to(creovai, "chat") == 3 * TRIES + 20


@pytest.mark.parametrize("third", [400, None], ids=["refused", "taken"])
def test_failures_that_are_not_in_a_row_stop_nothing(
    run_target: TargetRunner, creovai: CreovaiServer, third: int | None
) -> None:
    """Whoever takes or refuses a conversation is there."""
    for number in (1, 2, 4, 5):
        creovai.refuse(chat_id(number), 503)
    if third:
        creovai.refuse(chat_id(3), third)
    outcome = run_target(*(chat(n) for n in range(1, 7)), max_workers=1)

    assert outcome.says("STOPPED") == []
    assert len(outcome.says("PENDING")) == 4
    assert chat_id(6) in creovai.chats


@pytest.mark.parametrize("workers", [1, 3])
def test_no_more_than_max_workers_are_in_flight(
    run_target: TargetRunner,
    creovai: CreovaiServer,
    workers: int,
) -> None:
    """And as many as that, or the setting would do nothing."""
    creovai.latency_seconds = 0.05
    run_target(*(chat(n) for n in range(12)), max_workers=workers)

    assert creovai.most_at_once == workers


def test_a_delivery_leaves_no_thread_behind(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A process may make many runs."""
    creovai.refuse(chat_id(2), 403)
    for number in range(3):
        run_target(chat(number), max_workers=8)

    wait_until(lambda: all(each.name != THREAD_NAME for each in threading.enumerate()))


def test_several_workers_deliver_each_conversation_once(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """More than a page of them, some refused, some answers lost."""
    creovai.faults.add(Fault("drop_after", path="/capture/v2/chat", times=5, after=10))
    creovai.refuse(chat_id(7))
    outcome = run_target(*(chat(n) for n in range(120)), max_workers=8)

    assert outcome.says("sent") == ["sent       119 chats"]
    assert {creovai.post_count(key) for key in creovai.chats} == {1}


def test_two_runs_at_once_do_not_send_twice(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The second stores its rows and says why it sends nothing; the first goes on."""
    creovai.latency_seconds = 0.2
    with run_target.start() as first:
        first.write(singer(*(chat(n) for n in range(8))))
        first.close_input()
        wait_until(lambda: creovai.posts)
        second = run_target(chat(20), State({"n": 1}))
        assert second.exit_code == 1
        assert second.states == [{"n": 1}]
        assert second.says("STOPPED")[0].startswith("STOPPED    another run is delivering")
        assert chat_id(20) not in creovai.chats
        assert first.finish().exit_code == 0

    assert run_target().exit_code == 0
    assert len(creovai.chats) == 9
    assert creovai.duplicate_chats == []


def test_cases_go_before_the_chats_that_name_them(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Creovai then knows the case when a chat refers to it."""
    run_target(chat(CaseId=case_id()), case(Description="words"), max_workers=1)

    assert [post.path for post in creovai.posts] == ["/capture/v2/case", "/capture/v2/chat"]


def test_whoever_waits_for_a_job_can_be_woken() -> None:
    """A signal must not have to wait for an answer that takes minutes."""
    gate = threading.Event()
    workers: Workers[int, bool] = Workers(1, lambda _: gate.wait())
    workers.submit(1)
    workers.wake()

    with pytest.raises(WokenError):
        workers.next_result()
    gate.set()
    assert workers.next_result() == (1, True)
