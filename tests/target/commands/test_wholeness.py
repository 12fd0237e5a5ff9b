"""What the commands say of conversations of which a part was not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.target.rows import case, case_id, mail
from tests.target.wholeness.syncs import going_on, reads, sync

if TYPE_CHECKING:
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner

START = "2024-05-01T00:00:00Z"
OLD = case(1, Description="old", CaseNumber="77", CreatedDate="2024-01-02T00:00:00Z")


def test_every_command_says_the_same(run_target: TargetRunner, operator: Operator) -> None:
    """Which part, and what to do."""
    run_target(*sync(OLD, mail(2), entries=reads(since=START)))
    reason = f"a part was never read: Case before {START}"

    (found,) = operator.json("explain", "77")
    assert found["now"] == f"waits: {reason}"
    assert case_id(1) in found["read_again"]
    status = operator.json("status")
    assert [each["reason"] for each in status["conversations"]] == [reason]
    assert case_id(1) in status["to_do"][0]
    page = run_target.folder / "page.html"
    assert operator("preview", "--output", str(page)).exit_code == 0
    assert reason in page.read_text()


def test_status_names_what_the_store_lacks(run_target: TargetRunner, operator: Operator) -> None:
    """As long as nobody has read it."""
    run_target(*sync(**going_on("2024-05-06T10:00:00Z")))
    report = operator("status").stdout

    assert (
        "missing    rows that the tap has read and this store does not have: Case before" in report
    )
    assert "TO DO      tap-salesforce-chat --config tap.json" in report
