"""Which lines of a mail earlier messages hold, told from the runs of words that both share."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Self

from target_creovai.parsers.mail.earlier import Place, without_detours, without_weak

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from target_creovai.parsers.mail.earlier import Earlier, Run

# A line of more words than this in no run, at its end, was answered where it stands.
MAX_CHANGED_WORDS: Final = 1
# As many words twice in one quote may be an answer that repeats what it was asked.
MAX_REPEATED_WORDS: Final = 20
# So many new words in place of one old word are no change of it.
WORDS_FOR_ONE: Final = 3


@dataclass(slots=True)
class Line:
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


_NOTHING: Final = Line(0)


@dataclass(frozen=True, slots=True)
class Known:
    """The lines of a mail against the earlier messages of its case.

    Attributes:
        lines: What of each line earlier messages hold.
        is_any: Whether the mail repeats anything; else the lines are empty.
    """

    lines: tuple[Line, ...] = ()
    is_any: bool = False

    @classmethod
    def of(cls, earlier: Earlier, coded: Sequence[str], breaks: AbstractSet[int]) -> Self:
        """Compare the words of a mail's lines with earlier messages.

        Args:
            earlier: The earlier messages.
            coded: The words of each line.
            breaks: Lines where another message may begin.
        """
        runs = without_weak(without_detours(earlier.runs(coded, breaks)))
        if not runs:
            return cls((_NOTHING,) * len(coded))
        lines = tuple(Line(len(words)) for words in coded)
        _cover(lines, runs)
        return cls(lines, is_any=True)


def _cover(lines: Sequence[Line], runs: Iterable[Run]) -> None:
    ends = [*accumulate(line.words for line in lines)]
    number = 0
    for run in runs:
        at = run.start
        while at < run.end:
            while ends[number] <= at:
                number += 1
            line = lines[number]
            until = min(run.end, ends[number])
            line.covered += until - at
            if line.first is None:
                line.first = Place(run.passage, run.at + at - run.start)
                line.lead = at - (ends[number] - line.words)
            line.last = Place(run.passage, run.at + until - run.start)
            line.loose = ends[number] - until
            at = until


@dataclass(frozen=True, slots=True)
class Group:
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


@dataclass(slots=True)
class _Open:
    """A group that may still grow; `changed` words at the end of the line above are no part."""

    start: int
    end: int
    above: Place | None
    question: int | None
    changed: int = 0


def written_into(
    known: Known,
    start: int,
    end: int,
    noise: AbstractSet[int],
    completed: AbstractSet[int] = frozenset(),
    *,
    above_first: bool,
    in_doubt: bool = False,
) -> list[Group]:
    """Return what was written into a quoted message, in order; nothing if it is not known.

    New lines between two that are neighbours in the earlier message are an answer, and so are
    those above its first and below its last line. New lines in place of others are the message,
    changed on its way.

    Args:
        known: The mail's lines.
        start: Where the quoted message begins.
        end: The index after its last line.
        noise: Lines that are nobody's words.
        completed: Lines of a question or label with one word behind it.
        above_first: Whether new lines above its first line are an answer.
        in_doubt: Whether changed lines are an answer, too.
    """
    repeated = _repeated(known, start, end)
    groups: list[Group] = []
    current: _Open | None = None
    above: tuple[Place | None, int | None, int] = (None, None, 0)

    def close(below: Place | None, lead: int = 0) -> None:
        if current is None or (current.above is None and not above_first):
            return
        words, changed = _new_words(known, current), current.changed + lead
        if _is_answer(current.above, below, words, changed, in_doubt=in_doubt):
            question = current.question if below else None
            groups.append(Group(current.start, current.end, question, current.above))

    for index in range(start, end):
        line = known.lines[index]
        if not line.words or index in noise:
            continue
        if line.first and index not in repeated:
            if current and line.is_new and line.lead:
                current.end = index + 1
            close(line.first, line.lead)
            answered = line.loose > MAX_CHANGED_WORDS or index in completed
            current = _Open(index, index + 1, line.last, None) if answered else None
            above = line.last, index, line.loose
        elif current is None:
            current = _Open(index, index + 1, *above)
        else:
            current.end = index + 1
    close(None)
    return groups


def _repeated(known: Known, start: int, end: int) -> set[int]:
    """Return lines that the message has, but not where they stand: answers that pick one."""
    seen: dict[int, int] = {}
    found: set[int] = set()
    words = 0
    for index in range(start, end):
        line = known.lines[index]
        if not (line.first and line.last and line.is_known):
            continue
        passage = id(line.first.passage)
        if line.last.at <= seen.get(passage, -1):
            found.add(index)
            words += line.words
        seen[passage] = max(seen.get(passage, -1), line.last.at)
    return found if words <= MAX_REPEATED_WORDS else set()


def _new_words(known: Known, group: _Open) -> int:
    return sum(line.words - line.covered for line in known.lines[group.start : group.end])


def _is_answer(
    above: Place | None, below: Place | None, words: int, changed: int, *, in_doubt: bool
) -> bool:
    """Tell whether nothing of the message, or hardly anything, stood in place of new words."""
    if above is None or below is None:
        at_edge = (below is not None and below.at == 0) or (above is not None and _has_ended(above))
        return at_edge or (in_doubt and above is not below)
    left_out = below.at - above.at
    if above.passage is not below.passage or left_out < 0:
        return in_doubt or _has_ended(above) or below.at == 0
    return in_doubt or left_out - changed <= words // WORDS_FOR_ONE


def _has_ended(place: Place) -> bool:
    return place.at >= place.passage.end
