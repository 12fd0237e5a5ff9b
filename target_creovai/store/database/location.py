"""Where a store is, and whether there is one, without creating it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from target_creovai.store.database.engine import make_engine
from target_creovai.store.database.tables import META

UNKNOWN = "unknown: store_url is no database URL"


def store_name(url: object) -> str:
    """Return where a store is: its file, or server and database; never a user or a password."""
    try:
        parsed = sa.make_url(str(url))
    except (ArgumentError, ValueError):
        return UNKNOWN
    if parsed.get_backend_name() == "sqlite":
        return str(file_of(parsed) or "in memory")
    host = str(parsed.host or parsed.query.get("host") or "this machine")
    if "@" in host:
        return UNKNOWN  # what follows an unescaped @ is a part of the password
    port = f":{parsed.port}" if parsed.port else ""
    return f"{parsed.get_backend_name()} {host}{port}, database {parsed.database}"


def file_of(parsed: sa.URL) -> Path | None:
    """Return the file of a SQLite store; None for all others."""
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database not in {
        None,
        "",
        ":memory:",
    }
    return Path(str(parsed.database)).absolute() if is_file else None


def file_of_url(url: str) -> Path | None:
    """Return the file of a SQLite store; None for all others, also where it is no URL."""
    try:
        return file_of(sa.make_url(url))
    except (ArgumentError, ValueError):
        return None


def store_exists(url: str) -> bool:
    """Return whether a store, or something else, is there; opening it shows which.

    Raises:
        StoreError: The URL is no database's, or the server cannot be reached.
    """
    file = file_of_url(url)
    return _holds_store(file) if file else _server_holds_store(url)


def _holds_store(file: Path) -> bool:
    if not file.exists() or not file.stat().st_size:
        return False
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as db:
            query = "SELECT 1 FROM sqlite_master WHERE name = ?"
            return db.execute(query, (META.name,)).fetchone() is not None
    except sqlite3.Error:
        return True


def _server_holds_store(url: str) -> bool:
    engine = make_engine(url)
    try:
        with engine.connect() as db:
            return sa.inspect(db).has_table(META.name)
    finally:
        engine.dispose()
