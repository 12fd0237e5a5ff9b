"""Runs of words that a mail shares with the earlier messages of its case.

From an anchor on both texts are compared word by word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from target_creovai.parsers.mail.earlier.passages import ANCHOR_WORDS, Place, Run
from target_creovai.parsers.mail.phrases.words import common_length

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from target_creovai.parsers.mail.earlier.passages import Earlier

# So many go on with what was left, such as a label that a value was written behind.
WORDS_TO_GO_ON: Final = 2
# How far ahead in the same message a run may go on, where something was left out.
REACH: Final = 400
# What was changed, left out or put in, in words of the mail and of the earlier message.
CHANGES: Final = ((1, 1), (0, 1), (1, 0), (1, 2), (2, 1), (2, 2), (0, 2), (2, 0))
# How many lines an answer may have before the quoted text goes on.
MAX_ANSWER_LINES: Final = 12


def runs_in(earlier: Earlier, lines: Sequence[str], breaks: AbstractSet[int]) -> list[Run]:
    """Return where a mail repeats earlier messages, in the mail's order.

    Args:
        earlier: The earlier messages.
        lines: The words of the mail's lines.
        breaks: Lines where another message may begin.
    """
    return _Comparison(earlier, lines).runs(breaks) if earlier else []


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
