"""SQLite and PostgreSQL: how each is opened, and locked for delivery."""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from target_creovai import LOGGER_NAME
from target_creovai.errors import StoreError
from target_creovai.store.database.errors import store_error, translate_errors
from target_creovai.store.database.tables import know_postgresql
from target_creovai.watch.logs import DISCREET_FILTER

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(LOGGER_NAME)

DIALECTS = ("sqlite", "postgresql")
BUSY_TIMEOUT_SECONDS = 60
# Of a file's mode: what group and others may.
OTHERS = 0o077
UNESCAPED = (
    "store_url holds more than one @: in user name and password, @ has to be written %40, and so "
    "on (percent-encoding)."
)
NO_URL = "store_url is not a database URL that this installation can open: see docs/settings.md."
NO_DRIVER = (
    "store_url needs a database driver that is not installed ({}). For PostgreSQL: install "
    "salesforce-creovai[postgres], and write postgresql+psycopg://."
)
OTHER_KIND = "store_url names a {} database: write sqlite:/// or postgresql+psycopg://."
# Of new stores. A row of text is 2 to 4 KB: of SQLite's usual 4 KB, it would leave the rest empty.
PAGE_BYTES = 16 * 1024
PAGES_PER_CHECKPOINT = 2000  # 32 MB, which the file of the log may grow to
# PostgreSQL names its advisory locks by number: any will do, if it is always the same.
SCHEMA_LOCK = 2403_1865_7127


def make_engine(url: str) -> sa.Engine:
    """Return an engine for a database URL; a SQLite file is made if there is none.

    Raises:
        StoreError: The URL is no database's, or its driver or its file cannot be used.
    """
    logging.getLogger("sqlalchemy.engine.Engine").addFilter(DISCREET_FILTER)
    try:
        engine = _opened(sa.make_url(url), url)
    except ImportError as error:
        raise StoreError(NO_DRIVER.format(error.name)) from None
    except (ArgumentError, ValueError):
        # Their texts quote parts of the URL, which may be parts of its password.
        raise StoreError(NO_URL) from None
    except OSError as error:
        raise store_error(error) from None
    translate_errors(engine)
    return engine


def _opened(parsed: sa.URL, url: str) -> sa.Engine:
    kind = parsed.get_backend_name()
    if kind not in DIALECTS:
        raise StoreError(OTHER_KIND.format(kind))
    return _of_file(parsed) if kind == "sqlite" else _of_server(parsed, url)


def _of_server(parsed: sa.URL, url: str) -> sa.Engine:
    if url.partition("?")[0].count("@") > 1:
        raise StoreError(UNESCAPED)
    # A pooler gives each transaction another connection, which has no prepared statement.
    psycopg = parsed.get_driver_name() == "psycopg"
    arguments = {"prepare_threshold": None} if psycopg else {}
    know_postgresql()
    # A failed statement would print its parameters: customer text.
    return sa.create_engine(
        parsed, hide_parameters=True, pool_pre_ping=True, connect_args=arguments
    )


def _of_file(parsed: sa.URL) -> sa.Engine:
    if parsed.database and parsed.database != ":memory:":
        _create_private(Path(parsed.database))
    engine = sa.create_engine(
        parsed, hide_parameters=True, connect_args={"timeout": BUSY_TIMEOUT_SECONDS}
    )
    sa.event.listen(engine, "connect", _configure_sqlite)
    sa.event.listen(engine, "begin", _begin_immediate)
    return engine


def lock_schema(db: sa.Connection) -> None:
    """Let one process at a time make or upgrade the tables, to the end of its transaction.

    SQLite's transactions are alone anyway. On PostgreSQL even `CREATE TABLE IF NOT EXISTS`
    fails in one of two that do it at the same moment.
    """
    if db.dialect.name == "postgresql":
        db.execute(sa.select(sa.func.pg_advisory_xact_lock(SCHEMA_LOCK)))


@contextmanager
def file_lock(engine: sa.Engine) -> Iterator[bool]:
    """Lock an empty database beside a SQLite store; yield whether no other process holds it.

    Locking the store itself would hold up staging. The lock ends with its process.
    """
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
                raise store_error(error) from None
            yield False
        else:
            yield True


def _create_private(path: Path) -> None:
    """Make the file readable for its owner alone: it holds customer text.

    So are those that SQLite lays beside it. One that others can read by now, after a restore or
    a copy, is made private again.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    for file in (path, *(Path(f"{path}{end}") for end in ("-wal", "-shm"))):
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & OTHERS:
            _take_from_others(file)


def _take_from_others(file: Path) -> None:
    try:
        file.chmod(0o600)
    except OSError:
        logger.warning("Others can read the store, and its file is not ours to change.")
    else:
        logger.warning("Others could read the store: it is private again.")


def _configure_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # BEGIN is ours, below
    connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    # What is dropped or forgotten is overwritten with zeros, not left on free pages.
    connection.execute("PRAGMA secure_delete=ON")
    # Staging writes the same pages of the indexes over and over: copy them back less often.
    connection.execute(f"PRAGMA wal_autocheckpoint={PAGES_PER_CHECKPOINT}")


def _begin_immediate(connection: sa.Connection) -> None:
    """Take the write lock at once: two writers then wait instead of failing half-way.

    SQLAlchemy sends this event for AUTOCOMMIT, too: a reader would hold up all writers.
    """
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
