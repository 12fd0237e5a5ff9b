"""The commands ask a PostgreSQL server the same questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.target.commands.reported import report
from tests.target.rows import COMPLETED, STARTED, case, case_id, chat, chat_id, mail, singer
from tests.target.support import wait_until

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator


@pytest.mark.usefixtures("run_shared")
def test_ask_and_repair(operator: Operator, creovai: CreovaiServer) -> None:
    """From the question to the second delivery."""
    target = operator.target
    target(STARTED, case(CaseNumber="00000042"), mail(), case(2, IsClosed=False), chat(), COMPLETED)
    creovai.lose(chat_id())

    assert operator.json("status")["oldest_waiting"]["id"] == case_id(2)
    assert [found["id"] for found in operator.json("explain", "42")] == [case_id()]
    preview = ("preview", "--output", str(target.folder / "page.html"))
    assert "\n2 of 3 conversations: " in operator(*preview, "--limit", "1").stdout
    beside = operator(*preview, chat_id(), "--related").stdout
    assert "\n1 of 1 conversations and 2 that belong to them: " in beside
    measured = operator("status", "--format", "prometheus").stdout
    assert 'conversations{kind="case",outcome="waiting",reason="case-open"} 1' in measured
    assert 'delivery_lag_seconds{kind="chat",percent="50"}' in measured
    page = report(operator)
    assert (page.glance["Sent last week"], page.glance["Waiting now"]) == ("0", "1")
    assert [page.table("Conversations sent")[0][kind] for kind in ("Cases", "Chats")] == ["1", "1"]
    assert operator("doctor").exit_code == 0
    assert operator("reconcile", "--requeue").exit_code == 1
    assert operator("resend", "42").exit_code == 0
    target()
    assert creovai.post_count(case_id()) == 2
    assert set(creovai.chats) == {chat_id()}
    assert operator("reconcile").exit_code == 0
    assert operator("forget", case_id()).exit_code == 0
    assert operator("explain", "42").exit_code == 1


@pytest.mark.usefixtures("run_shared")
@pytest.mark.parametrize("command", ["resend", "forget"])
def test_nothing_is_repaired_while_a_process_delivers(
    operator: Operator, creovai: CreovaiServer, command: str
) -> None:
    """What it has in its hands must not change below them."""
    creovai.latency_seconds = 0.2
    with operator.target.start() as process:
        process.write(singer(*(chat(n) for n in range(12))))
        process.close_input()
        wait_until(lambda: creovai.posts)
        refused = operator(command, chat_id(1))
        assert refused.exit_code == 1
        assert "A run is delivering from this store" in refused.output
        creovai.latency_seconds = 0
        assert process.finish().exit_code == 0

    assert len(creovai.chats) == 12
    assert creovai.duplicate_chats == []
