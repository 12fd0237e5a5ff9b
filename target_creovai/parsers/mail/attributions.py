"""The line that names the author of what is quoted below it: "On 5 March, Ida wrote:".

Clients wrap it, leave the year out, print the digits of their language, and frame it with dashes.
The signs of it are a verb, a date, a time of day and an address. Above quoted lines two of them
will do, without quoted lines it takes more: people write such sentences too.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from target_creovai.parsers.mail.languages import ATTRIBUTIONS
from target_creovai.parsers.mail.quotes import only_greets
from target_creovai.parsers.mail.signatures import is_closing
from target_creovai.parsers.mail.signs import (
    ADDRESS,
    BRACKETED_ADDRESS,
    DATE,
    DAY,
    DRESSING,
    MARKS,
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
# With an empty line between any two.
MAX_LINES_ABOVE: Final = 2 * MAX_ATTRIBUTION_LINES - 1
# "Fjord Helpdesk wrote:" names somebody; "The console wrote:" doesn't.
MAX_NAME_WORDS: Final = 5
MIN_GLUED_CHARS: Final = 4
MAX_DATE_WORDS: Final = 8
MAX_TIME_WORDS: Final = 10
MAX_WEEKDAY_CHARS: Final = 6
MAX_MONTH_CHARS: Final = 9
MAX_END_CHARS: Final = 8

SENTENCE_ENDS: Final = (".", "!", "?", ";", ":")
# A date may end in a dot: "(időpont: 2024." is half an attribution.
_ENDS_IN_NUMBER: Final = re.compile(r"\d\.$")
_ENDS_OPEN: Final = re.compile(r"[:\uff1a][\s\u200e\u200f\u202a-\u202e\u2066-\u2069*_]{0,4}>?$")
# "Ida <ida@berg.example> - March 4, 2025 9:12 AM", above quoted lines alone.
_OPEN_ENDS: Final = frozenset(":\uff1a>")
_DATED: Final = re.compile(r"\d:\d\d(?:\s?[AP]M)?\Z", re.IGNORECASE)
# Dashes behind, as Zoho writes them.
_TAIL: Final = " \t*_-\u2013\u2014"
# "2025/3/4 Ida via Forum <ida@forum.example>", above quoted lines alone.
_DATE_AND_ADDRESS: Final = re.compile(
    r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\s.{1,100}<[^<>\s@]{1,64}@[^<>\s]{1,100}>?"
)
# People write to and of people; mail programs name them.
_IN_PERSON: Final = frozenset((
    "you", "your", "we", "my", "our", "sie", "ihnen", "ihr", "ihre", "ich", "wir", "mir",
    "mich", "uns", "vous", "votre", "nous", "usted", "ustedes", "você", "vocês", "jij", "wij",
    "jag", "вы", "вам", "мне", "мы",
))  # fmt: skip
_NO_NAMES: Final = frozenset((
    "the", "this", "that", "a", "an", "it", "he", "she", "they", "der", "die", "das", "er", "sie",
    "es", "le", "la", "les", "il", "elle", "el", "los", "lo", "o", "os", "de", "het", "den", "det",
))  # fmt: skip
_WORD: Final = re.compile(r"[^\W\d_]+")


def _words(column: int) -> str:
    return any_of({word for row in ATTRIBUTIONS.values() for word in row[column].split("|")} - {""})


# Folded once and looked for as they are: much quicker than a pattern that ignores case.
_VERBS: Final = tuple(sorted(
    {word.casefold() for row in ATTRIBUTIONS.values() for word in row.verbs.split("|")}
))  # fmt: skip
# What stands between the time, the name and the verb, beside the words of verbs.
_AROUND_NAMES: Final = frozenset((
    "am", "pm", "a.m.", "p.m.", "π.μ.", "μ.μ.", "\u03bf/η", "odesílatel", "je", "oseba",
    *(word for verb in _VERBS for word in verb.split()),
))  # fmt: skip
# One look for these spares most lines the comparison with each verb.
_VERB_ENDS: Final = frozenset(verb[-2:] for verb in _VERBS)
_ADDRESS_WROTE: Final = re.compile(
    rf"(?:[^<>@:]{{1,40}} )?<?[^\s<>@]{{1,64}}@[^\s<>@]{{1,100}}>? (?:{_words(1)})\s?[:\uff1a]",
    re.IGNORECASE,
)
_OPEN_ADDRESS: Final = re.compile(r"[<(][^\s<>()]{0,64}(?:@[^\s<>()]{0,100})?\Z")
# "Ida <ida@berg.example> hat am": a name, an address and few words behind it.
_SENDER_FIRST: Final = re.compile(
    r"[^\s<>@]{1,40}(?: [^\s<>@]{1,40}){0,4} <[^\s<>@]{1,64}@[^\s<>@]{1,100}>"
    r"(?: [^\s.!?]{1,20}){1,4}\Z"
)
_OPENING: Final = re.compile(rf"(?:{_words(0)})(?!\w).{{0,40}}\d", re.IGNORECASE)


class _Signs:
    """What of an attribution a text holds; looked for when it is asked for."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._plain = in_ascii_digits(text)

    @cached_property
    def verb(self) -> bool:
        return any(map(self._text.casefold().__contains__, _VERBS))

    @cached_property
    def date(self) -> bool:
        return DATE.search(self._plain) is not None

    @cached_property
    def day(self) -> bool:
        return DAY.search(self._plain) is not None

    @cached_property
    def time(self) -> bool:
        return TIME.search(self._plain) is not None

    @cached_property
    def address(self) -> bool:
        return "@" in self._text and ADDRESS.search(self._text) is not None

    @cached_property
    def bracketed(self) -> bool:
        return "@" in self._text and BRACKETED_ADDRESS.search(self._text) is not None

    @cached_property
    def in_person(self) -> bool:
        return _speaks_in_person(self._text)

    @cached_property
    def is_full(self) -> bool:
        """Whether only a mail program writes so."""
        if self.bracketed:
            return (self.date and (self.time or self.verb)) or (
                self.time and (self.day or self.verb)
            )
        if not (self.time and self.verb) or self.in_person:
            return False
        return self.date or self.address

    @cached_property
    def is_enough(self) -> bool:
        """Whether it names whoever is quoted below."""
        if self.bracketed or (self.date and self.time):
            return True
        if not self.verb:
            return False
        if self.date or self.time or self.address or _is_name_and_verb(self._text):
            return True
        return self.day and not self.in_person


