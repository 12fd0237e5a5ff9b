"""A conversation is looked at again where something may change what becomes of it, else not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from target_creovai.assemble import assemble
from target_creovai.delivery.streaming import MOST_NAMED, Changes
from target_creovai.input.staging import staged_row
from target_creovai.store import ClaimPhase, Store
from tests.target.messaging_rows import session, session_id
from tests.target.rows import COMPLETED, STARTED, at, case, case_id, chat, chat_id, comment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

OPEN = [
    case(1, IsClosed=False, Description="words"),
    chat(2, Status="InProgress", EndTime=None),
    session(3, Status="Active", EndTime=None),
    comment(4, case=4),
]
SILENT = case(5)


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each conversation was assembled, by Id."""
    count: Counter[str] = Counter()

    def counted(kind: str, key: str, *more: Any) -> Any:
        count[key] += 1
        return assemble(kind, key, *more)

    monkeypatch.setattr("target_creovai.delivery.loop.assemble", counted)
    return count


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest) -> TargetRunner:
    """A target whose store, on either server, has conversations that wait to be closed."""
    name = "run_target" if request.param == "sqlite" else "run_shared"
    runner: TargetRunner = request.getfixturevalue(name)
    runner(STARTED, *OPEN, SILENT, COMPLETED)
    waiting = {key for key, (outcome, _) in runner.ledger().items() if outcome == "waiting"}
    assert waiting == {case_id(1), chat_id(2), session_id(3), case_id(4)}
    return runner


def test_other_settings_do_not_look_at_what_is_open(
    target: TargetRunner, looked_at: Counter[str]
) -> None:
    """It is open under any of them; what was skipped may be something now, and is seen once."""
    target(STARTED, COMPLETED, strip_signatures=True)
    assert looked_at == {case_id(5): 1}
    target(STARTED, COMPLETED, strip_signatures=True)
    assert looked_at == {case_id(5): 1}


def test_another_version_does_not_look_at_what_is_open(
    target: TargetRunner, looked_at: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade does not cost an assembly of all that waits."""
    monkeypatch.setattr("target_creovai.assemble.version", lambda _: "another")
    target(STARTED, COMPLETED)
    assert looked_at == {case_id(5): 1}


def test_the_setting_by_which_a_case_is_open_frees_it(
    target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It may go now, though nothing has come for it."""
    target(STARTED, COMPLETED, case_delivery="all")
    assert case_id(1) in creovai.cases


def test_what_opens_or_closes_by_its_rows_is_looked_at(
    target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Under other settings as well."""
    closed = case(1, Description="words", SystemModstamp=at("20:00"))
    target(STARTED, closed, COMPLETED, strip_signatures=True)
    assert list(creovai.cases) == [case_id(1)]


def test_what_a_commit_has_changed_is_claimed_by_name(tmp_path: Path) -> None:
    """Others are as due as before, and left for when all is looked at."""
    with Store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store.rows.stage([staged_row(*chat(number)) for number in range(1, 5)])
        some = [chat_id(number) for number in (3, 1, 9)]
        claimed = store.ledger.claim_these("chat", some, ClaimPhase.FRESH)
        assert [entry.id for entry in claimed] == [chat_id(1), chat_id(3)]
        assert store.ledger.count_due("chat", rules="", now=at("20:00")) == 4


def test_streaming_delivery_gets_what_has_changed() -> None:
    """Once all that is due, as earlier runs may have left some; then the changes of each commit.

    More of them than are kept by name mean all that is due, so that memory does not grow.
    """
    changes = Changes()
    taken = []
    many = [("chat", str(number)) for number in range(MOST_NAMED + 1)]
    for changed in ([("chat", "1")], [("chat", "2")], [], many, [("chat", "3")]):
        changes.add(changed)
        taken.append(changes.pop_all())
    assert taken == [set(), {("chat", "2")}, None, set(), {("chat", "3")}]
