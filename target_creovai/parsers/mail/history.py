"""What of a mail is its author's own, and what is history.

Two sources tell: the earlier messages of the same case, and the marks that mail clients leave. In
doubt the text stays: a sentence too many is a nuisance, a customer's lost sentence is an error.
"""

# ruff: noqa: RUF001 - quotation marks and colons of other languages.

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.mail.banners import is_noise
from target_creovai.parsers.mail.earlier import goes_on
from target_creovai.parsers.mail.known import Known, Writing
from target_creovai.parsers.mail.markers import (
    Kind,
    Marker,
    decorated_start,
    skip_blank_up,
)
from target_creovai.parsers.mail.page import OWN, QUOTED
from target_creovai.parsers.mail.parts import QUOTE_MARK, Part, Split
from target_creovai.parsers.mail.quotes import is_mail, only_greets
from target_creovai.parsers.mail.signatures import is_closing
from target_creovai.parsers.mail.signs import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_creovai.parsers.mail.earlier import Place
    from target_creovai.parsers.mail.page import Page

# Without any mark, a message of fewer words may be repeated by coincidence.
MIN_UNMARKED_WORDS: Final = 7
# So far above an answer its question stands, whatever is between.
MAX_LINES_ABOVE: Final = 6
# Somebody else's words, told.
_SPOKEN: Final = ('"', "“", "„", "«", "»", "'", "‘", "「", "『")

# "Ticket: 55" above headers says as little as a greeting.
_FIELD: Final = re.compile(r"\w[^:.!?]{0,24}:\s\S{1,20}\Z")
# "[x] repair", where the brackets were empty.
_CHECKED: Final = re.compile(r"[>\s]*(?:\[[xX✓✔]\]|\([xX]\)|[☑☒✓✔])\s")
_CHECK_BOXES: Final = frozenset("[(☑☒✓✔")
# A word behind a question, a label or an arrow.
_COMPLETED: Final = re.compile(r"(?:[?:>=]|->|–|—)\s{0,5}\S{1,40}\s*\Z")


class _Noise:
    """The lines that are nobody's words: markers, and what `is_noise` finds among new ones."""

    def __init__(self, lines: Sequence[str], known: Known, marked: set[int]) -> None:
        self._lines, self._known, self._marked = lines, known, marked

    def __contains__(self, index: object) -> bool:
        if index in self._marked:
            return True
        if not isinstance(index, int) or index >= len(self._lines):
            return False
        return self._known.lines[index].is_new and is_noise(self._lines[index])


