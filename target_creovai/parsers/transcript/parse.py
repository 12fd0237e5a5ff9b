"""The steps from LiveChatTranscript.Body to lines of dialogue.

    markup  ->  lines  ->  tokens  ->  segments  ->  lines with role and time
    (`markup`)  (`lines`, `entries`)   (`segments`)  (`speakers`, here)

Every visible character of a body ends up in one line, or in `Transcript.unclassified`. A body in
no known shape is refused, never guessed at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from msgspec.structs import replace

from target_creovai.errors import TextError
from target_creovai.model.participants import Role
from target_creovai.parsers.transcript.entries import CUT, ENTRY, STARTED, STRAY, Token
from target_creovai.parsers.transcript.flat import is_flat, unflatten
from target_creovai.parsers.transcript.lines import read_lines
from target_creovai.parsers.transcript.markup import (
    BREAK,
    FIELD_LIMIT,
    MARKS,
    decode,
    split_cut_end,
    to_lines,
)
from target_creovai.parsers.transcript.segments import (
    Segment,
    SegmentHeader,
    extend_names_over_colons,
    speaker_of,
    split_into_segments,
    text_of,
)
from target_creovai.parsers.transcript.shapes import shape_of
from target_creovai.parsers.transcript.speakers import (
    KnownNames,
    MessageCounts,
    PrintedName,
    SpeakerRoles,
    decide,
    name_key,
    short_forms,
    speaker_key,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import time

    Printed = tuple[str | None, str | None]

_NO_NAMES: Final = KnownNames()
_NO_COUNTS: Final = MessageCounts()
_DAY: Final = timedelta(days=1)
_NO_DAY: Final = "2000-01-01"  # stands for the day of stamps without one
# StartTime and a printed start may differ by so much.
_CLOCKS_DIFFER: Final = timedelta(hours=1)


class Line(msgspec.Struct, frozen=True):
    """One message or notice.

    Attributes:
        kind: What was said, or what the system noted about the chat.
        role: The speaker's; `Role.SYSTEM` for notices.
        speaker: The name as printed; None for notices.
        text: Plain text; `<br>` is a newline. Empty when the message was.
        at: The time in UTC; None only when the body and the caller know no time at all.
        derived: Whether `at` is no printed time: it rests on the record's StartTime, or on a
            neighbouring line, or is None.
        segment: Below which header it stands, if there is one.
    """

    kind: Literal["message", "notice"]
    role: Role
    speaker: str | None
    text: str
    at: datetime | None
    derived: bool
    segment: SegmentHeader | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A parsed body.

    Attributes:
        segments: One for each header; none in bodies without any.
        lines: All messages and notices in the order of the body, header lines included.
        unclassified: Visible text that belongs to no line, such as an entry that was cut off
            before its name.
        truncated: Whether the body ends in the middle of something.
        speaker_roles: Who is who, and by what evidence.
    """

    segments: tuple[SegmentHeader, ...]
    lines: tuple[Line, ...]
    unclassified: tuple[str, ...]
    truncated: bool
    speaker_roles: SpeakerRoles = field(default=SpeakerRoles(), compare=False)


def parse_transcript(
    body: str,
    *,
    start_time: datetime | None = None,
    names: KnownNames = _NO_NAMES,
    counts: MessageCounts = _NO_COUNTS,
    chatbot_session: bool = False,
) -> Transcript:
    """Read a transcript; an empty body is an empty transcript.

    Args:
        body: The field as Salesforce delivers it, or a copy or export of it.
        start_time: The record's StartTime, for what the body itself has no time for.
        names: Who is known to be who.
        counts: How many messages of either side the record counts.
        chatbot_session: The record's IsChatbotSession.

    Raises:
        TextError: The body follows no known shape. The message holds no text of it.
    """
    tokens = tokenize(body, names)
    unplaced = [token for token in tokens if token.kind is STRAY or token.kind is CUT]
    if tokens and len(unplaced) == len(tokens):
        msg = f"No chat start, offset or known speaker in a text of {len(body)} characters."
        raise TextError(msg)
    is_full = len(body) >= FIELD_LIMIT and not body.rstrip().endswith(">")
    truncated = is_full or any(token.kind is CUT for token in unplaced)
    segments = split_into_segments(tokens)
    speaker_roles = decide(
        [segment.facts for segment in segments],
        names,
        _NO_COUNTS if truncated else counts,  # they count what was cut off, too
        chatbot_session=chatbot_session,
    )
    return Transcript(
        segments=tuple(segment.header for segment in segments if segment.header),
        lines=_lines_of(segments, speaker_roles, start_time),
        unclassified=tuple(map(text_of, unplaced)),
        truncated=truncated,
        speaker_roles=speaker_roles,
    )


def plain_text(body: str) -> str:
    """Return what a reader sees of a body, whatever its shape."""
    return decode("\n".join(line.strip(MARKS + " ") for line in to_lines(body))).strip()


