"""Evidence that names a speaker: `speaker_roles`, printed roles, names, parts of names, labels."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from target_creovai.model.participants import Role
from target_creovai.parsers.transcript.speakers.names import (
    Likeness,
    in_any_order,
    is_signed,
    likeness,
    name_key,
    role_of_label,
    short_forms,
)
from target_creovai.parsers.transcript.words import BOTS_NAME

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from target_creovai.parsers.transcript.speakers.bots import AnsweringSide
    from target_creovai.parsers.transcript.speakers.chat import Chat
    from target_creovai.parsers.transcript.speakers.facts import SpeakerKey

    Claims = Iterator[tuple[SpeakerKey, Role | None]]
    """Who is what; None is an agent or a bot."""

_FIRST: Final = (Role.BOT, Role.AGENT, None, Role.CUSTOMER)


class _KnownName(NamedTuple):
    """Somebody whose name is known from elsewhere than the lines. `forms` are as good as `key`."""

    key: str
    role: Role | None
    forms: frozenset[str]

    def likeness(self, person: SpeakerKey) -> Likeness:
        return Likeness.SAME if person.name in self.forms else likeness(person.name, self.key)


@lru_cache(maxsize=1024)
def _forms(key: str) -> frozenset[str]:
    return frozenset({key, in_any_order(key)})


@lru_cache(maxsize=1024)
def _agents_forms(name: str) -> frozenset[str]:
    return short_forms(name) | _forms(name_key(name))


def by_rule(chat: Chat, _answering: AnsweringSide) -> Claims:
    """Patterns of the setting `speaker_roles` override all other evidence."""
    for person in chat.open:
        name = chat.printed[person]
        role = next((role for pattern, role in chat.names.patterns if pattern.search(name)), None)
        if role:
            yield person, role


def by_printed_role(chat: Chat, _answering: AnsweringSide) -> Claims:
    """Foreign shapes print the role beside the name."""
    for person in chat.open:
        if person.printed_role and (role := role_of_label(person.printed_role)):
            yield person, role


def by_name(chat: Chat, answering: AnsweringSide) -> Claims:
    """A name on both sides decides nothing."""
    known = _known_people(chat, answering)
    for person in chat.open:
        printed = _forms(person.name)
        roles = {each.role for each in known if not printed.isdisjoint(each.forms)}
        yield from _one_side(person, roles)


def by_visitors_label(chat: Chat, _answering: AnsweringSide) -> Claims:
    """Visitors who gave no name are called Visitor."""
    for person in chat.open:
        if role_of_label(person.name) is Role.CUSTOMER:
            yield person, Role.CUSTOMER


def by_label(chat: Chat, answering: AnsweringSide) -> Claims:
    """A label decides nothing where its speaker may be the visitor, as nobody else is."""
    roles = {person: _role_of_name(person.name, answering) for person in chat.open}
    for person, role in roles.items():
        if role and not _may_be_visitor(person, roles, chat, answering):
            yield person, role


def _role_of_name(key: str, answering: AnsweringSide) -> Role | None:
    if answering.works_with_bots and BOTS_NAME.search(key):
        return Role.BOT
    return role_of_label(key)


def _may_be_visitor(
    person: SpeakerKey, roles: dict[SpeakerKey, Role | None], chat: Chat, answering: AnsweringSide
) -> bool:
    """Tell whether a visitor may have called himself Agent, Bot or System."""
    if chat.customers or chat.counts.visitor == 0:
        return False
    others = [other for other in roles if other != person]
    match roles[person]:
        case Role.SYSTEM if None in roles.values():
            return _leaves_open(others, roles)
        case Role.SYSTEM:
            return bool(chat.answering or others)
        case Role.BOT:
            return not chat.chatbot_session and answering.speaks_beside_agent(person)
        case Role.AGENT if answering.speaks_beside_bot(person):
            return True
    return any(chat.decided[each].role is Role.AGENT for each in chat.answering)


def _leaves_open(others: Collection[SpeakerKey], roles: Mapping[SpeakerKey, Role | None]) -> bool:
    """Tell whether the only other one may be either side, or one of them signs like an agent."""
    signed = any(roles[other] is None and is_signed(other.name) for other in others)
    return signed or len(others) == 1


def by_part_of_name(chat: Chat, answering: AnsweringSide) -> Claims:
    """A first name, with an initial or without, decides if only one known name begins so."""
    known = [each for each in _known_people(chat, answering) if _begins_one(each, chat)]
    if chat.customers:
        known = [each for each in known if each.role is not Role.CUSTOMER]
    for person in chat.open:
        # Bots write only in segments that a bot answers, and agents only in the others.
        wrong = Role.AGENT if answering.speaks_beside_bot(person) else Role.BOT
        mine = [each for each in known if each.role is not wrong]
        yield from _closest(person, mine)


def _begins_one(known: _KnownName, chat: Chat) -> bool:
    return sum(map(bool, map(known.likeness, chat.message_counts))) == 1


def _closest(person: SpeakerKey, known: Iterable[_KnownName]) -> Claims:
    """Yield the role of the name that is most like the person's."""
    found = [(each.likeness(person), each.role) for each in known]
    highest = max((like for like, _ in found), default=Likeness.NONE)
    if highest:
        yield from _one_side(person, {role for like, role in found if like is highest})


def _one_side(person: SpeakerKey, roles: Collection[Role | None]) -> Claims:
    """Yield the person's role, unless these are of two sides."""
    if roles and (Role.CUSTOMER not in roles or len(roles) == 1):
        # A bot that a header has for an agent is one all the same.
        yield person, next(role for role in _FIRST if role in roles)


def _known_people(chat: Chat, answering: AnsweringSide) -> list[_KnownName]:
    owners, customers = _people_on_record(chat.names.agents, chat.names.customers)
    # What a header shortens is the owner's name: "Omar O" is Omar Ortiz, and not Omar Olsen.
    others = [
        _KnownName(key, role, _forms(key))
        for key, role in answering.roles.items()
        if key and not (role is Role.AGENT and any(key in owner.forms for owner in owners))
    ]
    return [*owners, *others, *customers]


@lru_cache(maxsize=256)
def _people_on_record(
    agents: frozenset[str], customers: frozenset[str]
) -> tuple[tuple[_KnownName, ...], tuple[_KnownName, ...]]:
    """Return the record's agents and customers; an owner's chats come one after another."""
    keys = filter(None, map(name_key, customers))
    return (
        tuple(
            _KnownName(name_key(name), Role.AGENT, _agents_forms(name))
            for name in agents
            if name_key(name)
        ),
        tuple(_KnownName(key, Role.CUSTOMER, _forms(key)) for key in keys),
    )
