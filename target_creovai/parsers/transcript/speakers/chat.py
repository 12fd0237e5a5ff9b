"""A chat while its speakers are being told apart."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Final

from target_creovai.model.participants import Role
from target_creovai.parsers.transcript.speakers.facts import Person, person_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_creovai.parsers.transcript.speakers.facts import (
        Decision,
        KnownNames,
        MessageCounts,
        Scene,
    )


_MOST_SPEAKERS: Final = 50


class Chat:
    """All speakers of a chat, what was said of them, and whom the evidence so far has decided."""

    def __init__(
        self,
        scenes: Sequence[Scene],
        names: KnownNames,
        counts: MessageCounts,
        *,
        chatbot_session: bool,
    ) -> None:
        self.scenes = scenes
        self.names = names
        self.counts = counts
        self.chatbot_session = chatbot_session
        self.said: Counter[Person] = Counter()
        self.printed: dict[Person, str] = {}
        self.decided: dict[Person, Decision] = {}
        for scene in scenes:
            for voice, count in scene.said.items():
                person = person_of(voice)
                self.said[person] += count
                self.printed.setdefault(person, voice.name)

    @property
    def is_crowd(self) -> bool:
        """Tell whether this is no chat of people: to compare everybody with all would not end."""
        return len(self.said) > _MOST_SPEAKERS

    @cached_property
    def parts_of(self) -> dict[Person, list[int]]:
        """In which scenes each person speaks."""
        parts: dict[Person, list[int]] = {person: [] for person in self.said}
        for index, group in enumerate(self.groups):
            for person in group:
                parts[person].append(index)
        return parts

    @cached_property
    def groups(self) -> list[set[Person]]:
        """Who speaks in each scene."""
        return [set(map(person_of, scene.said)) for scene in self.scenes]

    @property
    def open(self) -> list[Person]:
        """Whom nothing has decided yet, in order of appearance."""
        return [person for person in self.said if person not in self.decided]

    @property
    def customers(self) -> set[Person]:
        """Who is known to be the customer."""
        return {each for each, decision in self.decided.items() if decision.role is Role.CUSTOMER}

    @property
    def answering(self) -> set[Person]:
        """Who is known to be an agent or a bot."""
        aside = {Role.CUSTOMER, Role.SYSTEM, Role.UNKNOWN}
        return {each for each, decision in self.decided.items() if decision.role not in aside}

    def beside(self, person: Person) -> set[Person]:
        """Return who else speaks where this person does."""
        groups = (self.groups[index] for index in self.parts_of[person])
        return set().union(*groups) - {person}
