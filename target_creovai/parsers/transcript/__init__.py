"""LiveChatTranscript.Body as lines of dialogue: who said what, when."""

from target_creovai.parsers.transcript.parse import (
    Line,
    Transcript,
    parse_transcript,
    plain_text,
)
from target_creovai.parsers.transcript.segments import SegmentHeader
from target_creovai.parsers.transcript.speakers import (
    Evidence,
    KnownNames,
    MessageCounts,
    SpeakerRoles,
)

__all__ = [
    "Evidence",
    "KnownNames",
    "Line",
    "MessageCounts",
    "SegmentHeader",
    "SpeakerRoles",
    "Transcript",
    "parse_transcript",
    "plain_text",
]