# Each mail of a thread repeats the attributions of those before it.
_signs_of: Final = lru_cache(maxsize=1024)(_Signs)


def _speaks_in_person(text: str) -> bool:
    words = _WORD.findall(text)
    return "I" in words or not _IN_PERSON.isdisjoint(map(str.casefold, words))


def _is_name_and_verb(text: str) -> bool:
    bare = text.rstrip(" :\uff1a")
    verb = next((verb for verb in _VERBS if bare.casefold().endswith(verb)), "")
    name = bare[: len(bare) - len(verb)].split() if verb else []
    return (
        0 < len(name) <= MAX_NAME_WORDS
        and all(word[0].isalpha() and not word[0].islower() for word in name)
        and name[0].casefold() not in _NO_NAMES
        and not _speaks_in_person(text)
    )


class Attribution(NamedTuple):
    """Where an attribution begins, and whether it needs no quoted lines below it to be one."""

    start: int
    is_full: bool


def attribution_start(lines: Sequence[str], last: int) -> Attribution | None:
    """Return where the attribution that ends on line `last`, which may end one, begins."""
    is_open = not _ends_in_time(lines[last])
    if not (is_open or _is_followed_by_quote(lines, last)):
        return None
    joined, full, weak, address = "", None, None, None
    for start in range(last, max(-1, last - MAX_ATTRIBUTION_LINES), -1):
        line = lines[start]
        if _is_above(line, joined, found=full is not None):
            if joined and full is None and not line.strip(DRESSING):
                full = _start_above_blank(lines, start, joined)
            break
        joined = _joined(line.lstrip(DRESSING).rstrip(_TAIL), joined)
        signs = _signs_of(joined)
        if is_open and (signs.is_full or full is not None):
            full = start
        elif _ADDRESS_WROTE.fullmatch(joined):
            address = start
        elif (weak is None or _opens(line)) and signs.is_enough:
            weak = start
        if full == start and _opens(line):
            break
    full = address if full is None else full
    if full is not None:
        return Attribution(full if weak is None else min(full, weak), is_full=True)
    return None if weak is None else Attribution(weak, is_full=False)


def _ends_in_time(line: str) -> bool:
    return line[-1:] not in _OPEN_ENDS and _DATED.search(line) is not None


def _is_above(line: str, joined: str, *, found: bool) -> bool:
    """Tell whether an attribution, of which this much is read, does not go on in a line above."""
    if not line.strip(DRESSING) or len(line) + len(joined) > MAX_ATTRIBUTION_CHARS:
        return True
    return joined != "" and not _may_go_on(line, joined, found=found)


