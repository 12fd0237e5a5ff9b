"""What many chats have settled tells who speaks in one that leaves it open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from target_creovai.model.participants import Role
from target_creovai.parsers.transcript.speakers import (
    Decision,
    Evidence,
    SpeakerKey,
    SpeakerRoles,
)
from target_creovai.participants.chat_names import roles_by_name
from target_creovai.participants.other_chats import role_in_other_chats
from tests.target.aliases import ENOUGH, NO_CONTACT, OPEN, seen, settling
from tests.target.rows import chat, chat_id, deleted, transcript
from tests.target.support import dialogue

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner


def test_an_alias_settles_itself(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """In one run, in whatever order they come; the summary says that it rests on others."""
    outcome = run_target(OPEN, *settling("Fjord & Sons"))

    assert outcome.exit_code == 0
    assert outcome.says("settled") == [
        "settled    1 chat: who speaks is known from other chats",
    ]
    assert [(kind, words) for _, kind, words in dialogue(creovai.chats[chat_id()])] == [
        ("Agent", "agent speaks"),
        ("Customer", "customer speaks"),
    ]


def test_a_dry_run_sees_it_coming(run_dry: TargetRunner) -> None:
    """It shows what would be sent."""
    outcome = run_dry(OPEN, *settling("Fjord & Sons"))

    assert outcome.exit_code == 0
    assert chat_id() in run_dry.payloads("chat")


def test_one_chat_less_settles_nothing(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """A name in a few chats may be a coincidence."""
    outcome = run_target(OPEN, *settling("Fjord & Sons", ENOUGH - 1))

    assert len(outcome.says("SET ASIDE")) == 1
    assert chat_id() not in creovai.chats


def test_later_chats_free_what_was_set_aside(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Its rows need not come again; and what is settled by others is not looked at again."""
    run_target(OPEN, *settling("Fjord & Sons", ENOUGH - 1))
    outcome = run_target(seen(200, "Fjord & Sons"))

    assert outcome.exit_code == 0
    assert outcome.says("sent") == ["sent       2 chats"]
    assert chat_id() in creovai.chats
    assert run_target().says("sent") == ["sent       none"]


def test_a_chat_that_comes_again_counts_once(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Twenty chats are needed, not twenty looks."""
    for round_ in range(ENOUGH):
        again = seen(100, "Fjord & Sons", SystemModstamp=f"2024-05-06T11:{round_:02}:00Z")
        run_target(again)

    assert run_target(OPEN).says("SET ASIDE")


def test_a_name_that_was_ever_a_customers_tells_nothing(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Many visitors are called John; so are some agents."""
    customer = seen(99, "Nora V", "Fjord & Sons")
    outcome = run_target(OPEN, *settling("Fjord & Sons"), customer)

    assert len(outcome.says("SET ASIDE")) == 1


def test_what_others_settled_settles_no_others(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Else one mistake would confirm itself."""
    opened = [seen(number, "Fjord & Sons", f"Pat {number}x") for number in range(1, 4)]
    run_target(*settling("Fjord & Sons"), *opened)
    (row,) = run_target.query("SELECT count(*) AS chats FROM creovai_speakers WHERE role = 'agent'")

    assert row.chats == ENOUGH


def test_a_bot_settles_itself_too(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """A bot's own name stands in no label."""
    fields = {"IsChatbotSession": True, "OwnerId": None, "Owner": None}
    bodies = {
        number: transcript("( 1s ) Ziggy: hi", f"( 2s ) {visitor}: order", agent=None)
        for number, visitor in [(1, "Pat"), *((100 + n, "Visitor") for n in range(ENOUGH))]
    }
    run_target(*(chat(n, Body=body, **NO_CONTACT, **fields) for n, body in bodies.items()))

    assert [kind for _, kind, _ in dialogue(creovai.chats[chat_id()])] == ["Bot", "Customer"]


def test_names_are_kept_as_digests(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """What a chat taught may outlive its text."""
    run_target(OPEN, *settling("Fjord & Sons"))
    names = [row.name for row in run_target.query("SELECT name FROM creovai_speakers")]

    assert names
    assert {len(name) for name in names} == {16}
    assert not any(b"Fjord" in name or b"fjord" in name for name in names)


def test_what_was_erased_teaches_no_more(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """Nothing of it is left but the tombstone."""
    run_target(*settling(), on_delete="purge")
    run_target(deleted(settling()[0]), on_delete="purge")
    (row,) = run_target.query("SELECT count(*) AS chats FROM creovai_speakers")

    assert row.chats == ENOUGH - 1


def test_a_type_for_unknown_speakers_comes_second(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """It is for those of whom nothing at all tells."""
    types = {"agent": "Agent", "customer": "Customer", "unknown": "Bot"}
    run_target(OPEN, *settling("Fjord & Sons"), participant_types=types)

    assert [kind for _, kind, _ in dialogue(creovai.chats[chat_id()])] == ["Agent", "Customer"]


# The rule


@pytest.mark.parametrize(
    ("chats", "role"),
    [
        ({Role.AGENT: 20}, Role.AGENT),
        ({Role.BOT: 20}, Role.BOT),
        ({Role.AGENT: 400, Role.BOT: 3}, Role.AGENT),
        ({Role.AGENT: 400, Role.UNKNOWN: 30}, Role.AGENT),
        ({Role.AGENT: 19}, None),
        ({Role.AGENT: 20, Role.BOT: 20}, None),
        ({Role.AGENT: 400, Role.CUSTOMER: 1}, None),
        ({}, None),
    ],
)
def test_a_name_is_settled_by_twenty_chats(chats: dict[Role, int], role: Role | None) -> None:
    """As one thing, and never as a customer's."""
    assert role_in_other_chats(chats) is role


def test_a_chat_teaches_what_it_tells_by_itself() -> None:
    """Labels are nobody's name, and what is open is nothing to learn from."""
    cast = SpeakerRoles(
        {
            SpeakerKey("desk"): Decision(Role.AGENT, Evidence.ONE_VISITOR),
            SpeakerKey("visitor"): Decision(Role.CUSTOMER, Evidence.LABEL),
            SpeakerKey("pat"): Decision(Role.CUSTOMER, Evidence.NAME),
            SpeakerKey("sam"): Decision(Role.UNKNOWN, Evidence.NOTHING),
        }
    )

    assert roles_by_name(cast) == {"desk": Role.AGENT, "pat": Role.CUSTOMER}


@pytest.mark.parametrize("evidence", [Evidence.RULE, Evidence.OTHER_CHATS])
def test_what_a_chat_was_told_it_does_not_pass_on(evidence: Evidence) -> None:
    """Except that a name is a customer's, which only makes others careful."""
    cast = SpeakerRoles(
        {
            SpeakerKey("desk"): Decision(Role.AGENT, evidence),
            SpeakerKey("till"): Decision(Role.AGENT, Evidence.ONE_VISITOR),
            SpeakerKey("pat"): Decision(Role.CUSTOMER, Evidence.ONE_VISITOR),
        }
    )

    assert roles_by_name(cast) == {"pat": Role.CUSTOMER}
