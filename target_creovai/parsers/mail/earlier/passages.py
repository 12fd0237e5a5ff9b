"""The earlier messages of a case, indexed by their words.

The index grows with each message. Any long run of words is an anchor, wherever it stands: a mail
is looked up in time linear in its length.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from target_creovai.parsers.mail.phrases.words import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# So many words in a row are an anchor.
ANCHOR_WORDS: Final = 5
# Anchors of indexed text: at each line, and each so many words.
STRIDE: Final = 4
# One question may have had so many answers.
MAX_WRITTEN: Final = 4


class Passage(msgspec.Struct, frozen=True, eq=False):
    """Words in a row of an earlier message that the ones before it don't have.

    Attributes:
        number: Its place among all passages.
        words: Its words, one character each.
        end: Where a quote of it may end: its sign-off begins here.
        side: Who wrote it: messages of one side don't quote themselves unmarked.
        back: Where in an earlier message it was written into.
    """

    number: int
    words: str
    end: int
    side: str
    back: Place | None = None

    @property
    def finish(self) -> Place:
        """Where it ends."""
        return Place(self, len(self.words))


class Run(msgspec.Struct):
    """Words of a mail, `start` to `end`, that stand in a passage, from `at` on."""

    start: int
    end: int
    passage: Passage
    at: int

    @property
    def until(self) -> int:
        """Where in the passage the run ends."""
        return self.at + self.end - self.start


class Place(NamedTuple):  # two for each line of a mail, in half the time of a frozen dataclass
    """A place in an earlier message."""

    passage: Passage
    at: int


class Earlier(msgspec.Struct):
    """The earlier messages of a case, to be compared with the next one."""

    vocabulary: Vocabulary = msgspec.field(default_factory=Vocabulary)
    _passages: list[Passage] = msgspec.field(default_factory=list)
    _index: dict[str, int] = msgspec.field(default_factory=dict)
    _written: dict[tuple[int, int], list[Passage]] = msgspec.field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self._passages)

    def add(
        self, lines: Sequence[str], end: int | None, side: str = "", back: Place | None = None
    ) -> None:
        """Take in a passage of a message.

        Args:
            lines: The words of its lines.
            end: How many of these lines stand above its sign-off; None where it was cut.
            side: Who wrote it.
            back: Where in an earlier message it was written into.
        """
        words = "".join(lines)
        if not words:
            return
        number = len(self._passages)
        base = number << 32
        words_above = len(words) + 1 if end is None else sum(map(len, lines[:end]))
        passage = Passage(number, words, words_above, side, back)
        self._passages.append(passage)
        if back:
            self._written.setdefault((back.passage.number, back.at), []).append(passage)
        for at in range(0, len(words) - ANCHOR_WORDS + 1, STRIDE):
            self._index[words[at : at + ANCHOR_WORDS]] = base + at
        for at, line in zip(accumulate(map(len, lines), initial=0), lines, strict=False):
            if line:
                short = len(line) < ANCHOR_WORDS
                self._index[line if short else line[:ANCHOR_WORDS]] = base + at

    def after(self, place: Place) -> Place:
        """Return the same place, or where a quote goes on if a passage ends there."""
        passage = place.passage
        if place.at < len(passage.words):
            return place
        if passage.back:
            return passage.back
        following = passage.number + 1
        return Place(self._passages[following], 0) if following < len(self._passages) else place

    def written_at(self, place: Place) -> Sequence[Passage]:
        """Return what was written into an earlier message at a place, the latest last."""
        return self._written.get((place.passage.number, place.at), ())[-MAX_WRITTEN:]

    @property
    def is_known(self) -> Callable[[str], bool]:
        """A test whether words stand anywhere: an anchor, or a whole short line."""
        return self._index.__contains__

    def place(self, words: str) -> Place | None:
        """Return where the words last stood: an anchor, or a whole short line."""
        found = self._index.get(words)
        return None if found is None else Place(self._passages[found >> 32], found & 0xFFFFFFFF)
