"""Where a mail repeats earlier messages of its case.

The index grows with each message and is asked in time linear in the mail: any long run of words
is an anchor, wherever it stands, and from there both texts are compared word by word.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from target_creovai.parsers.mail.words import Vocabulary, common_length

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Set as AbstractSet

# So many words in a row are an anchor.
ANCHOR_WORDS: Final = 5
# Anchors of indexed text: at each line, and each so many words.
STRIDE: Final = 4
# So many go on with what was left, such as a label that a value was written behind.
WORDS_TO_GO_ON: Final = 2
# How far ahead in the same message a run may go on, where something was left out.
REACH: Final = 400
# What was changed, left out or put in, in words of the mail and of the earlier message.
CHANGES: Final = ((1, 1), (0, 1), (1, 0), (1, 2), (2, 1), (2, 2), (0, 2), (2, 0))
# How many runs a detour is made of.
MAX_DETOUR: Final = 3
MAX_DETOUR_WORDS: Final = 40
# One question may have had so many answers.
MAX_WRITTEN: Final = 4
# How many lines an answer may have before the quoted text goes on.
MAX_ANSWER_LINES: Final = 12


class Passage(msgspec.Struct, frozen=True, eq=False):
    """Words in a row of an earlier message that the ones before it don't have.

    Attributes:
        number: Its place among all passages.
        words: Its words, one character each.
        end: Where a quote of it may end: its sign-off begins here.
        side: Who said it: messages of one side don't quote themselves unmarked.
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
            side: Who said it.
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

    def runs(self, lines: Sequence[str], breaks: AbstractSet[int]) -> list[Run]:
        """Return where a mail repeats earlier messages, in the mail's order.

        Args:
            lines: The words of the mail's lines.
            breaks: Lines where another message may begin.
        """
        return _Comparison(self, lines).runs(breaks) if self else []

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
        """What tells whether words stood anywhere: an anchor, or a whole short line."""
        return self._index.__contains__

    def place(self, words: str) -> Place | None:
        """Return where the words last stood: an anchor, or a whole short line."""
        found = self._index.get(words)
        return None if found is None else Place(self._passages[found >> 32], found & 0xFFFFFFFF)


class _Comparison:
    """One walk through a mail, which follows the earlier message that it repeats."""

    def __init__(self, earlier: Earlier, lines: Sequence[str]) -> None:
        self._earlier = earlier
        self._lines = lines
        self._words = "".join(lines)
        self._runs: list[Run] = []
        self._left: Place | None = None
        self._expected: Place | None = None
        self._followed = 0
        self._done = 0

    def runs(self, breaks: AbstractSet[int]) -> list[Run]:
        start = 0
        for number, line in enumerate(self._lines):
            end = start + len(line)
            if number in breaks:
                self._left, self._expected, self._followed = None, None, 0
            if line and self._done < end:
                self._read_line(number, max(start, self._done), end)
            start = end
        return self._runs

    def _read_line(self, number: int, start: int, end: int) -> None:
        rest = self._words[start:end]
        expected = self._next(number, start, end)
        if expected:
            self._follow(start, expected)
            if self._done < end:
                self._find_anchors(self._done, end)
        elif not self._find_anchors(start, end) and len(rest) == len(self._lines[number]):
            place = self._resumed(number, rest)
            if place is None and self._followed < ANCHOR_WORDS:
                place = self._short(rest)
            if place:
                self._follow(start, place)

    def _next(self, number: int, start: int, end: int) -> Place | None:
        """Return what is expected if a line, or some words at its beginning, are that."""
        expected = self._expected
        if expected is None:
            return None
        line = self._words[start:end]
        if expected.passage.words.startswith(line, expected.at):
            return expected
        for place in dict.fromkeys((self._left or expected, expected)):
            for passage in self._earlier.written_at(place):
                if passage.words.startswith(line):
                    return Place(passage, 0)
        begins = expected.passage.words.startswith(line[:WORDS_TO_GO_ON], expected.at)
        return expected if begins and not self._goes_on(number, expected) else None

    def _find_anchors(self, start: int, end: int) -> bool:
        """Follow what is found from any word of a line on; tell whether something was."""
        found = False
        at, place = self._next_anchor(start, end)
        while place:
            self._follow(at, place)
            found = True
            at, place = self._next_anchor(self._done, end)
        return found

    def _next_anchor(self, start: int, end: int) -> tuple[int, Place | None]:
        """Return the first of these words to go on from: in the message followed, or the latest."""
        words, expected, is_known = self._words, self._expected, self._earlier.is_known
        last = len(words) - ANCHOR_WORDS
        for at in range(start, end):
            if at <= last:
                window = words[at : at + ANCHOR_WORDS]
                place = _ahead(expected, window) if expected else None
                if place or is_known(window):
                    return at, place or self._earlier.place(window)
            if at == self._done:
                resumed, place = self._resynchronised(at)
                if place:
                    return resumed, place
        return end, None

    def _resynchronised(self, at: int) -> tuple[int, Place | None]:
        """Return where to go on behind a word or two that were changed, left out or put in."""
        expected = self._expected
        if expected and expected is self._left:
            for skipped, left_out in CHANGES:
                two = self._words[at + skipped : at + skipped + 2]
                begin = expected.at + left_out
                if len(two) == 2 and expected.passage.words.startswith(two, begin):  # noqa: PLR2004
                    return at + skipped, Place(expected.passage, begin)
        return at, None

    def _short(self, line: str) -> Place | None:
        """Return where a short line, or one that a value was written behind, stood as a line."""
        longest = min(len(line), ANCHOR_WORDS - 1)
        least = min(longest, WORDS_TO_GO_ON)
        for size in range(longest, least - 1, -1):
            if self._earlier.is_known(line[:size]):
                return self._earlier.place(line[:size])
        return None

    def _resumed(self, number: int, line: str) -> Place | None:
        """Return where a short line stands ahead in the message that is followed.

        Not if that message goes on below the line exactly where it was left: then the
        line is an answer, whatever words it is made of.
        """
        expected = self._expected
        if expected is None:
            return None
        ahead = _ahead(expected, line)
        return None if ahead is None or self._goes_on(number, expected) else ahead

    def _goes_on(self, number: int, expected: Place) -> bool:
        below = self._lines[number + 1 : number + 1 + MAX_ANSWER_LINES]
        words = expected.passage.words
        return any(line and words.startswith(line, expected.at) for line in below)

    def _follow(self, start: int, place: Place) -> None:
        """Add the run through these two places, and go to its end."""
        words, passage = self._words, place.passage
        back = self._back(start, place)
        # A word that was changed, further up.
        changed, at = start - back - 1, place.at - back - 1
        further = self._back(changed, Place(passage, at)) if changed > self._done else 0
        if further >= WORDS_TO_GO_ON:
            self._runs.append(Run(changed - further, changed, passage, at - further))
        length = common_length(words, start, passage.words, place.at)
        run = Run(start - back, start + length, passage, place.at - back)
        follows = self._expected is not None and self._expected.passage is passage
        self._followed = self._followed * follows + run.end - run.start
        self._runs.append(run)
        self._done = run.end
        self._left = Place(passage, run.until)
        self._expected = self._earlier.after(self._left)

    def _back(self, start: int, place: Place) -> int:
        """Return how many words above these two places are the same."""
        words, others = self._words, place.passage.words
        most = min(start - self._done, place.at)
        back = 0
        while back < most and words[start - back - 1] == others[place.at - back - 1]:
            back += 1
        return back


