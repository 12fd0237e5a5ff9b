"""An enhanced chat: one MessagingSession with its ConversationEntry rows.

The tap reads entries under limits, so a session may be here for days before them.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from target_creovai.kinds.chat import MISSED, NOTHING_SAID
from target_creovai.kinds.checks import message_count_findings
from target_creovai.kinds.entries import (
    in_order,
    is_bare,
    is_internal,
    is_of_type,
    newest_reading,
    role_of,
    says_something,
)
from target_creovai.kinds.left_out import why_left_out
from target_creovai.kinds.timing import in_turns, settling, window
from target_creovai.kinds.updates import as_updated
from target_creovai.model.conversation import Conversation, Interface, LeftOut, Message, Why
from target_creovai.model.findings import Finding
from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.participants import Role
from target_creovai.model.rows import DroppedRow
from target_creovai.model.verdicts import NEEDS_ROWS, Deleted, SetAside, Skipped, Waiting
from target_creovai.parsers.messaging import member_key, read_message, titles_for
from target_creovai.participants.merging import participants_of
from target_creovai.participants.messaging_senders import MessagingSenders
from target_creovai.salesforce.rows import (
    is_deleted,
    latest_change,
    metadata_of,
    parent_of,
    text_of,
    time_of,
)
from target_creovai.wholeness.needs import without_needed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from target_creovai.kinds.entries import Reading
    from target_creovai.model.conversation import Assembly
    from target_creovai.model.rows import Row
    from target_creovai.model.settings import AssemblySettings
    from target_creovai.parsers.messaging import MessageText

    Spoken = tuple[datetime, Row, MessageText]

# `Inactive` and the others may become active again (Salesforce field reference).
ENDED = frozenset({"ended", "error"})
UNFINISHED = frozenset({"new", "active", "waiting", "consent", "paused", "inactive"})
MESSAGE_TEXT = frozenset({"PreviewDetails"})
_LEFT_OUT = {
    Role.BOT: Finding.AUTOMATIC,
    Role.SYSTEM: Finding.AUTOMATIC,
    Role.UNKNOWN: Finding.NOBODYS,
}


def assemble_messaging(
    key: str, rows: Mapping[str, Sequence[Row]], settings: AssemblySettings, now: datetime
) -> Assembly:
    """Make a chat of a MessagingSession row and its entries.

    The Id of another session is there where both belong to one conversation.

    Raises:
        RowError: Neither session nor entries say when it took place.
    """
    sessions = {session["Id"]: session for session in rows.get("MessagingSession", ())}
    session = sessions.pop(key, None)
    if session is None:
        return Waiting(Reason(Code.NO_MAIN_ROW, ("MessagingSession",)), for_main_row=True)
    if isinstance(session, DroppedRow):
        return NEEDS_ROWS
    if is_deleted(session):
        return Deleted()
    unknown = without_needed({"MessagingSession": [session]}, settings)
    if waiting := unknown or _still_going(session) or settling([session], settings, now):
        return waiting
    reading = _reading(rows.get("ConversationEntry", ()))
    if isinstance(reading, Waiting | SetAside):
        return reading
    unknown = without_needed({"ConversationEntry": reading.entries}, settings)
    return unknown or _conversation(session, reading, settings, spans_sessions=bool(sessions))


def _reading(entries: Sequence[Row]) -> Reading | Waiting | SetAside:
    """Return the newest reading; a whole one makes up for all whose text was dropped."""
    with_text = [entry for entry in entries if not isinstance(entry, DroppedRow)]
    reading = newest_reading(with_text)
    if isinstance(reading, Waiting) or reading.proven or len(with_text) == len(entries):
        return reading
    return NEEDS_ROWS


def _still_going(session: Row) -> Waiting | None:
    return None if _has_ended(session) else Waiting(Reason(Code.SESSION_OPEN))


def _has_ended(session: Row) -> bool:
    status = member_key(session.get("Status"))
    over = time_of(session, "EndTime") is not None
    return status in ENDED or (over and status not in UNFINISHED)


def _conversation(
    session: Row, reading: Reading, settings: AssemblySettings, *, spans_sessions: bool
) -> Conversation | Skipped:
    findings: Counter[Finding] = Counter()
    spoken = _spoken(session, reading.entries)
    messages = _messages(session, reading.entries, spoken, settings, findings)
    if not any(message.sender.role is not Role.SYSTEM for message in messages):
        return Skipped(NOTHING_SAID, +findings, proven=reading.proven)
    if _is_missed(session, messages):
        return Skipped(MISSED, +findings, proven=reading.proven)
    participants, messages = participants_of(messages)
    messages = tuple(in_turns(messages))
    start, end = window(messages, time_of(session, "StartTime"), time_of(session, "EndTime"))
    case_id = text_of(session, "CaseId")
    return Conversation(
        interface=Interface.CHAT,
        session_id=settings.session_id_prefix + session["Id"],
        case_reference_id=settings.session_id_prefix + case_id if case_id else None,
        # Chats are sent once: the first session of a conversation was one by itself when it went,
        # and stays it. All that go later, or together, say where they belong.
        collection_id=_conversation_identifier(session, reading) if spans_sessions else None,
        start=start,
        end=end,
        participants=participants,
        messages=messages,
        metadata=metadata_of(session, settings.metadata_exclude | MESSAGE_TEXT),
        modified=latest_change([session]) or end,
        findings=+findings,
        proven=reading.proven,
        left_out=tuple(_left_out(spoken, settings)) if settings.keep_removed else (),
    )


def _left_out(spoken: Iterable[Spoken], settings: AssemblySettings) -> Iterator[LeftOut]:
    """Yield what `participant_types` and `include_internal_comments` keep back."""
    for at, entry, words in spoken:
        why = why_left_out(role_of(entry), settings, is_internal=is_internal(entry))
        if words.text and why:
            yield LeftOut(at, why, words.text, text_of(entry, "SenderName"))


def _conversation_identifier(session: Row, reading: Reading) -> str | None:
    sources = (parent_of(session, "Conversation"), *reading.entries)
    return next(filter(None, (text_of(row, "ConversationIdentifier") for row in sources)), None)


def _is_missed(session: Row, messages: Sequence[Message]) -> bool:
    """Tell whether a customer wrote and no agent took it.

    What bots say may be out of the tap's reach: where one took part, it answered.
    """
    unanswered = all(message.sender.role is Role.CUSTOMER for message in messages)
    bot = "bot" in member_key(session.get("AgentType"))
    return unanswered and not bot and session.get("AcceptTime", "unknown") is None


def _messages(
    session: Row,
    entries: Sequence[Row],
    spoken: Iterable[Spoken],
    settings: AssemblySettings,
    findings: Counter[Finding],
) -> tuple[Message, ...]:
    joined = (entry for entry in entries if is_of_type(entry, "participantchanged"))
    senders = MessagingSenders(session, joined, settings)
    messages = []
    counts: Counter[Role] = Counter()
    for at, entry, words in spoken:
        role = role_of(entry)
        why = why_left_out(role, settings, is_internal=is_internal(entry))
        if not words.text or why is Why.INTERNAL:
            continue
        counts[role] += not is_internal(entry)
        if why is None:
            messages.append(Message(at, senders.of(entry, role), words.text))
            findings[Finding.UNSUPPORTED] += not words.known
        elif role in _LEFT_OUT:
            findings[_LEFT_OUT[role]] += 1
    findings[Finding.BARE] += sum(map(is_bare, entries))
    findings[Finding.UNDELIVERED] += sum(is_of_type(e, "messagedeliveryfailed") for e in entries)
    findings.update(message_count_findings(session, counts))
    return tuple(messages)


def _spoken(session: Row, entries: Sequence[Row]) -> list[Spoken]:
    """Return the messages in order, as they read after the last change of each."""
    start = time_of(session, "StartTime", "CreatedDate")
    timed = as_updated(in_order(filter(says_something, entries), start))
    titles = titles_for([entry.get("Payload") for _, entry in timed])
    return [
        (at, entry, read_message(entry.get("Payload"), text_of(entry, "MessageText"), known))
        for (at, entry), known in zip(timed, titles, strict=True)
    ]
