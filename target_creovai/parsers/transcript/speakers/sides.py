"""Evidence that needs the others: a legacy chat has one visitor, and the record counts messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from target_creovai.model.participants import Role
from target_creovai.parsers.transcript.speakers.facts import Evidence
from target_creovai.parsers.transcript.speakers.names import is_signed, role_of_label
from target_creovai.parsers.transcript.words import SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from target_creovai.parsers.transcript.speakers.bots import AnsweringSide
    from target_creovai.parsers.transcript.speakers.chat import Chat
    from target_creovai.parsers.transcript.speakers.facts import SpeakerKey
    from target_creovai.parsers.transcript.speakers.naming import Claims

# Evidence that a namesake could give as well, or somebody who is called Agent.
_WEAK: Final = frozenset({Evidence.SHORT_NAME, Evidence.LABEL})
_PAIR: Final = 2


def by_elimination(chat: Chat, answering: AnsweringSide) -> Claims:
    """Decide the others by the visitor, and the visitor by being the only one left.

    Whoever writes in other segments than the visitor may be the visitor under another name.
    """
    if customers := chat.customers:
        for person in chat.open:
            if chat.beside(person) & customers or _is_lone_bot(person, chat, answering):
                yield person, None
        return
    visitors = _answered(chat) or _staying(chat)
    if len(visitors) == 1:
        yield visitors.pop(), Role.CUSTOMER


def _answered(chat: Chat) -> set[SpeakerKey]:
    """Return who is the only one left in the chat, or in a segment, beside those who answer."""
    people = chat.open
    if len(people) == 1:
        return {person for person in people if _is_answered(person, chat.beside(person), chat)}
    pairs = [group for group in chat.groups if len(group) == _PAIR]
    return {
        person
        for person in people
        for group in pairs
        if person in group and _is_answered(person, group - {person}, chat)
    }


def _staying(chat: Chat) -> set[SpeakerKey]:
    """Return who writes in all segments of a chat, each with others: agents change."""
    groups = [group for group in chat.groups if group]
    if len(groups) < _PAIR or any(len(group) < _PAIR for group in groups):
        return set()
    names = [
        [segment.agent, *segment.transfers] for segment in chat.segments if segment.message_counts
    ]
    handed_over = all(any(name) for name in names[1:])
    staying = set.intersection(*groups).intersection(chat.open) if handed_over else set()
    return {person for person in staying if not SERVICE.search(person.name)}


def _is_lone_bot(person: SpeakerKey, chat: Chat, answering: AnsweringSide) -> bool:
    """Tell whether somebody writes alone in the bot's segment: a bot is never silent."""
    where = chat.segments_of[person]
    alone = all(chat.groups[index] == {person} for index in where)
    return alone and all(answering.kind(index) is Role.BOT for index in where)


def _is_answered(person: SpeakerKey, beside: AbstractSet[SpeakerKey], chat: Chat) -> bool:
    others = beside & chat.answering
    if not others:
        return False
    # "Acme Support" is hardly the visitor of "Bea", nor "Agent" or "Tina K" that of "Agent".
    evidence = {chat.decided[other].evidence for other in others}
    answers = SERVICE.search(person.name) or role_of_label(person.name) is Role.AGENT
    signs = is_signed(person.name) and Evidence.LABEL in evidence
    return not ((answers and not evidence.isdisjoint(_WEAK)) or signs)


def by_counts(chat: Chat, answering: AnsweringSide) -> Claims:
    """The visitor is the only one with whom both counts on the record agree."""
    if chat.customers or chat.counts == (None, None):
        return
    fitting = [each for each in (*chat.open, None) if _fits(each, chat, answering)]
    if len(fitting) == 1:
        for person in chat.open:
            yield person, Role.CUSTOMER if person == fitting[0] else None


def by_other_chats(chat: Chat, _answering: AnsweringSide) -> Claims:
    """A name that was an agent's or a bot's in many chats is so here."""
    for person in chat.open:
        if role := chat.names.other_chats.get(person.name):
            yield person, role


def _fits(visitor: SpeakerKey | None, chat: Chat, answering: AnsweringSide) -> bool:
    """Tell whether the counts agree with this visitor, or with a silent one."""
    counts = chat.counts
    if visitor is None and not counts.operator:
        return False
    others = chat.answering.union(chat.open) - {visitor}
    count = chat.message_counts[visitor] if visitor else 0
    return counts.visitor in {None, count} and _operator_fits(others, chat, answering)


def _operator_fits(others: AbstractSet[SpeakerKey], chat: Chat, answering: AnsweringSide) -> bool:
    """Whether Salesforce counts a bot among the operators is not documented: both will do."""
    roles = {person: _role(person, chat, answering) for person in others}
    agents = _sum(chat, (person for person, role in roles.items() if role is Role.AGENT))
    either = _sum(chat, (person for person, role in roles.items() if role is None))
    everyone = _sum(chat, others)
    return chat.counts.operator in {None, agents, agents + either, everyone}


def _role(person: SpeakerKey, chat: Chat, answering: AnsweringSide) -> Role | None:
    decided = chat.decided.get(person)
    return (decided and decided.role) or answering.is_bot_or_agent(person)


def _sum(chat: Chat, people: Iterable[SpeakerKey]) -> int:
    return sum(chat.message_counts[person] for person in people)


def only_swapped_fits(chat: Chat) -> bool:
    """Tell whether the counts contradict what was decided, and agree with another visitor.

    What a rule of `speaker_roles` has decided stands. Of more than two speakers, one count alone
    agrees with too much.
    """
    known = sum(count is not None for count in chat.counts)
    if known < (1 if len(chat.message_counts) <= _PAIR else 2):
        return False
    ruled = any(decision.evidence is Evidence.RULE for decision in chat.decided.values())
    if ruled or _agree(chat.customers, chat):
        return False
    others: list[set[SpeakerKey]] = [{person} for person in chat.answering]
    if chat.customers and not chat.answering and chat.counts.operator:
        others.append(set())
    return any(_agree(visitor, chat) for visitor in others)


def _agree(visitors: set[SpeakerKey], chat: Chat) -> bool:
    counts = chat.counts
    others = chat.answering.union(chat.customers) - visitors
    roles = chat.decided
    agents = _sum(chat, (person for person in others if roles[person].role is not Role.BOT))
    operator = {None, agents, _sum(chat, others)}
    return counts.visitor in {None, _sum(chat, visitors)} and counts.operator in operator