def _ahead(expected: Place, words: str) -> Place | None:
    """Return where words stand not far ahead in the message that is followed."""
    passage, at = expected
    found = passage.words.find(words, at, at + REACH)
    return None if found < 0 else Place(passage, found)


def without_weak(runs: Iterable[Run]) -> list[Run]:
    """Return the runs that are no coincidence.

    Runs that follow each other in one message count together: they have many words, or are all
    that the message said.
    """
    kept: list[Run] = []
    chain: list[Run] = []
    for run in runs:
        if chain and not _follows(run, chain[-1]):
            kept += chain if _is_strong(chain) else []
            chain = []
        chain.append(run)
    return kept + (chain if _is_strong(chain) else [])


def without_detours(runs: Sequence[Run]) -> list[Run]:
    """Return the runs without those that a message's own order shows to be coincidences.

    Where a message goes on exactly where it was left, what stands in between was written into it,
    whatever words it has in common with something else.
    """
    kept: list[Run] = []
    index = 0
    while index < len(runs):
        run = runs[index]
        kept.append(run)
        if index + 1 < len(runs) and runs[index + 1].passage.back:
            index += 1
            continue
        ahead = range(index + 2, min(len(runs), index + 2 + MAX_DETOUR))
        index = next((later for later in ahead if _resumes(run, runs[later])), index + 1)
    return kept


def _resumes(run: Run, later: Run) -> bool:
    return (
        later.passage is run.passage
        and later.at == run.until
        and later.start - run.end <= MAX_DETOUR_WORDS
    )


def _follows(run: Run, before: Run) -> bool:
    if run.passage is before.passage:
        return run.at >= before.until
    left, place = Place(before.passage, before.until), Place(run.passage, run.at)
    return goes_on(left, place) or run.passage.back is not None or before.passage.back is not None


def goes_on(above: Place, below: Place) -> bool:
    """Tell whether nothing stands between two places of earlier messages."""
    if above.passage is below.passage:
        return above.at == below.at
    return (
        below.at == 0
        and above.at == len(above.passage.words)
        and below.passage.number == above.passage.number + 1
    )


def _is_strong(chain: Sequence[Run]) -> bool:
    words = sum(run.end - run.start for run in chain)
    if words >= ANCHOR_WORDS or not chain:
        return bool(chain)
    return chain[0].at == 0 and chain[-1].until >= chain[0].passage.end
