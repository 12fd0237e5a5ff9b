"""Several machines deliver from one PostgreSQL store, and stay out of each other's way."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_creovai.delivery import deliver
from target_creovai.input.staging import staged_row
from target_creovai.store import Store
from tests.target import support
from tests.target.rows import (
    COMPLETED,
    STARTED,
    Record,
    case,
    case_id,
    chat,
    chat_id,
    comment,
    singer,
)
from tests.target.support import PAUSE, posts_to, wait_until

if TYPE_CHECKING:
    import pytest

    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import Process, TargetRunner

CLAIMANTS = "SELECT DISTINCT claimed_by FROM creovai_conversations WHERE claimed_by IS NOT NULL"
OPEN_TRANSACTIONS = """
    SELECT pid FROM pg_stat_activity
    WHERE state IN ('active', 'idle in transaction') AND pid <> pg_backend_pid()
      AND backend_type = 'client backend'
"""
# A run like any other, but that its lease is over so soon that a test can wait for it.
SHORT_LEASE = """
import target_creovai.store.runs.runs as runs
runs.LEASE_SECONDS, runs.RENEW_EVERY_SECONDS = 3.0, 0.5
from target_creovai.target import TargetCreovai
TargetCreovai.cli()
"""


def make_due(run: TargetRunner, chats: int) -> None:
    """Let so many chats wait in the store."""
    with Store(run.config["store_url"]) as store:
        store.rows.stage([staged_row(*chat(number)) for number in range(chats)])
        store.runs.end_input(well=True)


def change(run: TargetRunner, sql: str) -> None:
    """Change the store from outside."""
    engine = sa.create_engine(run.config["store_url"])
    with engine.begin() as db:
        db.exec_driver_sql(sql)
    engine.dispose()


def claimants(run: TargetRunner) -> set[str]:
    """Return the runs that have claimed something."""
    return {row.claimed_by for row in run.query(CLAIMANTS)}


def take_part(process: Process, run: TargetRunner, others: set[str]) -> str:
    """Wait until a process has claimed something; return the id of its run."""
    process.close_input()
    wait_until(lambda: claimants(run) - others)
    (mine,) = claimants(run) - others
    return mine


def fall_asleep(process: Process, run: TargetRunner) -> None:
    """Stop a process, but not within a transaction: nobody could pass by that."""
    process.popen.send_signal(signal.SIGSTOP)
    while run.query(OPEN_TRANSACTIONS):
        process.popen.send_signal(signal.SIGCONT)
        PAUSE(0.01)
        process.popen.send_signal(signal.SIGSTOP)


def assert_each_once(creovai: CreovaiServer, chats: int) -> None:
    """Look at what Creovai has."""
    assert set(creovai.chats) == {chat_id(number) for number in range(chats)}
    assert creovai.duplicate_chats == []


def test_four_processes_share_the_work(run_shared: TargetRunner, creovai: CreovaiServer) -> None:
    """Each conversation is sent by one of them, and all end well."""
    make_due(run_shared, 300)
    creovai.latency_seconds = 0.05
    with ExitStack() as stack:
        processes = [stack.enter_context(run_shared.start()) for _ in range(4)]
        for process in processes:
            process.close_input()
        outcomes = [process.finish() for process in processes]

    assert [outcome.exit_code for outcome in outcomes] == [0] * 4, outcomes
    assert_each_once(creovai, 300)
    shares = [outcome.says("sent")[0] for outcome in outcomes]
    assert len([share for share in shares if "chat" in share]) >= 2, shares


def test_what_a_killed_process_had_claimed_is_sent_by_the_others(
    run_shared: TargetRunner, creovai: CreovaiServer
) -> None:
    """They stay until its lease has run out, and look up first what it may have sent."""
    make_due(run_shared, 600)
    creovai.latency_seconds = 0.1
    with run_shared.start() as victim, run_shared.start() as first, run_shared.start() as second:
        died = take_part(victim, run_shared, set())
        other = take_part(first, run_shared, {died})
        take_part(second, run_shared, {died, other})
        wait_until(lambda: len(creovai.posts) > 20)
        victim.popen.kill()
        victim.popen.wait()
        assert died in claimants(run_shared)
        before = posts_to(creovai, "status")
        creovai.latency_seconds = 0
        wait_until(lambda: claimants(run_shared) == {died})
        assert first.popen.poll() is second.popen.poll() is None, "they should stay to see it done"
        change(run_shared, f"UPDATE creovai_runs SET expires = 0 WHERE id = '{died}'")  # noqa: S608
        outcomes = [first.finish(), second.finish()]

    assert [outcome.exit_code for outcome in outcomes] == [0, 0], outcomes
    assert_each_once(creovai, 600)
    assert posts_to(creovai, "status") > before


def test_a_run_whose_lease_ran_out_sends_no_more(
    run_shared: TargetRunner, creovai: CreovaiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that slept finds its work done by another, and says why it stops."""
    make_due(run_shared, 20)
    creovai.latency_seconds = 0.1
    monkeypatch.setattr(support, "LAUNCH", SHORT_LEASE)
    with run_shared.start(max_workers=1) as sleeper:
        sleeper.close_input()
        wait_until(lambda: creovai.posts)
        fall_asleep(sleeper, run_shared)
        PAUSE(3.5)
        creovai.latency_seconds = 0
        other = run_shared()
        posts = len(creovai.posts)
        sleeper.popen.send_signal(signal.SIGCONT)
        outcome = sleeper.finish()

    assert other.exit_code == 0, other.stderr
    assert outcome.exit_code == 1
    assert "could not renew its lease on the store in time" in outcome.says("STOPPED")[0]
    assert len(creovai.posts) == posts == 20
    assert_each_once(creovai, 20)


