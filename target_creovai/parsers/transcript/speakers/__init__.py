"""Who is who in a transcript: agent, customer or bot, by evidence.

    facts  ->  decisions
    (`facts`)  (`naming`, `sides`, `bots`, in the order of the table in `decide`)

A speaker is a printed name, and nothing in the line says which side it belongs to. Whoever no
evidence decides stays `Role.UNKNOWN`: a wrong side is worse than none.
"""

from target_creovai.parsers.transcript.speakers.decide import decide
from target_creovai.parsers.transcript.speakers.facts import (
    Cast,
    Decision,
    Evidence,
    KnownNames,
    MessageCounts,
    Person,
    Scene,
    Transfer,
    Voice,
    person_of,
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
    "Cast",
    "Decision",
    "Evidence",
    "KnownNames",
    "Likeness",
    "MessageCounts",
    "Person",
    "Scene",
    "Transfer",
    "Voice",
    "decide",
    "is_label",
    "is_signed",
    "likeness",
    "name_key",
    "person_of",
    "short_forms",
]
