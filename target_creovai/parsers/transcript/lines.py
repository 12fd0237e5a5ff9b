r"""Which line of a transcript is what: the grammar of LiveChatTranscript.Body.

Salesforce documents no layout. Its native one, as seen in captured transcripts:

    body    = segment+                              a new segment after each transfer
    segment = started [origin] [agent | transfer] item*
    started = "Chat Started: " date " (" zone ")"   centred, as are the other headers
    item    = "( " offset " ) " name ": " text "<br>"  |  centred notice, without offset

Lines are told apart by structure: what is centred is no message, and what ends in a zone starts a
segment, in any language. Only where no line is centred (text copies) do words decide.

The reader accounts for all it is given: the tokens, printed one after another, are the lines.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.transcript import words
from target_creovai.parsers.transcript.dates import CLOCK, states_epoch
from target_creovai.parsers.transcript.entries import (
    ENTRY,
    MAX_NAME,
    Token,
    TokenKind,
    bare,
    nameless_entry_of,
)
from target_creovai.parsers.transcript.markup import CENTRED, MARKS, decode
from target_creovai.parsers.transcript.offsets import BLANKS, OFFSET, seconds_of
from target_creovai.parsers.transcript.speakers import name_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# In copies without centred blocks up to three lines follow the start: origin, agent, transfer.
_MAX_HEADERS: Final = 3
_BY_PLACE: Final = frozenset({TokenKind.ORIGIN, TokenKind.HEADING, TokenKind.NOTICE})
_MAX_AGENT_WORDS: Final = 5
# Two names and the words around them; what is longer is no header, and slow to take apart.
_MAX_TRANSFER: Final = 300

_ZONE_AT_END: Final = re.compile(
    rf"[(\uff08](?:GMT|UTC)? ?[+\-\u2212]\d\d?(?::?\d\d)?[)\uff09][{BLANKS}\"']{{0,8}}\Z",
    re.IGNORECASE,
)
_NAMED_LINE: Final = re.compile(r"[^\W\d_][\w.'\u2019 -]{0,79}:\s+\S")
_MARKS_AND_BLANK: Final = MARKS + " "
_YEAR: Final = re.compile(r"(?<!\d)\d{4}(?!\d)")
# A last entry that stops in its name, after its offset or in it.
_CUT_NAME: Final = re.compile(rf"[{BLANKS}]{{0,8}}{OFFSET}([^\n]*)\Z")
_CUT_OFFSET: Final = re.compile(r" {0,8}\( {0,3}(?:\d{1,6} ?(?:[dhms] {0,3}|\Z)){0,4}\Z")


def read_lines(lines: Sequence[str], shape: Callable[[str], Token | None]) -> list[Token]:
    """Return the tokens of the lines, in their order, each line in exactly one token."""
    entries = [shape(line) for line in lines]
    reader = _Reader(
        has_centred=any(line[:1] == CENTRED for line in lines), speakers=_Speakers(entries)
    )
    before: Token | None = None
    for line, entry in zip(lines, entries, strict=True):
        if entry is None:
            reader.read_other(line)
        elif before is None:
            reader.read_entry(entry)
        else:  # most are: nothing is new but the entry
            reader.tokens.append(entry)
        before = entry
    if not reader.has_entries:
        _doubt_headers(reader.tokens, centred=reader.has_centred)
    _split_cut_entry(reader.tokens, is_open=bool(lines[-1].strip(_MARKS_AND_BLANK)))
    return reader.tokens


def _doubt_headers(tokens: Iterable[Token], *, centred: bool) -> None:
    """In a body without entries, make strays of lines that only their place makes headers.

    What is centred is more likely a header, and the first with a colon is where the chat is from.
    """
    by_place = _BY_PLACE - {TokenKind.ORIGIN} if centred else _BY_PLACE
    for token in tokens:
        text = bare(token.line)
        worded = _known_notice(text) or words.ORIGIN_LABEL.match(text)
        if token.kind in by_place and not worded and (not centred or _NAMED_LINE.match(text)):
            token.kind = TokenKind.STRAY


class _Speakers:
    """The names of known speakers, for lines that may be a message without its offset."""

    def __init__(self, entries: Sequence[Token | None]) -> None:
        self._entries = entries

    @cached_property
    def names(self) -> frozenset[str]:
        """The keys of their names, and the labels."""
        named = {entry.name for entry in self._entries if entry and entry.name}
        return frozenset({name_key(decode(name)) for name in named}).union(words.LABELS)


class _Reader:
    """Reads lines one after another; what a line is depends on those above it."""

    def __init__(self, *, has_centred: bool, speakers: _Speakers) -> None:
        self.tokens: list[Token] = []
        self.has_centred = has_centred
        self._speakers = speakers
        self._centred = False
        self._in_header = False
        self._headers: set[TokenKind] = set()
        self._header_lines = 0
        self.has_entries = self._has_started = self._is_worded = False

    def read_entry(self, entry: Token) -> None:
        self.tokens.append(entry)
        self._centred = self._in_header = False
        self.has_entries = True

    def read_other(self, line: str) -> None:
        if line and line[0] in MARKS:
            self._centred = line[0] == CENTRED
            line = line[1:]
        text = bare(line)
        if text and (entry := self._entry_without_offset(line)):
            self.read_entry(entry)
            return
        kind = self._kind_of(text) if text else None
        if kind is TokenKind.STARTED:
            self._start_segment(text)
        if kind is not None:
            self.tokens.append(Token(kind, [line]))
            self._header_lines += 1
            self._headers.add(kind)
        elif self._last is ENTRY:
            self.tokens[-1].texts.append(line)

    def _entry_without_offset(self, line: str) -> Token | None:
        """Return what a known speaker says where no entry goes on, and nothing is centred."""
        if self._centred or self._last is ENTRY or not (self._in_header or self._has_started):
            return None
        return nameless_entry_of(line, self._speakers.names)

    @property
    def _last(self) -> TokenKind | None:
        return self.tokens[-1].kind if self.tokens else None

    def _start_segment(self, text: str) -> None:
        self._is_worded = words.STARTED_LABEL.match(text) is not None
        # Lines above the first start of a text copy, such as the record's name, are not speech.
        if not (self.has_centred or self.has_entries or self._has_started):
            for token in self.tokens:
                token.kind = TokenKind.NOTICE if token.kind is TokenKind.STRAY else token.kind
        self._has_started = self._in_header = True
        self._headers.clear()
        self._header_lines = 0

    def _kind_of(self, text: str) -> TokenKind | None:
        """Return the kind of a line that is no entry; None when it continues the entry above."""
        if self._centred:
            return self._kind_of_centred(text)
        if self.has_centred:
            return self._kind_of_loose(text)
        return self._kind_in_copy(text)

    def _kind_of_centred(self, text: str) -> TokenKind:
        if _ZONE_AT_END.search(text) or words.STARTED_LABEL.match(text):
            return TokenKind.STARTED
        if not self._in_header:
            return _known_notice(text) or TokenKind.NOTICE
        return self._worded_header(text) or self._unworded_header(text)

    def _kind_of_loose(self, text: str) -> TokenKind | None:
        """Return the kind of a line beside centred ones, which hold all that is not speech."""
        if self._last is TokenKind.ENTRY:
            return None
        return (self._worded_header(text) if self._in_header else None) or TokenKind.STRAY

    def _kind_in_copy(self, text: str) -> TokenKind | None:
        after_entry = self._last is TokenKind.ENTRY
        if _is_start_in_copy(text, after_entry=after_entry):
            return TokenKind.STARTED
        if notice := _known_notice(text):
            return notice
        if after_entry:
            return None
        if not self.has_entries and words.ORIGIN_LABEL.match(text):
            self._in_header = True
        if self._in_header:
            return self._header_in_copy(text)
        return (
            TokenKind.NOTICE
            if self._last in {TokenKind.NOTICE, TokenKind.TRANSFER}
            else TokenKind.STRAY
        )

    def _header_in_copy(self, text: str) -> TokenKind:
        if worded := self._worded_header(text):
            return worded
        # Where the start is in a language that we know, so are the others.
        if self._header_lines > _MAX_HEADERS or self._is_worded:
            return TokenKind.STRAY
        return self._unworded_header(text)

    def _worded_header(self, text: str) -> TokenKind | None:
        if notice := _known_notice(text):
            return notice
        if words.ORIGIN_LABEL.match(text) and TokenKind.ORIGIN not in self._headers:
            return TokenKind.ORIGIN
        return TokenKind.AGENT if TokenKind.AGENT not in self._headers and _is_agent(text) else None

    def _unworded_header(self, text: str) -> TokenKind:
        return (
            TokenKind.ORIGIN
            if ":" in text and TokenKind.ORIGIN not in self._headers
            else TokenKind.HEADING
        )


def _known_notice(text: str) -> TokenKind | None:
    if len(text) <= _MAX_TRANSFER and words.TRANSFER.match(text):
        return TokenKind.TRANSFER
    return TokenKind.NOTICE if words.NOTICE.match(text) else None


def _is_agent(text: str) -> bool:
    label = words.AGENT_LABEL.match(text)
    if label is None:
        return False
    name = text[label.end() :]
    return len(name) <= MAX_NAME and len(name.split()) <= _MAX_AGENT_WORDS


def _is_start_in_copy(text: str, *, after_entry: bool) -> bool:
    """Tell whether a line states a start; what somebody said must look more like one."""
    if words.STARTED_LABEL.match(text):
        return not after_entry or CLOCK.search(text) is not None or states_epoch(text)
    clock = CLOCK.search(text) if _ZONE_AT_END.search(text) else None
    return clock is not None and _YEAR.search(text, 0, clock.start()) is not None


def _split_cut_entry(tokens: list[Token], *, is_open: bool) -> None:
    """Move a last line that is the beginning of an entry into a token of its own.

    Args:
        tokens: The tokens, changed in place.
        is_open: Whether the body ends in that line. A line that was ended is all there, unless
            an offset is all there is.
    """
    if not tokens:
        return
    last = tokens[-1]
    while len(last.texts) > 1 and not last.texts[-1].strip():
        last.texts.pop()
    if (last.kind is TokenKind.ENTRY and len(last.texts) == 1) or not _is_cut(
        tokens, is_open=is_open
    ):
        return
    line = last.texts.pop()
    if not last.texts:
        tokens.pop()
    tokens.append(Token(TokenKind.CUT, [line]))


def _is_cut(tokens: Sequence[Token], *, is_open: bool) -> bool:
    line = tokens[-1].texts[-1]
    match = _CUT_NAME.match(line)
    if match is None:
        return is_open and _CUT_OFFSET.match(line) is not None
    *offset, rest = match.groups()
    if rest.strip() and not is_open:
        return False
    return seconds_of(*offset) >= _last_offset(tokens)


def _last_offset(tokens: Sequence[Token]) -> int:
    """Return the offset of the last entry of the last segment, 0 without one."""
    for token in reversed(tokens):
        if token.kind is TokenKind.STARTED:
            break
        if token.seconds is not None:
            return token.seconds
    return 0
