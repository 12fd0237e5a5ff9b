"""Errors of a database, as messages of this package.

A driver's own message may quote the URL, so a part of the password, or a row, so a customer: it
is searched for words that identify the cause, and never passed on.
"""

from __future__ import annotations

import re
import sqlite3

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from target_creovai.errors import StoreError

AGAIN = "What is committed is safe; run again then."

_OTHER_TABLES = "its tables are not what they should be. Name another database, or put back a copy."
# SQLite's error codes (sqlite.org/rescode.html), to which the extended ones add higher bytes.
_SQLITE = {
    sqlite3.SQLITE_ERROR: _OTHER_TABLES,
    sqlite3.SQLITE_FULL: f"the disk is full. Make room. {AGAIN}",
    sqlite3.SQLITE_IOERR: f"the disk cannot be read or written. Look at it. {AGAIN}",
    sqlite3.SQLITE_READONLY: "the file, or its folder, may not be written. Look at its rights.",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened. Look at its path and rights.",
    sqlite3.SQLITE_PERM: "the file may not be opened. Look at its rights.",
    sqlite3.SQLITE_BUSY: f"another process has locked it for a minute. {AGAIN}",
    sqlite3.SQLITE_LOCKED: f"another process has locked it. {AGAIN}",
    sqlite3.SQLITE_CORRUPT: (
        "the file is damaged. Put back a copy, or move it away and read everything again: Creovai "
        "is asked before anything is sent."
    ),
    sqlite3.SQLITE_NOTADB: (
        "the file is no database of this program. Name another one, or move it away."
    ),
}

# SQLSTATE classes and codes of PostgreSQL (its manual, appendix A), longest first.
_SQLSTATE = {
    "28": "the server refuses user or password. Characters such as @ have to be percent-encoded.",
    "3D": "the server has no database of that name. Create it.",
    "42501": "the user may not do that there. It needs to create and write tables.",
    "42": _OTHER_TABLES,
    "25006": "the server takes no changes (a replica, or read-only). Name the primary.",
    "53100": f"the server's disk is full. Make room. {AGAIN}",
    "53300": f"the server takes no more connections. {AGAIN}",
    "53": f"the server is short of something. {AGAIN}",
    "57": f"the server is shutting down, or ended the connection. {AGAIN}",
    "08": f"the connection to the server was lost. {AGAIN}",
    "40": f"another run was in the way. {AGAIN}",
}

# Where the connection never came about there is no code: words of libpq's messages.
_WORDS = (
    (r"password|authentication|pg_hba|role .* does not exist", _SQLSTATE["28"]),
    (r"database .* does not exist", _SQLSTATE["3D"]),
    (r"translate host|name resolution|resolve|getaddrinfo", "no server has that name."),
    (r"refused|No such file", "no server answers there. Look at host and port."),
    (r"timeout|timed out|unreachable|No route", "the server does not answer. Look at the network."),
    (r"certificate|SSL|TLS", "the server's encryption is not accepted. Look at sslmode."),
    (r"closed|terminat|reset|lost|broken|EOF|aborted", _SQLSTATE["08"]),
    (r"too many (connections|clients)|remaining connection", _SQLSTATE["53300"]),
)


def store_error(error: BaseException) -> StoreError:
    """Return the error to raise for one of the database or of its file."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    says = _of_sqlite(cause) or _of_server(cause) or _of_system(cause)
    name = type(cause).__name__
    return StoreError(f"The store (see store_url) cannot be used: {says or f'it failed ({name}).'}")


def translate_errors(engine: sa.Engine) -> None:
    """Raise a `StoreError` in the place of each error of an engine."""
    sa.event.listen(engine, "handle_error", _translate)


def _translate(context: sa.engine.ExceptionContext) -> None:
    error = context.original_exception
    if context.is_pre_ping:
        return  # a connection that was lost while idle is opened again
    if isinstance(error, Exception) and not isinstance(error, StoreError):
        raise store_error(error) from None


def _of_sqlite(error: object) -> str | None:
    if not isinstance(error, sqlite3.Error):
        return None
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else _SQLITE.get(code & 0xFF)


def _of_server(error: object) -> str | None:
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        known = [says for start, says in sorted(_SQLSTATE.items()) if state.startswith(start)]
        return known[-1] if known else None
    if isinstance(error, OSError | sqlite3.Error | SQLAlchemyError):
        return None
    text = str(error)
    return next((says for words, says in _WORDS if re.search(words, text, re.IGNORECASE)), None)


def _of_system(error: object) -> str | None:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}. Look at its path and rights."
    return None
