"""Threads of mails in which each quotes the one before it, as one of many clients does.

No two mails share a word but small ones, so whose each word is, is known by construction. A quote
may come back changed, as gateways and clients change it, cut, or with answers inside.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from functools import reduce
from html import escape
from itertools import chain, count, islice
from operator import add, itemgetter
from typing import TYPE_CHECKING, Final

from tests.accuracy.clients import CLIENTS, Client, Rendered
from tests.accuracy.scores import MailScore
from tests.target.rows import at, case, mail, reply
from tests.target.support import payload_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from random import Random

    from tests.target.rows import Record

SYLLABLES: Final = ("ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru")
SMALL: Final = ("the", "of", "to", "and", "in", "it", "is", "we")
CHANGED, CUT, ANSWERED, GREETED, LISTED, LINKED, CITED = 0.25, 0.2, 0.15, 0.5, 0.2, 0.3, 0.15
MAX_REPLIES, MAX_PARAGRAPHS, MAX_WORDS, MIN_FIRST_WORDS = 5, 3, 30, 12
WRAPPER: Final = textwrap.TextWrapper(70, break_long_words=False, break_on_hyphens=False)
CUSTOMER: Final = "Greta Olsen"
# A run of words that all of them may say; counted for nobody.
TOPIC: Final = "Deluxe coffee machine 2000 in matt black with milk foamer"
BANNER: Final = "CAUTION: This email originated from outside of the organization."


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who takes part, always with the same client."""

    name: str
    address: str
    client: Client


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a mail in both renderings, and the words that nothing else says."""

    shown: Rendered
    words: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Written:
    """One mail of a thread.

    Attributes:
        blocks: Its own paragraphs, and last what it quotes with the client's marks.
        own: The words that its author wrote in it.
        history: The words that it quotes, but for those of paragraphs that an answer stands below
            or that the author cites.
        by: Who wrote it.
        how: What was done to the quote, to be read where a test fails.
    """

    blocks: tuple[Block, ...]
    own: frozenset[str]
    history: frozenset[str]
    by: Writer
    how: str = "first"

    @property
    def text(self) -> str:
        """The mail as plain text."""
        return "\n\n".join(block.shown.text for block in self.blocks)

    @property
    def html(self) -> str:
        """The mail as HTML."""
        return "".join(block.shown.html for block in self.blocks)


def thread(random: Random) -> list[Written]:
    """Return the mails of a thread in order of time."""
    words = _fresh_words(random)
    greta = Writer(CUSTOMER, "greta@home.example", random.choice(CLIENTS))
    tomas = Writer("Tomas Berg", "care@shop.example", random.choice(CLIENTS))
    ida = Writer("Ida Roth", "ida@work.example", random.choice(CLIENTS))
    blocks = tuple(_paragraphs(random, words, greta, min_words=MIN_FIRST_WORDS))
    mails = [Written(blocks, _words_of(blocks), frozenset(), greta)]
    for _ in range(random.randint(1, MAX_REPLIES)):
        others = [writer for writer in (greta, tomas, ida) if writer != mails[-1].by]
        mails.append(_reply(random, words, mails[-1], random.choice(others)))
    return mails


def score_thread(random: Random) -> MailScore:
    """Return how a thread comes out that is sent through a case, mail by mail."""
    mails = thread(random)
    rows = [case(), *(_row(random, number, written) for number, written in enumerate(mails, 1))]
    sent = sorted(payload_of(*rows)["messages"], key=itemgetter("utcTimestamp"))
    if len(sent) != len(mails):
        msg = f"{len(sent)} messages of {len(mails)} mails"
        raise ValueError(msg)
    return reduce(add, map(_score, mails, (message["content"] for message in sent)))


def _row(random: Random, number: int, written: Written) -> Record:
    bodies = random.choice(("TextBody", "HtmlBody", "both"))
    return (mail if written.by.name == CUSTOMER else reply)(
        number,
        TextBody=None if bodies == "HtmlBody" else written.text,
        HtmlBody=None if bodies == "TextBody" else written.html,
        Subject="Re: the order",
        MessageDate=at(f"10:{number:02}"),
    )


def _score(written: Written, content: str) -> MailScore:
    kept_own = sum(word in content for word in written.own)
    left = sum(word in content for word in written.history)
    exact = kept_own == len(written.own) and not left
    return MailScore(
        mails=1,
        exact=int(exact),
        whole=len(written.own) + len(written.history),
        kept=kept_own + left,
        own=len(written.own),
        kept_own=kept_own,
        wrong=() if exact else (written.how,),
    )


def _reply(random: Random, words: Iterator[str], quoted: Written, writer: Writer) -> Written:
    own = [*_paragraphs(random, words, writer)]
    cited: list[Block] = []
    if random.random() < CITED:
        cited = [next(block for block in quoted.blocks if block.words & quoted.own)]
        own.append(_citing(cited[0], [*islice(words, 6)]))
    tweaks = [name for name in TWEAKS if random.random() < CHANGED]
    quote = _come_back(random, quoted.blocks, tweaks)
    answers = {
        index: _paragraph(random, words, 3)
        for index, block in enumerate(quote)
        if block.words and block.words <= quoted.own and random.random() < ANSWERED
    }
    shown = _with_answers(quote, answers, writer.client.mark)
    tail = writer.client.render(shown, quoted.by.name, quoted.by.address)
    asked = [quote[index] for index in answers]
    return Written(
        blocks=(*own, Block(tail, _words_of([*quote, *answers.values()]))),
        own=_words_of([*own, *answers.values()]),
        history=_words_of(quote) - _words_of(asked) - _words_of(cited),
        by=writer,
        how=f"{writer.client.name}, {len(answers)} answers inside, {', '.join(tweaks)}",
    )


def _come_back(random: Random, blocks: Sequence[Block], tweaks: Iterable[str]) -> list[Block]:
    """Return what a client and the gateways before it make of a mail that is quoted."""
    quote = [_tweaked(block, tweaks) for block in blocks]
    if random.random() < CUT:
        quote = quote[: random.randint(1, len(quote))]
    if random.random() < CHANGED:
        quote.insert(0, Block(Rendered(BANNER, f"<div>{BANNER}</div>")))
    return quote


def _with_answers(quote: Sequence[Block], answers: Mapping[int, Block], mark: str) -> Rendered:
    """Return a quote with its lines marked, and answers below some of its paragraphs."""
    text = html = ""
    for index, block in enumerate(quote):
        answer = answers[index].shown if index in answers else Rendered("", "")
        gap = f"\n\n{answer.text}\n\n" if index in answers else f"\n{mark.rstrip()}\n"
        text += _marked(block.shown.text, mark) + gap
        html += block.shown.html + answer.html
    return Rendered(text.rstrip(f"\n{mark}"), html)


def _marked(text: str, mark: str) -> str:
    lines = text.split("\n")
    if mark:
        lines = [part for line in lines for part in WRAPPER.wrap(line) or [""]]
    return "\n".join((mark + line).rstrip() for line in lines)


# --- What people write --------------------------------------------------------------------------


def _fresh_words(random: Random) -> Iterator[str]:
    numbers = count(random.randrange(10_000), 7919)  # comes by each number below 10,000 once
    return ("".join(SYLLABLES[int(digit)] for digit in f"{n % 10_000:04}") for n in numbers)


def _words_of(blocks: Iterable[Block]) -> frozenset[str]:
    return frozenset(chain.from_iterable(block.words for block in blocks))


def _paragraphs(
    random: Random, words: Iterator[str], writer: Writer, min_words: int = 1
) -> Iterator[Block]:
    greeted = random.random() < GREETED
    if greeted:
        yield _block("Hello,")
    for _ in range(random.randint(1, MAX_PARAGRAPHS)):
        yield _paragraph(random, words, random.randint(min_words, MAX_WORDS))
    if greeted:
        yield _block(f"Kind regards\n{writer.name}")


def _paragraph(random: Random, words: Iterator[str], length: int) -> Block:
    said = [*islice(words, length)]
    shown = [
        f"{word} {random.choice(SMALL)}" if random.random() < LINKED else word for word in said
    ]
    if random.random() < LINKED:
        shown[-1] = f"https://shop.example/{said[-1]}"
    if random.random() < CITED:
        shown.insert(len(shown) // 2, TOPIC)
    if random.random() < LISTED:
        return _block("\n".join(f"- {item}" for item in shown), said)
    shown[0] = f'"{shown[0]}"'
    return _block(" ".join(shown) + ".", said)


def _citing(block: Block, words: list[str]) -> Block:
    cited = " ".join(block.shown.text.split())
    return _block(f"You wrote: {cited} But {' '.join(words)}?", words)


def _block(text: str, words: Iterable[str] = ()) -> Block:
    lines = escape(text, quote=False).split("\n")
    html = "".join(f"<div>{line}</div>" for line in lines)
    return Block(Rendered(text, f"{html}<div><br></div>"), frozenset(words))


# --- What comes back changed --------------------------------------------------------------------


def _tweaked(block: Block, tweaks: Iterable[str]) -> Block:
    text, html = block.shown
    for name in tweaks:
        pattern, replacement = TWEAKS[name]
        text, html = (re.sub(pattern, replacement, rendering) for rendering in (text, html))
    return Block(Rendered(text, html), block.words)


TWEAKS: Final = {
    "safe links": (
        r"https://shop\.example/(\w+)",
        r"https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fshop.example%2F\1",
    ),
    "other bullets": (r"(?m)^(<div>)?- ", "\\1\u2022  "),
    "curly quotes": (r"(?<=[\s>])\"(\w+)\"", "\u201c\\1\u201d"),
    "no-break spaces": (r" (the|of|to) ", "\u00a0\\1 "),
    "a word": (r"\bwe\b", "they"),
    "no end": (r"\.(?=$|<)", ""),
}
