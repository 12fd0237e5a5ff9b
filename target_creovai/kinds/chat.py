"""A chat: one LiveChatTranscript, complete in itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from target_creovai.errors import RowError, TextError
from target_creovai.kinds.checks import findings_of
from target_creovai.kinds.people import agent_from, cast_of, contact_from, is_user, named_person
from target_creovai.kinds.speakers import known_names, printed_name, unknown_speakers
from target_creovai.kinds.timing import settling, window
from target_creovai.model import (
    NEEDS_ROWS,
    Conversation,
    Deleted,
    DroppedRow,
    Interface,
    Message,
    Participant,
    Role,
    Skipped,
    Waiting,
)
from target_creovai.parsers.transcript import Line, Transcript, parse_transcript
from target_creovai.rows import (
    is_deleted,
    latest_change,
    metadata_of,
    parent_of,
    text_of,
    time_of,
)
from target_creovai.wholeness.needs import without_needed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from target_creovai.model import Assembly, Findings, Row, Rules, Unfit

# `Status` is an open set; these say that the chat still goes on. With Omni-Channel the
# row exists from the request on, so its Body and EndTime arrive by later updates.
UNFINISHED = frozenset({"waiting", "inprogress", "new", "active"})
NOTHING_SAID = "empty: nothing was said"
MISSED = "missed: nobody answered"
_WORD = re.compile(r"[^\W\d_]{2}")
_STARTS = ("StartTime", "RequestTime", "CreatedDate")
MESSAGE_TEXT = frozenset({"Body", "SupervisorTranscriptBody"})


def assemble_chat(
    _key: str, rows: Mapping[str, Sequence[Row]], rules: Rules, now: datetime
) -> Assembly:
    """Make a chat of its LiveChatTranscript row.

    Raises:
        TextError: Body follows no known grammar, or has words that are nobody's.
        RowError: The row has no date.
    """
    (row,) = rows["LiveChatTranscript"]
    if isinstance(row, DroppedRow):
        return NEEDS_ROWS
    if is_deleted(row):
        return Deleted()
    unknown = without_needed(rows, rules, only={"LiveChatTranscript.Status"})
    if waiting := unknown or _still_going(row) or settling([row], rules, now):
        return waiting
    if _status(row) == "missed":
        return Skipped(MISSED)
    return without_needed(rows, rules) or _conversation(row, rules)


def _still_going(row: Row) -> Waiting | None:
    status = _status(row)
    open_end = not status and time_of(row, "EndTime") is None
    return Waiting("the chat has not ended") if status in UNFINISHED or open_end else None


def _status(row: Row) -> str:
    return "".join(filter(str.isalpha, text_of(row, "Status") or "")).casefold()


def _conversation(row: Row, rules: Rules) -> Conversation | Skipped | Unfit:
    body = text_of(row, "Body")
    if body is None:
        return Skipped(NOTHING_SAID)
    transcript = parse_transcript(
        body,
        start_time=time_of(row, *_STARTS),
        names=known_names(row, rules),
        chatbot_session=row.get("IsChatbotSession") is True,
    )
    if unfit := unknown_speakers(transcript.lines, rules):
        return unfit
    findings = findings_of(row, transcript)
    messages = _messages(row, transcript, rules)
    if not any(message.sender.role is not Role.SYSTEM for message in messages):
        return _nothing_said(transcript, findings)
    participants, messages = cast_of(messages)
    started, ended = time_of(row, "StartTime", "RequestTime"), time_of(row, "EndTime")
    start, end = window(messages, started, ended)
    case_id = text_of(row, "CaseId")
    return Conversation(
        interface=Interface.CHAT,
        session_id=rules.session_id_prefix + row["Id"],
        case_reference_id=rules.session_id_prefix + case_id if case_id else None,
        start=start,
        end=end,
        participants=participants,
        messages=messages,
        metadata=metadata_of(row, rules.metadata_exclude | MESSAGE_TEXT),
        modified=latest_change([row]) or end,
        findings=findings,
    )


def _nothing_said(transcript: Transcript, findings: Findings) -> Skipped:
    """Tell an empty chat from one whose words nobody can place.

    Raises:
        TextError: There are words, and none of them is anyone's.
    """
    unplaced = " ".join(transcript.unclassified)
    # The rest of an offset that was cut off (`( 1m 3`) has no two letters in a row.
    if _WORD.search(unplaced) and not any(line.kind == "message" for line in transcript.lines):
        msg = f"none of {len(unplaced)} characters of text can be told to be anyone's words"
        raise TextError(msg)
    return Skipped(NOTHING_SAID, findings)


def _messages(row: Row, transcript: Transcript, rules: Rules) -> tuple[Message, ...]:
    start = time_of(row, *_STARTS)
    lines = [line for line in transcript.lines if line.text.strip()]
    sender_of = _senders(row, lines, rules)
    messages = []
    for line in lines:
        at = line.at or start
        if at is None:
            msg = "neither Body nor the row says when the chat took place"
            raise RowError(msg)
        if not rules.leaves_out(line.role):
            messages.append(Message(at=at, sender=sender_of(line), text=line.text))
    # Stable: lines of the same second keep the order of Body.
    return tuple(sorted(messages, key=lambda message: message.at))


def _senders(row: Row, lines: Sequence[Line], rules: Rules) -> Callable[[Line], Participant]:
    """Return the function that tells a line's participant."""
    owner = agent_from(row, "Owner", rules.agent_id) if is_user(row, "Owner") else None
    owner_label = _owner_label(row, lines)
    customer = _customer(row, printed_name(lines))

    def sender_of(line: Line) -> Participant:
        name = line.speaker or line.role.capitalize()
        if line.role is Role.CUSTOMER:
            return customer
        if line.role is Role.AGENT and owner and name == owner_label:
            return owner
        if line.role is Role.AGENT:
            return named_person(name, Role.AGENT, name)
        return Participant(name, line.role)

    return sender_of


def _owner_label(row: Row, lines: Iterable[Line]) -> str | None:
    """Return the name under which the transcript's owner signs.

    The owner is the last operator who took part (Salesforce help, chat
    transcripts), whose label is first name and last initial or an alias.
    """
    labels = [line.speaker for line in lines if line.role is Role.AGENT]
    name = (text_of(parent_of(row, "Owner"), "Name") or "").casefold()
    first, _, last = name.rpartition(" ")
    forms = {name, f"{first} {last[:1]}", f"{first} {last[:1]}."}
    signed = [label for label in labels if label and label.casefold() in forms]
    return next(reversed(signed or labels), None)


def _customer(row: Row, name: str | None) -> Participant:
    for key_field, parent in (("ContactId", "Contact"), ("LeadId", "Lead")):
        if key := text_of(row, key_field):
            return contact_from(row, parent, key)
    key = text_of(row, "LiveChatVisitorId") or f"visitor-{row['Id']}"
    return named_person(key, Role.CUSTOMER, name)
