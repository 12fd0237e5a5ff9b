"""The line that names the author of what is quoted below it: "On 5 March, Ida wrote:".

Clients wrap it, leave the year out, print the digits of their language, and frame it with dashes.
The signs of it are a verb, a date, a time of day and an address. Above quoted lines two of them
will do, without quoted lines it takes more: people write such sentences too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.mail.languages import ATTRIBUTIONS
from target_creovai.parsers.mail.signs import (
    ADDRESS,
    BRACKETED_ADDRESS,
    DATE,
    DAY,
    DRESSING,
    TIME,
    any_of,
    in_ascii_digits,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# No client writes a longer one.
MAX_ATTRIBUTION_CHARS: Final = 600
# Clients wrap an attribution at 72 to 80 characters.
MAX_ATTRIBUTION_LINES: Final = 4
# "Fjord Helpdesk wrote:" names somebody; "The console wrote:" doesn't.
MAX_NAME_WORDS: Final = 5
MAX_END_CHARS: Final = 8

SENTENCE_ENDS: Final = (".", "!", "?", ";", ":")
# A date may end in a dot: "(időpont: 2024." is half an attribution.
_ENDS_IN_NUMBER: Final = re.compile(r"\d\.$")
_ENDS_OPEN: Final = re.compile(r"[:\uff1a][\s\u200e\u200f\u202a-\u202e\u2066-\u2069*_]{0,4}>?$")
# Zoho puts dashes before and behind, and no colon.
_FRAMED: Final = re.compile(r"-{2,}\s?.{10,400}[^-]\s?-{2,}$")
# People write to and of people; mail programs name them.
_IN_PERSON: Final = re.compile(
    r"\b(?:(?-i:I)|you|your|we|my|our|sie|ihnen|ihre?|ich|wir|mir|mich|uns|vous|votre|nous|usted"
    r"|ustedes|você|vocês|jij|wij|jag|вы|вам|мне|мы)\b",
    re.IGNORECASE,
)


def _words(column: int) -> str:
    return any_of({word for row in ATTRIBUTIONS.values() for word in row[column].split("|")} - {""})


_VERB: Final = re.compile(_words(1), re.IGNORECASE)
_VERB_LAST: Final = re.compile(rf"(?:{_words(1)})\s?[:\uff1a]?\s?\Z", re.IGNORECASE)
_NO_NAME: Final = re.compile(
    r"(?:the|this|that|a|an|it|he|she|they|der|die|das|er|sie|es|le|la|les|il|elle|el|los|lo|o|os"
    r"|de|het|den|det)\b",
    re.IGNORECASE,
)
_OPENING: Final = re.compile(rf"(?:{_words(0)})\b.{{0,40}}\d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Signs:
    """What of an attribution a text holds."""

    verb: bool
    date: bool
    day: bool
    time: bool
    address: bool
    bracketed: bool
    in_person: bool

    @classmethod
    def of(cls, text: str) -> _Signs:
        plain = in_ascii_digits(text)
        return cls(
            verb=_VERB.search(text) is not None,
            date=DATE.search(plain) is not None,
            day=DAY.search(plain) is not None,
            time=TIME.search(plain) is not None,
            address=ADDRESS.search(text) is not None,
            bracketed=BRACKETED_ADDRESS.search(text) is not None,
            in_person=_IN_PERSON.search(text) is not None,
        )

    @property
    def is_full(self) -> bool:
        """Whether only a mail program writes so."""
        if self.bracketed:
            return (self.date and (self.verb or self.time)) or (self.verb and self.time)
        if not (self.verb and self.time) or self.in_person:
            return False
        return self.date or self.address

    def names(self, text: str) -> bool:
        """Whether it names whoever is quoted below."""
        if self.bracketed or (self.date and self.time):
            return True
        if not self.verb:
            return False
        if self.date or self.time or self.address or _is_name_and_verb(text):
            return True
        return self.day and not self.in_person


def _is_name_and_verb(text: str) -> bool:
    verb = _VERB_LAST.search(text)
    name = text[: verb.start()].split() if verb else []
    return (
        0 < len(name) <= MAX_NAME_WORDS
        and not any(word[0].islower() or not word[0].isalpha() for word in name)
        and not _NO_NAME.match(text)
        and not _IN_PERSON.search(text)
    )


@dataclass(frozen=True, slots=True)
class Attribution:
    """Where an attribution begins, and whether it needs no quoted lines below it to be one."""

    start: int
    is_full: bool


def attribution_start(lines: Sequence[str], last: int) -> Attribution | None:
    """Return where the attribution that ends on line `last` begins, if it is one."""
    if not _may_end(lines[last]):
        return None
    joined, full, weak = "", None, None
    for start in range(last, max(-1, last - MAX_ATTRIBUTION_LINES), -1):
        line = lines[start]
        if not line.strip(DRESSING) or len(line) + len(joined) > MAX_ATTRIBUTION_CHARS:
            break
        if joined and not _may_go_on(line, joined, found=full is not None):
            break
        joined = f"{line.strip(DRESSING)} {joined}".rstrip()
        signs = _Signs.of(joined)
        if signs.is_full:
            full = start
        elif full is None and (weak is None or _opens(line)) and signs.names(joined):
            weak = start
        if (signs.is_full and signs.date and signs.time) or (full == start and _opens(line)):
            break
    if full is not None:
        return Attribution(full, is_full=True)
    return None if weak is None else Attribution(weak, is_full=False)


def _may_go_on(line: str, below: str, *, found: bool) -> bool:
    """Tell whether an attribution that ends below may begin on or above this line."""
    if line.endswith(SENTENCE_ENDS) and not _ENDS_IN_NUMBER.search(line):
        return False
    if _opens(line) or (not found and line[:1].isdigit()):
        return True
    return not (found or _is_name_and_verb(below))


def _may_end(line: str) -> bool:
    end = len(line)
    if end > MAX_ATTRIBUTION_CHARS:
        return False
    return bool(
        _ENDS_OPEN.search(line, max(0, end - MAX_END_CHARS))
        or (line.endswith("--") and _FRAMED.match(line.lstrip("> ")) and TIME.search(line))
    )


def _opens(line: str) -> bool:
    return _OPENING.match(line.lstrip(DRESSING)) is not None


# --- Glued to other text ------------------------------------------------------------------------

_GLUED_VERB: Final = re.compile(rf"(?:{_words(1)})\s?[:\uff1a](?=\s?\S)|[>\])]\s?[:\uff1a](?=>)",
                                re.IGNORECASE)  # fmt: skip
_CAPITALIZED: Final = any_of(
    {word[:1].upper() + word[1:] for row in ATTRIBUTIONS.values() for word in row[0].split("|")}
    - {""}
)
_GLUED_OPENING: Final = re.compile(
    rf"(?:(?<=[.!?>)])|(?<=\s))(?:{_CAPITALIZED})\s(?=.{{0,40}}\d)"
    r"|(?<=[.!?>)])\s?(?:\d{4}[./-]\d\d?[./-]\d\d?|\d\d?[./-]\d\d?[./-]\d\d(?:\d\d)?)\b"
)
_FLAT: Final = re.compile(rf"(?:{_words(1)})\s?[:\uff1a]$", re.IGNORECASE)


def split_at_attribution(line: str) -> list[str]:
    """Return the line cut above and below an attribution in its midst, if it holds one."""
    verb = _GLUED_VERB.search(line) or _FLAT.search(line)
    if verb is None:
        return [line]
    head, tail = line[: verb.end()], line[verb.end() :].lstrip()
    if tail == "" and _OPENING.match(line) and not _GLUED_OPENING.search(line):
        return [line]
    openings = [match.start() for match in _GLUED_OPENING.finditer(head[-MAX_ATTRIBUTION_CHARS:])]
    offset = max(0, len(head) - MAX_ATTRIBUTION_CHARS)
    for opening in (offset + place for place in reversed(openings)):
        if _Signs.of(head[opening:]).is_full:
            return [part for part in (head[:opening].rstrip(), head[opening:], tail) if part]
    if tail and _Signs.of(head).is_full:
        return [head, tail]
    return [line]
