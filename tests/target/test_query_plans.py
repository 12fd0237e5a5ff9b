"""What a run without news and the operator's questions cost does not grow with the store.

Asserted by the plans of their statements, not by a clock: each finds what it looks for by an
index, in a store of either server. Whoever adds a statement that walks through all conversations,
or all rows, finds it named here.
"""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import sqlalchemy as sa

from target_creovai.input.staging import staged_row
from target_creovai.model.participants import Role
from target_creovai.participants.other_chats import CHATS_NEEDED
from target_creovai.store import ClaimPhase, Store
from tests.target.commands.conftest import Operator
from tests.target.messaging_rows import entry, session
from tests.target.rows import (
    AGENT_ID,
    COMPLETED,
    STARTED,
    Record,
    at,
    case,
    case_id,
    chat,
    chat_id,
    comment,
    mail,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.target.support import TargetRunner

# These hold a line for each conversation, row or name; all others a handful, whatever is stored.
LARGE = {
    "creovai_arrivals",
    "creovai_collections",
    "creovai_conversations",
    "creovai_merges",
    "creovai_rows",
    "creovai_speakers",
}
# These hold only what has something to be done, so that they may be walked through.
OF_WORK = {
    "creovai_arrivals_forgotten",
    "creovai_conversations_due",
    "creovai_conversations_intended",
    "creovai_conversations_oldest",
    "creovai_rows_left",
    "creovai_rows_nobodys",
}
# What has to be given, of an index that holds everything, so that little is found. Bounds are not
# enough: a walk in order of Id has one as well.
KEYS = {
    "creovai_collections_collection": "collection",
    "creovai_conversations_creovai_id": "creovai_id",
    "creovai_conversations_number": "number",
    # Open cases wait, and there may be as many of them as of others.
    "creovai_conversations_waiting": "reason",
    "creovai_merges_pkey": "loser",
    "sqlite_autoindex_creovai_merges_1": "loser",
    "creovai_merges_winner": "winner",
    "creovai_rows_conversation": "conversation",
    "creovai_speakers_name": "name",
    # By role alone it is asked for names that are open, which are few; by name alone, a server may
    # skip from one of the few roles to the next.
    "creovai_speakers_role": "(role|name)",
}
PRIMARY_KEY = "id"
# Of these, what has been done leaves the index, or the part of it between the bounds.
BOUNDED = {
    "creovai_conversations_due_at": "due_at",
    "creovai_conversations_text": "(coalesce|<expr>)",
}

Statement = tuple[str, Any]


class Step(NamedTuple):
    """How a table is read: by which index, and what of its keys is given."""

    table: str
    by: str
    given: str

    @property
    def grows(self) -> bool:
        """Tell whether more is read the more is stored."""
        if self.table not in LARGE or self.by in OF_WORK:
            return False
        if self.by in BOUNDED:
            return not re.search(BOUNDED[self.by], self.given)
        key = KEYS.get(self.by, PRIMARY_KEY)
        return not (self.by and re.search(rf"\b{key}\b\)?(::text)? ?=", self.given))


@contextmanager
def recorded() -> Iterator[list[Statement]]:
    """Yield the statements, each once and with parameters, that are carried out meanwhile."""
    statements: dict[str, Any] = {}
    found: list[Statement] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, ___: Any, many: Any) -> None:
        if re.match(r"\s*(SELECT|UPDATE|DELETE|WITH|INSERT.*\bSELECT\b)", statement, re.DOTALL):
            statements.setdefault(statement, parameters[0] if many else parameters)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
        found += statements.items()


def of_sqlite(db: sa.Connection, statement: str, parameters: Any) -> Iterator[Step]:
    """Yield the steps of a statement, as SQLite plans them."""
    form = re.compile(r"(?:SCAN|SEARCH) (\w+)(?:.* (?:INDEX|PRIMARY) (\w+))?(?: \((.*)\))?")
    for *_, detail in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
        if match := form.match(detail):
            yield Step(match[1], match[2] or "", match[3] or "")


