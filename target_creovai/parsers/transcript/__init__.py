"""LiveChatTranscript.Body as lines of dialogue: who said what, when."""

from target_creovai.parsers.transcript.parse import (
    Line,
    Transcript,
    parse_transcript,
    plain_text,
)
from target_creovai.parsers.transcript.scenes import Segment
from target_creovai.parsers.transcript.speakers import Cast, Evidence, KnownNames, MessageCounts

__all__ = [
    "Cast",
    "Evidence",
    "KnownNames",
    "Line",
    "MessageCounts",
    "Segment",
    "Transcript",
    "parse_transcript",
    "plain_text",
]
