"""STATE means: committed to the store. It leaves untouched, and never too early."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from target_creovai.input.staging import staged_row
from target_creovai.store import Store
from target_creovai.store.ledger.ledger import Ledger
from tests.fakes.creovai import CreovaiServer, Fault
from tests.target.rows import (
    COMPLETED,
    STARTED,
    Schema,
    State,
    at,
    case,
    case_id,
    chat,
    chat_id,
    comment,
    singer,
)
from tests.target.support import texts, wait_until

if TYPE_CHECKING:
    from target_creovai.store import LedgerEntry
    from tests.target.support import Process, TargetRunner


def store_holds(run: TargetRunner, count: int) -> bool:
    """Tell whether so many rows are committed."""
    store = run.folder / "store.db"
    if not store.exists():
        return False
    tables = "SELECT count(*) FROM sqlite_master WHERE name = 'creovai_rows'"
    if not run.query(tables)[0][0]:
        return False
    return bool(run.query("SELECT count(*) FROM creovai_rows")[0][0] >= count)


STATE = {
    "bookmarks": {"Case": {"replication_key_value": "2024-05-06T18:00:00Z", "n": 1.5}},
    "of somebody else": ["ä", None, {"deep": [1, 2.25, True]}],
}


def test_state_passes_through_untouched(run_target: TargetRunner) -> None:
    """The tap gets back what it wrote, and nothing of ours."""
    outcome = run_target(case(), State({"n": 1}), comment(), State(STATE))

    assert outcome.states == [STATE]


def test_without_a_state_none_is_made_up(run_target: TargetRunner) -> None:
    """A STATE that no tap wrote would be some tap's broken bookmark."""
    assert run_target(case()).states == []


def test_state_leaves_on_the_way_once_many_rows_are_committed(run_target: TargetRunner) -> None:
    """A run of hours that dies must not start from nothing."""
    batch = [comment(n) for n in range(1000)]
    outcome = run_target(*batch[:999], State({"n": 1}), batch[999], State({"n": 2}), case())

    assert outcome.states == [{"n": 2}, {"n": 2}]


@pytest.mark.parametrize("failure", ["refused", "down", "invalid"])
def test_state_leaves_whatever_becomes_of_the_delivery(
    run_target: TargetRunner, creovai: CreovaiServer, failure: str
) -> None:
    """The rows are in the store: the tap need not send them again."""
    if failure == "refused":
        creovai.refuse(case_id())
    if failure == "down":
        creovai.faults.add(Fault("503", times=99))
    body = None if failure == "invalid" else "words"
    outcome = run_target(case(), comment(CommentBody="words", CreatedDate=body), State({"n": 1}))

    assert outcome.states == [{"n": 1}]
    assert outcome.exit_code == 3


def start(run: TargetRunner, data: bytes) -> Process:
    """Start a process that has got this much of its input."""
    process = run.start()
    process.write(data)
    return process


def test_no_state_speaks_of_rows_that_kill_9_took(run_target: TargetRunner) -> None:
    """A process killed between rows and commit has said nothing about these rows."""
    committed = singer(*(comment(n) for n in range(1000)), case(1), State({"n": 1}))
    buffered = singer(case(2), State({"n": 2}))
    with start(run_target, committed + buffered) as process:
        assert process.popen.stdout is not None
        first = process.popen.stdout.readline()
        process.popen.kill()
        rest = process.popen.stdout.read()

    assert (first, rest) == (b'{"n": 1}\n', b"")
    assert store_holds(run_target, 1001), "STATE spoke of the first case"
    assert run_target.query("SELECT id FROM creovai_rows WHERE stream = 'Case'") == [(case_id(1),)]


