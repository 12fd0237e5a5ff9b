"""Who is who: each kind of evidence, its rank, and where it ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from target_creovai.model.participants import Role
from target_creovai.parsers.transcript import parse_transcript
from target_creovai.parsers.transcript.speakers import (
    Evidence,
    KnownNames,
    MessageCounts,
    PrintedName,
    SegmentFacts,
    SpeakerRoles,
    Transfer,
    decide,
    name_key,
    short_forms,
    speaker_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

AGENT, BOT, CUSTOMER, UNKNOWN = Role.AGENT, Role.BOT, Role.CUSTOMER, Role.UNKNOWN


def segment(
    *speakers: str, agent: str | None = None, transfer: Transfer | None = None
) -> SegmentFacts:
    """Return a segment in which these speak, in this order."""
    return SegmentFacts(
        agent, [transfer] if transfer else [], dict.fromkeys(map(PrintedName, speakers), 1)
    )


def roles_in(
    *segments: SegmentFacts,
    chatbot_session: bool = False,
    agents: AbstractSet[str] = frozenset(),
    customers: AbstractSet[str] = frozenset(),
    bots: AbstractSet[str] = frozenset(),
) -> list[list[Role | None]]:
    """Return the roles in the order in which the names appear."""
    names = KnownNames(frozenset(agents), frozenset(customers), frozenset(bots))
    return roles_of(segments, decide(segments, names, chatbot_session=chatbot_session))


def roles_of(segments: Iterable[SegmentFacts], cast: SpeakerRoles) -> list[list[Role | None]]:
    """Return the decided roles of each segment."""
    return [
        [cast.decisions[speaker_key(each)].role for each in segment.message_counts]
        for segment in segments
    ]


def test_a_house_rule_beats_the_record_and_the_header() -> None:
    """Whoever runs the org knows best."""
    known = KnownNames(agents=frozenset({"Nora Vance"}), patterns=((re.compile("^Nora"), BOT),))

    found = [segment("Nora V", agent="Nora V")]

    assert roles_of(found, decide(found, known)) == [[BOT]]


def test_the_record_beats_the_header() -> None:
    """A bot may stand in the agent's place; the record tells."""
    assert roles_in(segment("Milo", "Pat", agent="Milo"), bots={"milo"}) == [[BOT, CUSTOMER]]


def test_the_record_beats_the_label() -> None:
    """A customer may be called Agent."""
    assert roles_in(segment("Agent", "Nora V", agent="Nora V"), customers={"Agent"}) == [
        [CUSTOMER, AGENT]
    ]


def test_a_transfer_names_bot_and_agent() -> None:
    """The bot's own name stands only there."""
    handed = Transfer("Milo", "Sales Desk", by_bot=True)

    assert roles_in(
        segment("Milo", "Pat"), segment("Sales Desk", "Pat", "Milo", transfer=handed)
    ) == [
        [BOT, CUSTOMER],
        [AGENT, CUSTOMER, BOT],
    ]


def test_a_transfer_between_people_makes_nobody_a_bot() -> None:
    """Without a notice of the bot the giver is whoever other evidence says."""
    handed = Transfer("Nora V", "Omar T", by_bot=False)

    assert roles_in(
        segment("Nora V", "Visitor", agent="Nora V"), segment("Omar T", "Visitor", transfer=handed)
    ) == [[AGENT, CUSTOMER], [AGENT, CUSTOMER]]


def test_a_transfer_back_to_the_bot_leaves_it_a_bot() -> None:
    """Who takes over is not a person for that alone."""
    there = Transfer("Milo", "Nora V", by_bot=True)
    back = Transfer("Nora V", "Milo", by_bot=False)

    assert roles_in(
        segment("Milo", "Visitor"),
        segment("Nora V", "Visitor", transfer=there),
        segment("Milo", "Visitor", transfer=back),
    ) == [[BOT, CUSTOMER], [AGENT, CUSTOMER], [BOT, CUSTOMER]]


def test_the_header_is_matched_whole() -> None:
    """A customer whose name contains the agent's is no agent."""
    assert roles_in(segment("Kim", "Kimberly Kim Jones", agent="Kim")) == [[AGENT, CUSTOMER]]


def test_an_agent_stays_one_in_the_next_segment() -> None:
    """After a transfer the first agent may still answer."""
    assert roles_in(
        segment("Nora V", "Pat", agent="Nora V"), segment("Nora V", "Omar T", "Pat", agent="Omar T")
    ) == [[AGENT, CUSTOMER], [AGENT, AGENT, CUSTOMER]]