def tokenize(body: str, names: KnownNames = _NO_NAMES) -> list[Token]:
    """Return what the body consists of: its visible text is theirs, one after another."""
    whole, cut_end = split_cut_end(body)
    lines = to_lines(whole)
    known = _keys_of(names)
    if not BREAK.search(whole) and is_flat(lines):
        lines = unflatten(lines, known)
    tokens = read_lines(lines, shape_of(lines, known))
    extend_names_over_colons(tokens, known)
    if cut_end:
        tokens.append(Token(CUT, [cut_end]))
    return tokens


def _keys_of(names: KnownNames) -> frozenset[str]:
    agents = {form for name in names.agents for form in short_forms(name)}
    return frozenset(agents | {name_key(name) for name in names.customers | names.bots}) - {""}


def _lines_of(
    segments: Sequence[Segment], speaker_roles: SpeakerRoles, start_time: datetime | None
) -> tuple[Line, ...]:
    timer = _Timer(start_time)
    lines: list[Line] = []
    speakers: dict[Printed, tuple[str, Role]] = {}
    for segment in segments:
        timer.start(segment)
        for token in segment.tokens:
            kind = token.kind
            if kind is STRAY or kind is CUT:
                continue
            text = text_of(token)
            at, derived = timer.at(token)
            if kind is ENTRY:
                printed = token.name, token.label
                speaker = speakers.get(printed) or speakers.setdefault(
                    printed, _speaker(printed, speaker_roles)
                )
                name, role = speaker
                lines.append(Line("message", role, name, text, at, derived, segment.header))
            else:
                lines.append(Line("notice", Role.SYSTEM, None, text, at, derived, segment.header))
    return _fill_head(lines)


def _speaker(printed: Printed, speaker_roles: SpeakerRoles) -> tuple[str, Role]:
    name = speaker_of(printed[0])
    role = speaker_roles.decisions[speaker_key(PrintedName(name, printed[1]))].role
    return name, role or Role.UNKNOWN


def _fill_head(lines: list[Line]) -> tuple[Line, ...]:
    """Give what stands above the first known time that time."""
    first = next((line.at for line in lines if line.at is not None), None)
    for index, line in enumerate(lines):
        if line.at is not None or first is None:
            break
        lines[index] = replace(line, at=first, derived=True)
    return tuple(lines)


def _next_at(clock: time, earliest: datetime) -> datetime:
    """Return the first moment from `earliest` on at which a clock shows this time."""
    local = earliest.astimezone(clock.tzinfo)
    today = datetime.combine(local, clock)
    return (today if today >= local else today + _DAY).astimezone(UTC)


# A chat's offsets are those of other chats.
_since: Final = lru_cache(maxsize=8192)(partial(timedelta, 0))


class _Timer:
    """The time of each token, in the order of the body."""

    def __init__(self, start_time: datetime | None) -> None:
        self._record_start = start_time.astimezone(UTC) if start_time else None
        self._base = self._last = self._record_start
        self._base_derived = True
        self._before: Segment | None = None
        self._first_stamp: datetime | None = None

    def start(self, segment: Segment) -> None:
        """Count offsets from this segment's own start; without a date, from the best time known."""
        if segment.started is None or segment.header is None:
            return
        printed = segment.header.started_at
        if printed is None:
            self._last = self._later_on(segment) if self._before else self._record_start
        self._base = self._last = printed or self._last
        self._before = segment
        self._base_derived = printed is None

    def _later_on(self, segment: Segment) -> datetime | None:
        """Return the start of a later segment whose day is not understood: within a day.

        A clock without a zone gives the time since the last one.
        """
        clock = segment.clock
        before = self._before.clock if self._before else None
        if clock is None or self._base is None:
            return self._last
        if clock.tzinfo:
            earliest = self._base - _CLOCKS_DIFFER
            return _next_at(clock, earliest)
        if before is None or before.tzinfo:
            return self._last
        today = datetime.combine(self._base, clock) - datetime.combine(self._base, before)
        return self._base + today % _DAY

    def at(self, token: Token) -> tuple[datetime | None, bool]:
        """Return the token's time, and whether it is derived."""
        if token.seconds is not None:
            return self._after_base(token.seconds)
        if token.kind is STARTED:
            return self._base, self._base_derived
        return self._at_stamp(token.stamp) if token.stamp else (self._last, True)

    def _after_base(self, seconds: int) -> tuple[datetime | None, bool]:
        if self._base is None:
            return None, True
        try:
            self._last = self._base + _since(seconds)
        except OverflowError:  # beyond year 9999
            return self._last, True
        return self._last, self._base_derived

    def _at_stamp(self, stamp: str) -> tuple[datetime | None, bool]:
        """Return the stamp's time; one without zone gives only the time since the first."""
        try:
            has_day = "T" in stamp
            printed = datetime.fromisoformat(stamp if has_day else f"{_NO_DAY}T{stamp}")
            if has_day and printed.tzinfo is not None:
                self._last = printed.astimezone(UTC)
                return self._last, False
            self._first_stamp = self._first_stamp or printed
            if self._record_start is not None:
                since = printed - self._first_stamp
                self._last = self._record_start + (since if has_day else since % _DAY)
        except (ValueError, OverflowError, TypeError):  # no such day or hour; or now with a zone
            pass
        return self._last, True
