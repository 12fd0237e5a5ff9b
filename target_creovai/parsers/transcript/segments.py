"""From the tokens of a transcript to its segments: header, speakers and transfers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from target_creovai.parsers.transcript import words
from target_creovai.parsers.transcript.dates import parse_clock, parse_start
from target_creovai.parsers.transcript.entries import (
    AGENT,
    ENTRY,
    HEADING,
    NOTICE,
    ORIGIN,
    STARTED,
    TRANSFER,
    Token,
    bare,
)
from target_creovai.parsers.transcript.markup import decode
from target_creovai.parsers.transcript.speakers import PrintedName, SegmentFacts, Transfer, name_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime, time

_HEADERS: Final = frozenset({STARTED, ORIGIN, AGENT, TRANSFER})


class SegmentHeader(msgspec.Struct, frozen=True):
    """The header that a chat, and each transfer of it, starts with; as printed, None if absent."""

    started_at: datetime | None
    origin: str | None
    agent: str | None


class Segment(msgspec.Struct):
    """The tokens from one start to the next, and what they state about the speakers in them."""

    tokens: list[Token] = msgspec.field(default_factory=list)
    facts: SegmentFacts = msgspec.field(default_factory=SegmentFacts)
    header: SegmentHeader | None = None
    started: Token | None = None

    @property
    def clock(self) -> time | None:
        """The time of day that its start states, whatever it says of the day."""
        return parse_clock(text_of(self.started)) if self.started else None


def split_into_segments(tokens: Iterable[Token]) -> list[Segment]:
    """Return the segments of a transcript; the first has no start when the body has none."""
    segments = [Segment()]
    for token in tokens:
        if token.kind is STARTED:
            segments.append(Segment(started=token))
        segments[-1].tokens.append(token)
    segments = [segment for segment in segments if segment.tokens]
    before = SegmentFacts()
    for segment in segments:
        _read_facts(segment, before)
        before = segment.facts
    return segments


def text_of(token: Token) -> str:
    """Return the token's text as a reader sees it: entities decoded once, lines trimmed."""
    texts = token.texts
    text = texts[0] if len(texts) == 1 else "\n".join([text.strip() for text in texts])
    return decode(text).strip() if "&" in text else text.strip()


def speaker_of(name: str | None) -> str:
    """Return the printed name as a reader sees it."""
    return decode(name or "").strip()


def extend_names_over_colons(tokens: Sequence[Token], known: AbstractSet[str]) -> None:
    """Where a known name holds ": ", end the name there instead of at its first colon."""
    agents = [_agent_in(token) for token in tokens if token.kind is AGENT]
    headed = {name_key(agent) for agent in agents if agent}
    names = sorted((name for name in known | headed if ": " in name), key=len, reverse=True)
    for token in tokens if names else ():
        if token.name is not None and token.label is None:
            _extend_over_colon(token, names)


def _extend_over_colon(token: Token, names: Sequence[str]) -> None:
    pieces = f"{token.name}:{token.texts[0]}".split(":", max(name.count(":") for name in names) + 1)
    for name in names:
        count = name.count(":") + 1
        head = ":".join(pieces[:count])
        if len(pieces) > count and name_key(decode(head)) == name:
            token.name, token.texts[0] = head, ":".join(pieces[count:])
            return


def _read_facts(segment: Segment, before: SegmentFacts) -> None:
    """Fill in facts and header."""
    facts = segment.facts
    counts: dict[tuple[str | None, str | None], int] = {}
    unspoken: list[Token] = []
    for token in segment.tokens:
        if token.kind is ENTRY:
            printed = token.name, token.label
            counts[printed] = counts.get(printed, 0) + 1
        else:
            unspoken.append(token)
    for (name, label), count in counts.items():
        speaker = PrintedName(speaker_of(name), label)
        facts.message_counts[speaker] = facts.message_counts.get(speaker, 0) + count
    for token in unspoken:
        if token.kind is NOTICE:
            _read_notice(bare(text_of(token)), facts)
        elif token.kind is TRANSFER:
            by_bot = before.left_by_bot or facts.left_by_bot
            facts.transfers.append(
                _transfer_in(bare(text_of(token)), facts.message_counts, by_bot=by_bot)
            )
    worded = next(filter(None, map(_agent_in, unspoken)), None)
    if worded is None:
        headings = [bare(text_of(token)) for token in unspoken if token.kind is HEADING]
        worded = _unworded_agent(headings, facts)
        facts.transfers += _unworded_transfers(headings, before, facts)
    facts.agent = worded
    segment.header = _header_of(segment, unspoken)


