"""`retention_days`: text that has done its work leaves the store, and is asked for when missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from tests.fakes.creovai import Fault
from tests.target.canaries import SONG
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
    mail,
    sf_id,
)
from tests.target.support import Outcome, texts

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

BEGAN = datetime(2024, 6, 1, tzinfo=UTC)
DAYS = 30
NEEDS_ROWS = "needs its rows again"
CASE = [case(Description="words"), comment(), mail()]
LATE = comment(2, CreatedDate=at("19:00"), SystemModstamp=at("19:00"))


@pytest.fixture
def run(run_target: TargetRunner) -> TargetRunner:
    """A target that keeps text for thirty days."""
    run_target.config["retention_days"] = DAYS
    return run_target


RECEIPTS = """
    SELECT kind, id, revision, assembled, rules, sent_at, creovai_id, content_hash, metadata
    FROM creovai_conversations WHERE outcome = 'sent' ORDER BY kind, id
"""


def on_day(day: float, run: TargetRunner, *records: Record, **changes: Any) -> Outcome:
    """Run the target with a whole input, so many days later."""
    with time_machine.travel(BEGAN + timedelta(days=day), tick=False):
        return run(STARTED, *records, COMPLETED, **changes)


def with_text(run: TargetRunner) -> set[str]:
    """Return the Ids of the rows that have their text."""
    rows = run.query("SELECT id FROM creovai_rows WHERE length(body) > 20")
    return {row.id for row in rows}


def test_what_was_delivered_and_rests_is_dropped(run: TargetRunner, creovai: CreovaiServer) -> None:
    """On the day, not before; the receipts stay, and the summary says it."""
    on_day(0, run, *CASE, chat(), chat(2, **UNANSWERED))
    before = run.query(RECEIPTS)
    early = on_day(DAYS - 1, run)
    assert len(with_text(run)) == 5
    outcome = on_day(DAYS, run)

    assert early.says("dropped") == []
    assert with_text(run) == set()
    assert outcome.says("dropped") == ["dropped    the text of 1 case, 2 chats from the store"]
    assert run.query(RECEIPTS) == before
    assert on_day(DAYS + 1, run).says("dropped") == []


def test_a_full_refresh_sends_nothing_and_leaves_no_text(
    run: TargetRunner, creovai: CreovaiServer
) -> None:
    """What comes back unchanged is no news, and goes again at the end of that run."""
    on_day(0, run, *CASE, chat())
    on_day(DAYS, run)
    posts = len(creovai.posts)
    outcome = on_day(DAYS + 1, run, *CASE, chat())

    assert outcome.exit_code == 0
    assert outcome.says("dropped") == ["dropped    the text of 1 case, 1 chat from the store"]
    assert len(creovai.posts) == posts
    assert with_text(run) == set()


@pytest.mark.parametrize(
    "records",
    [
        pytest.param([case(IsClosed=False)], id="waiting"),
        pytest.param([chat(Body="words in no known\nform")], id="set-aside"),
        pytest.param([comment()], id="without-its-case"),
    ],
)
def test_what_was_not_delivered_keeps_its_text(run: TargetRunner, records: list[Record]) -> None:
    """However long it takes."""
    on_day(0, run, *records)
    on_day(900, run)

    assert len(with_text(run)) == len(records)


def test_what_is_pending_keeps_its_text(run: TargetRunner, creovai: CreovaiServer) -> None:
    """Creovai was down; it is sent on the first day on which it is not."""
    creovai.faults.add(Fault("500", times=99, path="/capture"))
    on_day(0, run, *CASE)
    on_day(DAYS + 1, run)
    assert len(with_text(run)) == 3
    creovai.faults.clear()
    on_day(DAYS + 2, run)

    assert texts(creovai.cases[case_id()]) == ["words", "mail 1", "comment 1"]
    assert len(with_text(run)) == 3, "its thirty days begin when it is sent"


def test_a_dry_run_drops_nothing(run: TargetRunner) -> None:
    """It looks only; and where nothing is set, nothing is dropped either."""
    on_day(0, run, *CASE)
    on_day(DAYS, run, dry_run=True)
    on_day(DAYS, run, retention_days=None)

    assert len(with_text(run)) == 3
    on_day(0.1, run, retention_days=0)
    assert with_text(run) == set()


def test_a_late_mail_is_not_sent_without_the_rest(
    run: TargetRunner, creovai: CreovaiServer
) -> None:
    """The case is set aside, and the last lines say how to read all of it again."""
    on_day(0, run, *CASE)
    on_day(DAYS, run)
    outcome = on_day(DAYS + 1, run, LATE)

    assert outcome.exit_code == 3
    assert creovai.post_count(case_id()) == 1
    state, reason = run.ledger()[case_id()]
    assert (state, reason.partition(":")[0]) == ("set aside", NEEDS_ROWS)
    assert len(outcome.says(f"SET ASIDE  case {case_id()}: {NEEDS_ROWS}")) == 1
    (command,) = outcome.says(f"TO DO      {NEEDS_ROWS}: TAP_SALESFORCE_CHAT_FILTERS=")
    assert f"Id IN ('{case_id()}')" in command


def test_with_its_rows_the_case_is_sent_complete(run: TargetRunner, creovai: CreovaiServer) -> None:
    """Not before the last of them is there; until then nobody is told once more."""
    on_day(0, run, *CASE)
    on_day(DAYS, run)
    on_day(DAYS + 1, run, LATE)
    partly = on_day(DAYS + 2, run, *CASE[:2])
    assert (partly.exit_code, creovai.post_count(case_id())) == (0, 1)
    whole = on_day(DAYS + 3, run, CASE[2])

    assert whole.exit_code == 0
    assert texts(creovai.cases[case_id()]) == ["words", "mail 1", "comment 1", "comment 2"]
    on_day(2 * DAYS + 4, run)
    assert with_text(run) == set()


def test_rows_that_are_read_together_with_the_news_are_enough(
    run: TargetRunner, creovai: CreovaiServer
) -> None:
    """As in a full refresh: one run does both."""
    on_day(0, run, *CASE)
    on_day(DAYS, run)
    outcome = on_day(DAYS + 1, run, LATE, *CASE)

    assert outcome.exit_code == 0
    assert texts(creovai.cases[case_id()])[-1] == "comment 2"


def test_what_the_case_row_decides_needs_no_text(run: TargetRunner, creovai: CreovaiServer) -> None:
    """A case that is deleted after years, or open again, is no trouble yet."""
    on_day(0, run, *CASE, case(2, Description="other"), comment(3, case=2))
    on_day(DAYS, run)
    deleted = case(2, IsDeleted=True, SystemModstamp=at("20:00"))
    opened = case(IsClosed=False, SystemModstamp=at("20:00"))
    outcome = on_day(DAYS + 1, run, deleted, opened)

    assert outcome.exit_code == 0
    assert run.ledger()[case_id()] == ("waiting", "the case is open")
    assert run.ledger()[case_id(2)][0] == "sent"


def test_nobody_waits_for_a_row_that_was_deleted(run: TargetRunner, creovai: CreovaiServer) -> None:
    """Salesforce shows it for 15 days, and it says nothing."""
    gone = comment(9, IsDeleted=True, CommentBody=SONG)
    on_day(0, run, *CASE, gone)
    on_day(DAYS, run)
    outcome = on_day(DAYS + 1, run, LATE, *CASE)

    assert outcome.exit_code == 0
    assert creovai.post_count(case_id()) == 2
    on_day(DAYS + 2, run)
    assert sf_id("CaseComment", 9) not in with_text(run)


def test_a_merged_case_keeps_what_the_winner_needs(
    run: TargetRunner, creovai: CreovaiServer
) -> None:
    """The loser's text goes with the winner's, and the command reads both."""
    loser = [case(2, MasterRecordId=case_id(1), Description="twice"), comment(4, case=2)]
    on_day(0, run, *loser, case(1, IsClosed=False))
    on_day(DAYS + 1, run)
    assert {case_id(2), sf_id("CaseComment", 4)} <= with_text(run)
    closed = case(1, Description="once", SystemModstamp=at("20:00"))
    on_day(DAYS + 2, run, closed)
    on_day(2 * DAYS + 2, run)
    assert with_text(run) == set()
    outcome = on_day(2 * DAYS + 3, run, LATE)

    (command,) = outcome.says(f"TO DO      {NEEDS_ROWS}")
    assert f"ParentId IN ('{case_id(1)}', '{case_id(2)}')" in command
    on_day(2 * DAYS + 4, run, *loser, closed)
    assert texts(creovai.cases[case_id(1)]) == ["once", "twice", "comment 4", "comment 2"]


def test_a_chat_is_one_row_and_misses_nothing(run: TargetRunner, creovai: CreovaiServer) -> None:
    """A later change of its fields arrives with all of it; only `resend` would ask for it."""
    on_day(0, run, chat())
    on_day(DAYS, run)
    outcome = on_day(DAYS + 1, run, chat(SystemModstamp=at("20:00"), Priority__c="High"))

    assert outcome.exit_code == 0
    assert creovai.metadata(chat_id())["Priority__c"] == "High"
    assert creovai.post_count(chat_id()) == 1


def test_other_settings_don_t_ask_for_text_that_was_of_no_use(
    run: TargetRunner, creovai: CreovaiServer
) -> None:
    """What was skipped years ago is looked at again when its rows are, and not before."""
    internal = comment(IsPublished=False)
    on_day(0, run, case(), internal)
    assert run.ledger()[case_id()][0] == "skipped"
    on_day(DAYS, run)
    outcome = on_day(DAYS + 1, run, include_internal_comments=True)
    assert (outcome.exit_code, run.ledger()[case_id()][0]) == (0, "skipped")

    on_day(DAYS + 2, run, case(), internal, include_internal_comments=True)
    assert texts(creovai.cases[case_id()]) == ["comment 1"]


def test_rows_of_no_conversation_go_by_their_own_age(run: TargetRunner) -> None:
    """Mails of sales, for example, which no case claims."""
    on_day(0, run, mail(ParentId=None, SystemModstamp="2024-05-20T00:00:00Z"))
    on_day(17, run)
    assert len(with_text(run)) == 1

    on_day(19.5, run)
    assert with_text(run) == set()


@pytest.mark.parametrize("length", [1, 20_000])
def test_dropped_text_is_in_no_file_any_more(run: TargetRunner, length: int) -> None:
    """Neither on free pages nor in the write-ahead log, short or long."""
    words = f"{SONG} " * length
    records = [case(Description=words), comment(CommentBody=words), chat(2)]
    on_day(0, run, *records)
    assert SONG.encode() in _files(run)
    on_day(DAYS, run)

    assert SONG.encode() not in _files(run)
    assert b"question 2" not in _files(run)


def _files(run: TargetRunner) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(run.folder.glob("store.db*")))
