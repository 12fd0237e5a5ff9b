"""Restore the lines of a transcript that an export flattened to one.

Reports, CSV and Excel exports join all blocks with blanks, or with nothing, and some lower-case
them. Only here may an entry begin in mid-line, so only here its offset is not enough:
time must not run backwards, and the name must be known, come back, or look like a name.
Nothing is removed: lines are cut, not rewritten.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from target_creovai.parsers.transcript import words
from target_creovai.parsers.transcript.dates import find_clocks
from target_creovai.parsers.transcript.entries import labels_in
from target_creovai.parsers.transcript.markup import MARKS, decode
from target_creovai.parsers.transcript.offsets import (
    BLANKS,
    HINT,
    OFFSET,
    SPELLED,
    seconds_of,
)
from target_creovai.parsers.transcript.speakers import name_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

_NAME: Final = rf"[{BLANKS}]{{0,3}}([^\s:()](?:[^:()]|\((?! ?\d)|\)){{0,79}}?):(?=\s|\Z)"
_ENTRY: Final = re.compile(OFFSET + _NAME)
_SPELLED_ENTRY: Final = re.compile(SPELLED.pattern + _NAME, re.IGNORECASE)
_STAMP: Final = re.compile(r"\[\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
# A last entry that stops in its name, or in its offset.
_TAIL: Final = re.compile(
    rf"{OFFSET}[^:()]{{0,80}}\Z|\( (?:\d{{1,5}}[hm] ){{0,2}}\d{{1,6}}[hms]? ?\Z"
)
_SENTENCE_END: Final = re.compile(r"[!?;\u3002\uff01\uff1f]|[^\W\d_]{4}\. ")
# A date that stands right before a clock, with its weekday.
_DATE: Final = re.compile(
    r"(?:[^\W\d_]+,? )?(?:[^\W\d_]+\.? \d{1,2}|\d{1,2}\.? [^\W\d_]+),? \d{4},? ?\Z"
)
_ZONE_THEN_ENTRY: Final = re.compile(
    r"(?!\s{0,4}\().{0,200}?\([+-]\d{4}\).{1,400}?\( ?\d{1,5} ?[hms]", re.IGNORECASE
)
_MAX_WORDS: Final = 5
_LONGEST_NAME: Final = 400  # entities included
_LABEL_WINDOW: Final = 120
_NOTICE_WINDOW: Final = 300


class _Candidate(NamedTuple):
    """What may be an entry; `sure` when its name is known or comes back."""

    start: int
    seconds: int
    name: str
    sure: bool


def is_flat(lines: Sequence[str]) -> bool:
    """Tell whether the breaks are gone: there is one line, or one for start and first entry."""
    if any(line[0] in MARKS for line in lines if line):
        return False
    printed = sum(1 for line in lines if line.strip())
    zoned = (line for line in lines if "(+" in line or "(-" in line)
    return printed == 1 or any(map(_ZONE_THEN_ENTRY.match, zoned))


def unflatten(lines: Iterable[str], known: AbstractSet[str]) -> list[str]:
    """Return the lines that the text had before it was flattened.

    Args:
        lines: The text, as far as it has lines at all.
        known: Keys of the names that are known to be somebody's.
    """
    text = "\n".join(lines)
    starts = list(_find_starts(text))
    entries = _find_entries(text, [start for start, _ in starts], known)
    if not entries:
        cuts = {*_find_stamps(text)} or {*_find_labels(text, known)}
    else:
        cuts = {entry.start for entry in entries}
        cuts.update(_find_notices(text, sorted(cuts), len(text)))
    cuts.update(position for span in starts for position in span)
    cuts.update(_find_headers(text, starts, entries, known))
    if tail := _TAIL.search(text, max(0, len(text) - 200)):
        cuts.update(_tail_cut(tail, entries))
    return _cut(text, sorted(cuts))


def _cut(text: str, positions: Sequence[int]) -> list[str]:
    edges = [0, *positions, len(text)]
    pieces = [text[start:end] for start, end in pairwise(edges)]
    return [line for piece in pieces if piece for line in piece.split("\n")]


def _find_starts(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each start line begins and ends, by its clock and what stands before that."""
    begun = 0
    for clock in find_clocks(text):
        window = max(begun, clock.start() - _LABEL_WINDOW)
        before = text[window : clock.start()]
        labels = list(words.find_started(before))
        date = _DATE.search(before)
        if labels:
            start = window + labels[-1]
        elif begun == window == 0 and "(" not in before:
            start = 0
        elif date:
            start = window + date.start()
        else:
            continue
        begun = clock.end()
        yield start, begun


