"""The same promises where the store is a PostgreSQL server that several machines share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from target_creovai.store import Store
from tests.fakes.creovai import Fault
from tests.target.aliases import ALIAS, ENOUGH, OPEN, seen, settling
from tests.target.messaging_rows import enhanced, session_id
from tests.target.rows import AGENT, State, at, case, case_id, chat, chat_id, comment, transcript
from tests.target.support import texts
from tests.target.version_1 import make_store

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.rows import Record
    from tests.target.support import TargetRunner

ODD_AGENT = AGENT | {"UserType": "Standard", "FirstName": "No\x00ra"}


def test_each_conversation_is_sent_once_and_again_when_it_changes(
    run_shared: TargetRunner, creovai: CreovaiServer
) -> None:
    """Old copies, repeated rows and lost answers included."""
    creovai.faults.add(Fault("drop_after", path="/capture/v2/chat"))
    rows = [chat(), case(Description="words"), comment()]
    first = run_shared(*rows, State({"n": 1}))
    run_shared(*rows)
    older = comment(CommentBody="older", SystemModstamp=at("11:00"))
    run_shared(older, comment(2, CreatedDate=at("14:00")))

    assert (first.exit_code, first.states) == (0, [{"n": 1}])
    assert creovai.duplicate_chats == []
    assert creovai.post_count(case_id()) == 2
    assert texts(creovai.cases[case_id()]) == ["words", "comment 1", "comment 2"]


def test_a_store_of_version_1_is_upgraded(run_shared: TargetRunner, creovai: CreovaiServer) -> None:
    """The receipts stay, merged cases come together, and what waits has a date from now on."""
    loser = case(2, MasterRecordId=case_id(1), IsDeleted=True, Description="twice")
    url = run_shared.config["store_url"]
    make_store(url, case(1, Description="once"), loser, comment(4, case=2), chat(1))
    outcome = run_shared(chat(1), case(3, IsClosed=False))

    assert [post.payload["sessionId"] for post in creovai.posts] == [case_id(1)]
    assert texts(creovai.cases[case_id(1)]) == ["once", "twice", "comment 4"]
    assert outcome.says("waiting")[0].endswith("(oldest: a few seconds ago)")
    with Store(url) as again:
        assert again.runs.input_ended_well


def test_cases_merge_and_part_again(run_shared: TargetRunner, creovai: CreovaiServer) -> None:
    """The same statements on another database."""
    run_shared(case(1, Description="once"), case(2, Description="twice"), comment(4, case=2))
    merged = {"MasterRecordId": case_id(1), "SystemModstamp": at("20:00")}
    run_shared(case(2, Description="twice", **merged))
    assert texts(creovai.cases[case_id(1)]) == ["once", "twice", "comment 4"]

    run_shared(case(2, Description="twice", SystemModstamp=at("21:00")))
    assert texts(creovai.cases[case_id(1)]) == ["once"]


def test_names_without_a_role_are_in_the_ledger(run_shared: TargetRunner) -> None:
    """Whatever characters a name has, the database takes it."""
    body = transcript("( 1s ) Nora V: a", "( 2s ) L\x00e: b", "( 3s ) S\x00m\ud83d: c")
    run_shared(chat(Body=body, ContactId=None, Contact=None))
    (found,) = run_shared.query("SELECT detail FROM creovai_conversations")

    assert len(json.loads(found.detail)["unknown_speakers"]) == 2


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([case(Origin="Ph\x00one"), comment()], id="channel"),
        pytest.param([case(CaseNumber="00\x0042"), comment()], id="number"),
        pytest.param([case(CreatedBy=ODD_AGENT), comment(CreatedBy=ODD_AGENT)], id="agent"),
    ],
)
def test_what_is_counted_and_looked_up_by_may_hold_a_nul(
    run_shared: TargetRunner, creovai: CreovaiServer, rows: list[Record]
) -> None:
    """PostgreSQL refuses it: the receipt, or the row, would never be written."""
    outcomes = [run_shared(*rows), run_shared(*rows)]

    assert [outcome.exit_code for outcome in outcomes] == [0, 0]
    assert creovai.post_count(case_id()) == 1


def test_other_chats_tell_who_speaks(run_shared: TargetRunner, creovai: CreovaiServer) -> None:
    """In the same run, and for what was set aside before."""
    run_shared(OPEN, seen(2, ALIAS, "Sam"), *settling(count=ENOUGH - 1))
    assert chat_id(1) not in creovai.chats

    outcome = run_shared(seen(200, ALIAS))

    assert outcome.says("sent") == ["sent       3 chats"]


def test_a_wrong_password_is_not_shown(run_shared: TargetRunner) -> None:
    """What the server says is passed on; it does not know the password either."""
    url = sa.make_url(run_shared.config["store_url"]).set(
        password="word-ofpass", database="no-such-database"
    )
    with pytest.raises(Exception, match="cannot be used") as caught:
        Store(url.render_as_string(hide_password=False))

    assert "word-ofpass" not in str(caught.value)


def test_one_delivers_at_a_time(run_shared: TargetRunner, creovai: CreovaiServer) -> None:
    """The lock is the server's, so it holds for other machines, and ends with its owner."""
    with Store(run_shared.config["store_url"]) as other, other.runs.delivering(alone=True) as free:
        assert free
        assert run_shared(chat()).says("STOPPED")
        assert creovai.posts == []

    assert run_shared().exit_code == 0
    assert len(creovai.posts) == 1


def test_sessions_of_one_conversation_know_of_each_other(
    run_shared: TargetRunner, creovai: CreovaiServer
) -> None:
    """The store tells it, whichever database it is."""
    run_shared(*(row for n in (1, 2) for row in enhanced(n, ConversationId="0dw0")), *enhanced(3))

    found = {key: chat.get("collectionId") for key, chat in sorted(creovai.chats.items())}
    assert list(found) == [session_id(n) for n in (1, 2, 3)]
    assert list(found.values()) == ["conversation-1", "conversation-2", None]


def test_text_is_dropped_and_comes_back(run_shared: TargetRunner, creovai: CreovaiServer) -> None:
    """`retention_days` with a late comment, a merged case, and all rows once more."""
    run_shared.config["retention_days"] = 0
    loser = [case(2, MasterRecordId=case_id(1), Description="twice"), comment(4, case=2)]
    rows = [case(1, Description="once"), *loser, chat()]
    sizes = "SELECT length(body) AS size FROM creovai_rows"
    assert run_shared(*rows).says("dropped") == [
        "dropped    the text of 2 cases, 1 chat from the store"
    ]
    assert {row.size for row in run_shared.query(sizes)} == {0}

    late = run_shared(comment(5, CreatedDate=at("19:00")))
    assert late.exit_code == 3
    assert len(late.says("TO DO      needs its rows again: ")) == 1
    assert creovai.post_count(case_id()) == 1

    assert run_shared(*rows).exit_code == 0
    assert texts(creovai.cases[case_id()]) == ["once", "twice", "comment 4", "comment 5"]
    assert {row.size for row in run_shared.query(sizes)} == {0}
    assert len(creovai.chats) == 1
