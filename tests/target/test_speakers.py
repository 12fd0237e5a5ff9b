"""Who is who: each kind of evidence, its rank, and where it ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from target_creovai.model import Role
from target_creovai.parsers.transcript.speakers import (
    Cast,
    KnownNames,
    Scene,
    Transfer,
    Voice,
    decide,
    name_key,
    person_of,
    short_forms,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

AGENT, BOT, CUSTOMER, UNKNOWN = Role.AGENT, Role.BOT, Role.CUSTOMER, Role.UNKNOWN


def scene(*speakers: str, agent: str | None = None, transfer: Transfer | None = None) -> Scene:
    """Return a segment in which these speak, in this order."""
    return Scene(agent, [transfer] if transfer else [], dict.fromkeys(map(Voice, speakers), 1))


def roles_in(
    *scenes: Scene,
    chatbot_session: bool = False,
    agents: AbstractSet[str] = frozenset(),
    customers: AbstractSet[str] = frozenset(),
    bots: AbstractSet[str] = frozenset(),
) -> list[list[Role | None]]:
    """Return the roles in the order in which the names appear."""
    names = KnownNames(frozenset(agents), frozenset(customers), frozenset(bots))
    return roles_of(scenes, decide(scenes, names, chatbot_session=chatbot_session))


def roles_of(scenes: Iterable[Scene], cast: Cast) -> list[list[Role | None]]:
    """Return the decided roles of each segment."""
    return [[cast.decisions[person_of(each)].role for each in scene.said] for scene in scenes]


def test_a_house_rule_beats_the_record_and_the_header() -> None:
    """Whoever runs the org knows best."""
    known = KnownNames(agents=frozenset({"Nora Vance"}), rules=((re.compile("^Nora"), BOT),))

    found = [scene("Nora V", agent="Nora V")]

    assert roles_of(found, decide(found, known)) == [[BOT]]


def test_the_record_beats_the_header() -> None:
    """A bot may stand in the agent's place; the record tells."""
    assert roles_in(scene("Milo", "Pat", agent="Milo"), bots={"milo"}) == [[BOT, CUSTOMER]]


def test_the_record_beats_the_label() -> None:
    """A customer may be called Agent."""
    assert roles_in(scene("Agent", "Nora V", agent="Nora V"), customers={"Agent"}) == [
        [CUSTOMER, AGENT]
    ]


def test_a_transfer_names_bot_and_agent() -> None:
    """The bot's own name stands only there."""
    handed = Transfer("Milo", "Sales Desk", by_bot=True)

    assert roles_in(scene("Milo", "Pat"), scene("Sales Desk", "Pat", "Milo", transfer=handed)) == [
        [BOT, CUSTOMER],
        [AGENT, CUSTOMER, BOT],
    ]


def test_a_transfer_between_people_makes_nobody_a_bot() -> None:
    """Without a notice of the bot the giver is whoever other evidence says."""
    handed = Transfer("Nora V", "Omar T", by_bot=False)

    assert roles_in(
        scene("Nora V", "Visitor", agent="Nora V"), scene("Omar T", "Visitor", transfer=handed)
    ) == [[AGENT, CUSTOMER], [AGENT, CUSTOMER]]


def test_a_transfer_back_to_the_bot_leaves_it_a_bot() -> None:
    """Who takes over is not a person for that alone."""
    there = Transfer("Milo", "Nora V", by_bot=True)
    back = Transfer("Nora V", "Milo", by_bot=False)

    assert roles_in(
        scene("Milo", "Visitor"),
        scene("Nora V", "Visitor", transfer=there),
        scene("Milo", "Visitor", transfer=back),
    ) == [[BOT, CUSTOMER], [AGENT, CUSTOMER], [BOT, CUSTOMER]]


def test_the_header_is_matched_whole() -> None:
    """A customer whose name contains the agent's is no agent."""
    assert roles_in(scene("Kim", "Kimberly Kim Jones", agent="Kim")) == [[AGENT, CUSTOMER]]


def test_an_agent_stays_one_in_the_next_segment() -> None:
    """After a transfer the first agent may still answer."""
    assert roles_in(
        scene("Nora V", "Pat", agent="Nora V"), scene("Nora V", "Omar T", "Pat", agent="Omar T")
    ) == [[AGENT, CUSTOMER], [AGENT, AGENT, CUSTOMER]]


