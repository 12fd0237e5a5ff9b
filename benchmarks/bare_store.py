"""The least that staging must do: `python bare_store.py STORE < LINES`.

Parses each line, and inserts its row into SQLite, a thousand of them a commit.
"""

from __future__ import annotations

import sqlite3
import sys
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS_PER_COMMIT = 1000


def rows() -> Iterator[tuple[str, str, bytes]]:
    """Yield stream, Id and JSON of each record."""
    for line in sys.stdin.buffer:
        message = msgspec.json.decode(line)
        if message["type"] == "RECORD":
            record = message["record"]
            yield message["stream"], record["Id"], msgspec.json.encode(record)


def main(store: str) -> None:
    """Insert all of them."""
    db = sqlite3.connect(store)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE staged (stream TEXT, id TEXT, body BLOB, PRIMARY KEY (stream, id))")
    left = rows()
    while some := list(islice(left, ROWS_PER_COMMIT)):
        with db:
            db.executemany("INSERT OR REPLACE INTO staged VALUES (?, ?, ?)", some)
    db.close()


if __name__ == "__main__":
    main(sys.argv[1])