def _find_entries(text: str, starts: Sequence[int], known: AbstractSet[str]) -> list[_Candidate]:
    """Return the entries among all that look like one, by time and name."""
    candidates = _candidates(text, known)
    accepted: list[_Candidate] = []
    last, segment = 0, 0
    for candidate, limit in zip(candidates, _limits(candidates, starts), strict=True):
        at = bisect_left(starts, candidate.start)
        last, segment = (last, segment) if at == segment else (0, at)
        if candidate.seconds < last or not (candidate.sure or candidate.seconds <= limit):
            continue
        last = candidate.seconds
        accepted.append(candidate)
    return accepted


def _limits(candidates: Sequence[_Candidate], starts: Sequence[int]) -> list[int]:
    """Return for each candidate the offset of the next sure one in its segment.

    An unsure entry that claims to be later than what follows it would shut that out.
    """
    endless = 10**9
    limits, limit, segment = [], endless, len(starts)
    for candidate in reversed(candidates):
        at = bisect_left(starts, candidate.start)
        limit, segment = (limit, segment) if at == segment else (endless, at)
        limits.append(limit)
        limit = candidate.seconds if candidate.sure else limit
    return limits[::-1]


def _candidates(text: str, known: AbstractSet[str]) -> list[_Candidate]:
    matches = list((_SPELLED_ENTRY if HINT.search(text) else _ENTRY).finditer(text))
    names = [name_key(decode(match[5])) for match in matches]
    recurring = {name for name, count in Counter(names).items() if count > 1}
    sure = recurring | known | words.LABELS.keys()
    capitals = any(map(str.isupper, text))
    return [
        _Candidate(match.start(), seconds_of(*match.groups()[:4]), name, name in sure)
        for match, name in zip(matches, names, strict=True)
        if name in sure or _looks_like_a_name(match[5], capitals=capitals)
    ]


def _looks_like_a_name(name: str, *, capitals: bool) -> bool:
    if _SENTENCE_END.search(name) or len(name.split()) > _MAX_WORDS:
        return False
    return not (capitals and name[0].islower())


def _find_headers(
    text: str,
    starts: Sequence[tuple[int, int]],
    entries: Sequence[_Candidate],
    known: AbstractSet[str],
) -> Iterator[int]:
    """Yield where the header lines begin that stand between a start and the first entry."""
    speakers = known | {entry.name for entry in entries}
    stops = sorted(
        {start for start, _ in starts} | {entry.start for entry in entries} | {len(text)}
    )
    for begin in [end for _, end in starts] or [0]:
        end = stops[bisect_left(stops, begin + 1)] if begin < len(text) else begin
        yield from _find_header_lines(text[begin:end], begin, speakers)


def _find_header_lines(header: str, begin: int, speakers: AbstractSet[str]) -> Iterator[int]:
    origin = words.ORIGIN_LABEL.search(header)
    transfer = words.TRANSFER_LABEL.search(header)
    if origin is None and begin == 0:
        return
    if origin:
        yield begin + origin.start()
    if transfer:
        yield begin + transfer.start()
    agents = list(
        words.AGENT_LABEL.finditer(header, 0, transfer.start() if transfer else len(header))
    )
    # What is left of a long header is no name.
    ends = [label for label in agents if len(header) - label.end() <= _LONGEST_NAME]
    named = [label for label in ends if name_key(decode(header[label.end() :])) in speakers]
    whole = [label for label in agents if not header[label.start() - 1 : label.start()].strip()]
    if chosen := named or whole:
        yield begin + chosen[-1].start()


def _find_notices(text: str, entries: Sequence[int], end: int) -> Iterator[int]:
    """Yield where a notice begins that stands at the end of what somebody said."""
    stops = sorted({*entries, *words.find_started(text), end})
    for start, stop in pairwise(stops):
        window = max(start, stop - _NOTICE_WINDOW)
        if words.NOTICE_HINT not in text[window:stop].lower():
            continue
        if notice := words.NOTICE_AT_END.search(text, window, stop):
            yield notice.start()


def _find_stamps(text: str) -> Iterator[int]:
    return (match.start() for match in _STAMP.finditer(text))


def _find_labels(text: str, known: AbstractSet[str]) -> Iterator[int]:
    """Yield where a speaker begins in a text that has neither offsets nor stamps."""
    labels = labels_in([text], known)
    if not labels:
        return
    names = "|".join(map(re.escape, sorted(labels, key=len, reverse=True)))
    capitals = any(map(str.isupper, text))
    for match in re.finditer(rf"(?<!\S)(?:{names})(?= ?:\s)", text, re.IGNORECASE):
        if not (capitals and match[0][0].islower()):
            yield match.start()


def _tail_cut(tail: re.Match[str], entries: Sequence[_Candidate]) -> Iterator[int]:
    is_later = bool(entries) and seconds_of(*tail.groups()) >= entries[-1].seconds
    if is_later or not any(tail.groups()):
        yield tail.start()
