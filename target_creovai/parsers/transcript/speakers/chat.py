"""A chat while the roles of its speakers are being decided."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Final

from target_creovai.model.participants import Role
from target_creovai.parsers.transcript.speakers.facts import SpeakerKey, speaker_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_creovai.parsers.transcript.speakers.facts import (
        Decision,
        KnownNames,
        MessageCounts,
        SegmentFacts,
    )


_MOST_SPEAKERS: Final = 50


class Chat:
    """The speakers of a chat, the facts of its segments, and the decisions made so far."""

    def __init__(
        self,
        segments: Sequence[SegmentFacts],
        names: KnownNames,
        counts: MessageCounts,
        *,
        chatbot_session: bool,
    ) -> None:
        self.segments = segments
        self.names = names
        self.counts = counts
        self.chatbot_session = chatbot_session
        self.message_counts: Counter[SpeakerKey] = Counter()
        self.printed: dict[SpeakerKey, str] = {}
        self.decided: dict[SpeakerKey, Decision] = {}
        for segment in segments:
            for printed, count in segment.message_counts.items():
                person = speaker_key(printed)
                self.message_counts[person] += count
                self.printed.setdefault(person, printed.name)

    @property
    def is_crowd(self) -> bool:
        """Tell whether this is no chat of people: to compare everybody with all would not end."""
        return len(self.message_counts) > _MOST_SPEAKERS

    @cached_property
    def segments_of(self) -> dict[SpeakerKey, list[int]]:
        """The segments in which each speaker writes."""
        parts: dict[SpeakerKey, list[int]] = {person: [] for person in self.message_counts}
        for index, group in enumerate(self.groups):
            for person in group:
                parts[person].append(index)
        return parts

    @cached_property
    def groups(self) -> list[set[SpeakerKey]]:
        """The speakers of each segment."""
        return [set(map(speaker_key, segment.message_counts)) for segment in self.segments]

    @property
    def open(self) -> list[SpeakerKey]:
        """Whom nothing has decided yet, in order of appearance."""
        return [person for person in self.message_counts if person not in self.decided]

    @property
    def customers(self) -> set[SpeakerKey]:
        """Who is known to be the customer."""
        return {each for each, decision in self.decided.items() if decision.role is Role.CUSTOMER}

    @property
    def answering(self) -> set[SpeakerKey]:
        """Who is known to be an agent or a bot."""
        aside = {Role.CUSTOMER, Role.SYSTEM, Role.UNKNOWN}
        return {each for each, decision in self.decided.items() if decision.role not in aside}

    def beside(self, person: SpeakerKey) -> set[SpeakerKey]:
        """Return the other speakers of the segments in which this one writes."""
        groups = (self.groups[index] for index in self.segments_of[person])
        return set().union(*groups) - {person}
