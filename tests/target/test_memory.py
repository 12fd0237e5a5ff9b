"""What is in memory at once is bounded by bytes, however many conversations wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from target_creovai.delivery import existing, loop
from target_creovai.input.staging import staged_row
from target_creovai.sending import outbox
from target_creovai.store import Store
from target_creovai.store.rows.rows import Rows
from tests.target.rows import case, case_id, chat, comment
from tests.target.support import all_read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

SMALL, LARGE = "words " * 100, "words " * 10_000


@pytest.fixture
def read_at_once(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The conversations whose rows were read together."""
    seen: list[list[str]] = []
    snapshot_of = Rows.snapshot_of

    def noted(self: Rows, kind: str, ids: Sequence[str]) -> Any:
        seen.append(list(ids))
        return snapshot_of(self, kind, ids)

    monkeypatch.setattr(Rows, "snapshot_of", noted)
    return seen


def allow(bytes_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only so much be in memory."""
    for module in (loop, existing, outbox):
        monkeypatch.setattr(module, "BYTES_AT_ONCE", bytes_at_once)


def test_a_large_conversation_is_read_alone(
    run_target: TargetRunner,
    creovai: CreovaiServer,
    monkeypatch: pytest.MonkeyPatch,
    read_at_once: list[list[str]],
) -> None:
    """A mail thread of years, among cases of a few lines."""
    allow(20_000, monkeypatch)
    rows = [case(number, Description=LARGE if number == 3 else SMALL) for number in range(6)]
    run_target(*rows)

    assert read_at_once == [[case_id(n) for n in some] for some in ([0, 1, 2], [3], [4, 5])]
    assert len(creovai.cases) == 6


def test_what_waits_to_be_sent_is_bounded_as_well(
    run_target: TargetRunner, creovai: CreovaiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the payloads of a slow receiver would take the place of the rows."""
    allow(1, monkeypatch)
    creovai.latency_seconds = 0.01
    delivered: list[int] = []
    snapshot_of = Rows.snapshot_of

    def noted(self: Rows, kind: str, ids: Sequence[str]) -> Any:
        delivered.append(len(creovai.chats))
        return snapshot_of(self, kind, ids)

    monkeypatch.setattr(Rows, "snapshot_of", noted)
    run_target(*(chat(number) for number in range(5)))

    assert delivered == [0, 1, 2, 3, 4]


def test_rows_taken_over_from_a_merged_case_count(tmp_path: Path) -> None:
    """They are read with it."""
    loser = case(2, MasterRecordId=case_id(1), IsDeleted=True, Description=LARGE)
    with Store(f"sqlite:///{tmp_path}/store.db") as store:
        store.rows.stage(_staged(case(1), loser, comment(1, 2), case(3)))
        all_read(store)
        found = store.rows.batches_by_size("case", [case_id(1), case_id(3)], 20_000)
        together = store.rows.batches_by_size("case", [case_id(1), case_id(3)], 200_000)

    assert found == [[case_id(1)], [case_id(3)]]
    assert together == [[case_id(1), case_id(3)]]


def _staged(*rows: Any) -> list[Any]:
    return [staged_row(row.stream, row.row) for row in rows]
