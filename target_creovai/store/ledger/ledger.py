"""The ledger: which conversations are due, and how many have which outcome."""

from __future__ import annotations

from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from target_creovai.errors import StoreError
from target_creovai.model.outcomes import Outcome
from target_creovai.model.settings import SHAPE_LENGTH
from target_creovai.store.database.counts import COUNTS, counts, waiting_reasons
from target_creovai.store.database.tables import IS_WAITING, LEDGER, META
from target_creovai.store.ledger.due import ClaimPhase, becomes_due, has_newly_due, is_due, mark_due
from target_creovai.store.ledger.entry import LedgerEntry
from target_creovai.store.runs.coverage import load_coverage
from target_creovai.wholeness.judge import has_moved
from target_creovai.wholeness.reasons import must_be_read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_creovai.model.outcomes import Reason
    from target_creovai.store.database.database import Database
    from target_creovai.store.runs.runs import Runs


class OutcomeCount(NamedTuple):
    """How many conversations of a kind have an outcome for a reason.

    `oldest` is the earliest last change of those that wait.
    """

    kind: str
    outcome: str
    reason: Reason | None
    number: int
    oldest: str | None


ENTRY_COLUMNS = [LEDGER.c[name] for name in LedgerEntry.__struct_fields__]


class Ledger:
    """One line for each conversation."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._database = database
        self._runs = runs

    # What is due

    def due(
        self, kind: str, *, rules: str, now: str, after: str = "", limit: int = 100
    ) -> list[LedgerEntry]:
        """Return conversations to look at, in order of Id, from the one behind `after`.

        Due is what changed since it was assembled, what time or another set of
        assembly rules may free, what was left pending, and what an earlier run
        sent, and was killed before the answer.
        """
        with self._database.reading() as db:
            query = _page(self._is_or_gets_due(db, kind, rules, now), after, limit)
            return [LedgerEntry(*row) for row in db.execute(query)]

    def claim(
        self,
        kind: str,
        *,
        rules: str,
        now: str,
        phase: ClaimPhase | None = None,
        after: str = "",
        limit: int = 100,
    ) -> list[LedgerEntry]:
        """Return what `due` does, and keep other runs from it until it is concluded.

        What another run that is alive has claimed is passed over. `phase`: only what belongs to it.
        """
        if not after and phase is not ClaimPhase.IN_DOUBT:
            self._mark_due(kind, rules, now)
        return self._claim(_page(self._is_unclaimed(kind, phase), after, limit))

    def claim_these(self, kind: str, ids: Sequence[str], phase: ClaimPhase) -> list[LedgerEntry]:
        """Return, as `claim` does, those of these conversations that changed."""
        these = LEDGER.c.id.in_(ids)
        return self._claim(_page(sa.and_(self._is_unclaimed(kind, phase), these), "", len(ids)))

    def _is_unclaimed(self, kind: str, phase: ClaimPhase | None) -> sa.ColumnElement[bool]:
        return sa.and_(is_due(kind, phase), self._runs.unclaimed())

    def _claim(self, query: sa.Select[Any]) -> list[LedgerEntry]:
        with self._database.reading() as db:
            if db.execute(query.limit(1)).first() is None:
                return []  # without a transaction, so that no writer waits
        with self._database.transaction() as db:
            found = db.execute(query.with_for_update(skip_locked=True))
            entries = [LedgerEntry(*row) for row in found]
            mine = sa.and_(
                LEDGER.c.kind.in_({entry.kind for entry in entries}),
                LEDGER.c.id.in_([entry.id for entry in entries]),
            )
            db.execute(sa.update(LEDGER).where(mine).values(claimed_by=self._runs.id))
        return entries

    def claimed_by_others(self, kind: str) -> int:
        """Return how many conversations that are due another run has claimed.

        Whether it is alive or not: what a killed run has claimed is free for others, unless its
        connection outlives it, and a transaction of it still locks them.
        """
        return self._count(is_due(kind), LEDGER.c.claimed_by != self._runs.id)

    def count_due(self, kind: str, *, rules: str, now: str) -> int:
        """Return how many conversations `due` would return in all."""
        with self._database.reading() as db:
            due = self._is_or_gets_due(db, kind, rules, now)
        return self._count(due)

    @staticmethod
    def _is_or_gets_due(
        db: sa.Connection, kind: str, rules: str, now: str
    ) -> sa.ColumnElement[bool]:
        """Return the condition for what a run would look at, without marking anything as due."""
        if has_newly_due(db, kind, rules, now):
            return sa.or_(is_due(kind), becomes_due(kind, rules, now))
        return is_due(kind)

    def _mark_due(self, kind: str, rules: str, now: str) -> None:
        with self._database.reading() as db:
            if not has_newly_due(db, kind, rules, now):
                return
        with self._database.transaction() as db:
            mark_due(db, kind, rules, now)

    def _count(self, *conditions: sa.ColumnElement[bool]) -> int:
        query = sa.select(sa.func.count()).select_from(LEDGER).where(*conditions)
        with self._database.reading() as db:
            return db.scalar(query) or 0

    def entries(self, kind: str, ids: Sequence[str]) -> list[LedgerEntry]:
        """Return these conversations as the ledger has them now, in order of Id."""
        c = LEDGER.c
        query = sa.select(*ENTRY_COLUMNS).where(c.kind == kind, c.id.in_(ids)).order_by(c.id)
        with self._database.reading() as db:
            return [LedgerEntry(*row) for row in db.execute(query)]

    def outcome_counts(self) -> list[OutcomeCount]:
        """Return how many conversations have each outcome and reason."""
        numbers: Counter[tuple[str, str, Reason | None]] = Counter()
        with self._database.snapshot() as db:
            for count in counts(db):
                numbers[count.kind, count.outcome, count.reason] += count.number
            found = [
                OutcomeCount(*key, number, _oldest(db, *key)) for key, number in numbers.items()
            ]
        return sorted(found, key=lambda one: (one.kind, one.outcome, str(one.reason or "")))

    def of_other_settings(self, rules: str) -> Counter[str]:
        """Return how many conversations, by kind, Creovai has as other settings made them."""
        shape, found = rules[:SHAPE_LENGTH], Counter[str]()
        with self._database.reading() as db:
            for count in counts(db, COUNTS.c.outcome == Outcome.SENT, COUNTS.c.rules != ""):
                if count.rules[:SHAPE_LENGTH] != shape:
                    found[count.kind] += count.number
        return found

    # All conversations

    def require_prefix(self, prefix: str) -> None:
        """Refuse to send from one store under two prefixes: all would arrive twice.

        Raises:
            StoreError: What was sent so far had another `session_id_prefix`.
        """
        with self._database.transaction() as db:
            known = db.scalar(sa.select(META.c.value).where(META.c.name == "session_id_prefix"))
            if known == prefix:
                return
            sent = sa.exists().where(LEDGER.c.content_hash.is_not(None))
            if known is not None and db.scalar(sa.select(sent)):
                msg = (
                    f"This store has sent with session_id_prefix '{known}', not '{prefix}': go "
                    "back to it, or give each org a store of its own (on PostgreSQL, a database)."
                )
                raise StoreError(msg)
            self._database.set_meta(db, "session_id_prefix", prefix)

    def waiting_for_rows(self, limit: int) -> list[tuple[str, str]]:
        """Return kind and Id of up to so many conversations of which rows have to be read."""
        c = LEDGER.c
        with self._database.reading() as db:
            wanted = [reason for reason in waiting_reasons(db) if must_be_read(reason)]
            query = sa.select(c.kind, c.id).where(sa.text(IS_WAITING), c.reason.in_(wanted))
            found = [(kind, key) for kind, key in db.execute(query.limit(limit))]
        return sorted(found, key=itemgetter(1))

    def reopen_missing_parts(self) -> None:
        """Make due what waits for a part that may have been read since."""
        with self._database.reading() as db:
            coverage = load_coverage(db, self._runs.open_input_in(db))
            moved = [reason for reason in waiting_reasons(db) if has_moved(reason, coverage)]
        if moved:
            with self._database.transaction() as db:
                due = sa.update(LEDGER).where(sa.text(IS_WAITING), LEDGER.c.reason.in_(moved))
                db.execute(due.values(assembled=None))


def _oldest(db: sa.Connection, kind: str, outcome: str, reason: Reason | None) -> str | None:
    """Return the earliest last change of the conversations that wait for this reason."""
    if outcome != Outcome.WAITING:
        return None
    c = LEDGER.c
    # PostgreSQL looks up no `IS NOT DISTINCT FROM` in an index.
    same = sa.and_(sa.text(IS_WAITING), c.kind == kind, c.reason == reason)
    oldest: str | None = db.scalar(sa.select(sa.func.min(c.changed_at)).where(same))
    return oldest


def _page(condition: sa.ColumnElement[bool], after: str, limit: int) -> sa.Select[Any]:
    """Return the query for so many conversations, in order of Id, behind one."""
    wanted = sa.select(*ENTRY_COLUMNS).where(condition, LEDGER.c.id > after)
    return wanted.order_by(LEDGER.c.id).limit(limit)
