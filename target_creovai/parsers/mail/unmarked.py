"""History at the end of a mail that no marker announces: an earlier message, repeated."""

# ruff: noqa: RUF001 - colons of other languages.

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from target_creovai.parsers.mail.earlier.runs import goes_on
from target_creovai.parsers.mail.layout.page import OWN
from target_creovai.parsers.mail.markers.find import skip_blank_up
from target_creovai.parsers.mail.phrases.signatures import is_closing
from target_creovai.parsers.mail.phrases.signs import MARKS

if TYPE_CHECKING:
    from target_creovai.parsers.mail.marked import MarkedLines

# Without any mark, a message of fewer words may be repeated by coincidence.
MIN_UNMARKED_WORDS: Final = 7


def unmarked_history(mail: MarkedLines, side: str) -> int | None:
    """Return where an earlier message begins that goes on to the mail's end, unmarked.

    A message in the midst of new words, or below a colon, is no history: somebody sends it
    again. So is one that its author repeats.
    """
    if not mail.known.is_any:
        return None
    found, words, goes_on_below = None, 0, True
    ending = _closing_start(mail)
    for index in range(ending - 1, 0, -1):
        line = mail.known.lines[index]
        if line.covered < line.words and line.is_new and index not in mail.noise:
            break
        words += line.covered
        is_own = mail.levels[index] == OWN
        if is_own and goes_on_below and words >= MIN_UNMARKED_WORDS:
            found = index if _begins_message(mail, index, side) else found
        if index in mail.markers:
            goes_on_below = _follows(mail, index)
    return found


def _closing_start(mail: MarkedLines) -> int:
    """Return where the author's sign-off begins if one ends the mail, else its end."""
    end = start = len(mail.lines)
    while start > max(0, end - 8) and not mail.known.lines[start - 1].covered:
        start -= 1
    return start if is_closing(mail.lines[start:end]) else end


def _begins_message(mail: MarkedLines, index: int, writer: str) -> bool:
    """Tell whether a message of somebody else begins on a line, below words of the author."""
    first = mail.known.lines[index].first
    if first is None or first.at:
        return False
    side = first.passage.side
    if side and side == writer:
        return False
    above = skip_blank_up(mail.lines, index)
    return above > 0 and not mail.lines[above - 1].endswith((":", "："))


def _follows(mail: MarkedLines, index: int) -> bool:
    """Tell whether a marker is part of the earlier message that is known above it."""
    line = mail.known.lines[index]
    above = index - 1
    while above >= 0 and not mail.lines[above].strip(MARKS):
        above -= 1
    before = mail.known.lines[above].last if above >= 0 else None
    return before is not None and line.first is not None and goes_on(before, line.first)
