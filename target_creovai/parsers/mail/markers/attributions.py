"""The line that names the author of what is quoted below it: "On 5 March, Ida wrote:".

Clients wrap it, leave the year out, print the digits of their language, and frame it with dashes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from target_creovai.parsers.mail.markers.attribution_signs import (
    CAPITALIZED,
    MAX_ATTRIBUTION_CHARS,
    MAX_ATTRIBUTION_LINES,
    MAX_NAME_WORDS,
    VERBS,
    Signs,
    is_name_and_verb,
    opens,
    pattern_of,
    signs_of,
)
from target_creovai.parsers.mail.phrases.quotes import only_greets
from target_creovai.parsers.mail.phrases.signatures import is_closing
from target_creovai.parsers.mail.phrases.signs import (
    BRACKETED_ADDRESS,
    DAY,
    DRESSING,
    MARKS,
    TIME,
    in_ascii_digits,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# With an empty line between any two.
MAX_LINES_ABOVE: Final = 2 * MAX_ATTRIBUTION_LINES - 1
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
# What stands between the time, the name and the verb, beside the words of verbs.
_AROUND_NAMES: Final = frozenset((
    "am", "pm", "a.m.", "p.m.", "π.μ.", "μ.μ.", "\u03bf/η", "odesílatel", "je", "oseba",
    *(word for verb in VERBS for word in verb.split()),
))  # fmt: skip
_ADDRESS_WROTE: Final = re.compile(
    rf"(?:[^<>@:]{{1,40}} )?<?[^\s<>@]{{1,64}}@[^\s<>@]{{1,100}}>? (?:{pattern_of(1)})\s?[:\uff1a]",
    re.IGNORECASE,
)
_OPEN_ADDRESS: Final = re.compile(r"[<(][^\s<>()]{0,64}(?:@[^\s<>()]{0,100})?\Z")
# "Ida <ida@berg.example> hat am": a name, an address and few words behind it.
_SENDER_FIRST: Final = re.compile(
    r"[^\s<>@]{1,40}(?: [^\s<>@]{1,40}){0,4} <[^\s<>@]{1,64}@[^\s<>@]{1,100}>"
    r"(?: [^\s.!?]{1,20}){1,4}\Z"
)
# "On Tue,": what a wrapped attribution may begin with.
_OPENING_ALONE: Final = re.compile(rf"(?:{CAPITALIZED})(?:\s[^\s.,!?]{{1,12}}[.,]{{0,2}}){{0,4}}\Z")


class AttributionStart(NamedTuple):
    """Where an attribution begins, and whether it needs no quoted lines below it to be one."""

    start: int
    is_full: bool


def attribution_start(lines: Sequence[str], last: int) -> AttributionStart | None:
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
        signs = signs_of(joined)
        if is_open and (signs.is_full or full is not None):
            full = start
        elif _ADDRESS_WROTE.fullmatch(joined):
            address = start
        elif (weak is None or opens(line)) and signs.is_enough:
            weak = start
        if full == start and opens(line):
            break
    full = address if full is None else full
    if full is not None:
        return AttributionStart(full if weak is None else min(full, weak), is_full=True)
    return None if weak is None else AttributionStart(weak, is_full=False)


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
    if signs_of(below).date or signs_of(below).time:
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
            return above if signs_of(below).is_full else None
        if above and lines[above - 1].strip(DRESSING):
            return None
        above -= 2
    return None


def _is_dated_name(text: str) -> bool:
    """Tell whether a text is a date, a time, and a name or nothing: "On 4 Mar 2025, 9:12, Ida"."""
    plain = in_ascii_digits(text)
    times = [match.end() for match in TIME.finditer(plain)]
    signs = signs_of(text)
    if not times or not signs.date or signs.in_person or _ends_sentence(text):
        return False
    words = plain[: times[-1]].split()
    name = plain[times[-1] :].strip(" ,")
    return (
        len(words) <= MAX_TIME_WORDS
        and (opens(text) or _begins_with_day(words))
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
        is_half = opens(line) or line[:1].isdigit() or BRACKETED_ADDRESS.search(line) is not None
        return is_half or not is_name_and_verb(below)
    above, signs = signs_of(line), signs_of(below)
    if (above.time and signs.time) or above.in_person:
        return False
    return opens(line) or _OPENING_ALONE.match(line) is not None or _lacks(below, signs, line)


def _lacks(below: str, signs: Signs, line: str) -> bool:
    """Tell whether a line has what is missing at the beginning of an attribution below it."""
    above = signs_of(line)
    is_short = len(line.split()) <= MAX_NAME_WORDS
    if not signs.bracketed and _SENDER_FIRST.match(line):
        return True
    if _OPEN_ADDRESS.search(line) or (below.startswith(("<", "(<")) and is_short):
        return True
    if below[:1].islower():
        is_name = below.casefold().startswith(VERBS) and is_short
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
    return bare.casefold().endswith(VERBS) and opens(bare)


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
