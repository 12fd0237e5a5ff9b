"""The lines of a mail with its markers, and with what earlier messages of its case hold."""

# ruff: noqa: RUF001 - dashes.

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.mail.phrases.banners import is_noise
from target_creovai.parsers.mail.phrases.signs import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_creovai.parsers.mail.earlier.known import KnownLines
    from target_creovai.parsers.mail.layout.page import Page
    from target_creovai.parsers.mail.markers.find import Marker

# "[x] repair", where the brackets were empty.
_CHECKED: Final = re.compile(r"[>\s]*(?:\[[xX✓✔]\]|\([xX]\)|[☑☒✓✔])\s")
_CHECK_BOXES: Final = frozenset("[(☑☒✓✔")
# A word behind a question, a label or an arrow.
_COMPLETED: Final = re.compile(r"(?:[?:>=]|->|–|—)\s{0,5}\S{1,40}\s*\Z")


class Noise:
    """The lines without words of an author: markers, and what `is_noise` finds among new ones."""

    def __init__(self, lines: Sequence[str], known: KnownLines, marked: set[int]) -> None:
        self._lines, self._known, self._marked = lines, known, marked

    def __contains__(self, index: object) -> bool:
        if index in self._marked:
            return True
        if not isinstance(index, int) or index >= len(self._lines):
            return False
        return self._known.lines[index].is_new and is_noise(self._lines[index])


class MarkedLines:
    """Where in a mail the next marker or text is, and whether an earlier message has it."""

    def __init__(self, page: Page, markers: Sequence[Marker], known: KnownLines) -> None:
        self.lines, self.levels, self.known = page.lines, page.levels, known
        self.markers = {marker.start: marker for marker in markers}
        self.marked = {
            index
            for marker in markers
            if not marker.is_weak
            for index in range(marker.start, marker.end)
        }
        self.noise = Noise(page.lines, known, self.marked)
        self._starts = sorted(self.markers)

    def is_known(self, start: int, end: int) -> bool:
        """Tell whether an earlier message has one of these lines."""
        known = self.known
        return known.is_any and any(line.is_known for line in known.lines[start:end])

    def confirmed(self, marker: Marker) -> bool:
        """Tell whether a known message begins below a marker."""
        below = self.next_text(marker.end)
        while below in self.noise and below not in self.markers:
            below = self.next_text(below + 1)
        if below >= len(self.lines):
            return False
        end = self.next_marker(below)
        first = self.known.lines[below].first
        if marker.is_weak:
            return first is not None and first.at == 0
        return self.is_known(below, end)

    def next_text(self, index: int) -> int:
        """Return the index of the first line from here on that is not empty."""
        while index < len(self.lines) and not self.lines[index].strip(MARKS):
            index += 1
        return index

    def next_marker(self, start: int) -> int:
        """Return the index of the first marker below a line."""
        place = bisect_right(self._starts, start)
        return self._starts[place] if place < len(self._starts) else len(self.lines)

    def messages(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield where the messages of a quoted conversation begin and end, markers left out."""
        first = start
        for index in range(start, end):
            marker = self.markers.get(index)
            if marker and not (marker.is_weak and not self.confirmed(marker)):
                yield first, index
                first = marker.end
        yield first, end

    def completed(self, start: int, end: int) -> set[int]:
        """Return the lines that somebody has filled in: a checked box, a word behind a label."""
        lines, known = self.lines, self.known.lines
        return {
            index
            for index in range(start, end)
            if (lines[index].lstrip("> \t")[:1] in _CHECK_BOXES and _CHECKED.match(lines[index]))
            or (known[index].loose == 1 and _COMPLETED.search(lines[index]))
        }