def _start_above_blank(lines: Sequence[str], blank: int, below: str) -> int | None:
    """Return where an attribution begins that empty lines break, if date and time are above them.

    Programs that make paragraphs of lines do so. Above an empty line people write of dates, too:
    it must be nothing but a date, a time, and perhaps a name.
    """
    if _signs_of(below).date or _signs_of(below).time:
        return None
    above = blank - 1
    for _ in range(MAX_ATTRIBUTION_LINES - 1):
        bare = lines[above].strip(DRESSING) if above >= 0 else ""
        if len(bare) + len(below) > MAX_ATTRIBUTION_CHARS:
            return None
        is_date = _is_dated_name(bare)
        if not (is_date or _is_name(bare)):
            return None
        below = _joined(bare, below)
        if is_date:
            return above if _signs_of(below).is_full else None
        if above and lines[above - 1].strip(DRESSING):
            return None
        above -= 2
    return None


def _is_dated_name(text: str) -> bool:
    """Tell whether a text is a date, a time, and a name or nothing: "On 4 Mar 2025, 9:12, Ida"."""
    plain = in_ascii_digits(text)
    times = [match.end() for match in TIME.finditer(plain)]
    signs = _signs_of(text)
    if not times or not signs.date or signs.in_person or _ends_sentence(text):
        return False
    words = plain[: times[-1]].split()
    name = plain[times[-1] :].strip(" ,")
    return (
        len(words) <= MAX_TIME_WORDS
        and (_opens(text) or _begins_with_day(words))
        and (not name or _is_name(name))
    )


def _begins_with_day(words: Sequence[str]) -> bool:
    """Tell whether words begin with a number, or with a weekday, which is short or cut short."""
    first, second = words[0], words[-1] if len(words) == 1 else words[1]
    is_short = len(first) <= MAX_WEEKDAY_CHARS + first.endswith(",")
    is_cut = first.endswith((",", ".")) or second[0].isdigit()
    return first[0].isdigit() or (is_short and is_cut)


def _is_name(text: str) -> bool:
    """Tell whether a text is a name, an address, a verb, or some of these."""
    words = BRACKETED_ADDRESS.sub(" ", text).replace("mailto:", "").split()
    return 0 < len(text.split()) <= 2 * MAX_NAME_WORDS and not any(
        word[0].islower() and "@" not in word and word.strip(",").casefold() not in _AROUND_NAMES
        for word in words
    )


def _is_followed_by_quote(lines: Sequence[str], last: int) -> bool:
    """Tell whether no unmarked text stands right below a line, which may be the rest of it."""
    below = lines[last + 1] if last + 1 < len(lines) else ""
    return not below.strip() or below[0] in MARKS


def _joined(above: str, below: str) -> str:
    """Return two lines as they were before they were wrapped: an address has no spaces."""
    gap = "" if above.endswith(("<", "@", "<mailto:")) or below[:1] in "@>" else " "
    return f"{above}{gap}{below}".strip()


def _may_go_on(line: str, below: str, *, found: bool) -> bool:
    """Tell whether an attribution that ends below may begin on or above this line."""
    if _ends_sentence(line) or only_greets(line) or is_closing([line]):
        return False
    if not found:
        is_half = _opens(line) or line[:1].isdigit() or BRACKETED_ADDRESS.search(line) is not None
        return is_half or not _is_name_and_verb(below)
    above, signs = _signs_of(line), _signs_of(below)
    if (above.time and signs.time) or above.in_person:
        return False
    return _opens(line) or _OPENING_ALONE.match(line) is not None or _lacks(below, signs, line)


def _lacks(below: str, signs: _Signs, line: str) -> bool:
    """Tell whether a line has what is missing at the beginning of an attribution below it."""
    above = _signs_of(line)
    is_short = len(line.split()) <= MAX_NAME_WORDS
    if not signs.bracketed and _SENDER_FIRST.match(line):
        return True
    if _OPEN_ADDRESS.search(line) or (below.startswith(("<", "(<")) and is_short):
        return True
    if below[:1].islower():
        is_name = below.casefold().startswith(_VERBS) and is_short
        is_date = above.date or above.day or (line[-1:].isdigit() and is_short)
        return above.address or is_date or is_name
    if not signs.day and (above.date or above.day):
        return len(line.split()) <= MAX_DATE_WORDS
    return (not signs.time and above.time) or (below[:1].isdigit() and _is_weekday(line))


def _is_weekday(line: str) -> bool:
    return len(line.split()) == 1 and line.endswith((",", ".")) and len(line) <= MAX_WEEKDAY_CHARS


