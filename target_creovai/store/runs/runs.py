"""Which runs use a store at the moment, and which of them may deliver.

A SQLite store serves one machine: one run delivers at a time, behind a lock that ends
with its process. On PostgreSQL several runs share the work. Each has a line in
`creovai_runs` that it renews while it lives; what it has claimed is free for others once
that line has run out.
"""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from target_creovai.clock import Deadline
from target_creovai.errors import StoreError
from target_creovai.store.database.counts import tidy_counts
from target_creovai.store.database.engine import file_lock
from target_creovai.store.database.tables import IS_DUE, LEDGER, RUNS
from target_creovai.wholeness.coverage import OpenInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_creovai.store.database.database import Database

# How long what a machine has claimed stays claimed after it is gone.
LEASE_SECONDS = 60.0
RENEW_EVERY_SECONDS = LEASE_SECONDS / 4

# One clock for all machines. A SQLite store has one machine only, whose runs need no lease.
_SERVER_TIME = sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()), sa.Double)


class Runs:
    """The line of this run among those of others."""

    def __init__(self, database: Database) -> None:
        self.id = uuid.uuid4().hex
        self._database = database
        self._shared = database.is_postgresql
        self._lease = LEASE_SECONDS if self._shared else 0.0
        self._closed = threading.Event()
        self._renewing: threading.Thread | None = None
        self._valid_until = Deadline(0.0)
        with database.reading() as db:
            self._opened_at = db.execute(sa.select(self._now)).scalar_one()

    @property
    def _now(self) -> sa.ColumnElement[float]:
        return _SERVER_TIME if self._shared else sa.literal(time.time(), sa.Double)

    def close(self) -> None:
        """Stop renewing the lease."""
        self._closed.set()

    # Inputs

    def reading(self, db: sa.Connection) -> None:
        """Record, with the rows that come, that their input has not ended yet."""
        self._write(db, reading=True)

    def end_input(self, *, well: bool) -> None:
        """Record how the input ended.

        One that ended well replaces every other that broke off before this run began: it has
        read what those had not.
        """
        with self._database.transaction() as db:
            if well:
                self._end_well(db)
            else:
                self._write(db, reading=True, lease=0.0)

    def _end_well(self, db: sa.Connection) -> None:
        superseded = sa.and_(RUNS.c.reading, RUNS.c.expires <= self._opened_at)
        # A line may also be of a run that delivers: only the mark is removed then.
        ended = sa.update(RUNS).where(sa.or_(RUNS.c.id == self.id, superseded))
        db.execute(ended.values(reading=False))

    @property
    def input_ended_well(self) -> bool:
        """Whether no input is open: none that runs, and none that broke off."""
        return self.open_input is None

    @property
    def open_input(self) -> OpenInput | None:
        """The state of the inputs that have not ended well, if there are any."""
        with self._database.reading() as db:
            return self.open_input_in(db)

    def open_input_in(self, db: sa.Connection) -> OpenInput | None:
        """Return what `open_input` does, as a transaction sees it."""
        alive = set(db.scalars(sa.select(self._is_alive()).where(RUNS.c.reading)))
        if not alive:
            return None
        return OpenInput.BROKEN if False in alive else OpenInput.RUNNING

    # Deliveries

    @contextmanager
    def delivering(self, *, alone: bool = False) -> Iterator[bool]:
        """Hold the right to deliver in a `with` block, which gets whether there is one now.

        On SQLite one run delivers at a time; on PostgreSQL several do, each what it claims.
        `alone`: no other run delivers, and none may begin.
        """
        with self._entered(alone=alone) as free:
            yield free
            if free:
                with self._database.transaction() as db:
                    tidy_counts(db)

    @contextmanager
    def _entered(self, *, alone: bool) -> Iterator[bool]:
        if not self._shared:
            with file_lock(self._database.engine) as free:
                yield free
            return
        free = self._enter(alone=alone)
        try:
            yield free
        finally:
            if free:
                self._leave()

    def unclaimed(self) -> sa.ColumnElement[bool]:
        """Return the condition that no other run that is alive has claimed a conversation."""
        claimed_by = LEDGER.c.claimed_by
        return sa.or_(
            claimed_by.is_(None),
            claimed_by == self.id,
            claimed_by.not_in(sa.select(RUNS.c.id).where(RUNS.c.delivering, self._is_alive())),
        )

    @property
    def lease_lost(self) -> bool:
        """Whether this run was away for so long that another may deliver what it claimed."""
        return self._shared and self._valid_until.passed

    def _is_alive(self) -> sa.ColumnElement[bool]:
        return RUNS.c.expires > self._now

    def _enter(self, *, alone: bool) -> bool:
        with self._database.transaction() as db:
            db.exec_driver_sql("LOCK TABLE creovai_runs IN SHARE ROW EXCLUSIVE MODE")
            in_the_way = RUNS.c.delivering if alone else RUNS.c.alone
            others = sa.exists().where(RUNS.c.id != self.id, in_the_way, self._is_alive())
            if db.scalar(sa.select(others)):
                return False
            self._write(db, delivering=True, alone=alone)
        return True

    def _leave(self) -> None:
        with self._database.transaction() as db:
            # Concluded conversations have no claim; those that are not lose this run's.
            mine = sa.and_(sa.text(IS_DUE), LEDGER.c.claimed_by == self.id)
            db.execute(sa.update(LEDGER).where(mine).values(claimed_by=None))
            left = sa.update(RUNS).where(RUNS.c.id == self.id)
            db.execute(left.values(delivering=False, alone=False, expires=self._now))
            # Lines without a mark, also those of other runs.
            idle = sa.not_(sa.or_(RUNS.c.reading, RUNS.c.delivering))
            db.execute(sa.delete(RUNS).where(idle))

    # The lease

    def _write(self, db: sa.Connection, *, lease: float | None = None, **marks: bool) -> None:
        """Set marks in this run's line, and renew its lease."""
        seconds = self._lease if lease is None else lease
        valid_until = Deadline(seconds)
        expires = self._now + seconds
        # Updated first: unlike an upsert, SQLAlchemy does not compile an update for each commit.
        mine, changed = sa.update(RUNS).where(RUNS.c.id == self.id), {"expires": expires} | marks
        if not db.execute(mine.values(**changed)).rowcount:
            new = {"reading": False, "delivering": False, "alone": False} | changed
            insert = self._database.upsert(RUNS).values(id=self.id, **new)
            db.execute(insert.on_conflict_do_update(index_elements=["id"], set_=changed))
        self._valid_until = valid_until
        if self._shared and self._renewing is None:
            self._renewing = threading.Thread(target=self._keep_renewing, daemon=True)
            self._renewing.start()

    def _keep_renewing(self) -> None:
        while not self._closed.wait(RENEW_EVERY_SECONDS):
            valid_until = Deadline(self._lease)
            try:
                renewed = self._renew()
            except (SQLAlchemyError, StoreError):
                continue  # the lease goes on for a while, and the server may come back
            if renewed:
                self._valid_until = valid_until

    def _renew(self) -> bool:
        """Move the end of the lease, unless it has come: others may have taken over then."""
        mine = sa.update(RUNS).where(RUNS.c.id == self.id, self._is_alive())
        with self._database.transaction() as db:
            return bool(db.execute(mine.values(expires=self._now + self._lease)).rowcount)
