"""Every answer of Creovai ends in the right outcome, exit code and last lines."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.creovai import CreovaiServer, Fault
from tests.target.rows import Record, State, at, case, case_id, chat, chat_id, comment, transcript
from tests.target.support import posts_to

if TYPE_CHECKING:
    from tests.target.support import TargetRunner

FOREVER = 10_000
TRIES = 6


@pytest.mark.parametrize("kind", ["chat", "case"])
@pytest.mark.parametrize(
    "fault",
    [
        "408",
        "429",
        "500",
        "503",
        "401",
        "drop_before",
        "drop_after",
        "500_after",
        "html_200",
        "no_id",
    ],
)
def test_a_passing_fault_costs_nothing(
    run_target: TargetRunner, creovai: CreovaiServer, fault: str, kind: str
) -> None:
    """It is tried again, or looked up where it may have arrived: never a second time there."""
    creovai.faults.add(Fault(fault, path=f"/capture/v2/{kind}"))
    outcome = run_target(chat() if kind == "chat" else case(Description="words"))

    assert outcome.exit_code == 0
    assert outcome.says("sent") == [f"sent       1 {kind}"]
    assert [creovai.post_count(key) for key in (*creovai.chats, *creovai.cases)] == [1]


@pytest.mark.parametrize("fault", ["408", "429", "500", "503", "drop_before", "html_200", "no_id"])
def test_a_lasting_fault_leaves_a_conversation_pending(
    run_target: TargetRunner, creovai: CreovaiServer, sleeps: list[float], fault: str
) -> None:
    """After six tries over half a minute the run ends honestly; the next one delivers."""
    creovai.faults.add(Fault(fault, path="/capture/v2/chat", times=FOREVER))
    outcome = run_target(chat(), State({"n": 1}))

    assert outcome.exit_code == 1
    assert outcome.states == [{"n": 1}]
    assert posts_to(creovai, "chat") == TRIES
    assert len(outcome.says(f"PENDING    chat {chat_id()}: ")) == 1
    assert outcome.lines[-1] == "TO DO      pending: nothing. The next run tries them again."

    creovai.faults.clear()
    assert run_target().says("sent") == ["sent       1 chat"]
    assert creovai.post_count(chat_id()) == 1


def test_back_off_doubles_with_jitter(
    run_target: TargetRunner, creovai: CreovaiServer, sleeps: list[float]
) -> None:
    """Clients that failed together do not come back together."""
    creovai.faults.add(Fault("429", path="/capture/v2/chat", times=FOREVER))
    run_target(chat())

    assert len(sleeps) == TRIES - 1
    for slept, longest in zip(sleeps, (1, 2, 4, 8, 16), strict=True):
        assert longest / 2 <= slept <= longest


def test_retry_after_is_honoured(
    run_target: TargetRunner, creovai: CreovaiServer, sleeps: list[float]
) -> None:
    """At least what Creovai asks for."""
    creovai.faults.add(Fault("429", path="/capture/v2/chat", retry_after=17))
    outcome = run_target(chat())

    assert outcome.exit_code == 0
    assert sleeps == [17]


def test_a_retry_after_beyond_reason_stops_delivery(
    run_target: TargetRunner, creovai: CreovaiServer, sleeps: list[float]
) -> None:
    """An hour is the next run's business."""
    creovai.faults.add(Fault("503", path="/capture/v2/chat", retry_after=3600))
    outcome = run_target(chat())

    assert outcome.exit_code == 1
    assert outcome.says("STOPPED") == ["STOPPED    Creovai asks to wait 3600 seconds (HTTP 503)."]
    assert sleeps == []


