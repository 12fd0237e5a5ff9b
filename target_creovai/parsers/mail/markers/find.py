"""Where mail clients say that somebody else's text begins: separators, headers, attributions."""

from __future__ import annotations

from enum import Enum
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from target_creovai.parsers.mail.markers import separators
from target_creovai.parsers.mail.markers.attributions import (
    MAX_LINES_ABOVE,
    attribution_start,
    may_end_attribution,
)
from target_creovai.parsers.mail.markers.glued_attributions import split_at_attribution
from target_creovai.parsers.mail.markers.headers import (
    framed_end,
    header_block,
    header_kind,
    headers_end,
    labelled_end,
    split_at_headers,
    unworded_block,
)
from target_creovai.parsers.mail.phrases.signs import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from target_creovai.parsers.mail.layout.page import Page

# A line that other text may be glued to is not longer: flattened mails are.
MAX_GLUED_CHARS: Final = 4_000
MIN_GLUED_CHARS: Final = len("From: a@b Sent: 1:00")


class MarkerKind(Enum):
    """What a marker consists of."""

    FORWARD = "forward"
    ORIGINAL = "original"
    HEADERS = "headers"
    ATTRIBUTION = "attribution"


class Marker(NamedTuple):
    """Some lines that announce a quoted mail.

    Attributes:
        start: Its first line.
        end: The index after its last line.
        kind: What it consists of.
        is_firm: Nobody but a mail client writes so.
        is_weak: It counts only above quoted lines, or above a known message.
        is_form: Other fields stand among its headers.
    """

    start: int
    end: int
    kind: MarkerKind
    is_firm: bool = False
    is_weak: bool = False
    is_form: bool = False


def unglued(page: Page) -> Page:
    """Return the page with a line of its own for each marker that is glued to other text."""
    cut = ((index, _unglued(page.lines[index])) for index in _may_be_glued(page.lines))
    return page.split({index: parts for index, parts in cut if len(parts) > 1})


def _unglued(line: str) -> list[str]:
    parts: Iterable[str] = separators.split_at_separator(line)
    for split in (split_at_headers, split_at_attribution):
        parts = chain.from_iterable(map(split, parts))
    return [*parts]


def _may_be_glued(lines: Sequence[str]) -> list[int]:
    """Return the lines of which more than the end is a colon, and that have room for a marker."""
    return [
        index
        for index, line in enumerate(lines)
        if MIN_GLUED_CHARS < len(line) <= MAX_GLUED_CHARS
        and (":" in line[:-1] or "---" in line or "___" in line or "\uff1a" in line[:-1])
    ]


def find_markers(page: Page) -> list[Marker]:
    """Return all markers of a mail, in order, that don't overlap."""
    return [*_markers(page)]


def _markers(page: Page) -> Iterator[Marker]:
    floor = 0
    for index in _candidates(page):
        if index >= floor and (marker := _marker_at(page, index, floor)):
            yield marker
            floor = marker.end


def _candidates(page: Page) -> list[int]:
    """Return the lines that a marker may begin or, if it is an attribution, end with."""
    return [
        index
        for index, line in enumerate(page.lines)
        if index in page.headers
        or (
            line
            and (":" in line or "@" in line or "\uff1a" in line or separators.may_separate(line))
        )
    ]


def _marker_at(page: Page, index: int, floor: int) -> Marker | None:
    lines = page.lines
    line = lines[index]
    if index in page.headers:
        return Marker(index, _headers_end(lines, index), MarkerKind.HEADERS, is_firm=True)
    if not line.strip(MARKS):
        return None
    if ":" not in line and "\uff1a" not in line and "@" not in line:
        return _separator_at(lines, index)
    if index in page.frames and (end := framed_end(lines, index)):
        return Marker(index, end, MarkerKind.HEADERS, is_firm=True)
    return (
        _separator_at(lines, index)
        or _header_block_at(lines, index, floor)
        or _attribution_at(page, index, floor)
    )


def _headers_end(lines: Sequence[str], start: int) -> int:
    """Return where the headers end that a client's element holds, or stands in front of."""
    first = start
    while first < len(lines) and (not lines[first] or separators.is_rule(lines[first])):
        first += 1
    if first == len(lines):
        return start
    if separators.is_original(lines[first]) and first + 1 < len(lines):
        first += 1
    block = header_block(lines, first, enough=2)
    end = block.end if block else labelled_end(lines, first)
    return end if end > first + 1 else start


def _separator_at(lines: Sequence[str], index: int) -> Marker | None:
    line = lines[index]
    if not separators.may_separate(line):
        return None
    kind = MarkerKind.FORWARD
    if not separators.is_forward(line):
        if not (separators.is_original(line) or separators.is_introduction(line)):
            return None
        kind = MarkerKind.ORIGINAL
    return Marker(index, _block_end_below(lines, index + 1), kind, is_firm=True)


def _block_end_below(lines: Sequence[str], start: int) -> int:
    first = start
    while first < len(lines) and not lines[first].strip(MARKS):
        first += 1
    if first == len(lines):
        return start
    block = header_block(lines, first, enough=2)
    end = block.end if block else headers_end(lines, first)
    return end if end > first + 1 else start


def _header_block_at(lines: Sequence[str], index: int, floor: int) -> Marker | None:
    block, start = None, index
    if header_kind(lines[index]):
        start = decorated_start(lines, index, floor)
        block = header_block(lines, index, enough=2 if start < index else 3)
    if block is None and (block := unworded_block(lines, index)):
        start = decorated_start(lines, index, floor)
    if block is None:
        return None
    framed = start < index
    return Marker(start, block.end, MarkerKind.HEADERS, is_firm=framed, is_form=block.is_form)


def decorated_start(lines: Sequence[str], start: int, floor: int = 0) -> int:
    """Return where the strokes and separators right above a line begin."""
    above = skip_blank_up(lines, start)
    while above > floor and any(test(lines[above - 1]) for test in separators.DECORATION):
        start = above - 1
        above = skip_blank_up(lines, start)
    return start


def skip_blank_up(lines: Sequence[str], end: int) -> int:
    """Return the index after the last line above that says something."""
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _attribution_at(page: Page, index: int, floor: int) -> Marker | None:
    if not may_end_attribution(page.lines[index]):
        return None
    level = page.levels[index]
    top = index
    while top > max(floor, index - MAX_LINES_ABOVE) and page.levels[top - 1] == level:
        top -= 1
    found = attribution_start(page.lines[top : index + 2], index - top)
    if found is None:
        return None
    start = top + found.start
    return Marker(start, index + 1, MarkerKind.ATTRIBUTION, is_weak=not found.is_full)
