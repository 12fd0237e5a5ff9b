"""A chat: one LiveChatTranscript, complete in itself."""

from __future__ import annotations

import re
from operator import attrgetter
from typing import TYPE_CHECKING

from target_creovai.errors import RowError, TextError
from target_creovai.kinds.checks import findings_of
from target_creovai.kinds.left_out import unsent, why_left_out
from target_creovai.kinds.timing import in_turns, settling, window
from target_creovai.kinds.whispers import whispers
from target_creovai.model.conversation import Conversation, Interface, LeftOut, Message, Why
from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.participants import Role
from target_creovai.model.rows import DroppedRow
from target_creovai.model.verdicts import NEEDS_ROWS, Deleted, Skipped, Waiting
from target_creovai.parsers.transcript import parse_transcript
from target_creovai.participants.chat_names import roles_by_name
from target_creovai.participants.chat_participants import ChatParticipants
from target_creovai.participants.chat_speakers import (
    doubt_about,
    known_names,
    message_counts,
    open_speakers,
    speakers_of,
)
from target_creovai.participants.merging import participants_of
from target_creovai.salesforce.rows import (
    is_deleted,
    latest_change,
    metadata_of,
    text_of,
    time_of,
)
from target_creovai.wholeness.needs import without_needed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from target_creovai.model.conversation import Assembly
    from target_creovai.model.rows import Row
    from target_creovai.model.settings import AssemblySettings
    from target_creovai.model.verdicts import SetAside
    from target_creovai.parsers.transcript import Transcript

# `Status` is an open set; these say that the chat still goes on. With Omni-Channel the
# row exists from the request on, so its Body and EndTime arrive by later updates.
UNFINISHED = frozenset({"waiting", "inprogress", "new", "active"})
NOTHING_SAID = Reason(Code.NOTHING_SAID)
MISSED = Reason(Code.MISSED)
_WORD = re.compile(r"[^\W\d_]{2}")
_NAMED_LINE = re.compile(r"^[^\W\d_][\w.'\u2019 -]{0,79}:\s+\S", re.MULTILINE)
_STARTS = ("StartTime", "RequestTime", "CreatedDate")
MESSAGE_TEXT = frozenset({"Body", "SupervisorTranscriptBody"})


def assemble_chat(
    key: str, rows: Mapping[str, Sequence[Row]], settings: AssemblySettings, now: datetime
) -> Assembly:
    """Make a chat of its LiveChatTranscript row.

    The Id of another transcript is there where both have one ChatKey.

    Raises:
        TextError: Body follows no known grammar, or has words that are nobody's.
        RowError: The row has no date.
    """
    transcripts = {row["Id"]: row for row in rows["LiveChatTranscript"]}
    row = transcripts.pop(key)
    if isinstance(row, DroppedRow):
        return NEEDS_ROWS
    if is_deleted(row):
        return Deleted()
    unknown = without_needed(
        {"LiveChatTranscript": [row]}, settings, only={"LiveChatTranscript.Status"}
    )
    status = _status(row)
    if waiting := unknown or _still_going(row, status) or settling([row], settings, now):
        return waiting
    if unread := without_needed({"LiveChatTranscript": [row]}, settings):
        return unread
    # Chats are sent once: the first transcript of a chat was one by itself when it went.
    chat_key = text_of(row, "ChatKey") if transcripts else None
    return _conversation(row, settings, chat_key, missed=status == "missed")


def _still_going(row: Row, status: str) -> Waiting | None:
    open_end = not status and time_of(row, "EndTime") is None
    return Waiting(Reason(Code.CHAT_OPEN)) if status in UNFINISHED or open_end else None


def _status(row: Row) -> str:
    return "".join(filter(str.isalpha, text_of(row, "Status") or "")).casefold()