def _read_notice(text: str, facts: SegmentFacts) -> None:
    by_bot = words.BOT_AT_WORK.match(text)
    failed = words.FAILED.search(text) is not None
    facts.has_bot = facts.has_bot or by_bot is not None
    facts.left_by_bot = facts.left_by_bot or (by_bot is not None and not failed)
    to_bot = words.TO_BOT.search(text, by_bot.end() if by_bot else 0)
    if to_bot and not failed:
        facts.left_to_bot = True
        facts.bots += filter(None, [to_bot[1].strip(" .")])
    facts.agents += _agents_in_notice(text, facts)


def _agents_in_notice(text: str, facts: SegmentFacts) -> Iterator[str]:
    """Yield whom a notice calls an agent; in languages that we do not know, one who speaks."""
    if named := words.AGENT_IN_NOTICE.match(text):
        yield named[1]
        return
    label = words.AGENT_LABEL.match(text)
    for printed in facts.message_counts:
        called = label and text.startswith(printed.name + " ", label.end())
        if called or (text.startswith(printed.name) and _joins(text, len(printed.name))):
            yield printed.name


def _joins(text: str, end: int) -> bool:
    return words.CONFERENCE.match(text, end) is not None


def _header_of(segment: Segment, unspoken: Sequence[Token]) -> SegmentHeader | None:
    if not any(token.kind in _HEADERS for token in unspoken):
        return None
    origin = next((token for token in unspoken if token.kind is ORIGIN), None)
    takers = [transfer.taker for transfer in segment.facts.transfers]
    return SegmentHeader(
        started_at=parse_start(text_of(segment.started)) if segment.started else None,
        origin=text_of(origin).partition(":")[2].strip() if origin else None,
        agent=segment.facts.agent or next(iter(takers), None),
    )


def _agent_in(token: Token) -> str | None:
    if token.kind is not AGENT:
        return None
    text = bare(text_of(token))
    label = words.AGENT_LABEL.match(text)
    return text[label.end() :].strip() if label else None


def _unworded_agent(headings: Iterable[str], facts: SegmentFacts) -> str | None:
    """Return the speaker whom a header line in an unknown language names after one word."""
    named = {name_key(text.partition(" ")[2]) for text in headings} - {""}
    return next(
        (printed.name for printed in facts.message_counts if name_key(printed.name) in named), None
    )


def _unworded_transfers(
    headings: Iterable[str], before: SegmentFacts, facts: SegmentFacts
) -> Iterator[Transfer]:
    """Yield whom a header line in an unknown language names, of those here and before."""
    earlier = {printed.name for printed in before.message_counts}
    here = {printed.name for printed in facts.message_counts}
    for text in headings:
        givers = [name for name in earlier - here if _names(text, name)]
        takers = [name for name in here - earlier if _names(text, name)]
        if len(givers) == len(takers) == 1:
            yield Transfer(givers[0], takers[0], before.left_by_bot)


def _names(text: str, name: str) -> bool:
    return f" {name} " in f" {text} "


def _transfer_in(text: str, speakers: Iterable[PrintedName], *, by_bot: bool) -> Transfer:
    """Return the two names, split where that makes one of them a speaker's, else at the first."""
    spoken = {name_key(printed.name) for printed in speakers}
    splits = list(_transfer_splits(text))
    giver, taker = next(
        (split for split in splits if not spoken.isdisjoint(map(name_key, split))), splits[0]
    )
    return Transfer(giver, taker, by_bot)


def _transfer_splits(text: str) -> Iterator[tuple[str, str]]:
    for before, between in words.TRANSFERS:
        if label := before.match(text):
            for middle in between.finditer(text, label.end()):
                yield text[label.end() : middle.start()].strip(), text[middle.end() :].strip()
