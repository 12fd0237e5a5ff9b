"""A store of an earlier version is taken over as it is: nothing is lost, nothing sent twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from target_creovai.store import Store
from target_creovai.store.database.counts import DERIVED
from target_creovai.store.database.tables import METADATA, SCHEMA_VERSION
from target_creovai.store.migrations.steps import upgrade
from target_creovai.store.operator.store import OperatorStore
from tests.target.rows import at, case, case_id, chat, chat_id, comment
from tests.target.support import texts
from tests.target.version_1 import make_store

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

NOW = "2024-06-01T00:00:00Z"


@pytest.fixture
def url(run_target: TargetRunner) -> str:
    """Where the target keeps its store."""
    return str(run_target.config["store_url"])


def columns(url: str) -> dict[str, set[str]]:
    """Return the columns of each table."""
    engine = sa.create_engine(url)
    inspector = sa.inspect(engine)
    found = {
        table: {column["name"] for column in inspector.get_columns(table)}
        for table in inspector.get_table_names()
    }
    engine.dispose()
    return found


def test_an_upgraded_store_has_what_a_new_one_has(url: str) -> None:
    """Opening it again changes nothing more."""
    make_store(url, case(), chat())
    for _ in range(2):
        with Store(url) as store:
            assert store.database.meta("schema_version") == str(SCHEMA_VERSION)
            assert store.ledger.due("chat", rules="old", now=NOW) == []
            assert store.runs.input_ended_well

    tables = METADATA.tables | DERIVED.tables
    expected = {name: set(table.c.keys()) for name, table in tables.items()}
    assert columns(url) == expected


def test_an_upgrade_that_fails_leaves_the_store_as_it_was(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start finds version 1 again, whole."""
    make_store(url, case())
    before = columns(url)

    def fail(_: sa.Connection) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr("target_creovai.store.migrations.migrate.merged_cases", fail)
        with pytest.raises(Exception, match="cannot be used"):
            Store(url)
    assert columns(url) == before

    with Store(url) as store:
        assert store.database.meta("schema_version") == str(SCHEMA_VERSION)


def test_what_was_sent_before_the_upgrade_is_not_sent_again(
    run_target: TargetRunner, url: str, creovai: CreovaiServer
) -> None:
    """The ledger's receipts stay; an answer to it is sent as ever."""
    make_store(url, case(1), chat(1))
    run_target(case(1), chat(1))
    assert creovai.posts == []

    run_target(comment(case=1))
    assert list(creovai.cases) == [case_id(1)]
    assert chat_id(1) not in creovai.chats


def test_cases_that_were_merged_before_the_upgrade_come_together(
    run_target: TargetRunner, url: str, creovai: CreovaiServer
) -> None:
    """Their rows are not read again, so the upgrade looks at what is stored."""
    loser = case(2, MasterRecordId=case_id(1), IsDeleted=True, Description="twice")
    bystander = case(3, Description="other")
    make_store(
        url, case(1, Description="once"), loser, comment(4, case=2, CommentBody="c"), bystander
    )
    outcome = run_target(case(3, Description="other"))

    assert outcome.exit_code == 0
    assert list(creovai.cases) == [case_id(1)]
    assert texts(creovai.cases[case_id(1)]) == ["once", "twice", "c"]
    assert run_target.ledger()[case_id(2)] == ("sent", "merged into another case")


def test_nobody_knows_since_when_an_upgraded_store_waits(
    run_target: TargetRunner, url: str
) -> None:
    """Until a row changes: version 1 did not note it."""
    open_case = case(1, IsClosed=False)
    make_store(url, open_case)
    engine = sa.create_engine(url)
    with engine.begin() as db:
        db.exec_driver_sql("UPDATE creovai_conversations SET outcome='waiting', content_hash=NULL")
    engine.dispose()

    assert run_target(case(1, IsClosed=False)).says("waiting") == [
        "waiting    1 case: the case is open"
    ]
    changed = run_target(case(1, IsClosed=False, SystemModstamp=at("20:00")))
    assert changed.says("waiting")[0].endswith("(oldest: a few seconds ago)")


def test_an_upgraded_store_finds_what_a_new_one_finds(url: str, run_target: TargetRunner) -> None:
    """Cases by number, from their row or, where its text was dropped, from the receipt."""
    make_store(url, case(1), case(2), case(3, IsClosed=False))
    run_target.execute("UPDATE creovai_rows SET body = '' WHERE id LIKE '%2AAA'")
    run_target.execute(
        'UPDATE creovai_conversations SET metadata = \'{"CaseNumber":"00002"}\''
        " WHERE id LIKE '%2AAA'"
    )
    run_target.execute(
        "UPDATE creovai_conversations SET outcome = 'waiting', content_hash = NULL"
        " WHERE id LIKE '%3AAA'"
    )
    with OperatorStore(url) as store:
        numbered = [
            [line.id for line in store.queries.cases_numbered(f"0{n}")] for n in (1, 2, 3, 4)
        ]
        oldest = store.queries.oldest_waiting()
        stands = {(one.outcome, one.number) for one in store.ledger.outcome_counts()}

    assert numbered == [[case_id(1)], [case_id(2)], [case_id(3)], []]
    assert oldest is not None
    assert (oldest.id, oldest.modified) == (case_id(3), "2024-05-06T18:00:00.000000Z")
    assert stands == {("sent", 2), ("waiting", 1)}


@pytest.mark.parametrize("server", ["sqlite", "postgresql"])
def test_two_that_open_a_store_at_once_upgrade_it_once(
    request: pytest.FixtureRequest, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One waits for the other, and then finds it as it should be."""
    runner = request.getfixturevalue("run_target" if server == "sqlite" else "run_shared")
    url = runner.config["store_url"]
    make_store(url, case(), chat())
    at_once, upgraded = Barrier(4), []

    def noted(db: sa.Connection, version: int) -> None:
        upgraded.append(version)
        upgrade(db, version)

    def opened() -> int:
        at_once.wait()
        with Store(url) as store:
            return sum(one.number for one in store.ledger.outcome_counts())

    monkeypatch.setattr("target_creovai.store.migrations.migrate.upgrade", noted)
    with ThreadPoolExecutor(4) as pool:
        found = [task.result() for task in [pool.submit(opened) for _ in range(4)]]

    assert upgraded == [1]
    assert found == [2] * 4
