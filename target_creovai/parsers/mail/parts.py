"""The parts that a mail is split into, and what stays of quotes that were answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from target_creovai.parsers.mail.phrases.signs import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_creovai.parsers.mail.earlier.passages import Place

QUOTE_MARK: Final = "> "


class Part(msgspec.Struct):
    """Some lines of a mail in a row: all quoted, or all written by its author."""

    quoted: bool
    lines: list[str] = msgspec.field(default_factory=list)
    known: bool = False
    attributed: bool = False

    def __bool__(self) -> bool:
        return any(line.strip() for line in self.lines)


class Split(msgspec.Struct, frozen=True):
    """A mail, split into what its author wrote and what stays of the rest.

    Attributes:
        parts: The parts up to where all that follows is history, or forwarded.
        rest: What stays of all that follows.
        is_quote: Whether clients or earlier messages say that quotes are quotes.
        passages: Lines, in rows, that no earlier message has, and those that stay; with the place
            in an earlier message that they were written into. Found when they are asked for, once.
    """

    parts: list[Part]
    rest: list[str]
    passages: Iterator[tuple[list[int], Place | None]]
    is_quote: bool


def answered(parts: Sequence[Part]) -> Iterator[Part]:
    """Yield the author's parts, and what the answers among them need of the quoted ones.

    One attributed quote with a text below is a mail answered as a whole. With several quotes, the
    line above each answer stays. A quote that nobody is named for, and that repeats no earlier
    message, may as well be a log or code: it stays.
    """
    several = sum(part.quoted for part in parts) > 1
    for part, after in zip(parts, [*parts[1:], None], strict=False):
        if not part.quoted or not (part.known or part.attributed):
            yield part
        elif after is None or after.quoted:
            continue
        elif several or (part.known and not part.attributed):
            yield _last_line(part)


def _last_line(part: Part) -> Part:
    """Return the last quoted line that says something, with the empty lines below it."""
    last = max(index for index, line in enumerate(part.lines) if line.strip(MARKS) or not index)
    blank = [line for line in part.lines[last + 1 :] if not line]
    question = part.lines[last]
    marked = question if question.startswith(">") else QUOTE_MARK + question
    return Part(quoted=True, lines=[marked, *blank])
