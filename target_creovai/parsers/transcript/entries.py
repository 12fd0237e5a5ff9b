"""What introduces a message, in each of the shapes that bodies come in, and the tokens read.

Salesforce's own shape has the seconds since the start. Others are what software that fills the
field itself writes: a stamp, or the speaker alone.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.transcript import words
from target_creovai.parsers.transcript.markup import CENTRED, MARKS, decode
from target_creovai.parsers.transcript.speakers import name_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Set as AbstractSet

# Blanks, and the invisible marks that right-to-left copies put around numbers.
BLANKS: Final = (
    " \u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064"
    "\u2065\u2066\u2067\u2068\u2069\ufeff"
)
OFFSET: Final = (
    r"\( {0,3}(?=\d)"
    r"(?:(\d{1,5}) ?[hH] {0,3})?(?:(\d{1,5}) ?[mM] {0,3})?(?:(\d{1,6}) ?[sS] {0,3})?\)"
)
MAX_NAME: Final = 80
_ENTRY: Final = re.compile(
    rf"[{MARKS}]?[{BLANKS}]{{0,8}}{OFFSET}[{BLANKS}]{{0,8}}"
    r"((?:[^\s:][^:]*+(?::(?!\s|\Z)[^:]*+)*)?):(?=\s|\Z)",
)
_STAMPED: Final = re.compile(
    rf"[{MARKS}]?[{BLANKS}]{{0,8}}"
    r"\[(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?)\]"
    r" {0,3}([^\s:\[][^:]{0,79}?)(?: ?\(([^()]{1,30})\))? ?:(?=\s|\Z)"
)
_LABELLED: Final = re.compile(
    rf"[{MARKS}]?[{BLANKS}]{{0,8}}([^\s:][^:]{{0,79}}?)[{BLANKS}]?:(?=\s|\Z)"
)
_NAMELIKE: Final = re.compile(r"[^\W\d_][\w.'\u2019-]*(?: [^\W\d_][\w.'\u2019-]*){0,3}")
_HEADER_HEADS: Final = frozenset({"", *words.STARTED, *words.ORIGIN})


class Kind(Enum):
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


# Python 3.11 takes a property call for each `Kind.ENTRY`: too much for every token of a body.
STARTED: Final = Kind.STARTED
AGENT: Final = Kind.AGENT
ENTRY: Final = Kind.ENTRY
STRAY: Final = Kind.STRAY
CUT: Final = Kind.CUT


@dataclass(slots=True)
class Token:
    """One or more lines of the body; `lead`, `name`, ":" and `texts` are all that is in them."""

    kind: Kind
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
    return text.strip(BLANKS + "\n\u3000")


def seconds_of(hours: str | None, minutes: str | None, seconds: str | None) -> int:
    """Return the offset that the three printed numbers make."""
    total = int(seconds) if seconds else 0
    if minutes:
        total += 60 * int(minutes)
    return total + 3600 * int(hours) if hours else total


def entry_of(line: str) -> Token | None:
    """Read `( 1m 5s ) Ann B: text`."""
    match = _ENTRY.match(line)
    if match is None:
        return None
    hours, minutes, seconds, name = match.groups()
    if len(name) > MAX_NAME and len(decode(name)) > MAX_NAME:
        return None
    total = seconds_of(hours, minutes, seconds)
    return Token(ENTRY, [line[match.end() :]], line[: match.start(4)], name, total)


def _stamped_entry_of(line: str) -> Token | None:
    """Read `[2024-05-06T07:08:09] Ann Berg (Customer): text`."""
    match = _STAMPED.match(line)
    if match is None:
        return None
    stamp, name, label = match.groups()
    return Token(
        Kind.ENTRY,
        [line[match.end() :]],
        line[: match.start(2)],
        name,
        stamp=stamp,
        label=label,
    )


def _labelled_entry_of(line: str, labels: AbstractSet[str]) -> Token | None:
    """Read `Customer: text`, where the name before the colon is one of the labels."""
    match = _LABELLED.match(line)
    if match is None or name_key(decode(match[1])) not in labels:
        return None
    return Token(Kind.ENTRY, [line[match.end() :]], line[: match.start(1)], match[1])


def labels_in(lines: Sequence[str], known: AbstractSet[str]) -> AbstractSet[str]:
    """Return the names that introduce a message where nothing but a name does; none if none.

    A name that is neither generic nor known counts when it looks like one and comes back: left
    out, its messages would be put into the mouth of whoever spoke before.
    """
    labels = known | words.LABELS.keys() | _header_names(lines)
    heads = [
        name for line in lines if line[:1] != CENTRED and (name := _head(line)) not in _HEADER_HEADS
    ]
    if labels.isdisjoint(heads):
        return frozenset()
    recurring = {name for name, count in Counter(heads).items() if count > 1}
    return labels | {name for name in recurring if _NAMELIKE.fullmatch(name)}


def shape_of(lines: Sequence[str], known: AbstractSet[str]) -> Callable[[str], Token | None]:
    """Return what reads the messages of this body: the first shape that any line has."""
    for shape in (entry_of, _stamped_entry_of):
        if any(map(shape, lines)):
            return shape
    labels = labels_in(lines, known)
    return partial(_labelled_entry_of, labels=labels) if labels else entry_of


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
