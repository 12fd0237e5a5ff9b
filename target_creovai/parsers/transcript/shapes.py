"""In which shape the messages of a body are introduced."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.transcript import words
from target_creovai.parsers.transcript.entries import (
    Token,
    entry_of,
    labelled_entry_of,
    labels_in,
    spelled_entry_of,
    stamped_entry_of,
)
from target_creovai.parsers.transcript.markup import MARKS
from target_creovai.parsers.transcript.offsets import BLANKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

# The first unit is neither one letter nor a blank's distance from the next.
_SPELLED_HINT: Final = re.compile(
    rf"[{MARKS}]?[{BLANKS}]{{0,8}}"
    r"\( {0,3}\d{1,6}(?: ?[^\W\d_](?:[^\W\d_]|[.,])|:\d| ?[^\x00-\x7f])"
)
_START: Final = re.compile(
    rf"[{MARKS} ]{{0,8}}{words.STARTED_LABEL.pattern}|.{{0,200}}[+-]\d{{4}}\)\s{{0,8}}\Z",
    re.IGNORECASE,
)
_LATEST_BEGIN: Final = 3600
_ENDLESS: Final = 10**9


def shape_of(lines: Sequence[str], known: AbstractSet[str]) -> Callable[[str], Token | None]:
    """Return what reads the messages of this body: the first shape that any line has."""
    native = any(map(entry_of, lines))
    if any(map(_SPELLED_HINT.match, lines)) and (spelled := _spelled(lines, native=native)):
        return partial(_offset_entry_of, spelled=spelled)
    if native:
        return entry_of
    if any(map(stamped_entry_of, lines)):
        return stamped_entry_of
    labels = labels_in(lines, known)
    return partial(labelled_entry_of, labels=labels) if labels else entry_of


def _offset_entry_of(line: str, spelled: AbstractSet[str]) -> Token | None:
    return entry_of(line) or (spelled_entry_of(line) if line in spelled else None)


def _spelled(lines: Sequence[str], *, native: bool) -> AbstractSet[str]:
    """Return the lines with an offset in another spelling.

    Among native ones, one that is earlier than the last or later than the next was typed: "(5 min)
    Boil: water". Without them, what begins late is a time of day.
    """
    found = [(line, spelled_entry_of(line)) for line in lines if _SPELLED_HINT.match(line)]
    entries = [(line, entry) for line, entry in found if entry]
    if native:
        return frozenset(_in_place(lines, {line: entry.seconds or 0 for line, entry in entries}))
    begins = next((entry.seconds or 0 for _, entry in entries), _ENDLESS)
    return frozenset(line for line, _ in entries if begins < _LATEST_BEGIN)


def _in_place(lines: Sequence[str], spelled: dict[str, int]) -> Iterator[str]:
    """Yield the lines whose offset lies between those of the native entries around them."""
    natives = [_seconds(line) for line in lines]
    limits = reversed([*_limits(reversed(natives))])
    last = 0
    for line, seconds, limit in zip(lines, natives, limits, strict=True):
        if seconds is not None:
            last = max(seconds, 0)
        elif last <= spelled.get(line, -1) <= limit:
            last = spelled[line]
            yield line


def _limits(natives: Iterable[int | None]) -> Iterator[int]:
    """Yield, from the last line on, the next native offset of the same segment."""
    limit = _ENDLESS
    for seconds in natives:
        yield limit
        if seconds is not None:
            limit = _ENDLESS if seconds < 0 else seconds


def _seconds(line: str) -> int | None:
    """Return a native offset; -1 for the start of a segment, None for all else."""
    if entry := entry_of(line):
        return entry.seconds
    return -1 if _START.match(line) else None