def test_the_header_chatbot_is_a_bot() -> None:
    """`Agent Chatbot` is a fixed label, not a person."""
    assert roles_in(scene("Chatbot", "Pat", agent="Chatbot")) == [[BOT, CUSTOMER]]


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("visitor", CUSTOMER),
        ("EndUser", CUSTOMER),
        ("KUNDE", CUSTOMER),
        ("お客様", CUSTOMER),
        ("Agente", AGENT),
        ("Medewerker", AGENT),
        ("Chatbot", BOT),
        ("Assistant virtuel", BOT),
        ("System", Role.SYSTEM),
        ("Supervisor", Role.SYSTEM),
        ("Visitors", UNKNOWN),
    ],
)
def test_a_label_is_a_role_in_any_case(label: str, role: Role) -> None:
    """Only the whole word counts."""
    assert roles_in(scene(label)) == [[role]]


def test_a_printed_part_is_a_role() -> None:
    """Foreign shapes print it beside the name."""
    said = [Voice("Pat", "Customer"), Voice("Pat", "Agent"), Voice("Milo", "Bot")]

    assert roles_in(Scene(said=dict.fromkeys(said, 1))) == [[CUSTOMER, AGENT, BOT]]


def test_who_speaks_first_in_a_bots_session_tells_nothing() -> None:
    """A visitor may begin as well: sides would go out swapped."""
    assert roles_in(scene("Milo", "Pat"), chatbot_session=True) == [[UNKNOWN, UNKNOWN]]
    assert roles_in(scene("Visitor", "Milo"), chatbot_session=True) == [[CUSTOMER, BOT]]
    assert roles_in(scene("Milo", "Pat")) == [[UNKNOWN, UNKNOWN]]


def test_a_bot_session_that_an_agent_opened_tells_nothing() -> None:
    """Once a person has a header, whoever is unknown stays so."""
    assert roles_in(scene("Milo", "Nora V", "Visitor", agent="Nora V"), chatbot_session=True) == [
        [UNKNOWN, AGENT, CUSTOMER]
    ]


def test_of_two_the_other_is_the_other_side() -> None:
    """One known name decides a dialogue of two; of three, the visitor's does."""
    assert roles_in(scene("Klantendienst", "Visitor")) == [[AGENT, CUSTOMER]]
    assert roles_in(scene("Nora V", "Pat", agent="Nora V")) == [[AGENT, CUSTOMER]]
    assert roles_in(scene("Nora V", "Pat", "Sam", agent="Nora V")) == [[AGENT, UNKNOWN, UNKNOWN]]
    assert roles_in(scene("Pat", "Sam", agent="Nora V")) == [[UNKNOWN, UNKNOWN]]


def test_an_alias_alone_with_the_visitor_is_the_agent_of_a_headed_segment() -> None:
    """Also when the chat had others before, but only under an agent's header."""
    before = scene("Milo", "Visitor", agent="Chatbot")

    assert roles_in(before, scene("Desk", "Visitor", agent="Nora V"))[1] == [AGENT, CUSTOMER]
    assert roles_in(before, scene("Desk", "Visitor"))[1] == [UNKNOWN, CUSTOMER]


def test_a_name_on_both_sides_decides_nothing() -> None:
    """Kim the agent and Kim the customer print alike: no side is better than the wrong one."""
    assert roles_in(scene("Kim L", agent="Kim L"), customers={"Kim L"}) == [[UNKNOWN]]
    assert roles_in(scene("Kim L", "Pat"), agents={"Kim Lee"}, customers={"Kim L"}) == [
        [UNKNOWN, UNKNOWN]
    ]


def test_short_forms_cover_each_way_to_divide_a_name() -> None:
    """Nothing tells where the first name ends."""
    assert short_forms("Ana María López") == {"ana maría lópez", "ana m", "ana maría l"}
    assert short_forms("Cher") == {"cher"}


def test_a_name_is_the_same_however_it_is_printed() -> None:
    """Case, blanks, a last full stop and invisible marks tell no two people apart."""
    assert name_key("\u200eNora \t V.") == name_key("NORA V")
