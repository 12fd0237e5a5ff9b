"""The speakers of a transcript: what the record states about them, and which stay undecided."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.participants import Role, Speaker
from target_creovai.model.settings import whole_name
from target_creovai.model.verdicts import OpenSpeakers, SetAside
from target_creovai.parsers.transcript import KnownNames, MessageCounts
from target_creovai.participants.chat_participants import owners_name
from target_creovai.salesforce.rows import number_of, parent_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_creovai.model.rows import Row
    from target_creovai.model.settings import AssemblySettings
    from target_creovai.parsers.transcript import Line, Transcript


def known_names(row: Row, settings: AssemblySettings) -> KnownNames:
    """Return the names and patterns that a chat's record and the settings give its speakers."""
    people = [parent_of(row, parent) for parent in ("Contact", "Lead")]
    customers = [text_of(person, field) for person in people for field in ("Name", "Email")]
    return KnownNames(
        agents=frozenset(filter(None, [owners_name(row)])),
        customers=frozenset(filter(None, customers)),
        # `re` keeps what it compiled last, so this costs a look-up a chat.
        patterns=tuple((whole_name(pattern), role) for pattern, role in settings.speaker_roles),
        other_chats=settings.other_chats,
    )


def message_counts(row: Row) -> MessageCounts:
    """Return how many messages of either side the record of a chat counts."""
    return MessageCounts(
        operator=_count(row, "OperatorMessageCount"), visitor=_count(row, "VisitorMessageCount")
    )


def _count(row: Row, field: str) -> int | None:
    number = number_of(row, field)
    return int(number) if number is not None and number == number // 1 else None


def speakers_of(transcript: Transcript) -> tuple[Speaker, ...]:
    """Return the role of each speaker of a transcript, and the evidence for it."""
    return tuple(
        Speaker(person.name, decision.role or Role.UNKNOWN, decision.evidence)
        for person, decision in transcript.speaker_roles.decisions.items()
    )


def open_speakers(transcript: Transcript, settings: AssemblySettings) -> OpenSpeakers | None:
    """Return why a chat is set aside that has messages of undecided speakers.

    A wrong side would silently spoil the analysis.
    """
    nobodys = Role.UNKNOWN
    lines = [line for line in transcript.lines if line.role is nobodys]
    unknown = _messages_by_name(lines)
    if not unknown or nobodys in settings.participant_types:
        return None
    reason = Reason(Code.OPEN_SPEAKERS, (str(unknown.total()), str(len(unknown))))
    return OpenSpeakers(
        reason, detail={"unknown_speakers": dict(unknown)}, speakers=speakers_of(transcript)
    )


def doubt_about(transcript: Transcript) -> SetAside | None:
    """Return why a chat is set aside that its record's counts contradict."""
    if not transcript.speaker_roles.only_swapped_fits:
        return None
    names = _messages_by_name(transcript.lines)
    reason = Reason(Code.SWAPPED_SPEAKERS, (str(len(names)),))
    return SetAside(reason, detail={"unknown_speakers": dict(names)})


def _messages_by_name(lines: Iterable[Line]) -> Counter[str]:
    messages = (line for line in lines if line.kind == "message" and line.text.strip())
    return Counter(str(line.speaker) for line in messages)
