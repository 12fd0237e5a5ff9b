"""A mail laid out once: its lines, and what its client marked among them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Self

from target_creovai.parsers.mail.html import (
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
    from collections.abc import Callable, Sequence

# How sure it is that a line is quoted: not at all; it has a quote mark, or is indented; it stands
# in an element that holds nothing but history.
OWN: Final = 0
INDENTED: Final = 1
QUOTED: Final = 2

_NESTING: Final = {
    QUOTE_OPEN: (1, 0),
    QUOTE_CLOSE: (-1, 0),
    INDENT_OPEN: (0, 1),
    INDENT_CLOSE: (0, -1),
}


@dataclass(frozen=True, slots=True)
class Page:
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
            return cls(lines, tuple(int(line[:1] == ">") for line in lines))
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

    def split(self, cut: Sequence[Sequence[str]]) -> Page:
        """Return the page with each line replaced by the parts that it was cut into."""
        if all(map(_is_whole, cut)):
            return self
        starts = [*accumulate(map(len, cut), initial=0)]
        return Page(
            tuple(part for parts in cut for part in parts),
            tuple(
                level for parts, level in zip(cut, self.levels, strict=True) for _ in parts
            ),
            frozenset(starts[line] for line in self.headers),
            frozenset(starts[line] for line in self.frames),
        )  # fmt: skip


def _is_whole(parts: Sequence[str]) -> bool:
    return len(parts) == 1


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
        for line in map(str.rstrip, piece.split("\n")):
            if line or (self.lines and self.lines[-1]):
                self.lines.append(line)
                self.levels.append(level or int(line[:1] == ">"))

    def strip_end(self) -> None:
        while self.lines and not self.lines[-1]:
            self.lines.pop()
            self.levels.pop()
        self.headers = {line for line in self.headers if line < len(self.lines)}
        self.frames = {line for line in self.frames if line < len(self.lines)}
