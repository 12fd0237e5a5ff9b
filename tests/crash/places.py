"""Where a store lives: kept as it is, put back, and looked into."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from target_creovai.store.database.counts import begin_counts
from target_creovai.store.database.tables import META, METADATA, RUNS

# Conversations that another run would have to do something about.
OPEN = """
    SELECT count(*) FROM creovai_conversations
    WHERE assembled IS DISTINCT FROM revision OR intent_hash IS NOT NULL
       OR outcome = 'pending' OR claimed_by IS NOT NULL
"""


IN_TRANSACTIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE state IN ('active', 'idle in transaction') AND pid <> pg_backend_pid()
      AND backend_type = 'client backend'
"""


class Place(Protocol):
    """A database that a world's store lives in."""

    url: str

    def keep(self, name: str) -> None:
        """Keep the store as it is, under a name."""

    def put_back(self, name: str) -> None:
        """Make the store what it was."""

    def let_leases_run_out(self) -> None:
        """Let as much time pass as a dead run keeps others away."""

    def is_locked(self) -> bool:
        """Tell whether a process is in the middle of a transaction."""


class SqlitePlace:
    """A file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "store"
        self._kept = folder / "kept"
        self._folder.mkdir()
        self.url = f"sqlite:///{self._folder / 'store.db'}"

    def keep(self, name: str) -> None:
        shutil.copytree(self._folder, self._kept / name, ignore=shutil.ignore_patterns("*-shm"))

    def put_back(self, name: str) -> None:
        shutil.rmtree(self._folder)
        shutil.copytree(self._kept / name, self._folder)

    def let_leases_run_out(self) -> None:
        """Nothing: a lock ends with its process."""

    def is_locked(self) -> bool:
        """Nobody falls asleep on a store of one machine's."""
        return False


class PostgresPlace:
    """A server's only database."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = sa.create_engine(url, poolclass=sa.NullPool)
        self._kept: dict[str, dict[str, list[Any]]] = {}
        self._make({})

    def keep(self, name: str) -> None:
        with self._engine.begin() as db:
            there = sa.inspect(db).has_table(META.name)
            self._kept[name] = {
                table.name: [row._asdict() for row in db.execute(sa.select(table))]
                for table in (METADATA.sorted_tables if there else ())
            }

    def put_back(self, name: str) -> None:
        self._make(self._kept[name])

    def let_leases_run_out(self) -> None:
        with self._engine.begin() as db:
            if sa.inspect(db).has_table(RUNS.name):
                db.execute(sa.update(RUNS).values(expires=0))

    def is_locked(self) -> bool:
        with self._engine.connect() as db:
            return bool(db.scalar(sa.text(IN_TRANSACTIONS)))

    def _make(self, tables: dict[str, list[Any]]) -> None:
        with self._engine.begin() as db:
            db.exec_driver_sql("DROP SCHEMA public CASCADE")
            db.exec_driver_sql("CREATE SCHEMA public")
            if tables:
                METADATA.create_all(db)
            for name, rows in tables.items():
                if rows:
                    db.execute(sa.insert(METADATA.tables[name]), rows)
            if tables:
                begin_counts(db)


def memory_folder() -> Path | None:
    """Return where files are quick: a kill, unlike a power cut, asks nothing of the disk."""
    folder = Path("/dev/shm")  # noqa: S108 -- the folders in it are made private
    return folder if folder.is_dir() else None


def left_open(url: str) -> int:
    """Return how many conversations another run would have to do something about."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as db:
        return int(db.execute(sa.text(OPEN)).scalar_one())