def test_the_header_chatbot_is_a_bot() -> None:
    """`Agent Chatbot` is a fixed label, not a person."""
    assert roles_in(segment("Chatbot", "Pat", agent="Chatbot")) == [[BOT, CUSTOMER]]


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
    assert roles_in(segment(label)) == [[role]]


def test_a_printed_part_is_a_role() -> None:
    """Foreign shapes print it beside the name."""
    said = [PrintedName("Pat", "Customer"), PrintedName("Pat", "Agent"), PrintedName("Milo", "Bot")]

    assert roles_in(SegmentFacts(message_counts=dict.fromkeys(said, 1))) == [[CUSTOMER, AGENT, BOT]]


def test_who_speaks_first_in_a_bots_session_tells_nothing() -> None:
    """A visitor may begin as well: sides would go out swapped."""
    assert roles_in(segment("Milo", "Pat"), chatbot_session=True) == [[UNKNOWN, UNKNOWN]]
    assert roles_in(segment("Visitor", "Milo"), chatbot_session=True) == [[CUSTOMER, BOT]]
    assert roles_in(segment("Milo", "Pat")) == [[UNKNOWN, UNKNOWN]]


def test_a_bot_session_that_an_agent_opened_tells_nothing() -> None:
    """Once a person has a header, whoever is unknown stays so."""
    assert roles_in(segment("Milo", "Nora V", "Visitor", agent="Nora V"), chatbot_session=True) == [
        [UNKNOWN, AGENT, CUSTOMER]
    ]


def test_of_two_the_other_is_the_other_side() -> None:
    """One known name decides a dialogue of two; of three, the visitor's does."""
    assert roles_in(segment("Klantendienst", "Visitor")) == [[AGENT, CUSTOMER]]
    assert roles_in(segment("Nora V", "Pat", agent="Nora V")) == [[AGENT, CUSTOMER]]
    assert roles_in(segment("Nora V", "Pat", "Sam", agent="Nora V")) == [[AGENT, UNKNOWN, UNKNOWN]]
    assert roles_in(segment("Pat", "Sam", agent="Nora V")) == [[UNKNOWN, UNKNOWN]]


def test_an_alias_alone_with_the_visitor_is_the_agent_of_a_headed_segment() -> None:
    """Also when the chat had others before, but only under an agent's header."""
    before = segment("Milo", "Visitor", agent="Chatbot")

    assert roles_in(before, segment("Desk", "Visitor", agent="Nora V"))[1] == [AGENT, CUSTOMER]
    assert roles_in(before, segment("Desk", "Visitor"))[1] == [UNKNOWN, CUSTOMER]


def test_a_name_on_both_sides_decides_nothing() -> None:
    """Kim the agent and Kim the customer print alike: no side is better than the wrong one."""
    assert roles_in(segment("Kim L", agent="Kim L"), customers={"Kim L"}) == [[UNKNOWN]]
    assert roles_in(segment("Kim L", "Pat"), agents={"Kim Lee"}, customers={"Kim L"}) == [
        [UNKNOWN, UNKNOWN]
    ]


def test_short_forms_cover_each_way_to_divide_a_name() -> None:
    """Nothing tells where the first name ends."""
    assert short_forms("Ana María López") == {"ana maría lópez", "ana m", "ana maría l"}
    assert short_forms("Cher") == {"cher"}


def test_a_name_is_the_same_however_it_is_printed() -> None:
    """Case, blanks, a last full stop and invisible marks tell no two people apart."""
    assert name_key("\u200eNora \t V.") == name_key("NORA V")


# One visitor


def test_who_speaks_beside_the_visitor_is_an_agent() -> None:
    """A second agent needs no header and no notice."""
    assert roles_in(segment("Nora V", "Visitor", "Tina K", agent="Nora V")) == [
        [AGENT, CUSTOMER, AGENT]
    ]


def test_the_only_one_beside_the_agent_of_one_part_is_the_visitor_of_all() -> None:
    """What one part leaves open another one tells."""
    assert roles_in(segment("Desk", "Pat"), segment("Nora V", "Pat", agent="Nora V")) == [
        [AGENT, CUSTOMER],
        [AGENT, CUSTOMER],
    ]


def test_who_stays_while_agents_change_is_the_visitor() -> None:
    """Neither alias is known, and no label either."""
    assert roles_in(
        segment("Desk", "Pat", agent="Nora V"), segment("Till", "Pat", agent="Tom K")
    ) == [
        [AGENT, CUSTOMER],
        [AGENT, CUSTOMER],
    ]