def of_postgresql(db: sa.Connection, statement: str, parameters: Any) -> Iterator[Step]:
    """Yield the steps of a statement, as PostgreSQL plans them."""
    plans: list[Any] = db.exec_driver_sql(
        f"EXPLAIN (FORMAT JSON) {statement}", parameters
    ).scalar_one()
    nodes = [plans[0]["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
        kind, by = node["Node Type"], node.get("Index Name", "")
        given = node.get("Index Cond", "").lower()
        if kind == "Bitmap Index Scan":
            yield Step("creovai_" + by.split("_")[1], by, given)
        elif kind.endswith("Scan") and kind != "Bitmap Heap Scan" and "Relation Name" in node:
            yield Step(node["Relation Name"], by, given)


PLANS = {"sqlite": of_sqlite, "postgresql": of_postgresql}


def growing(url: str, statements: list[Statement]) -> list[tuple[str, Step]]:
    """Return the statements that read more the more is stored, and where."""
    engine = sa.create_engine(url)
    found = []
    with engine.connect() as db:
        if engine.dialect.name == "postgresql":
            fill(db)
        plan = PLANS[engine.dialect.name]
        for statement, parameters in statements:
            steps = plan(db, statement, parameters)
            found += [(statement, step) for step in steps if step.grows]
        db.rollback()
    engine.dispose()
    return found


MUCH_AT_REST = """
INSERT INTO creovai_conversations (kind, id, revision, assembled, outcome, rules, content_hash,
    creovai_id, has_text, changed_at)
SELECT 'chat', 'rests' || i, 1, 1, 'sent', 'x', 'h', 'c' || i, false, '2020'
FROM generate_series(1, 10000) AS s(i);
INSERT INTO creovai_conversations (kind, id, revision, assembled, outcome, reason, rules,
    changed_at)
SELECT 'case', 'waits' || i, 1, 1, 'waiting', 'case-open', 'x', '2021'
FROM generate_series(1, 10000) AS s(i);
INSERT INTO creovai_rows (stream, id, kind, conversation, modified, digest, body)
SELECT 'any', id, kind, id, '2020', '', '' FROM creovai_conversations WHERE changed_at = '2020';
INSERT INTO creovai_speakers (id, name, role)
SELECT id, decode(md5(id), 'hex'), 'agent' FROM creovai_conversations WHERE changed_at = '2020';
CREATE TEMPORARY TABLE all_kinds AS
SELECT k.kind, id FROM creovai_rows, (VALUES ('case'), ('chat'), ('messaging')) AS k (kind)
WHERE modified = '2020';
INSERT INTO creovai_merges (kind, loser, winner) SELECT kind, id, id FROM all_kinds;
INSERT INTO creovai_arrivals (kind, id, filter) SELECT kind, id, 'f' FROM all_kinds;
INSERT INTO creovai_collections (kind, id, stream, collection)
SELECT kind, id, 'any', id FROM all_kinds;
ANALYZE
"""


def fill(db: sa.Connection) -> None:
    """Store much that is at rest: PostgreSQL weighs what there is."""
    for statement in MUCH_AT_REST.split(";"):
        db.exec_driver_sql(statement)


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest) -> TargetRunner:
    """A target whose store has some of everything."""
    name = "run_target" if request.param == "sqlite" else "run_shared"
    runner: TargetRunner = request.getfixturevalue(name)
    waits = case(2, IsClosed=False)
    nobodys = comment(9, ParentId=None)
    late = chat(2, EndTime=at("18:59"), SystemModstamp=at("18:59"))
    runner(STARTED, case(), mail(), waits, nobodys, chat(), late, *messaging(), COMPLETED)
    return runner


def messaging() -> Iterator[Record]:
    """Yield a session with what was said in it."""
    yield session()
    yield entry()


NEWS = [
    *(case(1, Subject="another", SystemModstamp=at("20:00")), comment(5, case=3)),
    *(case(3, Description="words"), case(4, MasterRecordId=case_id(3), IsDeleted=True)),
    *(chat(1, Status="Missed", SystemModstamp=at("20:00")), chat(3)),
    Record("User", {"Id": AGENT_ID, "Name": "Nora Vance", "SystemModstamp": at("20:00")}),
]


@pytest.mark.parametrize(
    "records",
    [pytest.param([case(), chat()], id="no-news"), pytest.param(NEWS, id="news")],
)
def test_a_run_reads_what_is_to_be_done(target: TargetRunner, records: list[Record]) -> None:
    """So does one that drops texts, or that gets a row once more that it has."""
    with recorded() as statements:
        outcome = target(STARTED, *records, COMPLETED, retention_days=1000)

    assert outcome.exit_code in (0, 3), outcome.stderr
    assert len(statements) > 20
    assert growing(target.config["store_url"], statements) == []


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["status"], id="status"),
        pytest.param(["status", "--format", "prometheus"], id="prometheus"),
        pytest.param(["report", "--output", "report.html"], id="report"),
        pytest.param(["explain", case_id()], id="id"),
        pytest.param(["explain", "00001"], id="case-number"),
        pytest.param(["explain", "unknown"], id="unknown"),
        pytest.param(["doctor"], id="doctor"),
    ],
)
def test_a_question_of_the_operator_is_looked_up(
    target: TargetRunner, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is at once there, in a store of a million rows."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # the SDK's command sets one
    monkeypatch.chdir(target.folder)
    with recorded() as statements:
        Operator(target)(*command)

    assert len(statements) > 2
    assert growing(target.config["store_url"], statements) == []


def test_what_only_some_runs_ask_is_looked_up(target: TargetRunner) -> None:
    """Where names are open, keys were not read, parts are missing, or others deliver as well."""
    url = target.config["store_url"]
    with Store(url) as store:
        store.speakers.record(chat_id(9), {"Nora V": Role.UNKNOWN})
        for number in range(20, 20 + CHATS_NEEDED):
            store.speakers.record(chat_id(number), {"Nora V": Role.AGENT})
        store.commit()
        with recorded() as statements:
            assert store.speakers.known_roles(["Nora V"]) == {"Nora V": Role.AGENT}
            store.speakers.reopen_known("chat")
            store.rows.has_unassigned("CaseComment")
            store.ledger.claimed_by_others("chat")
            store.ledger.claim_these("chat", [chat_id(1)], ClaimPhase.FRESH)
            store.ledger.waiting_for_rows(10)
            store.rows.stage([staged_row(*case(2, IsClosed=False))], {"case": "a filter"})
            store.speakers.reopen_known("chat")

    assert len(statements) > 10
    assert growing(url, statements) == []


def test_a_walk_through_all_is_noticed(target: TargetRunner) -> None:
    """What this module promises is no accident of how it looks."""
    walks = [
        "SELECT count(*) FROM creovai_conversations",
        "SELECT id FROM creovai_conversations WHERE kind = 'chat' AND outcome = 'sent' ORDER BY id",
        "SELECT id FROM creovai_rows WHERE stream = 'Case' AND length(body) = 0",
        "SELECT id FROM creovai_conversations WHERE kind = 'chat' AND id > '' AND reason = 'x'",
        "SELECT id FROM creovai_rows WHERE stream = 'Case' AND id > '0' ORDER BY id LIMIT 50",
    ]
    found = growing(target.config["store_url"], [(walk, ()) for walk in walks])
    assert [statement for statement, _ in found] == walks
