"""Enhanced chats are known to every command, by all that people call them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.target.messaging_rows import answer, enhanced, entries, entry, session, session_id
from tests.target.rows import COMPLETED, STARTED, at

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner

SAID = entry(1).row["Id"]


@pytest.mark.parametrize("typed", [session_id(), f"eu-{session_id()}", SAID])
def test_explain_finds_a_session_by_its_id_or_an_entrys(
    operator: Operator, run_target: TargetRunner, typed: str
) -> None:
    """Its rows, and that Creovai has it."""
    run_target(STARTED, *enhanced(), COMPLETED, session_id_prefix="eu-")
    (found,) = operator.json("explain", typed, session_id_prefix="eu-")

    assert (found["kind"], found["id"], found["outcome"]) == ("messaging", session_id(), "sent")
    assert [row["stream"] for row in found["rows"]] == ["ConversationEntry"] * 2 + [
        "MessagingSession"
    ]
    assert found["now"] == "Creovai has it as it is."


def test_explain_says_what_a_session_waits_for(
    operator: Operator, run_target: TargetRunner
) -> None:
    """Entries, or the rest of an input that broke off."""
    run_target(STARTED, session(1), session(2), entry(1, 2), answer(2, 2))

    assert operator.json("explain", session_id(1))[0]["now"] == (
        "waits: its entries have not been read yet"
    )
    assert operator.json("explain", session_id(2))[0]["now"] == (
        "waits: a part was never read: the rest of MessagingSession"
    )


def test_explain_says_that_entries_came_too_late(
    operator: Operator, run_target: TargetRunner
) -> None:
    """They are not in Creovai, and only a second post would bring them there."""
    run_target(*enhanced())
    run_target(*entries(entry(1), answer(2), entry(3), SystemModstamp=at("12:00")))
    (found,) = operator.json("explain", session_id())

    assert found["conversation_changed"]
    assert found["now"].startswith("Creovai has an earlier text of this chat")


def test_status_and_reconcile_count_sessions(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Beside the other kinds; what Creovai lost is named, and sent again if asked for."""
    run_target(*enhanced(1), *enhanced(2), session(3))
    creovai.statuses |= dict.fromkeys(creovai.statuses, "Complete")
    creovai.lose(session_id(2))

    standing = {one["outcome"]: one["count"] for one in operator.json("status")["conversations"]}
    assert standing == {"sent": 2, "waiting": 1}
    report = operator.json("reconcile", "--requeue")
    assert report["stored"] == {"messaging": 3}
    assert [one["id"] for one in report["differences"]] == [session_id(2)]
    run_target()
    assert session_id(2) in creovai.chats


def test_a_session_is_sent_again_only_if_its_bill_is_accepted(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It is a chat at Creovai."""
    run_target(*enhanced())
    assert operator("resend", session_id()).exit_code == 1
    assert operator("resend", session_id(), "--even-if-chats-are-billed-twice").exit_code == 0
    run_target()

    assert creovai.post_count(session_id()) == 2


def test_a_forgotten_session_is_gone_with_its_entries_and_its_place(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Another session of the same conversation is alone from then on."""
    same = {"ConversationId": "0dw0"}
    run_target(session(1, **same), *entries(entry(1, 1)))
    assert (
        operator("forget", session_id(1))
        .stdout.partition("\n")[2]
        .startswith("1 conversation forgotten, with 2 rows.")
    )
    run_target(session(2, **same), *entries(entry(1, 2)))

    tables = ("creovai_rows", "creovai_collections", "creovai_conversations")
    left = [row.id for name in tables for row in run_target.query(f"SELECT id FROM {name}")]  # noqa: S608 -- our own names
    assert set(left) == {session_id(2), entry(1, 2).row["Id"]}
    assert "collectionId" not in creovai.chats[session_id(2)]