def test_a_name_of_another_part_may_be_the_visitors_other_name() -> None:
    """Visitors are one person, but they may give their name on the way."""
    found = roles_in(segment("Bot", "Visitor"), segment("Nora V", "Pat", agent="Nora V"))

    assert found == [[BOT, CUSTOMER], [AGENT, UNKNOWN]]


@pytest.mark.parametrize("label", ["System", "Agent", "Operator", "Bot", "Supervisor", "Chatbot"])
def test_a_label_counts_less_than_the_header(label: str) -> None:
    """The only other speaker of a chat is its visitor, whatever he calls himself."""
    assert roles_in(segment("Nora V", label, agent="Nora V")) == [[AGENT, CUSTOMER]]


def test_a_bots_label_counts_in_a_bots_session() -> None:
    """There the record says that a bot takes part."""
    found = roles_in(segment("Nora V", "Chatbot", agent="Nora V"), chatbot_session=True)

    assert found == [[AGENT, BOT]]


@pytest.mark.parametrize("other", ["Acme Support", "Kundenservice", "Klantenteam"])
def test_a_desk_is_hardly_a_visitor(other: str) -> None:
    """The visitor may have the agent's first name; the alias is no visitor's then."""
    found = roles_in(segment("Nora", other, agent="Nora V"))

    assert found == [[UNKNOWN, UNKNOWN]]


# Parts of names


@pytest.mark.parametrize("printed", ["Nora", "Nora Vance", "NORA V.", "Vance, Nora", "Nora V"])
def test_a_shortened_or_longer_name_is_the_headers(printed: str) -> None:
    """Headers have first name and initial, speakers what the agent has chosen."""
    found = roles_in(segment(printed, "Pat", agent="Nora V"), agents={"Nora Vance"})

    assert found == [[AGENT, CUSTOMER]]


@pytest.mark.parametrize("printed", ["Ada", "Ada Q", "Ada Q.", "Quill, Ada", "ada@example.com"])
def test_a_shortened_name_is_the_contacts(printed: str) -> None:
    """So an alias has its side."""
    known = {"Ada Quill", "ada@example.com"}

    assert roles_in(segment("Desk", printed), customers=known) == [[AGENT, CUSTOMER]]


def test_a_first_name_on_both_sides_decides_nothing() -> None:
    """Kim Lee and Kim Ode may both sign as Kim."""
    found = roles_in(segment("Kim", "Desk"), agents={"Kim Lee"}, customers={"Kim Ode"})

    assert found == [[UNKNOWN, UNKNOWN]]


def test_a_visitor_with_the_agents_first_name_is_no_agent() -> None:
    """The agent himself speaks under his full name."""
    found = roles_in(segment("Nora V", "Nora", agent="Nora V"), agents={"Nora Vance"})

    assert found == [[AGENT, CUSTOMER]]


def test_an_agents_first_name_counts_for_nothing_where_a_bot_answers() -> None:
    """The owner came later, if at all."""
    found = roles_in(segment("Milo", "Nora"), agents={"Nora Vance"}, chatbot_session=True)

    assert found == [[UNKNOWN, UNKNOWN]]


def test_namesakes_alone_leave_a_chat_open() -> None:
    """A chat without a visitor is no chat: one of the two must be it."""
    found = roles_in(segment("Nora V", "Tina", agent="Nora V"), agents={"Tina King"})

    assert found == [[AGENT, UNKNOWN]]


# Counts


def counted(*said: tuple[str, int], operator: int | None, visitor: int | None) -> SpeakerRoles:
    """Decide on a chat of which the record counts the messages."""
    spoken = SegmentFacts(
        "Nora V", message_counts={PrintedName(name): count for name, count in said}
    )
    return decide([spoken], KnownNames(), MessageCounts(operator, visitor))


@pytest.mark.parametrize(
    ("operator", "visitor", "roles"),
    [
        (2, 1, [AGENT, CUSTOMER]),
        (1, 2, [CUSTOMER, AGENT]),
        (2, None, [AGENT, CUSTOMER]),
        (None, 2, [CUSTOMER, AGENT]),
        (3, 0, [AGENT, AGENT]),
        (2, 2, [UNKNOWN, UNKNOWN]),
        (0, 0, [UNKNOWN, UNKNOWN]),
        (None, None, [UNKNOWN, UNKNOWN]),
    ],
)
def test_the_records_counts_tell_the_visitor(
    operator: int | None, visitor: int | None, roles: list[Role]
) -> None:
    """Only where they agree with one of the speakers, and no other."""
    cast = counted(("Desk", 2), ("Pat", 1), operator=operator, visitor=visitor)

    assert [decision.role for decision in cast.decisions.values()] == roles


