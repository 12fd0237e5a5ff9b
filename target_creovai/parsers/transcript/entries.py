"""What introduces a message, in each of the shapes that bodies come in, and the tokens read.

Salesforce's own shape has the seconds since the start. Others are what software that fills the
field itself writes: a stamp, or the speaker alone.
"""

from __future__ import annotations

import re
from collections import Counter
from enum import IntEnum, auto
from typing import TYPE_CHECKING, Final

import msgspec

from target_creovai.parsers.transcript import words
from target_creovai.parsers.transcript.dates import stamp_of
from target_creovai.parsers.transcript.markup import CENTRED, MARKS, decode
from target_creovai.parsers.transcript.offsets import (
    BLANKS,
    CLOCK,
    SPELLED,
    read_offset,
    seconds_of,
)
from target_creovai.parsers.transcript.speakers import name_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

MAX_NAME: Final = 80
_NAME: Final = r"((?:[^\s:][^:]*+(?::(?!\s|\Z)[^:]*+)*)?):(?=\s|\Z)"
# What may be an `OFFSET`: each is read once, as chats print the same ones.
_ENTRY: Final = re.compile(
    rf"[{MARKS}]?[{BLANKS}]{{0,8}}(\( {{0,3}}\d[\d dDhHmMsS]{{0,45}}\))[{BLANKS}]{{0,8}}{_NAME}"
)
_HEAD: Final = re.compile(rf"[{MARKS}]?[{BLANKS}]{{0,8}}(?=\( {{0,3}}\d)")
_AFTER: Final = re.compile(rf"[{BLANKS}]{{0,8}}{_NAME}")
_STAMPED: Final = re.compile(
    rf"[{MARKS}]?[{BLANKS}]{{0,8}}"
    r"[\[(](?:(\d{4}-\d\d-\d\d)[T ])?(\d{1,2}:\d\d(?::\d\d(?:\.\d{1,6})?)?)"
    r"(?: ?([AaPp])\.?[Mm]\.?)?(Z|[+-]\d\d:?\d\d)?[\])]"
    r" {0,3}([^\s:\[][^:]{0,79}?)(?: ?\(([^()]{1,30})\))? ?:(?=\s|\Z)"
)
_LABELLED: Final = re.compile(
    rf"[{MARKS}]?[{BLANKS}]{{0,8}}([^\s:][^:]{{0,79}}?)[{BLANKS}]?:(?=\s|\Z)"
)
_NAMELIKE: Final = re.compile(r"[^\W\d_][\w.'\u2019-]*(?: [^\W\d_][\w.'\u2019-]*){0,3}")
_AROUND: Final = BLANKS + "\n\u3000"
_HEADER_HEADS: Final = frozenset({"", *words.STARTED, *words.ORIGIN})


class TokenKind(IntEnum):  # hashed without a call in Python
    """What a token is to the dialogue."""

    STARTED = auto()
    ORIGIN = auto()
    AGENT = auto()
    TRANSFER = auto()
    HEADING = auto()  # a header line in words that we do not know
    NOTICE = auto()
    ENTRY = auto()
    STRAY = auto()  # visible text that is part of nothing known
    CUT = auto()  # the last entry, when it stops before its text


# Python 3.11 takes a property call for each `TokenKind.ENTRY`: too much for every token of a body.
STARTED: Final = TokenKind.STARTED
ORIGIN: Final = TokenKind.ORIGIN
AGENT: Final = TokenKind.AGENT
TRANSFER: Final = TokenKind.TRANSFER
HEADING: Final = TokenKind.HEADING
NOTICE: Final = TokenKind.NOTICE
ENTRY: Final = TokenKind.ENTRY
STRAY: Final = TokenKind.STRAY
CUT: Final = TokenKind.CUT


class Token(msgspec.Struct):
    """One or more lines of the body; `lead`, `name`, ":" and `texts` are all that is in them."""

    kind: TokenKind
    texts: list[str]
    lead: str = ""
    name: str | None = None
    seconds: int | None = None  # the printed offset
    stamp: str | None = None  # the printed time of day, in foreign shapes
    label: str | None = None  # the printed part, as in "Ann (Customer): hi"

    @property
    def printed(self) -> str:
        """The token as it stands in the body, blanks aside."""
        label = f"({self.label})" if self.label else ""
        name = "" if self.name is None else f"{self.name}{label}:"
        return self.lead + name + "\n".join(self.texts)

    @property
    def line(self) -> str:
        """The first line, for tokens that have only one."""
        return self.texts[0]


