"""The split of a mail into its author's own words and history.

There is evidence of two kinds: the earlier messages of the same case, and the marks that mail
clients leave. In doubt the text stays: a sentence too many is a nuisance, a customer's lost
sentence is an error.
"""

# ruff: noqa: RUF001 - quotation marks and colons of other languages.

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.mail.earlier.known import KnownLines, Writing
from target_creovai.parsers.mail.layout.page import OWN, QUOTED
from target_creovai.parsers.mail.marked import MarkedLines
from target_creovai.parsers.mail.markers.find import Marker, MarkerKind, decorated_start
from target_creovai.parsers.mail.parts import QUOTE_MARK, Part, Split
from target_creovai.parsers.mail.phrases.quotes import is_mail, only_greets
from target_creovai.parsers.mail.phrases.signs import MARKS
from target_creovai.parsers.mail.unmarked import unmarked_history

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_creovai.parsers.mail.earlier.passages import Place
    from target_creovai.parsers.mail.layout.page import Page

# So far above an answer its question stands, whatever is between.
MAX_LINES_TO_QUESTION: Final = 6
# Quotation marks, with which people begin somebody else's words.
_QUOTATION_MARKS: Final = ('"', "“", "„", "«", "»", "'", "‘", "「", "『")

# "Ticket: 55" above headers says as little as a greeting.
_FIELD: Final = re.compile(r"\w[^:.!?]{0,24}:\s\S{1,20}\Z")


class Reader:
    """The parts of one mail, read from top to bottom."""

    def __init__(
        self,
        page: Page,
        markers: Sequence[Marker],
        known: KnownLines,
        *,
        side: str,
        forwarded: bool,
    ) -> None:
        self._mail = MarkedLines(page, markers, known)
        self._known, self._side, self._forwarded = known, side, forwarded
        self._lines, self._levels = page.lines, page.levels
        self._markers, self._noise = self._mail.markers, self._mail.noise
        self._last_own_line, self._has_own_words, self._has_only_fields = "", False, True
        self._parts = [Part(quoted=False)]
        self._rest: list[str] = []
        self._gone: set[int] = set()
        self._backs: dict[int, Place | None] = {}
        self._is_history = self._has_pasted = False

    def split(self) -> Split:
        """Return the mail's parts."""
        index, end = 0, len(self._lines)
        unmarked = unmarked_history(self._mail, self._side)
        while index < end:
            if index == unmarked:
                index = self._tail(Marker(index, index, MarkerKind.ATTRIBUTION, is_firm=True))
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
            known = is_gone and line.is_known and not (is_beside and index in self._mail.marked)
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
        near = self._known.lines[max(0, index - MAX_LINES_TO_QUESTION) : index]
        return next((line.last for line in reversed(near) if line.words), None)

    # Each of these reads on from a line and returns the next one to be read.

    def _read(self, index: int) -> int:
        marker = self._markers.get(index)
        if self._levels[index] == OWN or not self._lines[index].strip():
            return self._marker(marker) if marker else self._own(index, index + 1)
        if marker and (marker.kind is MarkerKind.FORWARD or self._passes_on(marker)):
            return self._forward(marker)
        return self._quote(index)

    def _own_end(self, start: int, unmarked: int | None) -> int:
        """Return the index after the lines from here on that are neither quoted nor markers."""
        end = start if start in self._markers else self._mail.next_marker(start)
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
        self._note_own_lines(self._lines[start:end])
        return end

    def _marker(self, marker: Marker) -> int:
        if marker.kind is MarkerKind.FORWARD or self._passes_on(marker):
            return self._forward(marker)
        below = self._mail.next_text(marker.end)
        if below < len(self._lines) and self._heads_quote(marker, below):
            self._gone.update(range(marker.start, marker.end))
            return self._quote(below, attributed=True)
        if self._is_pasted(marker):
            return self._own(marker.start, marker.end)
        return self._tail(marker)

    def _passes_on(self, marker: Marker) -> bool:
        return self._forwarded and marker.kind in {MarkerKind.ORIGINAL, MarkerKind.HEADERS}

    def _heads_quote(self, marker: Marker, below: int) -> bool:
        """Tell whether a marker names who wrote the quoted lines below it, and no others."""
        if marker.kind is MarkerKind.HEADERS:
            return self._levels[below] == QUOTED and not marker.is_firm
        return self._levels[below] != OWN

    def _is_pasted(self, marker: Marker) -> bool:
        """Tell whether a marker is none, but words of the author's own, or pasted by them."""
        if marker.is_firm:
            return False
        confirmed = self._mail.confirmed(marker)
        if marker.is_weak or confirmed:
            return not confirmed
        is_beside = marker.start > 0 and bool(self._lines[marker.start - 1])
        says_nothing = not self._has_own_words or (self._has_only_fields and is_beside)
        if self._has_pasted or says_nothing or self._last_own_line.endswith((":", "：")):
            self._has_pasted = True
        if marker.is_form or self._has_pasted:
            return True
        below = self._mail.next_text(marker.end)
        is_quotation = below < len(self._lines) and self._lines[below].startswith(_QUOTATION_MARKS)
        return marker.kind is MarkerKind.ATTRIBUTION and is_quotation

    def _note_own_lines(self, lines: Sequence[str]) -> None:
        texts = [*filter(None, map(str.strip, lines))]
        self._last_own_line = texts[-1] if texts else self._last_own_line
        for line in texts:
            if self._has_own_words and not self._has_only_fields:
                break
            # "Hello" and nothing else is a message.
            greets = only_greets(line) and not (line.isalpha() and line.isascii())
            self._has_own_words = self._has_own_words or not greets
            self._has_only_fields = self._has_only_fields and (
                greets or _FIELD.match(line) is not None
            )

    # --- Quoted lines -----------------------------------------------------------------------------

    def _quote(self, start: int, *, attributed: bool = False) -> int:
        end = self._quote_end(start)
        quoted = max(self._levels[start:end]) == QUOTED
        attributed = attributed or quoted or self._names_its_author(start, end)
        # What an answer interrupts goes on below it.
        attributed = attributed or any(part.attributed for part in self._parts[-2:])
        known = self._mail.is_known(start, end)
        if (
            attributed
            and self._is_all_marker(start, end)
            and self._mail.next_text(end) < len(self._lines)
        ):
            return self._tail(Marker(start, end, MarkerKind.HEADERS, is_firm=True))
        lines = [*self._lines[start:end]]
        is_letter = known or is_mail(lines)
        if not (attributed or is_letter):
            self._parts.append(Part(quoted=True, lines=lines))
            self._note_own_lines(lines)
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
        if marker.kind is not MarkerKind.ATTRIBUTION and not part.quoted:
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
        for first, last in self._mail.messages(start, end):
            writing = Writing(self._known, self._noise, self._mail.completed(first, last))
            above = self._mail.next_text(first)
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

    def _may_top(self, index: int) -> bool:
        """Tell whether an answer may begin on the first line of a quoted message."""
        return not self._lines[index].startswith(">") and not only_greets(self._lines[index])

    def _forward(self, marker: Marker) -> int:
        """Read a forwarded mail: it stays, except messages that the case has."""
        start, end = marker.start, len(self._lines)
        for first, last in [*self._mail.messages(marker.end, end)]:
            if self._mail.is_known(first, last):
                self._gone.update(range(start, last))
                self._rest += self._answers(first, last)
            else:
                self._rest += self._lines[start:last]
            start = last
        if self._gone and not self._parts[-1].quoted:
            lines = self._parts[-1].lines
            del lines[decorated_start(lines, len(lines)) :]
        return end
