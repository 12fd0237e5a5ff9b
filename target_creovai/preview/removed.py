"""What is not sent of a message, and where it stood: found by comparing whole and sent text.

The parsers return only what they keep, so the places of what they took out are found again here.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import accumulate, groupby, takewhile
from typing import TYPE_CHECKING

import msgspec

from target_creovai.redaction.engine import restored

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from target_creovai.model.conversation import LeftOut, Message, Replacement

QUOTES, SIGNATURE = "quotes", "signature"
# A thread of mails quotes itself over and over: so much of each piece is on the page.
MAX_CHARS = 4_000
# More pairs of lines than this are not compared one by one.
MAX_PAIRS = 1_000_000


class Cut(msgspec.Struct, frozen=True):
    """A piece of a message that is not sent.

    `at`: how many characters of the text that is sent stand before it. `lines` counts those that
    say something, `more` the characters that are left out of `text`.
    """

    at: int
    kind: str
    lines: int
    text: str
    more: int


class Redacted(msgspec.Struct, frozen=True):
    """What stands in the text, and what it stands for; `rule` is how reports call the rule."""

    shown: str
    original: str
    rule: str


class Unsent(msgspec.Struct, frozen=True):
    """A message that is not sent. `at` is in UTC."""

    at: str
    why: str
    name: str | None
    channel: str | None
    text: str
    more: int


def cuts_of(message: Message) -> list[Cut]:
    """Return what was taken out of a message; the rules of `redact` came after that."""
    whole, signature, replaced = message.removed
    if whole is None:
        return []
    own = restored(message.text, replaced)
    return [
        _cut(_after_redaction(at, replaced), kind, lines)
        for at, lines in _runs(whole.split("\n"), own.split("\n"))
        for kind, lines in _by_kind(lines, signature)
    ]


def _cut(at: int, kind: str, lines: Sequence[str]) -> Cut:
    text, more = shortened("\n".join(lines).rstrip("\n"))
    return Cut(at, kind, sum(1 for line in lines if line.strip()), text, more)


def redactions_of(message: Message) -> list[Redacted]:
    """Return what was replaced in a message, in order."""
    return [
        Redacted(message.text[place.start : place.end], place.original, place.rule)
        for place in message.removed.replaced
    ]


def unsent_of(left_out: LeftOut, at: str) -> Unsent:
    """Return a message that is not sent, as the page shows it."""
    text, more = shortened(left_out.text)
    return Unsent(at, left_out.why, left_out.name, left_out.channel, text, more)


def shortened(text: str) -> tuple[str, int]:
    """Return the beginning of a text, and how many characters follow."""
    return text[:MAX_CHARS], max(0, len(text) - MAX_CHARS)


def _runs(whole: Sequence[str], own: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that are in the whole text only, and where they stood in the other."""
    starts = [*accumulate((len(line) + 1 for line in own), initial=0)]
    length = starts[-1] - 1
    for begin, end, before in _missing(whole, own):
        lines = "\n".join(whole[begin:end]).strip("\n")
        if lines.strip():
            yield min(starts[before], length), lines.split("\n")


def _missing(whole: Sequence[str], own: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    # Most answers stand above what they quote: the rest is compared line by line.
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(whole, own, strict=False)))
    rest, kept = whole[same:], own[same:]
    if not kept or len(rest) * len(kept) > MAX_PAIRS:
        yield same, len(whole), len(own)
        return
    steps: Sequence[tuple[str, int, int, int, int]]
    steps = SequenceMatcher(None, rest, kept).get_opcodes()
    if any(tag not in {"equal", "delete"} for tag, *_ in steps):
        # It looks for long runs and may miss that all lines are there: then they count.
        steps = _one_by_one(rest, kept) or steps
    for tag, begin, end, start, stop in steps:
        if tag == "delete":
            yield same + begin, same + end, same + start
        elif tag == "replace":
            yield from _changed(rest, kept[start:stop], begin, end, same, same + stop)


def _one_by_one(rest: Sequence[str], kept: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """Return steps from one text to the other that only take lines out; none where that fails."""
    steps, done = [], 0
    for number, line in enumerate(kept):
        found = next((at for at in range(done, len(rest)) if rest[at] == line), None)
        if found is None:
            return []
        steps.append(("delete", done, found, number, number))
        done = found + 1
    return [*steps, ("delete", done, len(rest), len(kept), len(kept))]


def _changed(
    rest: Sequence[str], changed: Sequence[str], begin: int, end: int, same: int, before: int
) -> Iterator[tuple[int, int, int]]:
    """Yield the lines that no changed line is made of: one got a quote mark, or lost a token."""
    for gone, lines in groupby(
        range(begin, end), key=lambda at: not any(_is_of(line, rest[at]) for line in changed)
    ):
        numbers = [*lines]
        if gone:
            yield same + numbers[0], same + numbers[-1] + 1, before


def _is_of(line: str, original: str) -> bool:
    bare = line.strip(" >")
    return bool(bare) and bare in original


def _by_kind(lines: Iterable[str], signature: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Split lines into signature and all else; an empty line belongs to the line above it."""
    expected = iter([line for line in signature if line.strip()])
    wanted, kind, marked = next(expected, None), QUOTES, []
    for line in lines:
        if line.strip():
            kind = SIGNATURE if line == wanted else QUOTES
            wanted = next(expected, None) if line == wanted else wanted
        marked.append((kind, line))
    for kind, group in groupby(marked, key=lambda pair: pair[0]):
        yield kind, [line for _, line in group]


def _after_redaction(at: int, replaced: Iterable[Replacement]) -> int:
    """Return where a place is once what stands before it was replaced."""
    for place in replaced:
        if place.start >= at:
            break
        at += place.end - place.start - len(place.original)
        at = max(at, place.end)
    return at
