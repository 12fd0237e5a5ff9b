"""What operators and privacy rules do works for enhanced chats as for every other kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine

from tests.target.messaging_rows import answer, enhanced, entry, session_id, talk
from tests.target.rows import COMPLETED, STARTED, at, deleted

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

CARD = "4000007100423125"
TODAY = datetime(2024, 6, 1, tzinfo=UTC)


def test_its_messages_are_redacted(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """Whatever form they have."""
    rows = talk(entry(1, MessageText=f"my card: {CARD}", Payload=None), answer(2))
    outcome = run_target(STARTED, *rows, COMPLETED, redact={"card": "[card]"})

    assert outcome.says("redacted") == ["redacted   card: 1"]
    assert CARD not in str(creovai.posts)
    assert "my card: [card]" in str(creovai.chats[session_id()])


@pytest.mark.parametrize(("way", "done"), [("exclude", "excluded"), ("purge", "purged")])
def test_it_is_taken_back_when_its_session_is_deleted(
    run_target: TargetRunner, creovai: CreovaiServer, way: str, done: str
) -> None:
    """With all its entries, and for good."""
    rows = enhanced()
    run_target(STARTED, *rows, COMPLETED, on_delete=way)
    outcome = run_target(STARTED, deleted(rows[0]), COMPLETED, on_delete=way)
    run_target(STARTED, *rows, COMPLETED, on_delete=way)

    assert outcome.says(done) == [
        f"{done:<10} 1 messaging session at Creovai: deleted in Salesforce"
    ]
    assert creovai.look_up(session_id())["status"] in {"Excluded", "NotFound"}
    assert creovai.post_count(session_id()) == 1
    assert run_target.query("SELECT * FROM creovai_rows") == []


def test_its_text_leaves_the_store_and_is_not_missed(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A later change of its fields waits for its entries, which the tap then reads again."""
    creovai.token_seconds = 10**9
    with time_machine.travel(TODAY, tick=False) as clock:
        run_target(STARTED, *enhanced(), COMPLETED, retention_days=30)
        clock.shift(timedelta(days=31))
        run_target(STARTED, COMPLETED, retention_days=30)
        (held,) = run_target.query("SELECT sum(length(body)) AS bytes FROM creovai_rows")
        assert held.bytes == 0

        later = enhanced(SystemModstamp=at("23:00"), Origin="OptIn")
        waiting = run_target(STARTED, later[0], COMPLETED, retention_days=30)
        assert (waiting.exit_code, creovai.outofband) == (0, [])
        again = [
            record._replace(row=record.row | {"SystemModstamp": at("23:00")})
            for record in later[1:]
        ]
        assert run_target(STARTED, *again, COMPLETED, retention_days=30).exit_code == 0

    assert creovai.post_count(session_id()) == 1
    assert creovai.metadata(session_id())["Origin"] == "OptIn"
