"""A mail laid out once: its lines, and what its client marked among them."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Self

import msgspec
from msgspec.structs import replace

from target_creovai.parsers.mail.layout.html import (
    FRAME_MARK,
    HEADERS_MARK,
    INDENT_CLOSE,
    INDENT_OPEN,
    QUOTE_CLOSE,
    QUOTE_OPEN,
    html_to_pieces,
    tidy_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

# How sure it is that a line is quoted: not at all; it has a quote mark, or is indented; it stands
# in an element that holds nothing but history.
OWN: Final = 0
INDENTED: Final = 1
QUOTED: Final = 2

# A line that is shorter was not wrapped, and what was left over is no longer.
MIN_WRAPPED_CHARS: Final = 50
MAX_REST_CHARS: Final = 60
SENTENCE_ENDS: Final = (".", "!", "?", ":")
COLONS: Final = (":", "\uff1a")
_OPENS_ADDRESS: Final = re.compile(r"[<(\[][^\s<>()\[\]]{0,64}(?:@[^\s<>()\[\]]{0,100})?\Z")
_CLOSES_ADDRESS: Final = re.compile(r">[^>]{0,120}[:\uff1a]\Z")

_NESTING: Final = {
    QUOTE_OPEN: (1, 0),
    QUOTE_CLOSE: (-1, 0),
    INDENT_OPEN: (0, 1),
    INDENT_CLOSE: (0, -1),
}


class Page(msgspec.Struct, frozen=True):
    """The lines of a mail, without blank edges, trailing spaces and double empty lines.

    Attributes:
        lines: What is shown.
        levels: For each line, whether it is quoted: `OWN`, `INDENTED` or `QUOTED`.
        headers: Lines in front of which the client says that the quoted mail begins.
        frames: Lines that the client may have drawn a stroke above, as above headers.
    """

    lines: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    headers: frozenset[int] = frozenset()
    frames: frozenset[int] = frozenset()

    @classmethod
    def of(cls, text_body: str | None, html_body: str | None) -> Self:
        """Lay out the text body if that shows anything, else the HTML body."""
        if text := tidy_text(text_body or ""):
            lines = tuple(text.split("\n"))
            return cls(lines, tuple(_levels(lines)))
        return cls._of_pieces(html_to_pieces(html_body or ""))

    @classmethod
    def _of_pieces(cls, pieces: Sequence[str]) -> Self:
        building = _Building()
        for index, piece in enumerate(pieces):
            if index % 2:
                building.mark(piece)
            elif piece:
                building.write(piece)
        building.strip_end()
        return cls(
            tuple(building.lines),
            tuple(building.levels),
            frozenset(building.headers),
            frozenset(building.frames),
        )

    @property
    def text(self) -> str:
        """The whole text, with all that it quotes."""
        return "\n".join(self.lines)

    def changed(self, change: Callable[[str], str]) -> Page:
        """Return the page with each line changed."""
        return replace(self, lines=tuple(map(change, self.lines)))

    def split(self, parts_of: Mapping[int, Sequence[str]]) -> Page:
        """Return the page with some lines replaced by the parts that they were cut into."""
        if not parts_of:
            return self
        cut = [parts_of.get(index, (line,)) for index, line in enumerate(self.lines)]
        starts = [*accumulate(map(len, cut), initial=0)]
        return Page(
            tuple(part for parts in cut for part in parts),
            tuple(
                level for parts, level in zip(cut, self.levels, strict=True) for _ in parts
            ),
            frozenset(starts[line] for line in self.headers),
            frozenset(starts[line] for line in self.frames),
        )  # fmt: skip


def _levels(lines: Sequence[str]) -> Iterator[int]:
    """Yield how each line of a plain text is quoted.

    A gateway that wraps quoted lines anew leaves their ends without a mark; an attribution that
    was wrapped inside an address begins with one.
    """
    above = ""
    for index, (line, below) in enumerate(zip(lines, [*lines[1:], ""], strict=True)):
        if line[:1] == ">":
            closes = line.endswith(COLONS) and _CLOSES_ADDRESS.match(line)
            yield OWN if closes and _is_open(lines[max(0, index - 2) : index]) else INDENTED
        elif line[:1] == "»" or line == "|" or (line[:1] == "|" and line[-1] != "|"):
            yield INDENTED
        else:
            is_rest = below[:1] == ">" == above[:1] and _is_rest(line, above)
            yield INDENTED if is_rest else OWN
        above = line


def _is_open(above: Sequence[str]) -> bool:
    """Tell whether an address was opened above: "<", or "<" and "mailto:Ida <ida@b.example>"."""
    if above[-1:] and above[-1].startswith("mailto:"):
        above = above[:-1]
    return bool(above) and _OPENS_ADDRESS.search(above[-1]) is not None


def _is_rest(line: str, above: str) -> bool:
    # An undecoded line break of quoted-printable.
    if above.endswith("="):
        return True
    return (
        len(above) >= MIN_WRAPPED_CHARS
        and len(line) <= MAX_REST_CHARS
        and line[:1].islower()
        and not above.endswith(SENTENCE_ENDS)
    )


class _Building:
    """A page in the making."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.levels: list[int] = []
        self.headers: set[int] = set()
        self.frames: set[int] = set()
        self._quotes = 0
        self._indents = 0

    def mark(self, mark: str) -> None:
        if mark == HEADERS_MARK:
            self.headers.add(len(self.lines))
        elif mark == FRAME_MARK:
            self.frames.add(len(self.lines))
        else:
            quotes, indents = _NESTING[mark]
            self._quotes = max(0, self._quotes + quotes)
            self._indents = max(0, self._indents + indents)

    def write(self, piece: str) -> None:
        level = QUOTED if self._quotes else INDENTED if self._indents else OWN
        lines = [*map(str.rstrip, piece.split("\n"))]
        above = self.lines[-1] if self.lines else ""
        kept = [
            line for line, before in zip(lines, [above, *lines], strict=False) if line or before
        ]
        self.lines += kept
        self.levels += [level or int(line[:1] == ">") for line in kept]

    def strip_end(self) -> None:
        while self.lines and not self.lines[-1]:
            self.lines.pop()
            self.levels.pop()
        self.headers = {line for line in self.headers if line < len(self.lines)}
        self.frames = {line for line in self.frames if line < len(self.lines)}
