"""Agent or bot: what answers in each segment of a chat.

A bot's segment has no agent in its header, or "Chatbot"; a notice says when the bot hands the chat
over, and when it is given one. All of this was seen in captured transcripts, except that agents
hand a chat over to a bot, which is in the object reference (TransferredToBot).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from target_creovai.model.participants import Role
from target_creovai.parsers.transcript.speakers.names import (
    Likeness,
    is_signed,
    likeness,
    name_key,
    role_of_label,
)
from target_creovai.parsers.transcript.words import SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_creovai.parsers.transcript.speakers.chat import Chat
    from target_creovai.parsers.transcript.speakers.facts import SegmentFacts, SpeakerKey


class AnsweringSide:
    """Who answers in a chat, as far as headers, notices, transfers and the record show."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._segments = chat.segments
        self._named_bots = {name_key(name) for name in chat.names.bots} - {""}
        self._named_bots |= {name_key(name) for segment in chat.segments for name in segment.bots}
        self._named_bots |= {
            name_key(transfer.giver)
            for segment in chat.segments
            for transfer in segment.transfers
            if transfer.by_bot
        }

    @cached_property
    def roles(self) -> dict[str, Role | None]:
        """What each name is that stands in an agent's place; None: agent or bot."""
        roles: dict[str, Role | None] = {}
        for index, segment in enumerate(self._segments):
            for name in filter(None, [segment.agent, *segment.agents]):
                roles.setdefault(name_key(name), self._agent_or_bot(name))
            for transfer in segment.transfers:
                roles.setdefault(name_key(transfer.giver), self._giver(transfer.giver, index))
        for index, segment in enumerate(self._segments):
            for transfer in segment.transfers:
                roles.setdefault(name_key(transfer.taker), self._taker(transfer.taker, index))
        return roles | dict.fromkeys(self._named_bots, Role.BOT)

    def kind(self, index: int) -> Role | None:
        """Return what answers in a segment: agents, a bot, or (None) one of the two."""
        named = self._names_in_place(self._segments[index])
        return self.roles[named[-1]] if named else self._kind_of_unheaded(index)

    def is_bot_or_agent(self, person: SpeakerKey) -> Role | None:
        """Return what somebody is who is not the customer; None where that stays open."""
        chat = self._chat
        where = self._chat.segments_of[person]
        kinds = {self.kind(index) for index in where}
        if Role.BOT in kinds:
            rivals = self._rivals(person, [i for i in where if self.kind(i) is Role.BOT])
            return None if rivals else Role.BOT
        if kinds != {Role.AGENT}:
            return None
        # A bot's session without a bot: whoever joins the agent may be it.
        lost_bot = chat.chatbot_session and not self._has_bot()
        return None if lost_bot and all(map(self._is_filled, where)) else Role.AGENT

    def speaks_beside_bot(self, person: SpeakerKey) -> bool:
        """Tell whether somebody writes in a segment in which a bot answers."""
        return any(self.kind(index) is Role.BOT for index in self._chat.segments_of[person])

    def speaks_beside_agent(self, person: SpeakerKey) -> bool:
        """Tell whether somebody writes in a segment with an agent's name in its header."""
        return any(
            self._names_in_place(self._segments[index]) and self.kind(index) is Role.AGENT
            for index in self._chat.segments_of[person]
        )

    # Segments

    @cached_property
    def works_with_bots(self) -> bool:
        """Whether a bot takes part, by the record, by a notice or by a header."""
        names = [name for segment in self._segments for name in self._names_in_place(segment)]
        return (
            self._chat.chatbot_session
            or bool(self._named_bots)
            or any(segment.has_bot or segment.left_to_bot for segment in self._segments)
            or any(role_of_label(name) is Role.BOT for name in names)
        )

    def _names_in_place(self, segment: SegmentFacts) -> list[str]:
        """Return the keys of the names in the header: the last one answers."""
        names = [segment.agent, *(transfer.taker for transfer in segment.transfers)]
        return [name_key(name) for name in names if name]

    def _kind_of_unheaded(self, index: int) -> Role | None:
        if not self.works_with_bots:
            return Role.AGENT
        before = self._segments[index - 1] if index else None
        if before and before.left_to_bot:
            return Role.BOT
        if before and before.left_by_bot:
            return Role.AGENT
        return Role.BOT if index <= self._first else None

    @cached_property
    def _first(self) -> int:
        """The first segment with a message, or with a name in its header."""
        segments = enumerate(self._segments)
        return next(
            (
                n
                for n, segment in segments
                if segment.message_counts or self._names_in_place(segment)
            ),
            0,
        )

    # Names

    def _agent_or_bot(self, name: str) -> Role:
        is_bot = name_key(name) in self._named_bots or role_of_label(name_key(name)) is Role.BOT
        return Role.BOT if is_bot else Role.AGENT

    def _giver(self, name: str, index: int) -> Role | None:
        before = self._segments[index - 1] if index else None
        if before is None or self._names_in_place(before):
            return self._agent_or_bot(name)
        return self._kind_of_unheaded(index - 1)

    def _taker(self, name: str, index: int) -> Role | None:
        if index and self._segments[index - 1].left_to_bot:
            return Role.BOT
        role = self._agent_or_bot(name)
        if role is Role.BOT or not self._chat.chatbot_session or self._has_unnamed_bot:
            return role
        return self._taker_without_bot(name_key(name))

    def _taker_without_bot(self, taker: str) -> Role | None:
        """Tell who took over in a bot's session that no bot has begun.

        The bot must be somewhere, but the owner of a chat is its last operator (Salesforce help,
        chat transcripts), and agents sign with an initial by default.
        """
        owners = map(name_key, self._chat.names.agents)
        if any(likeness(taker, owner) >= Likeness.INITIAL for owner in owners):
            return Role.AGENT
        return None if is_signed(taker) or SERVICE.search(taker) else Role.BOT

    @cached_property
    def _has_unnamed_bot(self) -> bool:
        """Tell whether a bot is known of without any transfer's taker."""
        if self._named_bots:
            return True
        return any(
            self._is_bots_without_transfer(index)
            for index, segment in enumerate(self._segments)
            if segment.message_counts
        )

    def _is_bots_without_transfer(self, index: int) -> bool:
        named = self._names_in_place(self._segments[index])
        role = role_of_label(named[-1]) if named else self._kind_of_unheaded(index)
        return role is Role.BOT

    # Speakers

    def _has_bot(self) -> bool:
        kinds = (
            self.kind(index)
            for index, segment in enumerate(self._segments)
            if segment.message_counts
        )
        return Role.BOT in kinds or any(
            decision.role is Role.BOT for decision in self._chat.decided.values()
        )

    def _is_filled(self, index: int) -> bool:
        """Tell whether one of a segment's speakers is named in its header."""
        names = self._names_in_place(self._segments[index])
        group = self._chat.groups[index]
        return any(likeness(person.name, name) for person in group for name in names)

    def _rivals(self, person: SpeakerKey, where: Iterable[int]) -> set[SpeakerKey]:
        """Return who else may be the bot, or is it, where this person may be."""
        others = set().union(*(self._chat.groups[index] for index in where)) - {person}
        decided = self._chat.decided
        return {
            other
            for other in others
            if other in decided and decided[other].role in {None, Role.BOT}
        }
