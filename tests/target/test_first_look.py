"""A store that was lost costs look-ups, not duplicates: Creovai is asked before a first post."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.target.rows import at, case, case_id, chat, chat_id, comment, deleted
from tests.target.support import posts_to, texts

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner


def lose_store(run: TargetRunner) -> None:
    """Delete the store, as a container does with its disk."""
    for file in run.folder.glob("store.db*"):
        file.unlink()


def test_a_full_refresh_into_an_empty_store_doubles_no_chat(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It costs one look for a hundred conversations, and no other request."""
    rows = [chat(number) for number in range(250)]
    run_target(*rows)
    lose_store(run_target)
    creovai.calls.clear()
    outcome = run_target(*rows)

    assert outcome.exit_code == 0
    assert creovai.duplicate_chats == []
    assert (posts_to(creovai, "chat"), posts_to(creovai, "status")) == (0, 3)
    assert outcome.says("found") == ["found      250 chats at Creovai, sent by another store"]
    assert outcome.says("unchanged") == ["unchanged  250 chats"]
    assert {outcome for outcome, _ in run_target.ledger().values()} == {"sent"}


def test_what_was_asked_for_is_not_asked_for_again(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The receipt is written; an open case is not asked for until it is to be sent."""
    rows = [chat(1), case(1, Description="words"), case(2, IsClosed=False)]
    run_target(*rows)
    creovai.calls.clear()
    run_target(*rows)
    run_target(*rows, settle_minutes=1)

    assert posts_to(creovai, "status") == 0


@pytest.mark.parametrize(("updates", "posts"), [("resend", 2), ("once", 1)])
def test_a_case_that_another_store_sent_is_made_certain(
    run_target: TargetRunner, creovai: CreovaiServer, updates: str, posts: int
) -> None:
    """Nobody knows what Creovai has of it: it goes again, complete, unless it is sent once."""
    run_target(case(Description="words"), comment(), case_updates=updates)
    lose_store(run_target)
    rows = [case(Description="words"), comment(), comment(2)]
    for _ in range(2):
        assert run_target(*rows, case_updates=updates).exit_code == 0

    assert creovai.post_count(case_id()) == posts
    assert len(texts(creovai.cases[case_id()])) == posts + 1


def test_a_later_change_of_an_adopted_chat_brings_all_its_fields(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Nobody knows which of them Creovai has: what changed while the store was away is among them.

    Without a change nothing is sent for it.
    """
    run_target(chat(Rating__c=1, Tier__c="gold"))
    lose_store(run_target)
    run_target(chat(Rating__c=2, Tier__c="gold", SystemModstamp=at("11:00")))
    assert creovai.outofband == []

    run_target(chat(Rating__c=2, Tier__c="tin", SystemModstamp=at("12:00")))
    assert creovai.metadata(chat_id())["Rating__c"] == 2
    assert creovai.metadata(chat_id())["Tier__c"] == "tin"
    run_target(chat(Rating__c=3, Tier__c="tin", SystemModstamp=at("13:00")))
    assert set(creovai.outofband[-1].payload["metadata"]) == {"Rating__c", "SystemModstamp"}
    assert creovai.post_count(chat_id()) == 1


def test_a_store_from_a_backup_sends_no_chat_again(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It knows the chat as one that goes on; since then it was sent."""
    run_target(chat(Status="InProgress"))
    backup = run_target.folder / "backup.db"
    shutil.copy(run_target.folder / "store.db", backup)
    run_target(chat(SystemModstamp=at("11:00")))
    lose_store(run_target)
    shutil.copy(backup, run_target.folder / "store.db")
    outcome = run_target(chat(SystemModstamp=at("11:00")))

    assert outcome.exit_code == 0
    assert creovai.post_count(chat_id()) == 1


@pytest.mark.parametrize("way", ["exclude", "purge"])
@pytest.mark.parametrize("row", [chat(), case(Description="words")], ids=["chat", "case"])
def test_a_deletion_reaches_what_another_store_sent(
    run_target: TargetRunner, creovai: CreovaiServer, way: str, row: Any
) -> None:
    """A lost store must not make Creovai keep what is deleted."""
    run_target(row, on_delete=way)
    lose_store(run_target)
    outcome = run_target(deleted(row), on_delete=way)

    assert outcome.exit_code == 0
    key = row.row["Id"]
    assert creovai.look_up(key)["status"] == {"exclude": "Excluded", "purge": "NotFound"}[way]
    run_target(row, on_delete=way)
    assert creovai.post_count(key) == 1


@pytest.mark.parametrize("row", [chat(), case(Description="words")], ids=["chat", "case"])
def test_what_is_excluded_at_creovai_stays_away(
    run_target: TargetRunner, creovai: CreovaiServer, row: Any
) -> None:
    """The tombstone was lost with the store: Creovai still knows."""
    key = row.row["Id"]
    run_target(row)
    creovai.exclude(key)
    lose_store(run_target)
    for _ in range(2):
        assert run_target(row).exit_code == 0

    assert creovai.post_count(key) == 1
    assert run_target.ledger()[key][0] == "skipped"
    assert "excluded at Creovai" in run_target.ledger()[key][1]


def test_chats_are_asked_for_while_rows_still_come_as_well(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The rule is the same before and after the end of the input."""
    rows = [chat(number) for number in range(1100)]
    run_target(*rows)
    lose_store(run_target)
    creovai.calls.clear()
    run_target(*rows)

    assert creovai.duplicate_chats == []
    assert posts_to(creovai, "chat") == 0
    assert posts_to(creovai, "status") <= 13
