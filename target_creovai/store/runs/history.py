"""What the store keeps of its runs and of what they delivered, for as long as reports look back.

Deliveries are counted in the commit that writes their receipts, so that the sum over all days
is what Creovai took, however a run ends.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from target_creovai.model.history import KEPT_DAYS, Lag, OfAgent, OfDay, Run, RunFacts
from target_creovai.model.timestamps import utc
from target_creovai.store.database.engine import lock_schema
from target_creovai.store.database.tables import DELIVERIES, HISTORY, LAGS
from target_creovai.store.runs.deliveries import DAY_LENGTH, SUMS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_creovai.store.database.database import Database
    from target_creovai.store.runs.deliveries import Deliveries

# Lines of past days, added up over all runs.
ALL_RUNS = ""
# A run may write down a receipt of the day before, at midnight.
_DAYS_UNTIL_ADDED_UP = 1
_decode_facts = msgspec.json.Decoder(RunFacts).decode


class History:
    """The lines of all runs, and what was delivered by day."""

    def __init__(self, database: Database, run: str, deliveries: Deliveries) -> None:
        self._database = database
        self._run = run
        self._deliveries = deliveries

    # Runs

    def begin_run(self, began_at: str) -> None:
        """Record that this run began; the line of one that is killed has no end."""
        with self._database.transaction() as db:
            db.execute(sa.insert(HISTORY).values(run=self._run, began_at=began_at))

    def end_run(self, ended_at: str, exit_code: int, facts: RunFacts) -> None:
        """Record how this run ended, add up past days, and drop what is too old."""
        this = sa.update(HISTORY).where(HISTORY.c.run == self._run)
        values = {"ended_at": ended_at, "exit_code": exit_code, "facts": msgspec.json.encode(facts)}
        with self._database.transaction() as db:
            db.execute(this.values(values))
            self._add_up(db, _days_before(ended_at, _DAYS_UNTIL_ADDED_UP))
            oldest = _days_before(ended_at, KEPT_DAYS)
            db.execute(sa.delete(HISTORY).where(HISTORY.c.began_at < oldest))
            for table in SUMS:
                too_old = (table.c.run == ALL_RUNS, table.c.day < oldest)
                db.execute(sa.delete(table).where(*too_old))

    def last_run(self) -> dict[str, Any] | None:
        """Return the run that began last: without `ended_at` it goes on, or was killed."""
        run = next(iter(self.runs(limit=1)), None)
        if run is None:
            return None
        if run.ended_at is None:
            return {"began_at": run.began_at}
        facts = run.facts
        return {
            "began_at": run.began_at,
            "ended_at": run.ended_at,
            "exit_code": run.exit_code,
            "counts": facts.counts,
            "stopped": facts.stopped,
        }

    def runs(self, since: str = "", limit: int | None = None) -> list[Run]:
        """Return the runs that began at `since` or later, the last first."""
        c = HISTORY.c
        columns = (c.began_at, c.ended_at, c.exit_code, c.facts)
        query = sa.select(*columns).where(c.began_at >= since).order_by(c.began_at.desc())
        with self._database.reading() as db:
            return [
                Run(began_at, ended_at, exit_code, _decode_facts(facts) if facts else RunFacts())
                for began_at, ended_at, exit_code, facts in db.execute(query.limit(limit))
            ]

    def last_end(self, exit_codes: Sequence[int]) -> str | None:
        """Return when the last run ended that had one of these exit codes."""
        ended = sa.select(sa.func.max(HISTORY.c.ended_at)).where(
            HISTORY.c.exit_code.in_(exit_codes)
        )
        with self._database.reading() as db:
            moment: str | None = db.scalar(ended)
        return moment

    # Deliveries

    def delivered_by_day(self, since: str) -> list[OfDay]:
        """Return what was delivered on that day and later; a day may come in two parts."""
        return [OfDay(*row) for row in self._sums(DELIVERIES, OfDay, since)]

    def delivered_by_agent(self, since: str) -> list[OfAgent]:
        """Return whose conversations were delivered from that day on; one may come in two parts."""
        return [OfAgent(*row) for row in self._sums(DELIVERIES, OfAgent, since)]

    def lags(self, since: str) -> list[Lag]:
        """Return how long it took on that day and later; a day may come in two parts."""
        return [Lag(*row) for row in self._sums(LAGS, Lag, since)]

    def _sums(self, table: sa.Table, form: type[Any], since: str) -> Iterator[Any]:
        """Yield sums by the keys that a form has: of days that are added up, and of the others."""
        names = form.__struct_fields__
        keys = [table.c[name] for name in names if name not in SUMS[table]]
        sums = [_sum(table.c[name]) for name in names if name in SUMS[table]]
        query = sa.select(*keys, *sums).where(table.c.day >= since).group_by(*keys)
        with self._database.reading() as db:
            for of_runs in (table.c.run == ALL_RUNS, table.c.run > ALL_RUNS):
                yield from db.execute(query.where(of_runs)).all()

    def _add_up(self, db: sa.Connection, before: str) -> None:
        """Add up the days before that one over all runs."""
        if not db.scalar(sa.select(sa.exists().where(*_apart(DELIVERIES, before)))):
            return
        lock_schema(db)  # another run may be at it
        for table, names in SUMS.items():
            keys = [table.c[name] for name in _keys(table) if name != "run"]
            sums = [_sum(table.c[name]) for name in names]
            query = sa.select(*keys, *sums).where(*_apart(table, before)).group_by(*keys)
            lines = [(ALL_RUNS, *row) for row in db.execute(query)]
            if lines:
                self._deliveries.add(db, table, lines)
            db.execute(sa.delete(table).where(*_apart(table, before)))


def _keys(table: sa.Table) -> list[str]:
    return [column.name for column in table.primary_key]


def _sum(column: sa.Column[int]) -> sa.Label[int]:
    return sa.cast(sa.func.sum(column), sa.BigInteger).label(column.name)


def _apart(table: sa.Table, before: str) -> tuple[sa.ColumnElement[bool], ...]:
    return table.c.run > ALL_RUNS, table.c.day < before


def _days_before(moment: str, days: int) -> str:
    return utc(datetime.fromisoformat(moment) - timedelta(days=days))[:DAY_LENGTH]