def test_sigterm_during_input_ends_with_143(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """No STATE, no delivery: what was not committed will be read again."""
    first = singer(*(comment(n) for n in range(1000)), State({"n": 1}))
    with start(run_target, first + singer(chat(), State({"n": 2}))) as process:
        wait_until(lambda: store_holds(run_target, 1000))
        process.popen.send_signal(signal.SIGTERM)
        outcome = process.finish()

    assert outcome.exit_code == 143
    assert outcome.states in ([], [{"n": 1}])
    assert "sent" not in outcome.stderr
    assert creovai.posts == []
    assert run_target.ledger().keys() == {case_id()}, "the chat was not committed"


def test_sigterm_during_delivery_ends_with_143(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Requests under way are waited for; what remains open is the next run's."""
    creovai.latency_seconds = 0.3
    rows = [chat(n) for n in range(1, 30)]
    with start(run_target, singer(*rows, State({"n": 1}))) as process:
        process.close_input()
        wait_until(lambda: len(creovai.posts) > 2)
        process.popen.send_signal(signal.SIGTERM)
        outcome = process.finish()
    creovai.latency_seconds = 0

    assert outcome.exit_code == 143
    assert outcome.states == [{"n": 1}], "the rows had been committed"
    assert 0 < len(creovai.chats) < 29
    written = {key for key, (verdict, _) in run_target.ledger().items() if verdict == "sent"}
    assert written <= set(creovai.chats), "nothing is pretended"

    assert run_target().exit_code == 0
    assert len(creovai.chats) == 29
    assert creovai.duplicate_chats == []


def test_half_a_last_line_is_a_dead_tap(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """Rows before it are kept, chats go, cases are held: no crash."""
    whole = singer(chat(), case(Description="words"), State({"n": 1}))
    half = singer(comment()).rstrip()[:-20]
    outcome = run_target.read(whole + half)

    assert outcome.exit_code == 1
    assert outcome.states == [{"n": 1}]
    assert outcome.says("HELD") == ["HELD       1 case: the tap did not finish"]
    assert list(creovai.chats) == [chat_id()]
    assert creovai.cases == {}


def test_a_last_line_without_its_newline_is_whole(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Some taps end their output so."""
    outcome = run_target.read(singer(case(Description="words")).rstrip())

    assert outcome.exit_code == 0
    assert list(creovai.cases) == [case_id()]


# The completion marker


def test_cases_wait_for_a_tap_that_died(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """Our tap says when it starts and when it has finished; in between a case may lack mail."""
    outcome = run_target(STARTED, case(Description="words"), chat(), STARTED)

    assert outcome.exit_code == 1
    assert outcome.states == [STARTED.value]
    assert list(creovai.chats) == [chat_id()]
    assert creovai.cases == {}
    assert outcome.says("HELD") == ["HELD       1 case: the tap did not finish"]
    assert outcome.lines[-1].startswith("TO DO      held: run again")


def test_the_next_whole_run_delivers_what_was_held(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Nothing is read again for that: the rows are in the store."""
    run_target(STARTED, case(Description="words"))
    outcome = run_target(STARTED, comment(), COMPLETED)

    assert outcome.exit_code == 0
    assert [said["content"] for said in creovai.cases[case_id()]["messages"]] == [
        "words",
        "comment 1",
    ]


def test_a_held_case_stays_held_after_an_empty_input(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Silence does not make the broken input before it whole."""
    run_target(STARTED, case(Description="words"))
    outcome = run_target()

    assert outcome.exit_code == 3
    assert outcome.says("INCOMPLETE")[0].startswith(
        "INCOMPLETE 1 case: a part was never read: the rest of Case"
    )
    assert creovai.cases == {}


def test_cases_wait_for_a_target_that_died(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It had stored half of the input: what earlier inputs were does not matter."""
    run_target(STARTED, chat(), COMPLETED)
    half = singer(STARTED, case(Description="words"), *(comment(n) for n in range(999)))
    with start(run_target, half) as process:
        wait_until(lambda: store_holds(run_target, 1001))
        process.popen.kill()
    outcome = run_target()

    assert outcome.exit_code == 3
    assert outcome.says("INCOMPLETE")[0].startswith("INCOMPLETE 1 case: a part was never read")
    assert creovai.cases == {}


def test_held_cases_are_counted_even_when_delivery_stops(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Two troubles at once are two lines."""
    creovai.chat_enabled = False
    outcome = run_target(STARTED, case(Description="words"), chat())

    assert outcome.says("HELD")
    assert outcome.says("STOPPED")


def test_a_foreign_tap_is_taken_at_its_end_of_input(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Who never says that he starts need not say that he has finished."""
    outcome = run_target(case(Description="words"), State({"bookmarks": {}}))

    assert outcome.exit_code == 0
    assert list(creovai.cases) == [case_id()]


def test_an_empty_input_delivers_what_whole_inputs_left(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """`target-creovai < /dev/null` works off what an outage left."""
    creovai.faults.add(Fault("503", times=99))
    run_target(STARTED, case(Description="words"), chat(), COMPLETED)
    assert creovai.posts == []
    creovai.faults.clear()
    outcome = run_target()

    assert outcome.exit_code == 0
    assert outcome.states == []
    assert (list(creovai.cases), list(creovai.chats)) == ([case_id()], [chat_id()])


def test_a_dead_tap_holds_nothing_that_is_not_due(run_target: TargetRunner) -> None:
    """A case that was delivered before and has not changed is not held."""
    run_target(STARTED, case(Description="words", SystemModstamp=at("18:00")), COMPLETED)
    outcome = run_target(STARTED)

    assert outcome.exit_code == 1
    assert outcome.says("HELD") == []
    assert outcome.says("BROKEN OFF")


def test_an_input_that_begins_meanwhile_keeps_its_cases(
    run_target: TargetRunner, creovai: CreovaiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether rows are whole is told with the rows, as of one moment: there is no gap between."""
    url = run_target.config["store_url"]
    claim = Ledger.claim

    def with_half_a_case(self: Ledger, kind: str, **options: Any) -> list[LedgerEntry]:
        entries = claim(self, kind, **options)
        if kind == "case" and entries:
            with Store(url) as other:
                other.rows.stage(
                    [staged_row(*case(1, Description="half", SystemModstamp=at("23:00")))]
                )
        return entries

    run_target(STARTED, case(1, Description="words"))
    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "claim", with_half_a_case)
        outcome = run_target(STARTED, Schema("Case"), COMPLETED)
    assert creovai.cases == {}
    assert outcome.says("INCOMPLETE")

    assert run_target(STARTED, Schema("Case"), COMPLETED).exit_code == 0
    assert texts(creovai.cases[case_id()]) == ["half"]