def test_a_run_that_slept_while_its_workers_waited_for_their_turn_sends_no_more(
    run_shared: TargetRunner, creovai: CreovaiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All four had looked at the lease before they waited: they look again before they send."""
    make_due(run_shared, 20)
    monkeypatch.setattr(support, "LAUNCH", SHORT_LEASE)
    with run_shared.start(max_workers=4, requests_per_second=2) as sleeper:
        sleeper.close_input()
        wait_until(lambda: creovai.posts)
        fall_asleep(sleeper, run_shared)
        PAUSE(3.5)
        other = run_shared()
        posts = len(creovai.posts)
        sleeper.popen.send_signal(signal.SIGCONT)
        outcome = sleeper.finish()

    assert other.exit_code == 0, other.stderr
    assert "could not renew its lease" in outcome.says("STOPPED")[0]
    assert len(creovai.posts) == posts == 20
    assert_each_once(creovai, 20)


def test_cases_of_two_inputs_wait_until_both_ended_well(
    run_shared: TargetRunner, creovai: CreovaiServer
) -> None:
    """What one of them has not read yet may belong to a case of the other. That is no failure."""
    slow = [case(1, Description="words 1"), *(comment(n, case=9) for n in range(999))]
    with run_shared.start() as process:
        process.write(singer(STARTED, *slow))
        wait_until(lambda: case_id(1) in run_shared.ledger())
        quick = run_shared(STARTED, case(2, Description="words 2"), COMPLETED)
        assert quick.exit_code == 0
        (waiting,) = quick.says("waiting")
        assert waiting.startswith("waiting    3 cases: another input is being read")
        assert creovai.cases == {}
        outcome = process.finish(singer(COMPLETED))

    assert outcome.exit_code == 0, outcome.stderr
    assert set(creovai.cases) == {case_id(1), case_id(2)}


def test_only_an_input_that_began_later_makes_up_for_a_dead_one(run_shared: TargetRunner) -> None:
    """One that ran beside it may have started from a bookmark that is too late."""
    url = run_shared.config["store_url"]
    with Store(url) as dead, Store(url) as beside:
        dead.rows.stage([_staged(case(1))])
        beside.rows.stage([_staged(case(2))])
        change(
            run_shared, "UPDATE creovai_runs SET expires = extract(epoch FROM clock_timestamp())"
        )
        beside.runs.end_input(well=True)
        assert not beside.runs.input_ended_well

    with Store(url) as later:
        later.rows.stage([_staged(case(3))])
        later.runs.end_input(well=True)
        assert later.runs.input_ended_well


def test_several_may_make_the_tables_at_once(run_shared: TargetRunner) -> None:
    """Whoever comes first on an empty database makes them; nobody fails."""
    together = Barrier(4)

    def open_store(_: int) -> bool:
        together.wait(20)
        with Store(run_shared.config["store_url"]) as store:
            return store.runs.input_ended_well

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(open_store, range(4))) == [True] * 4


def _staged(record: Record) -> Any:
    return staged_row(record.stream, record.row)


def test_what_another_transaction_locks_is_waited_for(
    run_shared: TargetRunner, creovai: CreovaiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection of a machine that is gone may live on for a while: its work is not done."""
    monkeypatch.setattr(deliver, "LOOKS_AT_OTHERS", 5)
    make_due(run_shared, 2)
    change(run_shared, "UPDATE creovai_conversations SET claimed_by = 'gone'")
    engine = sa.create_engine(run_shared.config["store_url"])
    with engine.begin() as db:
        db.exec_driver_sql(
            f"UPDATE creovai_conversations SET reason = 'x' WHERE id = '{chat_id(1)}'"  # noqa: S608
        )
        outcome = run_shared()
    engine.dispose()

    assert outcome.says("STOPPED"), outcome.stderr
    assert set(creovai.chats) == {chat_id(0)}
    assert run_shared().exit_code == 0
    assert_each_once(creovai, 2)