def may_end_attribution(line: str) -> bool:
    """Tell whether a line may be the last one of an attribution."""
    end = len(line)
    if end > MAX_ATTRIBUTION_CHARS or _is_half(line):
        return False
    if _ENDS_OPEN.search(line, max(0, end - MAX_END_CHARS)):
        return True
    bare = line.strip(DRESSING)
    if line.endswith("--") and line.lstrip("> ").startswith("--") and TIME.search(line):
        return True
    if "@" not in line or not TIME.search(line):
        return "@" in line and _DATE_AND_ADDRESS.fullmatch(bare) is not None
    if _ends_in_time(line) and BRACKETED_ADDRESS.search(line):
        return True
    return bare.casefold().endswith(_VERBS) and _opens(bare)


def _is_half(line: str) -> bool:
    """Tell whether a line goes on below: "Ida <ida@berg.example> ezt írta (időpont:"."""
    return "(" in line and line.count("(") > line.count(")")


def _ends_sentence(line: str) -> bool:
    if not line.endswith(SENTENCE_ENDS) or _ENDS_IN_NUMBER.search(line):
        return False
    if _is_half(line):
        return False
    # "4. mar." ends in an abbreviation.
    return not (DAY.search(line) and len(line.rsplit(maxsplit=1)[-1]) <= MAX_MONTH_CHARS)


def _opens(line: str) -> bool:
    bare = line.lstrip(DRESSING)
    return not bare[:1].islower() and _OPENING.match(bare) is not None


# --- Glued to other text ------------------------------------------------------------------------

_CAPITALIZED: Final = any_of(
    {word[:1].upper() + word[1:] for row in ATTRIBUTIONS.values() for word in row[0].split("|")}
    - {""}
)
_GLUED_OPENING: Final = re.compile(
    rf"(?:(?<=[.!?>)])|(?<=\s))(?:{_CAPITALIZED})\s(?=.{{0,40}}\d)"
    r"|(?<=[.!?>)])\s?(?:\d{4}[./-]\d\d?[./-]\d\d?|\d\d?[./-]\d\d?[./-]\d\d(?:\d\d)?)\b"
)
# What one or the other holds: found much quicker, as no look back comes first.
_CAPITAL_OPENING: Final = re.compile(rf"(?:{_CAPITALIZED})\s")
_DATE_OPENING: Final = re.compile(r"[.!?>)]\s?\d")
# "On Tue,": what a wrapped attribution may begin with.
_OPENING_ALONE: Final = re.compile(
    rf"(?:{_CAPITALIZED})(?:\s[^\s.,!?]{{1,12}}[.,]{{0,2}}){{0,4}}\Z"
)
_COLON: Final = re.compile(r"[:\uff1a]")
_MARK_BELOW: Final = re.compile(" *>")
_ABOVE_MARK: Final = frozenset(" >")


def split_at_attribution(line: str) -> list[str]:
    """Return the line cut above and below an attribution in its midst, if it holds one."""
    end = _glued_end(line)
    if not end:
        return [line]
    head, tail = line[:end], line[end:].lstrip()
    bare = line.lstrip(DRESSING)
    if not tail and _OPENING.match(bare) and not _opens_inside(bare):
        return [line]
    offset = max(0, len(head) - MAX_ATTRIBUTION_CHARS)
    openings = [offset + match.start() for match in _GLUED_OPENING.finditer(head[offset:])]
    for opening in reversed(openings):
        # "El El mar": said twice.
        if len(head[:opening].strip(DRESSING)) < MIN_GLUED_CHARS:
            break
        if _signs_of(head[opening:]).is_full:
            return [part for part in (head[:opening].rstrip(), head[opening:], tail) if part]
    return [head, tail] if tail and _signs_of(head).is_full else [line]


def _opens_inside(bare: str) -> bool:
    may_open = _CAPITAL_OPENING.search(bare, 1) or _DATE_OPENING.search(bare)
    return may_open is not None and _GLUED_OPENING.search(bare) is not None


def _glued_end(line: str) -> int:
    """Return where "wrote:" ends, or a colon right before a quote mark; 0 if none does."""
    folded = line.casefold()
    folded = folded if len(folded) == len(line) else line
    for colon in _COLON.finditer(line):
        start, end = colon.span()
        is_said = _ends_in_verb(folded, start - (line[start - 1 : start] == " "))
        if is_said or (line[end : end + 1] in _ABOVE_MARK and _MARK_BELOW.match(line, end)):
            return end
    return 0


def _ends_in_verb(folded: str, end: int) -> bool:
    return folded[end - 2 : end] in _VERB_ENDS and folded.endswith(_VERBS, 0, end)
