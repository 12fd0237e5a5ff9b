"""From all that is known of a chat's speakers to who is who: the order in which evidence counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from target_creovai.parsers.transcript.speakers.bots import AnsweringSide
from target_creovai.parsers.transcript.speakers.chat import Chat
from target_creovai.parsers.transcript.speakers.facts import (
    UNDECIDED,
    Decision,
    Evidence,
    MessageCounts,
    SpeakerRoles,
)
from target_creovai.parsers.transcript.speakers.naming import (
    by_label,
    by_name,
    by_part_of_name,
    by_printed_role,
    by_rule,
    by_visitors_label,
)
from target_creovai.parsers.transcript.speakers.sides import (
    by_counts,
    by_elimination,
    by_other_chats,
    only_swapped_fits,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_creovai.parsers.transcript.speakers.facts import (
        KnownNames,
        SegmentFacts,
        SpeakerKey,
    )
    from target_creovai.parsers.transcript.speakers.naming import Claims

# The strongest first: each decides only whom those before it leave open. Elimination, which rests
# on the others' roles, is repeated after each step that may have decided some.
_EVIDENCE: Final[tuple[tuple[Evidence, Callable[[Chat, AnsweringSide], Claims]], ...]] = (
    (Evidence.RULE, by_rule),
    (Evidence.PRINTED_ROLE, by_printed_role),
    (Evidence.NAME, by_name),
    (Evidence.LABEL, by_visitors_label),
    (Evidence.SHORT_NAME, by_part_of_name),
    (Evidence.LABEL, by_label),
    (Evidence.ONE_VISITOR, by_elimination),
    (Evidence.COUNTS, by_counts),
    (Evidence.ONE_VISITOR, by_elimination),
    (Evidence.OTHER_CHATS, by_other_chats),
    (Evidence.ONE_VISITOR, by_elimination),
)
# Evidence that looks at one speaker at a time.
_OF_EACH: Final = frozenset({Evidence.RULE, Evidence.PRINTED_ROLE})
_NO_COUNTS: Final = MessageCounts()


def decide(
    segments: Sequence[SegmentFacts],
    names: KnownNames,
    counts: MessageCounts = _NO_COUNTS,
    *,
    chatbot_session: bool = False,
) -> SpeakerRoles:
    """Return the role of each speaker, and what decided it."""
    chat = Chat(segments, names, counts, chatbot_session=chatbot_session)
    answering = AnsweringSide(chat)
    for evidence, step in _EVIDENCE:
        if len(chat.decided) == len(chat.message_counts) or (
            chat.is_crowd and evidence not in _OF_EACH
        ):
            break
        claims = list(step(chat, answering))
        chat.decided.update({person: Decision(role, evidence) for person, role in claims})
    _separate_bots_from_agents(chat, answering)
    _reopen_namesakes(chat)
    swapped = only_swapped_fits(chat)
    return SpeakerRoles(
        {person: chat.decided.get(person, UNDECIDED) for person in chat.message_counts}, swapped
    )


def _separate_bots_from_agents(chat: Chat, answering: AnsweringSide) -> None:
    found: dict[SpeakerKey, Decision] = {}
    for person, (role, evidence) in chat.decided.items():
        if role is not None:
            continue
        if role := answering.is_bot_or_agent(person):
            found[person] = Decision(role, evidence)
        elif role := chat.names.other_chats.get(person.name):
            found[person] = Decision(role, Evidence.OTHER_CHATS)
        else:
            found[person] = UNDECIDED
    chat.decided.update(found)


def _reopen_namesakes(chat: Chat) -> None:
    """Where nobody is the customer, undo what only a first or shortened name has decided."""
    if chat.customers or len(chat.message_counts) == 1:
        return
    for person, decision in chat.decided.items():
        if decision.evidence is Evidence.SHORT_NAME:
            chat.decided[person] = UNDECIDED
