"""Whatever happens to the store, the last lines say what and what to do, and no secret."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from target_creovai.errors import StoreError
from target_creovai.store import Store
from target_creovai.store.database import engine
from target_creovai.store.database.errors import store_error
from tests.target import support
from tests.target.rows import State, chat, singer
from tests.target.support import wait_until

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

SECRET = "word-ofpass"


def configured(monkeypatch: pytest.MonkeyPatch, pragma: str) -> None:
    """Let SQLite itself behave from now on as if the disk were another."""
    configure = engine._configure_sqlite

    def also(connection: Any, record: object) -> None:
        configure(connection, record)
        connection.execute(pragma)

    monkeypatch.setattr(engine, "_configure_sqlite", also)


@pytest.mark.parametrize(
    ("pragma", "says"),
    [
        pytest.param("PRAGMA max_page_count = 12", "the disk is full", id="full"),
        pytest.param("PRAGMA query_only = 1", "may not be written", id="read-only"),
    ],
)
def test_a_disk_that_takes_no_more_is_a_sentence(
    run_target: TargetRunner,
    monkeypatch: pytest.MonkeyPatch,
    pragma: str,
    says: str,
) -> None:
    """What was staged is told all the same."""
    run_target(State({"n": 1}))
    configured(monkeypatch, pragma)
    with pytest.raises(StoreError, match=says) as raised:
        run_target(*(chat(number) for number in range(2000)))

    assert raised.value.__suppress_context__ or raised.value.__cause__


FULL_LATER = """
from target_creovai.store.ledger.outcomes import Outcomes
from target_creovai.target import TargetCreovai

def record_receipt(self, *_, **__):
    with self._pending._database.transaction() as db:
        db.exec_driver_sql("PRAGMA max_page_count = 1")
        db.exec_driver_sql("CREATE TABLE more AS SELECT zeroblob(10000000)")

Outcomes.record_receipt = record_receipt
TargetCreovai.cli()
"""


def test_the_summary_is_printed_when_the_store_fails_on_the_way(
    run_target: TargetRunner, creovai: CreovaiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a program: no traceback, an exit code, and the last lines. The next run goes on."""
    monkeypatch.setattr(support, "LAUNCH", FULL_LATER)
    with run_target.start() as process:
        outcome = process.finish(singer(*(chat(number) for number in range(20))))

    assert outcome.exit_code == 1
    assert "Traceback" not in outcome.stderr
    assert outcome.says("staged") == ["staged     LiveChatTranscript: 20 rows, 20 new or changed"]
    assert "the disk is full" in outcome.says("STOPPED")[0]
    assert outcome.lines[-1].startswith("TO DO      stopped")
    assert outcome.stderr.count("the disk is full") == 1
    assert run_target().exit_code == 0
    assert creovai.duplicate_chats == []


def test_a_damaged_store_is_a_sentence(run_target: TargetRunner) -> None:
    """Found when it is opened, or when it is read."""
    run_target(chat())
    with sqlite3.connect(run_target.folder / "store.db") as db:
        db.execute("PRAGMA journal_mode=DELETE")
    db.close()
    file = run_target.folder / "store.db"
    file.write_bytes(file.read_bytes()[:100] + b"\xff" * 60_000)

    with pytest.raises(StoreError, match=r"damaged|no database"):
        run_target(chat())


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://user:half@{SECRET}@127.0.0.1:1/db",
        f"postgresql+psycopg://user:{SECRET}@half@127.0.0.1:1/db",
        f"postgresql+psycopg://{SECRET}@x:y@127.0.0.1:1/db",
        f"postgresql+psycopg://user:{SECRET}#@127.0.0.1:1/db",
        f"postgresql+psycopg://user:{SECRET}/x@127.0.0.1:1/db",
        f"postgresql+psycopg://user:{SECRET}%zz@127.0.0.1:1/db",
        f"postgresql+psycopg://127.0.0.1:1/db?password={SECRET}&sslmode={SECRET}",
        f"postgresql+psycopg://127.0.0.1:1/db?{SECRET}=1",
        f"postgresql+psycopg://{SECRET}.invalid/db",
    ],
)
def test_no_part_of_a_store_url_is_printed(url: str) -> None:
    """A password with an @ makes a part of it the name of a host, which a driver quotes."""
    with pytest.raises(StoreError) as raised:
        Store(url)

    assert SECRET not in str(raised.value)


def test_an_unescaped_at_is_named() -> None:
    """It says how to write it."""
    with pytest.raises(StoreError, match="%40"):
        Store("postgresql+psycopg://user:p@ss@db.example/db")


def test_a_server_that_cuts_the_connection_is_a_sentence(
    run_shared: TargetRunner, creovai: CreovaiServer
) -> None:
    """And the next run goes on where it was."""
    creovai.latency_seconds = 0.2
    with run_shared.start() as process:
        process.write(singer(*(chat(number) for number in range(20))))
        process.close_input()
        wait_until(lambda: creovai.posts)
        cut(run_shared)
        outcome = process.finish()
    creovai.latency_seconds = 0

    assert "Traceback" not in outcome.stderr
    assert outcome.exit_code in {0, 1}, "a connection that rested is made anew"
    assert outcome.says("staged")
    run_shared.execute("UPDATE creovai_runs SET expires = 0")
    assert run_shared().exit_code == 0
    assert len(creovai.chats) == 20
    assert creovai.duplicate_chats == []


def cut(run: TargetRunner) -> None:
    """End all connections but our own."""
    run.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )


def test_a_store_that_others_can_read_is_made_private_again(
    run_target: TargetRunner, caplog: pytest.LogCaptureFixture
) -> None:
    """A copy that was put back has the rights of whoever did it; it holds customers' words."""
    run_target(chat())
    file = run_target.folder / "store.db"
    file.chmod(0o664)
    run_target()

    assert file.stat().st_mode & 0o777 == 0o600
    assert "private again" in caplog.text
    caplog.clear()
    run_target()
    assert "private again" not in caplog.text


def test_tables_of_somebody_else_are_named(run_target: TargetRunner) -> None:
    """A database may have one of that name; the library's message would quote the statement."""
    run_target.execute("CREATE TABLE creovai_rows (a TEXT)")

    with pytest.raises(StoreError, match="its tables are not what they should be"):
        run_target(chat())


def test_errors_of_the_database_are_told_by_cause() -> None:
    """By the codes of its manual, and by nothing that it quotes."""

    class ServerError(Exception):
        sqlstate = "53100"

    told = store_error(sa.exc.DBAPIError("SELECT secret", {}, ServerError("secret")))
    assert "disk is full" in str(told)
    assert "secret" not in str(told)