def test_a_request_that_hangs_times_out(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """Nobody knows whether it arrived: it is looked up, then sent again."""
    creovai.faults.add(Fault("hang", path="/capture/v2/chat"))
    outcome = run_target(chat(), request_timeout_seconds=1)

    assert outcome.exit_code == 0
    assert posts_to(creovai, "status") == 3, "once before it, twice after it"
    assert creovai.post_count(chat_id()) == 1


def test_a_creovai_that_is_not_there_loses_nothing(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Offline is a reason to come back, not to forget."""
    creovai.stop()
    outcome = run_target(chat(), State({"n": 1}))

    assert (outcome.exit_code, outcome.states) == (1, [{"n": 1}])
    assert "cannot be reached" in outcome.says("STOPPED")[0]

    creovai.start()
    assert run_target().exit_code == 0
    assert list(creovai.chats) == [chat_id()]


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("401", "a new token was refused too"),
        ("403", "chats must be enabled for the API user: ask Creovai support"),
        ("404", "no such address: check api_url"),
        ("302", "a redirect, which is never followed"),
    ],
)
def test_what_every_conversation_would_meet_stops_delivery(
    run_target: TargetRunner, creovai: CreovaiServer, fault: str, says: str
) -> None:
    """The last lines name the likely cause; nothing is set aside for it."""
    creovai.faults.add(Fault(fault, path="/capture/v2/chat", times=FOREVER))
    outcome = run_target(*(chat(n) for n in range(9)), State({"n": 1}), max_workers=1)

    assert (outcome.exit_code, outcome.states) == (1, [{"n": 1}])
    assert says in outcome.says("STOPPED")[0]
    assert outcome.lines[-1].startswith("TO DO      stopped: mend that and run again.")
    assert outcome.says("SET ASIDE") == []
    assert posts_to(creovai, "chat") <= 2
    assert not [call for call in creovai.calls if call.path.startswith("/redirected")]

    creovai.faults.clear()
    assert run_target().says("sent") == ["sent       9 chats"]


@pytest.mark.parametrize(
    ("switch", "row", "says"),
    [
        ("chat_enabled", chat(), "chats must be enabled"),
        ("case_enabled", case(Description="x"), "cases must be enabled"),
        ("async_metadata_enabled", chat(Rating__c=5, SystemModstamp=at("11:00")), "AsyncMetaData"),
    ],
)
def test_a_403_names_the_right_that_is_missing(
    run_target: TargetRunner, creovai: CreovaiServer, switch: str, row: Any, says: str
) -> None:
    """Rights are per API user, and Creovai support gives them."""
    if switch == "async_metadata_enabled":
        run_target(chat())
    setattr(creovai, switch, False)

    assert says in run_target(row).says("STOPPED")[0]


def test_a_wrong_password_stops_delivery(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """The message names the settings, not what they hold."""
    outcome = run_target(chat(), api_password="not-this")

    assert "check api_user and api_password" in outcome.says("STOPPED")[0]
    assert "not-this" not in outcome.stderr
    assert creovai.posts == []


# Refusals


def test_one_refused_conversation_keeps_no_other_back(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It is named with its Id and the status; the others go."""
    creovai.refuse(chat_id(2))
    outcome = run_target(*(chat(n) for n in range(1, 5)))

    assert outcome.exit_code == 3
    assert set(creovai.chats) == {chat_id(n) for n in (1, 3, 4)}
    (line,) = outcome.says("SET ASIDE")
    assert line == f"SET ASIDE  chat {chat_id(2)}: HTTP 400: Creovai refused it"
    assert outcome.lines[-1].startswith("TO DO      set aside: mend the record")


@pytest.mark.parametrize("status", [400, 409, 413, 415, 422])
def test_every_permanent_refusal_sets_aside(
    run_target: TargetRunner, creovai: CreovaiServer, status: int
) -> None:
    """It is not tried again in the same run, nor called pending."""
    creovai.refuse(chat_id(), status)
    outcome = run_target(chat())

    assert outcome.says("SET ASIDE")
    assert posts_to(creovai, "chat") == 1


def test_a_body_that_is_too_large_is_set_aside(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It is never cut silently."""
    creovai.max_body_bytes = 20_000
    outcome = run_target(chat(1), chat(2, Custom__c="x" * 20_000))

    (line,) = outcome.says("SET ASIDE")
    assert re.fullmatch(
        rf"SET ASIDE  chat {chat_id(2)}: HTTP 413: its 2\d{{4}} bytes are too many for Creovai",
        line,
    )
    assert list(creovai.chats) == [chat_id(1)]


def test_what_was_set_aside_is_tried_when_it_changes_and_not_before(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The same refusal again would tell nobody anything new."""
    creovai.refuse(case_id())
    run_target(case(Description="words"))
    creovai.accept(case_id())

    again = run_target(case(Description="words"))
    assert (again.exit_code, creovai.posts) == (0, [])
    assert again.says("set aside") == ["set aside  in earlier runs, unchanged since: 1 case"]

    mended = run_target(comment())
    assert (mended.exit_code, mended.says("sent")) == (0, ["sent       1 case"])


def test_a_setting_that_changes_nothing_of_it_does_not_free_what_was_refused(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It is looked at again, found to be just what was refused, and left alone."""
    creovai.refuse(chat_id())
    run_target(chat())
    creovai.accept(chat_id())
    outcome = run_target(settle_minutes=1)

    assert (outcome.exit_code, creovai.posts) == (0, [])
    assert run_target.ledger()[chat_id()] == ("set aside", "HTTP 400: Creovai refused it")


def test_the_order_of_a_rows_fields_is_no_content(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """What was refused is refused again, however the tap shuffles it."""
    stream, row = chat()
    creovai.refuse(chat_id())
    run_target(Record(stream, row))
    creovai.accept(chat_id())
    outcome = run_target(Record(stream, dict(reversed(row.items()))))

    assert (outcome.exit_code, creovai.posts) == (0, [])


def test_what_is_not_valid_is_not_posted(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """Place and rule are named, the value is not; the others go."""
    outcome = run_target(chat(1, CaseId="no id of a case"), chat(2))

    assert outcome.exit_code == 3
    assert outcome.says("SET ASIDE") == [
        f"SET ASIDE  chat {chat_id(1)}: the payload is not valid: caseReferenceId: pattern"
    ]
    assert posts_to(creovai, "chat") == 1


def test_what_cannot_be_told_is_not_posted(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It is tried again when the setting that it misses is there."""
    types = {"unknown": "Customer"}
    body = transcript("( 1s ) Nora V: a", "( 2s ) Anybody: b", "( 3s ) Somebody: c")
    outcome = run_target(chat(Body=body, ContactId=None, Contact=None))

    assert outcome.exit_code == 3
    assert posts_to(creovai, "chat") == 0
    assert run_target(participant_types=types).says("sent") == ["sent       1 chat"]


@pytest.mark.parametrize("row", [chat(), case(Description="words")], ids=["chat", "case"])
def test_a_conflict_is_looked_up_before_it_is_set_aside(
    run_target: TargetRunner, creovai: CreovaiServer, row: Any
) -> None:
    """Creovai has it already, though it did not say so when it was asked first."""
    key = row.row["Id"]
    run_target(row)
    for file in run_target.folder.glob("store.db*"):
        file.unlink()
    creovai.refuse(key, 409)
    creovai.hide(key, looks=2)
    outcome = run_target(row)

    assert outcome.exit_code == 0
    assert outcome.says("SET ASIDE") == []
    assert run_target.ledger()[key] == ("sent", None)
    assert creovai.post_count(key) == 1


def test_a_conflict_with_something_else_is_set_aside(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It was asked for twice, and is not there."""
    creovai.refuse(chat_id(), 409)
    outcome = run_target(chat())

    assert outcome.says("SET ASIDE") == [
        f"SET ASIDE  chat {chat_id()}: HTTP 409: Creovai refused it"
    ]
    assert posts_to(creovai, "status") == 3
