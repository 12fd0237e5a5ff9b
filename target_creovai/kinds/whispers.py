"""What supervisors wrote to an agent during a chat: SupervisorTranscriptBody.

Its layout is documented nowhere, and no sample is public. It is read as Body is; what cannot be
read so is one message. What is in Body as well is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.errors import TextError
from target_creovai.model.conversation import Message
from target_creovai.model.participants import Role
from target_creovai.parsers.transcript import parse_transcript, plain_text
from target_creovai.participants.users_and_contacts import named_person
from target_creovai.salesforce.rows import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from target_creovai.model.rows import Row
    from target_creovai.parsers.transcript import Transcript

_SUPERVISOR = "Supervisor"


def whispers(row: Row, transcript: Transcript, start: datetime) -> Iterator[Message]:
    """Yield the messages that the customer never saw."""
    body = text_of(row, "SupervisorTranscriptBody")
    if body is None:
        return
    known = {(line.at, line.text) for line in transcript.lines}
    try:
        lines = parse_transcript(body, start_time=start).lines
    except TextError:
        lines = ()
    spoken = [line for line in lines if line.kind == "message" and line.text.strip()]
    if not spoken:
        yield _whisper(start, _SUPERVISOR, plain_text(body))
    for line in spoken:
        if (line.at, line.text) not in known:
            yield _whisper(line.at or start, line.speaker or _SUPERVISOR, line.text)


def _whisper(at: datetime, name: str, text: str) -> Message:
    return Message(at, named_person(name, Role.AGENT, name), text)
