"""Evidence that names a speaker: house rules, printed parts, names in full and in part, labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from target_creovai.model import Role
from target_creovai.parsers.transcript.speakers.names import (
    Likeness,
    likeness,
    name_key,
    role_of_label,
    short_forms,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from target_creovai.parsers.transcript.speakers.bots import Answering
    from target_creovai.parsers.transcript.speakers.chat import Chat
    from target_creovai.parsers.transcript.speakers.facts import Person

    Claims = Iterator[tuple[Person, Role | None]]
    """Who is what; None is an agent or a bot."""

_FIRST: Final = (Role.BOT, Role.AGENT, None, Role.CUSTOMER)


class _Known(NamedTuple):
    """Somebody whose name is known from elsewhere than the lines. `forms` are as good as `key`."""

    key: str
    role: Role | None
    forms: frozenset[str]

    def likeness(self, person: Person) -> Likeness:
        return Likeness.SAME if person.name in self.forms else likeness(person.name, self.key)


def by_rule(chat: Chat, _answering: Answering) -> Claims:
    """Whoever runs the org knows best."""
    for person in chat.open:
        name = chat.printed[person]
        role = next((role for pattern, role in chat.names.rules if pattern.search(name)), None)
        if role:
            yield person, role


def by_part(chat: Chat, _answering: Answering) -> Claims:
    """Foreign shapes print the part beside the name."""
    for person in chat.open:
        if person.part and (role := role_of_label(person.part)):
            yield person, role


def by_name(chat: Chat, answering: Answering) -> Claims:
    """A name on both sides decides nothing."""
    known = _known_people(chat, answering)
    for person in chat.open:
        yield from _closest(person, known, at_least=Likeness.SAME)


def by_label(chat: Chat, _answering: Answering) -> Claims:
    """The label of whoever must be the visitor, as nobody else can be, counts for nothing."""
    roles = {person: role_of_label(person.name) for person in chat.open}
    for person, role in roles.items():
        if role is Role.CUSTOMER or (role and not _must_be_visitor(person, role, chat, roles)):
            yield person, role


def _must_be_visitor(
    person: Person, role: Role, chat: Chat, roles: dict[Person, Role | None]
) -> bool:
    """Tell whether a visitor called Agent, Bot or System is the only one whom nothing names."""
    if chat.customers or chat.counts.visitor == 0:
        return False
    others = {other: label for other, label in roles.items() if other != person}
    if None in others.values() or Role.CUSTOMER in others.values():
        return False
    if role is Role.SYSTEM:
        return bool(chat.answering) or not {Role.AGENT, Role.BOT}.isdisjoint(others.values())
    if role is Role.BOT and chat.chatbot_session:
        return False
    return not others and any(chat.decided[each].role is Role.AGENT for each in chat.answering)


def by_part_of_name(chat: Chat, answering: Answering) -> Claims:
    """A first name, or one with an initial, is whose name it begins, unless that one speaks."""
    known = [each for each in _known_people(chat, answering) if not _speaks(each, chat)]
    if chat.customers:
        known = [each for each in known if each.role is not Role.CUSTOMER]
    best = {each: max(map(each.likeness, chat.said)) for each in known}
    for person in chat.open:
        mine = [each for each in known if each.likeness(person) == best[each]]
        yield from _closest(person, mine, at_least=Likeness.FIRST_NAME)


def _speaks(known: _Known, chat: Chat) -> bool:
    return any(known.likeness(person) is Likeness.SAME for person in chat.decided)


def _closest(person: Person, known: Iterable[_Known], *, at_least: Likeness) -> Claims:
    """Yield the role of the name that is most like the person's; of two sides, none."""
    found: dict[Role | None, Likeness] = {}
    for each in known:
        found[each.role] = max(found.get(each.role, Likeness.NONE), each.likeness(person))
    highest = max(found.values(), default=Likeness.NONE)
    roles = {role for role, like in found.items() if like is highest}
    if highest < at_least or (Role.CUSTOMER in roles and len(roles) > 1):
        return
    # A bot that a header has for an agent is one all the same.
    yield person, next(role for role in _FIRST if role in roles)


def _known_people(chat: Chat, answering: Answering) -> list[_Known]:
    names = chat.names
    known = [_Known(name_key(name), Role.AGENT, short_forms(name)) for name in names.agents]
    known += [_Known(key, role, frozenset()) for key, role in answering.roles.items()]
    known += [_Known(name_key(name), Role.CUSTOMER, frozenset()) for name in names.customers]
    return [each for each in known if each.key]
