"""What is noted of many conversations is few statements, and comes to the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from target_creovai.store.ledger.pending import carry_out

if TYPE_CHECKING:
    from target_creovai.store.ledger.pending import Statement

LINES = sa.Table(
    "lines",
    sa.MetaData(),
    sa.Column("kind", sa.String(20), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("said", sa.String(40)),
    sa.Column("meant", sa.String(40)),
)
KEYS = [("chat", "1"), ("chat", "2"), ("case", "1"), ("case", "2")]
OF_LINE = sa.update(LINES).where(
    LINES.c.kind == sa.bindparam("of_kind"), LINES.c.id == sa.bindparam("of_id")
)
UNSAID = OF_LINE.where(LINES.c.said.is_(None))
CLEARED = sa.update(LINES).where(LINES.c.kind == "chat").values(said=None)

NOTES: st.SearchStrategy[Any] = st.lists(
    st.one_of(
        st.just((CLEARED, {})),
        st.tuples(
            st.sampled_from([OF_LINE, UNSAID]),
            st.builds(
                lambda key, values: {"of_kind": key[0], "of_id": key[1], **values},
                st.sampled_from(KEYS),
                st.dictionaries(st.sampled_from(["said", "meant"]), st.text("abc"), min_size=1),
            ),
        ),
    ),
    max_size=12,
)


def lines_after(notes: list[Statement], *, together: bool) -> tuple[list[sa.Row[tuple[str]]], int]:
    """Return the table after these statements, and how many times the database was called."""
    engine = sa.create_engine("sqlite://")
    calls: list[str] = []
    with engine.begin() as db:
        LINES.create(db)
        db.execute(sa.insert(LINES), [{"kind": kind, "id": key} for kind, key in KEYS])
        sa.event.listen(engine, "before_cursor_execute", lambda *told: calls.append(told[2]))
        if together:
            carry_out(db, notes)
        else:
            for statement, values in notes:
                db.execute(statement, values)
        count = len(calls)
        found = list(db.execute(sa.select(LINES).order_by(LINES.c.kind, LINES.c.id)))
    engine.dispose()
    return found, count


@settings(max_examples=60, deadline=None)
@given(NOTES)
def test_the_table_is_as_if_each_was_carried_out_by_itself(notes: list[Statement]) -> None:
    """What was noted later of a conversation stands."""
    assert lines_after(notes, together=True)[0] == lines_after(notes, together=False)[0]


def test_the_same_of_different_conversations_is_one_call() -> None:
    """SQLAlchemy takes longer to prepare a statement than SQLite to carry it out."""
    notes: list[Statement] = [
        (OF_LINE, {"of_kind": kind, "of_id": key, "said": "a"}) for kind, key in KEYS
    ]
    assert lines_after(notes, together=True)[1] == 1
