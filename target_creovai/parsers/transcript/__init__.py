"""LiveChatTranscript.Body as lines of dialogue: who said what, when."""

from target_creovai.parsers.transcript.parse import (
    Line,
    Transcript,
    parse_transcript,
)
from target_creovai.parsers.transcript.scenes import Segment
from target_creovai.parsers.transcript.speakers import KnownNames

__all__ = ["KnownNames", "Line", "Segment", "Transcript", "parse_transcript"]
