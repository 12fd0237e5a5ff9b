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
from target_creovai.store.migrations import migrate
from target_creovai.store.migrations.migrations import MIGRATIONS, Migration
from target_creovai.store.operator.store import OperatorStore
from tests.target.rows import at, case, case_id, chat, chat_id, comment
from tests.target.support import texts
from tests.target.version_1 import make_store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

NOW = "2024-06-01T00:00:00Z"


@pytest.fixture
def url(run_target: TargetRunner) -> str:
    """Where the target keeps its store."""
    return str(run_target.config["store_url"])


def applied(url: str) -> dict[str, str | None]:
    """Return the migrations that a store has recorded, and when each was applied."""
    engine = sa.create_engine(url)
    with engine.connect() as db:
        lines = db.exec_driver_sql("SELECT name, applied_at FROM creovai_migrations").all()
    engine.dispose()
    return dict(map(tuple, lines))


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


def test_each_applied_migration_is_recorded(url: str, tmp_path: Path) -> None:
    """A new store has had all of them; when an earlier version applied one is not known."""
    names = {migration.name for migration in MIGRATIONS}
    make_store(url, case())
    new = f"sqlite:///{tmp_path / 'new.db'}"
    for place in (url, new):
        with Store(place):
            pass
        assert applied(place).keys() == names
        assert all(applied(place).values())

    make_schema_6(new)
    with Store(new):
        pass
    assert {name for name, moment in applied(new).items() if moment} == {"recorded-migrations"}
    assert applied(new).keys() == names


def make_schema_6(url: str) -> None:
    """Make a store what schema 6 left: the same, but for what records migrations."""
    engine = sa.create_engine(url)
    with engine.begin() as db:
        db.exec_driver_sql("DROP TABLE creovai_migrations")
        db.exec_driver_sql("UPDATE creovai_meta SET value = '6' WHERE name = 'schema_version'")
    engine.dispose()


def test_a_migration_that_a_store_has_had_is_not_applied_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name decides: one that comes new is applied alone, and once."""
    changed: list[str] = []
    newest = Migration("newest", SCHEMA_VERSION, lambda *_: changed.append("newest"))
    with Store(url):
        pass
    monkeypatch.setattr(migrate, "MIGRATIONS", (*MIGRATIONS, newest))
    for _ in range(2):
        with Store(url):
            pass

    assert changed == ["newest"]
    assert "newest" in applied(url)


def test_the_version_mark_moves_with_the_migrations() -> None:
    """Programs from before migrations were recorded refuse a newer store by that mark alone."""
    assert max(migration.version for migration in MIGRATIONS) == SCHEMA_VERSION
    assert len({migration.name for migration in MIGRATIONS}) == len(MIGRATIONS)


def test_an_upgrade_that_fails_leaves_the_store_as_it_was(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start finds version 1 again, whole."""
    make_store(url, case())
    before = columns(url)

    def fail(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        failing = Migration("failing", SCHEMA_VERSION, fail)
        patch.setattr(migrate, "MIGRATIONS", (*MIGRATIONS, failing))
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
    at_once, changed = Barrier(4), []
    counted = Migration("counted", SCHEMA_VERSION, lambda *_: changed.append("counted"))
    monkeypatch.setattr(migrate, "MIGRATIONS", (*MIGRATIONS, counted))

    def opened() -> int:
        at_once.wait()
        with Store(url) as store:
            return sum(one.number for one in store.ledger.outcome_counts())

    with ThreadPoolExecutor(4) as pool:
        found = [task.result() for task in [pool.submit(opened) for _ in range(4)]]

    assert changed == ["counted"]
    assert found == [2] * 4
