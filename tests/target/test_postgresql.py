"""The same promises where the store is a PostgreSQL server that several machines share."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from target_creovai.store import Store
from tests.fakes.creovai import Fault
from tests.target.rows import State, at, case, case_id, chat, comment
from tests.target.support import texts

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

# Names an empty database of one's own: `postgresql+psycopg://user:password@host/database`.
URL = os.environ.get("TEST_POSTGRESQL_URL", "")
pytestmark = [
    pytest.mark.skipif(not URL, reason="TEST_POSTGRESQL_URL names no server"),
    pytest.mark.xdist_group("postgresql"),
]


@pytest.fixture
def run(run_target: TargetRunner) -> TargetRunner:
    """A target with an empty store on the server."""
    engine = sa.create_engine(URL)
    with engine.begin() as db:
        for table in ("creovai_meta", "creovai_rows", "creovai_conversations"):
            db.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
    engine.dispose()
    run_target.config["store_url"] = URL
    return run_target


def test_each_conversation_is_sent_once_and_again_when_it_changes(
    run: TargetRunner, creovai: CreovaiServer
) -> None:
    """Old copies, repeated rows and lost answers included."""
    creovai.faults.add(Fault("drop_after", path="/capture/v2/chat"))
    rows = [chat(), case(Description="words"), comment()]
    first = run(*rows, State({"n": 1}))
    run(*rows)
    older = comment(CommentBody="older", SystemModstamp=at("11:00"))
    run(older, comment(2, CreatedDate=at("14:00")))

    assert (first.exit_code, first.states) == (0, [{"n": 1}])
    assert creovai.duplicate_chats == []
    assert creovai.post_count(case_id()) == 2
    assert texts(creovai.cases[case_id()]) == ["words", "comment 1", "comment 2"]


def test_a_wrong_password_is_not_shown(run: TargetRunner) -> None:
    """What the server says is passed on; it does not know the password either."""
    url = sa.make_url(URL).set(password="word-ofpass", database="no-such-database")
    with pytest.raises(Exception, match="cannot be opened") as caught:
        Store(url.render_as_string(hide_password=False))

    assert "word-ofpass" not in str(caught.value)


def test_one_delivers_at_a_time(run: TargetRunner, creovai: CreovaiServer) -> None:
    """The lock is the server's, so it holds for other machines, and ends with its owner."""
    with Store(URL) as other, other.sole_delivery() as alone:
        assert alone
        assert run(chat()).says("STOPPED")
        assert creovai.posts == []

    assert run().exit_code == 0
    assert len(creovai.posts) == 1
