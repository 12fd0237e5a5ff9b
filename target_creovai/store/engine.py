"""The databases that a store may live in: how each is opened, and locked for delivery."""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUSY_TIMEOUT_SECONDS = 60
# PostgreSQL names its advisory locks by number: any will do, if it is always the same.
DELIVERY_LOCK = 2403_1865_7127


def make_engine(url: str) -> sa.Engine:
    """Return an engine for a database URL; a SQLite file is made if there is none."""
    parsed = sa.make_url(url)
    logging.getLogger("sqlalchemy.engine.Engine").addFilter(_above_debug)
    # A failed statement would print its parameters: customer text.
    if parsed.get_backend_name() != "sqlite":
        return sa.create_engine(parsed, hide_parameters=True, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        _create_private(Path(parsed.database))
    engine = sa.create_engine(
        parsed, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_SECONDS}
    )
    sa.event.listen(engine, "connect", _configure_sqlite)
    sa.event.listen(engine, "begin", _begin_immediate)
    return engine


@contextmanager
def _sqlite_lock(engine: sa.Engine) -> Iterator[bool]:
    """Hold an empty database beside the store: locking the store would hold up staging."""
    store = engine.url.database
    if not store or store == ":memory:":
        yield True
        return
    path = Path(f"{store}-delivery")
    _create_private(path)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as db:
        try:
            db.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            yield False
        else:
            yield True


@contextmanager
def _postgresql_lock(engine: sa.Engine) -> Iterator[bool]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.detach()  # closed at the end, not pooled: that gives the lock back
        yield bool(db.scalar(sa.select(sa.func.pg_try_advisory_lock(DELIVERY_LOCK))))


DELIVERY_LOCKS: dict[str, Callable[[sa.Engine], AbstractContextManager[bool]]] = {
    "sqlite": _sqlite_lock,
    "postgresql": _postgresql_lock,
}


def _above_debug(record: logging.LogRecord) -> bool:
    """Let no debug record pass: at that level SQLAlchemy logs the rows that it reads."""
    return record.levelno > logging.DEBUG


def _create_private(path: Path) -> None:
    """Make the file readable for its owner alone: it holds customer text."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _configure_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # BEGIN is ours, below
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


def _begin_immediate(connection: sa.Connection) -> None:
    """Take the write lock at once: two writers then wait instead of failing half-way."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
