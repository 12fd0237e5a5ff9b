"""Who is who in a transcript: agent, customer or bot, by evidence.

    facts  ->  decisions
    (`facts`)  (`naming`, `sides`, `bots`, in the order of the table in `decide`)

A speaker is a printed name, and nothing in the line says which side it belongs to. Whoever no
evidence decides stays `Role.UNKNOWN`: a wrong side is worse than none.
"""

from target_creovai.parsers.transcript.speakers.decide import decide
from target_creovai.parsers.transcript.speakers.facts import (
    Decision,
    Evidence,
    KnownNames,
    MessageCounts,
    PrintedName,
    SegmentFacts,
    SpeakerKey,
    SpeakerRoles,
    Transfer,
    speaker_key,
)
from target_creovai.parsers.transcript.speakers.names import (
    Likeness,
    is_label,
    is_signed,
    likeness,
    name_key,
    short_forms,
)

__all__ = [
    "Decision",
    "Evidence",
    "KnownNames",
    "Likeness",
    "MessageCounts",
    "PrintedName",
    "SegmentFacts",
    "SpeakerKey",
    "SpeakerRoles",
    "Transfer",
    "decide",
    "is_label",
    "is_signed",
    "likeness",
    "name_key",
    "short_forms",
    "speaker_key",
]
