"""What was taken back from Creovai stays so, until the operator says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.target.rows import at, case, case_id, chat, chat_id, deleted

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner


def test_forget_lifts_a_tombstone(
    run_target: TargetRunner, creovai: CreovaiServer, operator: Operator
) -> None:
    """Nothing else does: `resend` says so."""
    run_target(case(Description="words"), on_delete="purge")
    run_target(deleted(case(Description="words")), on_delete="purge")
    refused = operator("resend", case_id())
    assert refused.exit_code == 1
    assert f"Left as it is: case {case_id()}, purged at Creovai" in refused.stdout
    run_target(on_delete="purge")
    assert creovai.post_count(case_id()) == 1

    assert operator("forget", case_id()).exit_code == 0
    run_target(case(Description="words", SystemModstamp=at("22:00")), on_delete="purge")
    assert creovai.post_count(case_id()) == 2


def test_reconcile_does_not_miss_what_was_taken_back(
    run_target: TargetRunner, operator: Operator
) -> None:
    """It is not lost: it is named among what was not sent."""
    run_target(chat(), on_delete="purge")
    run_target(deleted(chat()), on_delete="purge")
    result = operator("reconcile", "--requeue")

    assert result.exit_code == 0, result.output
    assert "skipped: purged at Creovai: deleted in Salesforce: 1" in result.stdout


def test_explain_knows_tombstones_and_deletions(
    run_target: TargetRunner, operator: Operator
) -> None:
    """Before, and after."""
    run_target(chat(), deleted(chat(2)))
    run_target(deleted(chat()))
    says = {
        way: operator.json("explain", chat_id(), on_delete=way)[0]["now"]
        for way in ("ignore", "purge")
    }
    assert says["ignore"].startswith("Creovai keeps it")
    assert says["purge"].startswith("the next run has Creovai purge it")
    assert operator.json("explain", chat_id(2))[0]["now"].startswith("is skipped")

    run_target(on_delete="purge")
    (after,) = operator.json("explain", chat_id())
    assert after["now"].startswith("is never sent again: `target-creovai forget ")