class Reader:
    """Reads one mail, top to bottom."""

    def __init__(
        self, page: Page, markers: Sequence[Marker], known: Known, *, side: str, forwarded: bool
    ) -> None:
        self._page, self._known, self._side, self._forwarded = page, known, side, forwarded
        self._lines, self._levels = page.lines, page.levels
        self._markers = {marker.start: marker for marker in markers}
        self._marked = {
            index
            for marker in markers
            if not marker.is_weak
            for index in range(marker.start, marker.end)
        }
        self._noise = _Noise(page.lines, known, self._marked)
        self._starts = sorted(self._markers)
        self._last_said, self._has_spoken, self._says_fields = "", False, True
        self._parts = [Part(quoted=False)]
        self._rest: list[str] = []
        self._gone: set[int] = set()
        self._backs: dict[int, Place | None] = {}
        self._is_history = self._has_pasted = False

    def split(self) -> Split:
        """Return the mail's parts."""
        index, end = 0, len(self._lines)
        unmarked = self._unmarked_history()
        while index < end:
            if index == unmarked:
                index = self._tail(Marker(index, index, Kind.ATTRIBUTION, is_firm=True))
            elif (stop := self._own_end(index, unmarked)) > index:
                index = self._own(index, stop)
            else:
                index = self._read(index)
        return Split(
            parts=[*filter(None, self._parts)],
            rest=self._rest,
            passages=self._passages(),
            is_quote=self._is_history or all(part.attributed for part in self._parts if part),
        )

    def _passages(self) -> Iterator[tuple[list[int], Place | None]]:
        """Yield the lines, in rows, that no earlier message has, and those that stay."""
        row: list[int] = []
        was_gone = is_beside = False
        for index, text in enumerate(self._lines):
            line = self._known.lines[index]
            is_gone = index in self._gone
            if is_gone and not text.strip(MARKS):
                continue
            # The marker below new words tells them from a template that is sent again.
            known = is_gone and line.is_known and not (is_beside and index in self._marked)
            is_beside = not known
            if row and (known or is_gone is not was_gone):
                yield row, self._back(row)
                row = []
            if not known:
                row.append(index)
            was_gone = is_gone
        if row:
            yield row, self._back(row)

    def _back(self, row: Sequence[int]) -> Place | None:
        return next((self._backs[index] for index in row if index in self._backs), None)

    def _place_above(self, index: int) -> Place | None:
        """Return where in an earlier message the quoted line above stands."""
        near = self._known.lines[max(0, index - MAX_LINES_ABOVE) : index]
        return next((line.last for line in reversed(near) if line.words), None)

    # Each of these reads on from a line and returns the next one to be read.

    def _read(self, index: int) -> int:
        marker = self._markers.get(index)
        if self._levels[index] == OWN or not self._lines[index].strip():
            return self._marker(marker) if marker else self._own(index, index + 1)
        if marker and (marker.kind is Kind.FORWARD or self._passes_on(marker)):
            return self._forward(marker)
        return self._quote(index)

    def _own_end(self, start: int, unmarked: int | None) -> int:
        """Return the index after the lines from here on that are neither quoted nor markers."""
        end = start if start in self._markers else self._next_marker(start)
        if unmarked is not None and start < unmarked < end:
            end = unmarked
        return next((index for index in range(start, end) if self._levels[index] != OWN), end)

    def _own(self, start: int, end: int) -> int:
        part = self._parts[-1]
        while part.quoted and start < end and not self._lines[start]:
            part.lines.append("")  # belongs to whatever it stands in
            start += 1
        if start == end:
            return end
        if part.quoted:
            part = Part(quoted=False)
            self._parts.append(part)
            self._backs[start] = self._place_above(start)
        part.lines += self._lines[start:end]
        self._say(self._lines[start:end])
        return end

    def _marker(self, marker: Marker) -> int:
        if marker.kind is Kind.FORWARD or self._passes_on(marker):
            return self._forward(marker)
        below = self._next(marker.end)
        if below < len(self._lines) and self._heads_quote(marker, below):
            self._gone.update(range(marker.start, marker.end))
            return self._quote(below, attributed=True)
        if self._is_pasted(marker):
            return self._own(marker.start, marker.end)
        return self._tail(marker)

    def _passes_on(self, marker: Marker) -> bool:
        return self._forwarded and marker.kind in {Kind.ORIGINAL, Kind.HEADERS}

    def _heads_quote(self, marker: Marker, below: int) -> bool:
        """Tell whether a marker names who wrote the quoted lines below it, and no others."""
        if marker.kind is Kind.HEADERS:
            return self._levels[below] == QUOTED and not marker.is_firm
        return self._levels[below] != OWN

    def _is_pasted(self, marker: Marker) -> bool:
        """Tell whether a marker is none, but words of the author's own, or pasted by them."""
        if marker.is_firm:
            return False
        confirmed = self._confirmed(marker)
        if marker.is_weak or confirmed:
            return not confirmed
        is_beside = marker.start > 0 and bool(self._lines[marker.start - 1])
        says_nothing = not self._has_spoken or (self._says_fields and is_beside)
        if self._has_pasted or says_nothing or self._last_said.endswith((":", "：")):
            self._has_pasted = True
        if marker.is_form or self._has_pasted:
            return True
        below = self._next(marker.end)
        spoken = below < len(self._lines) and self._lines[below].startswith(_SPOKEN)
        return marker.kind is Kind.ATTRIBUTION and spoken

    def _say(self, lines: Sequence[str]) -> None:
        said = [*filter(None, map(str.strip, lines))]
        self._last_said = said[-1] if said else self._last_said
        for line in said:
            if self._has_spoken and not self._says_fields:
                break
            # "Hello" and nothing else is a message.
            greets = only_greets(line) and not (line.isalpha() and line.isascii())
            self._has_spoken = self._has_spoken or not greets
            self._says_fields = self._says_fields and (greets or _FIELD.match(line) is not None)

    def _confirmed(self, marker: Marker) -> bool:
        """Tell whether a known message begins below a marker."""
        below = self._next(marker.end)
        while below in self._noise and below not in self._markers:
            below = self._next(below + 1)
        if below >= len(self._lines):
            return False
        end = self._next_marker(below)
        first = self._known.lines[below].first
        if marker.is_weak:
            return first is not None and first.at == 0
        return self._is_known(below, end)

    def _is_known(self, start: int, end: int) -> bool:
        known = self._known
        return known.is_any and any(line.is_known for line in known.lines[start:end])

    def _next(self, index: int) -> int:
        while index < len(self._lines) and not self._lines[index].strip(MARKS):
            index += 1
        return index

    def _next_marker(self, start: int) -> int:
        place = bisect_right(self._starts, start)
        return self._starts[place] if place < len(self._starts) else len(self._lines)

    # --- Quoted lines -----------------------------------------------------------------------------

    def _quote(self, start: int, *, attributed: bool = False) -> int:
        end = self._quote_end(start)
        quoted = max(self._levels[start:end]) == QUOTED
        attributed = attributed or quoted or self._names_its_author(start, end)
        # What an answer interrupts goes on below it.
        attributed = attributed or any(part.attributed for part in self._parts[-2:])
        known = self._is_known(start, end)
        if attributed and self._is_all_marker(start, end) and self._next(end) < len(self._lines):
            return self._tail(Marker(start, end, Kind.HEADERS, is_firm=True))
        lines = [*self._lines[start:end]]
        is_letter = known or is_mail(lines)
        if not (attributed or is_letter):
            self._parts.append(Part(quoted=True, lines=lines))
            self._say(lines)
            return end
        self._gone.update(range(start, end))
        answers = self._answers(start, end)
        self._parts.append(Part(quoted=True, lines=lines, known=is_letter, attributed=attributed))
        if answers:
            self._parts[-1].lines = []
            self._parts.append(Part(quoted=False, lines=answers))
        return end

    def _quote_end(self, start: int) -> int:
        end = start
        for index in range(start, len(self._lines)):
            if self._levels[index] != OWN:
                end = index + 1
            elif self._lines[index]:
                break
        return end

    def _names_its_author(self, start: int, end: int) -> bool:
        """Tell whether a quote holds its own attribution, separator or headers near its top."""
        return any(
            index in self._markers and not self._markers[index].is_weak
            for index in range(start, min(end, start + 4))
        )

    def _is_all_marker(self, start: int, end: int) -> bool:
        return all(
            index in self._noise or not self._lines[index].strip(MARKS)
            for index in range(start, end)
        )

    # --- All that follows -------------------------------------------------------------------------

    def _tail(self, marker: Marker) -> int:
        """Read a mail's end that is history: only what was written into it stays."""
        end = len(self._lines)
        part = self._parts[-1]
        if marker.kind is not Kind.ATTRIBUTION and not part.quoted:
            del part.lines[decorated_start(part.lines, len(part.lines)) :]
        self._gone.update(range(marker.start, end))
        self._is_history = True
        answers = self._answers(marker.end, end, in_doubt=marker.is_weak)
        if answers:
            self._parts.append(Part(quoted=False, lines=["", *answers]))
        return end

    def _answers(self, start: int, end: int, *, in_doubt: bool = False) -> list[str]:
        """Return what was written into quoted lines, with the questions."""
        kept: list[str] = []
        if not self._known.is_any:
            return kept
        for first, last in self._messages(start, end):
            writing = Writing(self._known, self._noise, self._completed(first, last))
            above = self._next(first)
            above_first = above < last and self._may_top(above)
            for group in writing.groups(first, last, above_first=above_first, in_doubt=in_doubt):
                end_of_group = self._with_links(group.end, last)
                if group.question is not None:
                    kept.append(QUOTE_MARK + self._lines[group.question].lstrip(MARKS))
                kept += [line.lstrip(MARKS) for line in self._lines[group.start : end_of_group]]
                self._gone.difference_update(range(group.start, end_of_group))
                self._backs[group.start] = group.above
        return kept

    def _with_links(self, index: int, end: int) -> int:
        """Return the index after the lines right below that hold nothing but links."""
        while index < end and self._lines[index] and not self._known.lines[index].words:
            index += 1
        return index

    def _completed(self, start: int, end: int) -> set[int]:
        lines, known = self._lines, self._known.lines
        return {
            index
            for index in range(start, end)
            if (lines[index].lstrip("> \t")[:1] in _CHECK_BOXES and _CHECKED.match(lines[index]))
            or (known[index].loose == 1 and _COMPLETED.search(lines[index]))
        }

    def _may_top(self, index: int) -> bool:
        """Tell whether an answer may begin on the first line of a quoted message."""
        return not self._lines[index].startswith(">") and not only_greets(self._lines[index])

    def _messages(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield where the messages of a quoted conversation begin and end, markers left out."""
        first = start
        for index in range(start, end):
            marker = self._markers.get(index)
            if marker and not (marker.is_weak and not self._confirmed(marker)):
                yield first, index
                first = marker.end
        yield first, end

    def _forward(self, marker: Marker) -> int:
        """Read what is passed on: it is news, but for messages that the case has."""
        start, end = marker.start, len(self._lines)
        for first, last in [*self._messages(marker.end, end)]:
            if self._is_known(first, last):
                self._gone.update(range(start, last))
                self._rest += self._answers(first, last)
            else:
                self._rest += self._lines[start:last]
            start = last
        if self._gone and not self._parts[-1].quoted:
            lines = self._parts[-1].lines
            del lines[decorated_start(lines, len(lines)) :]
        return end

    def _unmarked_history(self) -> int | None:
        """Return where an earlier message begins that goes on to the mail's end, unmarked.

        A message in the midst of new words, or below a colon, is no history: somebody sends it
        again. So is one that its author repeats.
        """
        if not self._known.is_any:
            return None
        found, words, goes_on_below = None, 0, True
        ending = self._closing_start()
        for index in range(ending - 1, 0, -1):
            line = self._known.lines[index]
            if line.covered < line.words and line.is_new and index not in self._noise:
                break
            words += line.covered
            is_own = self._levels[index] == OWN
            if is_own and goes_on_below and words >= MIN_UNMARKED_WORDS:
                found = index if self._begins_message(index) else found
            if index in self._markers:
                goes_on_below = self._follows(index)
        return found

    def _closing_start(self) -> int:
        """Return where the author's sign-off begins if one ends the mail, else its end."""
        end = start = len(self._lines)
        while start > max(0, end - 8) and not self._known.lines[start - 1].covered:
            start -= 1
        return start if is_closing(self._lines[start:end]) else end

    def _begins_message(self, index: int) -> bool:
        """Tell whether a message of somebody else begins on a line, below words of the author."""
        first = self._known.lines[index].first
        if first is None or first.at:
            return False
        side = first.passage.side
        if side and side == self._side:
            return False
        above = skip_blank_up(self._lines, index)
        return above > 0 and not self._lines[above - 1].endswith((":", "："))

    def _follows(self, index: int) -> bool:
        """Tell whether a marker is part of the earlier message that is known above it."""
        line = self._known.lines[index]
        above = index - 1
        while above >= 0 and not self._lines[above].strip(MARKS):
            above -= 1
        before = self._known.lines[above].last if above >= 0 else None
        return before is not None and line.first is not None and goes_on(before, line.first)