def test_equal_numbers_of_messages_tell_nothing() -> None:
    """Either may be the visitor."""
    cast = counted(("Desk", 2), ("Pat", 2), operator=2, visitor=2)

    assert {decision.role for decision in cast.decisions.values()} == {UNKNOWN}


@pytest.mark.parametrize(
    ("operator", "visitor", "swapped"),
    [(2, 1, False), (1, 2, True), (None, 2, True), (1, None, True), (5, 5, False), (0, 0, False)],
)
def test_what_contradicts_the_counts_unless_swapped_is_seen(
    operator: int | None, visitor: int | None, *, swapped: bool
) -> None:
    """However sure a header seems to be."""
    cast = counted(("Nora V", 2), ("Visitor", 1), operator=operator, visitor=visitor)

    assert cast.only_swapped_fits is swapped


def test_a_house_rule_beats_the_counts() -> None:
    """Else there would be no way to send such a chat."""
    spoken = SegmentFacts(
        "Nora V", message_counts={PrintedName("Nora V"): 2, PrintedName("Visitor"): 1}
    )
    known = KnownNames(patterns=((re.compile("Nora V"), AGENT),))

    assert not decide([spoken], known, MessageCounts(1, 2)).only_swapped_fits


# Bots


def test_what_hands_over_as_the_chatbot_is_a_bot() -> None:
    """The part that it leaves is its own, whoever else speaks in it."""
    left = SegmentFacts(
        message_counts={PrintedName("Pat"): 1, PrintedName("Milo"): 1},
        has_bot=True,
        left_by_bot=True,
    )

    assert roles_in(left, segment("Nora V", "Pat", agent="Nora V")) == [
        [CUSTOMER, BOT],
        [AGENT, CUSTOMER],
    ]


def test_what_a_notice_hands_over_to_is_a_bot() -> None:
    """Agents may give a chat to a bot, by its name or without."""
    there = Transfer("Nora V", "Milo", by_bot=False)
    first = segment("Nora V", "Pat", agent="Nora V")
    first.left_to_bot = True

    assert roles_in(first, segment("Milo", transfer=there))[1] == [BOT]


@pytest.mark.parametrize(
    ("taker", "owner", "role"),
    [
        ("Milo", "Nora Vance", BOT),
        ("Milo", "Data Admin", BOT),
        ("Tina K", "Tina King", AGENT),
        ("Tina K", "Data Admin", UNKNOWN),
        ("Acme Support", "Data Admin", UNKNOWN),
    ],
)
def test_a_bots_session_has_a_bot_somewhere(taker: str, owner: str, role: Role) -> None:
    """Without a notice, who takes over is it, unless owner or signature speak against it."""
    there = Transfer("Nora V", taker, by_bot=False)
    found = roles_in(
        segment("Nora V", "Pat", agent="Nora V"),
        segment(taker, transfer=there),
        agents={owner},
        chatbot_session=True,
    )

    assert found[1] == [role]


# What decided


def test_each_decision_names_its_evidence() -> None:
    """Whoever asks why gets an answer."""
    known = KnownNames(other_chats={"fjord": AGENT})
    cast = decide([segment("Fjord", "Pat", agent="Nora V")], known)

    assert [decision.evidence for decision in cast.decisions.values()] == [
        Evidence.OTHER_CHATS,
        Evidence.ONE_VISITOR,
    ]


@pytest.mark.parametrize(
    ("notice", "is_bot"),
    [
        ("Agent Nora V successfully transferred the chat to bot Milo", True),
        ("Agent Nora V successfully transferred the chat to bot", True),
        ("Agente Nora V transfirió el chat al bot Milo", True),
        ("Agent Nora V successfully transferred the chat to skill Bot Escalations", False),
        ("Agent Nora V failed to transfer the chat to bot Milo", False),
    ],
)
def test_a_notice_tells_whether_a_bot_takes_over(notice: str, *, is_bot: bool) -> None:
    """A queue may have the word in its name."""
    body = (
        "<p align=center>Chat Started: Monday, May 06, 2024, 09:00:00 (+0000)</p>"
        "<p align=center>Agent Nora V</p>( 1s ) Nora V: a<br>( 2s ) Visitor: b<br>"
        f"<p align=center>{notice}</p>"
        "<p align=center>Chat Started: Monday, May 06, 2024, 09:05:00 (+0000)</p>"
        "<p align=center>Chat Transferred From Nora V To Milo</p>( 1s ) Milo: c<br>"
    )
    (*_, last) = parse_transcript(body).lines

    assert last.role is (BOT if is_bot else AGENT)
