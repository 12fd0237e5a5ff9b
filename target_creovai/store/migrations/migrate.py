"""A store is made, or brought up to this version, in one transaction when it is opened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex

from target_creovai.errors import StoreError
from target_creovai.model.timestamps import utc
from target_creovai.store.database.counts import begin_counts
from target_creovai.store.database.engine import lock_schema
from target_creovai.store.database.tables import (
    APPLIED,
    HALF_COPIED,
    META,
    METADATA,
    SCHEMA_VERSION,
)
from target_creovai.store.migrations.migrations import MIGRATIONS
from target_creovai.store.runs.coverage import begin_coverage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_creovai.store.database.database import Database
    from target_creovai.store.migrations.migrations import Migration

# The first schema version whose stores record what was applied.
RECORDED_SINCE = 7


def migrate(database: Database) -> None:
    """Make the tables of a store, or apply what its own lack.

    Raises:
        StoreError: A newer version of this package wrote the store, or it is half a copy.
    """
    with database.transaction() as db:
        lock_schema(db)
        META.create(db, checkfirst=True)
        version = _version(db)
        # Written even where it is there, so that a store that cannot be written fails here.
        new = database.upsert(META).values(name="schema_version", value=str(SCHEMA_VERSION))
        db.execute(new.on_conflict_do_nothing())
        if version:
            _bring_up(db, database, version)
        else:
            _create(db, database)


def _version(db: sa.Connection) -> int:
    """Return the store's schema version, 0 for an empty database."""
    names = ("schema_version", HALF_COPIED)
    query = sa.select(META.c.name, META.c.value).where(META.c.name.in_(names))
    found = {row.name: row.value for row in db.execute(query)}
    if HALF_COPIED in found:
        msg = "The store is a copy that is not complete: call store copy once more."
        raise StoreError(msg)
    version = int(found.get("schema_version", 0))
    if version > SCHEMA_VERSION:
        msg = (
            "The store was written by a newer version of target-creovai (schema "
            f"{version}, this version knows {SCHEMA_VERSION}): upgrade, or name another "
            "store_url."
        )
        raise StoreError(msg)
    return version


def _create(db: sa.Connection, database: Database) -> None:
    METADATA.create_all(db)
    begin_counts(db)
    begin_coverage(db, database.upsert)
    _record(db, MIGRATIONS, utc(datetime.now(UTC)))


def _bring_up(db: sa.Connection, database: Database, version: int) -> None:
    """Apply the migrations that a store has not had; all of them or none."""
    recorded = version >= RECORDED_SINCE
    applied = (
        set(db.scalars(sa.select(APPLIED.c.name)))
        if recorded
        else {migration.name for migration in MIGRATIONS if migration.version <= version}
    )
    pending = [migration for migration in MIGRATIONS if migration.name not in applied]
    if not pending:
        return
    METADATA.create_all(db)
    for migration in pending:
        migration.change(db, database)
    _create_indexes(db)
    if not recorded:
        _record(db, [one for one in MIGRATIONS if one.name in applied], None)
    _record(db, pending, utc(datetime.now(UTC)))
    database.set_meta(db, "schema_version", str(SCHEMA_VERSION))


def _create_indexes(db: sa.Connection) -> None:
    """Create what `create_all` leaves out: the indexes of tables that are there already."""
    for table in METADATA.sorted_tables:
        for index in table.indexes:
            db.execute(CreateIndex(index, if_not_exists=True))


def _record(db: sa.Connection, migrations: Iterable[Migration], applied_at: str | None) -> None:
    lines = [{"name": one.name, "applied_at": applied_at} for one in migrations]
    if lines:
        db.execute(sa.insert(APPLIED), lines)
