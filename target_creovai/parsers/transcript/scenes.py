"""From the tokens of a transcript to its segments: header, speakers, and what was handed over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.transcript import words
from target_creovai.parsers.transcript.dates import parse_start
from target_creovai.parsers.transcript.entries import AGENT, ENTRY, STARTED, Kind, Token, bare
from target_creovai.parsers.transcript.markup import decode
from target_creovai.parsers.transcript.speakers import Scene, Transfer, name_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

_HEADERS: Final = frozenset({Kind.STARTED, Kind.ORIGIN, Kind.AGENT, Kind.TRANSFER})


@dataclass(frozen=True, slots=True)
class Segment:
    """The header that a chat, and each transfer of it, starts with; as printed, None if absent."""

    started_at: datetime | None
    origin: str | None
    agent: str | None


@dataclass(slots=True)
class Part:
    """The tokens from one start to the next, and what they say about who speaks in them."""

    tokens: list[Token] = field(default_factory=list)
    scene: Scene = field(default_factory=Scene)
    segment: Segment | None = None
    started: Token | None = None


def split_into_parts(tokens: Iterable[Token]) -> list[Part]:
    """Return the parts of a transcript; the first has no start when the body has none."""
    parts = [Part()]
    for token in tokens:
        if token.kind is STARTED:
            parts.append(Part(started=token))
        parts[-1].tokens.append(token)
    before_bot = False
    for part in parts:
        before_bot = _read_scene(part, after_bot=before_bot)
    return [part for part in parts if part.tokens]


def text_of(token: Token) -> str:
    """Return the token's text as a reader sees it: entities decoded once, lines trimmed."""
    texts = token.texts
    if len(texts) == 1:
        return decode(texts[0]).strip()
    return decode("\n".join([text.strip() for text in texts])).strip()


def speaker_of(name: str | None) -> str:
    """Return the printed name as a reader sees it."""
    return decode(name or "").strip()


def settle_colons(tokens: Sequence[Token], known: AbstractSet[str]) -> None:
    """Where a known name holds ": ", end the name there instead of at its first colon."""
    agents = [_agent_in(token) for token in tokens if token.kind is AGENT]
    headed = {name_key(agent) for agent in agents if agent}
    names = sorted((name for name in known | headed if ": " in name), key=len, reverse=True)
    for token in tokens if names else ():
        if token.name is not None and token.label is None:
            _settle_colon(token, names)


def _settle_colon(token: Token, names: Sequence[str]) -> None:
    pieces = f"{token.name}:{token.texts[0]}".split(":", max(name.count(":") for name in names) + 1)
    for name in names:
        count = name.count(":") + 1
        head = ":".join(pieces[:count])
        if len(pieces) > count and name_key(decode(head)) == name:
            token.name, token.texts[0] = head, ":".join(pieces[count:])
            return


def _read_scene(part: Part, *, after_bot: bool) -> bool:
    """Fill in scene and segment; tell whether a bot was at work in this part."""
    scene = part.scene
    printed = {token.name: token.label for token in part.tokens if token.kind is ENTRY}
    scene.speakers = {speaker_of(name): label for name, label in printed.items()}
    unspoken = [token for token in part.tokens if token.kind is not ENTRY]
    bot_seen = False
    for token in unspoken:
        if token.kind is Kind.NOTICE:
            bot_seen = bot_seen or words.BOT_AT_WORK.search(token.line) is not None
            if named := words.AGENT_IN_NOTICE.match(bare(text_of(token))):
                scene.others.append(named[1])
        elif token.kind is Kind.TRANSFER:
            by_bot = after_bot or bot_seen
            text = bare(text_of(token))
            scene.transfers.append(_transfer_in(text, scene.speakers, by_bot=by_bot))
    worded = next(filter(None, map(_agent_in, unspoken)), None)
    scene.agent = worded or _unworded_agent(unspoken, scene)
    part.segment = _segment_of(part, unspoken)
    return bot_seen


def _segment_of(part: Part, unspoken: Sequence[Token]) -> Segment | None:
    if not any(token.kind in _HEADERS for token in unspoken):
        return None
    origin = next((token for token in unspoken if token.kind is Kind.ORIGIN), None)
    takers = [transfer.taker for transfer in part.scene.transfers]
    return Segment(
        started_at=parse_start(text_of(part.started)) if part.started else None,
        origin=text_of(origin).partition(":")[2].strip() if origin else None,
        agent=part.scene.agent or next(iter(takers), None),
    )


def _agent_in(token: Token) -> str | None:
    if token.kind is not AGENT:
        return None
    text = bare(text_of(token))
    label = words.AGENT_LABEL.match(text)
    return text[label.end() :].strip() if label else None


def _unworded_agent(unspoken: Iterable[Token], scene: Scene) -> str | None:
    """Return the speaker whom a header line in an unknown language names after one word."""
    headings = {
        name_key(bare(text_of(token)).partition(" ")[2])
        for token in unspoken
        if token.kind is Kind.HEADING
    }
    if not headings:
        return None
    return next((name for name in scene.speakers if name_key(name) in headings), None)


def _transfer_in(text: str, speakers: Iterable[str], *, by_bot: bool) -> Transfer:
    """Return the two names, split where that makes one of them a speaker's, else at the first."""
    spoken = set(map(name_key, speakers))
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
