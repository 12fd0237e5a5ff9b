"""Which lines of a mail earlier messages hold, told from the runs of words that both share."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Self

import msgspec

from target_creovai.parsers.mail.earlier.comparison import runs_in
from target_creovai.parsers.mail.earlier.passages import Place
from target_creovai.parsers.mail.earlier.runs import without_detours, without_weak

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from target_creovai.parsers.mail.earlier.passages import Earlier, Passage, Run

# A line of more words than this in no run, at its end, was answered where it stands.
MAX_CHANGED_WORDS: Final = 1
# So many words below a quote that was cut short are an answer.
MAX_SHORT_WORDS: Final = 40
# As many words twice in one quote may be an answer that repeats what it was asked.
MAX_REPEATED_WORDS: Final = 20
# So many new words in place of one old word are no change of it.
WORDS_FOR_ONE: Final = 3


class KnownLine(msgspec.Struct):
    """What of a line earlier messages hold.

    Attributes:
        words: How many words it has.
        covered: How many of them stand in a run.
        first: Where in an earlier message the first of those stands.
        last: The place behind the last of those.
        lead: How many words stand before the first of those.
        loose: How many words follow the last of those.
    """

    words: int
    covered: int = 0
    first: Place | None = None
    last: Place | None = None
    lead: int = 0
    loose: int = 0

    @property
    def is_known(self) -> bool:
        """Tell whether an earlier message has the line, give or take some words."""
        return 0 < self.words <= 2 * self.covered and (self.words > 1 or self.covered == 1)

    @property
    def is_new(self) -> bool:
        """Tell whether the line says something that no earlier message has."""
        return self.words > 0 and not self.is_known


_NOTHING: Final = KnownLine(0)


class KnownLines(msgspec.Struct, frozen=True):
    """The lines of a mail against the earlier messages of its case.

    Attributes:
        lines: What of each line earlier messages hold.
        is_any: Whether the mail repeats anything; else the lines are empty.
    """

    lines: tuple[KnownLine, ...] = ()
    is_any: bool = False

    @classmethod
    def of_nothing(cls, count: int) -> Self:
        """Return so many lines of which earlier messages hold nothing."""
        return cls((_NOTHING,) * count)

    @classmethod
    def of(cls, earlier: Earlier, coded: Sequence[str], breaks: AbstractSet[int]) -> Self:
        """Compare the words of a mail's lines with earlier messages.

        Args:
            earlier: The earlier messages.
            coded: The words of each line.
            breaks: Lines where another message may begin.
        """
        runs = without_weak(without_detours(runs_in(earlier, coded, breaks)))
        if not runs:
            return cls.of_nothing(len(coded))
        lines = tuple(KnownLine(len(words)) for words in coded)
        _cover(lines, runs)
        return cls(lines, is_any=True)


def _cover(lines: Sequence[KnownLine], runs: Iterable[Run]) -> None:
    ends = [*accumulate(line.words for line in lines)]
    number = 0
    for run in runs:
        at, until, passage = run.start, run.end, run.passage
        shift = run.at - at
        place = Place(passage, run.at)
        while at < until:
            number = bisect_right(ends, at, number)
            line, end = lines[number], ends[number]
            stop = min(until, end)
            line.covered += stop - at
            if line.first is None:
                line.first = place
                line.lead = at - (end - line.words)
            place = line.last = Place(passage, stop + shift)
            line.loose = end - stop
            at = stop


class WrittenLines(msgspec.Struct, frozen=True):
    """Lines that were written into a quoted message, and where.

    Attributes:
        start: Its first line.
        end: The index after its last line.
        question: The quoted line that it answers; none where it stands above or below the quote.
        above: The place in the earlier message below which it stands.
    """

    start: int
    end: int
    question: int | None
    above: Place | None


class Writing:
    """Finds what was written into a quoted message, line by line."""

    def __init__(
        self, known: KnownLines, noise: Container[int], completed: AbstractSet[int]
    ) -> None:
        """Take what does not change from message to message.

        Args:
            known: The mail's lines.
            noise: Lines that are nobody's words.
            completed: Lines of a question or label with one word behind it.
        """
        self._known, self._noise, self._completed = known, noise, completed

    def groups(
        self, start: int, end: int, *, above_first: bool, in_doubt: bool = False
    ) -> list[WrittenLines]:
        """Return what was written into a message, in order; nothing if it is not known.

        New lines between two that are neighbours in the earlier message are an answer, and so are
        those above its first and below its last line, or where it was cut short. New lines in
        place of others are the message, changed on its way.

        Args:
            start: Where the quoted message begins.
            end: The index after its last line.
            above_first: Whether new lines above its first line are an answer.
            in_doubt: Whether changed lines are an answer, too.
        """
        groups: list[WrittenLines] = []
        for gap in self._gaps(start, end):
            if gap.above is None and not above_first:
                continue
            if in_doubt or gap.is_answer(self._new_words(gap)):
                question = gap.question if gap.below else None
                groups.append(WrittenLines(gap.start, gap.end, question, gap.above))
        return groups

    def _gaps(self, start: int, end: int) -> Iterator[_Gap]:
        """Yield the rows of lines that the message does not have where they stand."""
        strays = _strays(self._known, start, end)
        lines = self._known.lines
        gap: _Gap | None = None
        above: tuple[Place | None, int | None, int] = (None, None, 0)
        is_intact = True
        for index in range(start, end):
            line = lines[index]
            if not line.words or index in self._noise:
                continue
            if line.first is None or index in strays:
                gap = gap or _Gap(index, index, *above, is_intact=is_intact)
                gap.end = index + 1
                continue
            if gap and line.is_new and line.lead:
                gap.end = index + 1
            if gap:
                yield gap.closed(line.first, line.lead)
            is_answered = line.loose > MAX_CHANGED_WORDS or index in self._completed
            gap = _Gap(index, index + 1, line.last, None) if is_answered else None
            above = line.last, index, line.loose
            is_intact = is_intact and line.covered == line.words
        if gap and (gap.above or gap.below):
            yield gap

    def _new_words(self, gap: _Gap) -> int:
        return sum(line.words - line.covered for line in self._known.lines[gap.start : gap.end])


class _Gap(msgspec.Struct):
    """Lines between two places of an earlier message.

    Attributes:
        start: Its first line.
        end: The index after its last line.
        above: The place in the earlier message that the line above ends with.
        question: The line above.
        changed: How many words beside it differ, which are no part of it.
        is_intact: Whether nothing differs in all the lines above.
        below: The place that the line below begins with.
    """

    start: int
    end: int
    above: Place | None
    question: int | None
    changed: int = 0
    is_intact: bool = False
    below: Place | None = None

    def closed(self, below: Place, changed: int) -> Self:
        """Return the gap with what is below it."""
        self.below = below
        self.changed += changed
        return self

    def is_answer(self, words: int) -> bool:
        """Tell whether nothing of the message, or hardly anything, stood in place of new words."""
        above, below = self.above, self.below
        if above is None:
            return below is not None and below.at == 0
        has_ended = above.at + self.changed >= above.passage.end
        if below is None:
            return has_ended or (self.is_intact and words <= MAX_SHORT_WORDS)
        left_out = below.at - above.at
        if above.passage is not below.passage or left_out < 0:
            return has_ended or below.at == 0
        return left_out - self.changed <= words // WORDS_FOR_ONE


def _strays(known: KnownLines, start: int, end: int) -> set[int]:
    """Return lines that some message has, but not where they stand: answers that repeat words.

    They stand in the message that is quoted, but further up; or in the midst of another one.
    """
    seen: dict[Passage, int] = {}
    found: set[int] = set()
    words = 0
    last: Place | None = None
    for index, line in enumerate(known.lines[start:end], start):
        first, until = line.first, line.last
        if not (first and until):
            continue
        passage = first.passage
        ended = seen.get(passage, -1)
        is_elsewhere = False
        if passage.back is None:
            is_elsewhere = last is not None and _is_elsewhere(last, first)
            last = last if is_elsewhere else until
        if until.at <= ended or is_elsewhere:
            found.add(index)
            words += line.words
        seen[passage] = max(ended, until.at)
    return found if words <= MAX_REPEATED_WORDS else set()


def _is_elsewhere(last: Place, first: Place) -> bool:
    return first.at > 0 and first.passage is not last.passage
