"""A store is made, or brought up to this version, in one transaction when it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_creovai.errors import StoreError
from target_creovai.store.database.counts import begin_counts
from target_creovai.store.database.engine import lock_schema
from target_creovai.store.database.tables import HALF_COPIED, META, METADATA, SCHEMA_VERSION
from target_creovai.store.ledger.due import NO_FACTS, mark_changed
from target_creovai.store.migrations.steps import upgrade
from target_creovai.store.rows.merges import merged_cases, with_winners, write_merges
from target_creovai.store.runs.coverage import begin_coverage

if TYPE_CHECKING:
    from target_creovai.store.database.database import Database

# The first version that kept which cases were merged.
MERGES_SINCE = 2


def migrate(database: Database) -> None:
    """Make the tables of a store, or bring those of an earlier version up to this one.

    Raises:
        StoreError: A newer version of this package wrote the store, or it is half a copy.
    """
    with database.transaction() as db:
        lock_schema(db)
        META.create(db, checkfirst=True)
        if db.scalar(sa.select(META.c.value).where(META.c.name == HALF_COPIED)):
            msg = "The store is a copy that is not complete: call store copy once more."
            raise StoreError(msg)
        query = sa.select(META.c.value).where(META.c.name == "schema_version")
        version = int(db.scalar(query) or 0)
        # Written even where it is there, so that a store that cannot be written fails here.
        new = database.upsert(META).values(name="schema_version", value=str(SCHEMA_VERSION))
        db.execute(new.on_conflict_do_nothing())
        if not version:
            METADATA.create_all(db)
            begin_counts(db)
        elif version == SCHEMA_VERSION:
            return
        elif version > SCHEMA_VERSION:
            msg = (
                "The store was written by a newer version of target-creovai (schema "
                f"{version}, this version knows {SCHEMA_VERSION}): upgrade, or name another "
                "store_url."
            )
            raise StoreError(msg)
        else:
            _upgrade(database, db, version)
        begin_coverage(db, database.upsert)


def _upgrade(database: Database, db: sa.Connection, version: int) -> None:
    """Bring a store of an earlier version up to this one; all of it or nothing."""
    METADATA.create_all(db)
    upgrade(db, version)
    if version < MERGES_SINCE:
        # Rows that are stored already will not arrive as changed.
        merges = merged_cases(db)
        write_merges(db, database.upsert, "case", merges)
        touched = with_winners(db, {("case", loser) for loser in merges})
        mark_changed(db, database.upsert, dict.fromkeys(touched, NO_FACTS))
    database.set_meta(db, "schema_version", str(SCHEMA_VERSION))
