"""How many conversations stand where is kept, not counted: it is always what a count would find."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from target_creovai.input.staging import staged_row
from target_creovai.model.outcomes import Code, Outcome, Reason
from target_creovai.model.settings import SHAPE_LENGTH
from target_creovai.store import Store
from target_creovai.store.database.counts import COUNTS, add_up, tidy_counts
from target_creovai.store.database.tables import LEDGER
from target_creovai.store.ledger.due import is_of_other_settings
from target_creovai.store.operator.store import OperatorStore
from tests.target.rows import at, case, case_id, chat

if TYPE_CHECKING:
    from tests.target.support import TargetRunner

SHAPES = ["s" * SHAPE_LENGTH, "t" * SHAPE_LENGTH]
RULES = [f"{shape}{more}" for shape in SHAPES for more in ("a", "b")]
LINES = st.fixed_dictionaries(
    {
        "outcome": st.sampled_from(list(Outcome)),
        "reason": st.sampled_from([None, Reason(Code.CASE_OPEN), Reason(Code.DELETED_LATER)]),
        "rules": st.sampled_from([None, "", *RULES]),
        "assembled": st.sampled_from([None, 1, 2]),
        "revision": st.sampled_from([1, 2]),
        "content_hash": st.sampled_from([None, "h"]),
        "erased_at": st.sampled_from([None, "2024"]),
        "claimed_by": st.sampled_from([None, "run"]),
    }
)
# What happens to one of a few conversations: it gets these values, or goes.
CHANGES = st.lists(
    st.tuples(st.sampled_from(["case", "chat"]), st.integers(1, 3), LINES | st.none()), max_size=20
)


def carry_out(db: sa.Connection, kind: str, number: int, line: dict[str, Any] | None) -> None:
    """Change one conversation's line, make it, or drop it."""
    this = sa.and_(LEDGER.c.kind == kind, LEDGER.c.id == str(number))
    if line is None:
        db.execute(sa.delete(LEDGER).where(this))
    elif not db.execute(sa.update(LEDGER).where(this).values(line)).rowcount:
        db.execute(sa.insert(LEDGER).values(kind=kind, id=str(number), **line))


def assert_counted(store: Store) -> None:
    """Compare what the store says with what is there."""
    c = LEDGER.c
    with store.database.reading() as db:
        lines = db.execute(sa.select(c.kind, c.outcome, c.reason)).all()
        others = [
            Counter(db.scalars(sa.select(c.kind).where(is_of_other_settings(rules))))
            for rules in RULES
        ]
    stands = {
        (one.kind, one.outcome, one.reason): one.number for one in store.ledger.outcome_counts()
    }
    assert stands == Counter(map(tuple, lines))
    assert [store.ledger.of_other_settings(rules) for rules in RULES] == others


@settings(max_examples=60)
@given(changes=CHANGES)
def test_any_change_of_the_ledger_is_counted(changes: Any) -> None:
    """Whichever statement makes it, of this version or of somebody at the database's prompt."""
    with Store("sqlite://") as store:
        for change in changes:
            with store.database.transaction() as db:
                carry_out(db, *change)
        assert_counted(store)
        with store.runs.delivering():
            pass
        assert_counted(store)
        with store.database.reading() as db:
            assert all(db.scalars(sa.select(COUNTS.c.number)))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Where an empty store is."""
    name = "run_target" if request.param == "sqlite" else "run_shared"
    runner: TargetRunner = request.getfixturevalue(name)
    return str(runner.config["store_url"])


def test_what_a_run_and_an_operator_write_is_counted(url: str) -> None:
    """After each of the store's own ways to change a line; a change that fails counts nothing."""
    with OperatorStore(url) as store:
        rows = [case(1), case(2), case(3), chat(4), chat(5)]
        store.rows.stage([staged_row(*row) for row in rows])
        assert_counted(store)
        one, two, three = store.ledger.claim("case", rules=RULES[0], now=at("20:00"))
        store.outcomes.conclude(one, Outcome.WAITING, rules=RULES[0], reason=Reason(Code.CASE_OPEN))
        store.outcomes.conclude(
            two, Outcome.SET_ASIDE, rules=RULES[0], reason=Reason(Code.UNREADABLE, ("x",))
        )
        store.outcomes.record_intent(three, "h", b"{}", posted_by=at("20:00"))
        store.commit()
        assert_counted(store)
        sent = {"content_hash": "h", "metadata": b"{}", "creovai_id": "c", "sent_at": at("20:01")}
        store.outcomes.record_receipt(three, rules=RULES[0], **sent)  # type: ignore[arg-type]
        store.commit()
        assert_counted(store)
        store.rows.stage([staged_row(*case(3, SystemModstamp=at("21:00")))])
        store.repairs.retry_set_aside(Reason(Code.RETRY))
        assert_counted(store)
        with pytest.raises(ZeroDivisionError), store.database.transaction() as db:
            carry_out(
                db,
                "chat",
                9,
                {"outcome": Outcome.SENT, "revision": 1 // len(store.queries.find([]))},
            )
        store.repairs.forget(store.queries.find([case_id(1)]))
        assert_counted(store)
        with store.runs.delivering() as free:
            assert free
        assert_counted(store)


def test_two_that_write_at_once_wait_for_no_common_count(run_shared: TargetRunner) -> None:
    """On PostgreSQL: both have conversations of the same kind and outcome, and neither commits."""
    url = run_shared.config["store_url"]
    new = {"outcome": Outcome.WAITING, "reason": None, "revision": 1}
    with Store(url) as first, Store(url) as second:
        with first.database.transaction() as ours, second.database.transaction() as theirs:
            for db, number in ((ours, 1), (theirs, 2), (ours, 3), (theirs, 4)):
                db.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
                carry_out(db, "chat", number, new)
        assert_counted(first)
        with first.runs.delivering(), second.runs.delivering():
            pass
        assert_counted(second)
        with first.database.reading() as db:
            assert db.scalars(sa.select(COUNTS.c.writer)).all() == [0]


def test_whoever_adds_up_for_all_waits_for_nobody(run_shared: TargetRunner) -> None:
    """On PostgreSQL: a run that ends meets one that is about to commit, and holds its counts."""
    url = run_shared.config["store_url"]
    lines = [{"outcome": outcome, "revision": 1} for outcome in (Outcome.WAITING, Outcome.PENDING)]
    with Store(url) as first, Store(url) as second:
        with first.database.engine.connect() as ours:
            for numbers in ((1, 2), (3, 4)):
                ours.commit()
                for number, line in zip(numbers, lines, strict=True):
                    carry_out(ours, "chat", number, line)
                add_up(ours)
            with second.database.transaction() as theirs:
                theirs.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
                tidy_counts(theirs)
            ours.commit()
        assert_counted(second)