def _conversation(
    row: Row, settings: AssemblySettings, chat_key: str | None, *, missed: bool
) -> Conversation | Skipped | SetAside:
    body = text_of(row, "Body")
    if body is None:
        return Skipped(MISSED if missed else NOTHING_SAID)
    opened = time_of(row, *_STARTS)
    transcript = parse_transcript(
        body,
        start_time=opened,
        names=known_names(row, settings),
        counts=message_counts(row),
        chatbot_session=row.get("IsChatbotSession") is True,
    )
    _refuse_unplaced_words(transcript)
    if missed and _is_unanswered(transcript, may_be_bot=row.get("IsChatbotSession") is True):
        return Skipped(MISSED)
    if undecided := open_speakers(transcript, settings):
        return undecided
    findings = findings_of(row, transcript)
    messages = _messages(row, transcript, settings, opened)
    if {message.sender.role for message in messages} <= {Role.SYSTEM}:
        return Skipped(NOTHING_SAID, findings)
    participants, messages = participants_of(messages)
    messages = tuple(in_turns(messages))
    started, ended = time_of(row, "StartTime", "RequestTime"), time_of(row, "EndTime")
    start, end = window(messages, started, ended)
    case_id = text_of(row, "CaseId")
    return Conversation(
        interface=Interface.CHAT,
        session_id=settings.session_id_prefix + row["Id"],
        case_reference_id=settings.session_id_prefix + case_id if case_id else None,
        collection_id=chat_key,
        start=start,
        end=end,
        participants=participants,
        messages=messages,
        metadata=metadata_of(row, settings.metadata_exclude | MESSAGE_TEXT),
        modified=latest_change([row]) or end,
        findings=findings,
        speakers=speakers_of(transcript),
        roles_by_name=roles_by_name(transcript.speaker_roles),
        doubt=doubt_about(transcript),
        left_out=_left_out(row, transcript, settings, start) if settings.keep_removed else (),
    )


def _left_out(
    row: Row, transcript: Transcript, settings: AssemblySettings, start: datetime
) -> tuple[LeftOut, ...]:
    """Return what `participant_types` and `include_internal_comments` keep back."""
    found = [
        LeftOut(line.at or start, Why.ROLE, line.text, line.speaker)
        for line in transcript.lines
        if line.text.strip() and why_left_out(line.role, settings)
    ]
    if why_left_out(Role.AGENT, settings, is_internal=True) is Why.INTERNAL:
        found += (unsent(each, Why.INTERNAL) for each in whispers(row, transcript, start))
    return tuple(sorted(found, key=lambda item: item.at))


def _is_unanswered(transcript: Transcript, *, may_be_bot: bool) -> bool:
    """Tell whether only the visitor writes.

    A single speaker of unknown role is the visitor, unless it may be the bot.
    """
    decisions = transcript.speaker_roles.decisions.values()
    roles = {decision.role for decision in decisions} - {Role.SYSTEM, Role.CUSTOMER}
    alone = roles == {Role.UNKNOWN} and len(decisions) == 1
    return not roles or (alone and not may_be_bot)


def _refuse_unplaced_words(transcript: Transcript) -> None:
    """Refuse a chat with dialogue that belongs to no message.

    Raises:
        TextError: There is some: without any message words, with messages a line with a name.
    """
    if not transcript.unclassified:
        return
    is_empty = not any(line.kind == "message" for line in transcript.lines)
    # The rest of an offset that was cut off (`( 1m 3`) has no two letters in a row.
    dialogue = _WORD if is_empty else _NAMED_LINE
    unread = [text for text in transcript.unclassified if dialogue.search(text)]
    if unread:
        whose = "characters of text can be told to be anyone's words"
        msg = f"none of {sum(map(len, unread))} {whose}, in a layout that is not known"
        raise TextError(msg)


def _messages(
    row: Row, transcript: Transcript, settings: AssemblySettings, opened: datetime | None
) -> tuple[Message, ...]:
    lines = [line for line in transcript.lines if line.text.strip()]
    participants = ChatParticipants(row, lines, settings)
    left_out = {role for role in {line.role for line in lines} if why_left_out(role, settings)}
    messages = []
    for line in lines:
        at = line.at or opened
        if at is None:
            msg = "neither Body nor the row says when the chat took place"
            raise RowError(msg)
        if line.role not in left_out:
            messages.append(Message(at, participants.of(line), line.text))
    if messages and why_left_out(Role.AGENT, settings, is_internal=True) is None:
        messages += whispers(row, transcript, messages[0].at)
    # Stable: lines of the same second keep the order of Body.
    return tuple(sorted(messages, key=attrgetter("at")))