def bare(text: str) -> str:
    """Return the text without blanks and invisible marks around it."""
    return text.strip(_AROUND)


def entry_of(line: str) -> Token | None:
    """Read `( 1m 5s ) Ann B: text`."""
    match = _ENTRY.match(line)
    if match is None:
        return None
    offset, name = match.groups()
    total = read_offset(offset)
    if total is None or (len(name) > MAX_NAME and len(decode(name)) > MAX_NAME):
        return None
    return Token(ENTRY, [line[match.end() :]], line[: match.start(2)], name, total)


def spelled_entry_of(line: str) -> Token | None:
    """Read `( 1 min 5 s ) Ann B: text` and `( 1:05 ) Ann B: text`."""
    head = _HEAD.match(line)
    if head is None:
        return None
    offset = SPELLED.match(line, head.end()) or CLOCK.match(line, head.end())
    name = _AFTER.match(line, offset.end()) if offset else None
    if offset is None or name is None or not name[1] or len(decode(name[1])) > MAX_NAME:
        return None
    total = seconds_of(*offset.groups())
    return Token(ENTRY, [line[name.end() :]], line[: name.start(1)], name[1], total)


def stamped_entry_of(line: str) -> Token | None:
    """Read `[2024-05-06T07:08:09] Ann Berg (Customer): text`."""
    match = _STAMPED.match(line)
    if match is None:
        return None
    day, clock, half, zone, name, label = match.groups()
    return Token(
        TokenKind.ENTRY,
        [line[match.end() :]],
        line[: match.start(5)],
        name,
        stamp=stamp_of(day, clock, half, zone),
        label=label,
    )


def labelled_entry_of(line: str, labels: AbstractSet[str]) -> Token | None:
    """Read `Customer: text`, where the name before the colon is one of the labels."""
    match = _LABELLED.match(line)
    if match is None or name_key(decode(match[1])) not in labels:
        return None
    return Token(TokenKind.ENTRY, [line[match.end() :]], line[: match.start(1)], match[1])


def nameless_entry_of(line: str, speakers: AbstractSet[str]) -> Token | None:
    """Read a message that lacks its offset, by its speaker's name."""
    token = labelled_entry_of(line, speakers) if ":" in line else None
    return token if token and token.name and not _is_header_word(token.name) else None


def _is_header_word(name: str) -> bool:
    return name_key(decode(name)) in _HEADER_HEADS


def labels_in(lines: Sequence[str], known: AbstractSet[str]) -> AbstractSet[str]:
    """Return the names that introduce a message where nothing but a name does; none if none.

    A name that is neither generic nor known counts when it looks like one and comes back, or when
    all lines below a start have such a name: left out, its messages would be put into the mouth of
    whoever spoke before.
    """
    labels = known | words.LABELS.keys() | _header_names(lines)
    heads = [
        name for line in lines if line[:1] != CENTRED and (name := _head(line)) not in _HEADER_HEADS
    ]
    names = {name for name in heads if _NAMELIKE.fullmatch(name)}
    recurring = {name for name, count in Counter(heads).items() if count > 1} & names
    if recurring and _is_all_dialogue(lines, names):
        return labels | names
    return frozenset() if labels.isdisjoint(heads) else labels | recurring


def _is_all_dialogue(lines: Sequence[str], names: AbstractSet[str]) -> bool:
    """Tell whether each line below the start of a chat begins with a name."""
    start, *below = [line for line in lines if line.strip(MARKS + " ")] or [""]
    text = start.strip(MARKS + " ")
    headers = (words.ORIGIN_LABEL, words.AGENT_LABEL, words.TRANSFER_LABEL)
    return words.STARTED_LABEL.match(text) is not None and all(
        _head(line) in names or any(header.match(line.strip(MARKS + " ")) for header in headers)
        for line in below
    )


def _head(line: str) -> str:
    match = _LABELLED.match(line)
    return name_key(decode(match[1])) if match else ""


def _header_names(lines: Iterable[str]) -> set[str]:
    """Return the agents' names in what may be header lines."""
    texts = (line.strip(MARKS + " ") for line in lines)
    return {
        name_key(decode(text[label.end() :]))
        for text in texts
        if (label := words.AGENT_LABEL.match(text))
    }
