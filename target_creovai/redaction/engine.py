"""One pass over each message: find, merge what overlaps, replace."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from target_creovai.model.conversation import LeftOut, Replacement, Why
from target_creovai.redaction.rules import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from target_creovai.model.conversation import Conversation, Message
    from target_creovai.model.settings import AssemblySettings
    from target_creovai.redaction.rules import Rule


class Match(msgspec.Struct, frozen=True):
    """A place that a rule found in a text; `rank` is the rule's place in the setting."""

    start: int
    end: int
    rank: int


def redacted(
    conversation: Conversation, settings: AssemblySettings
) -> tuple[Conversation, Mapping[str, int]]:
    """Return a conversation as it may leave, and how often each rule had something to replace.

    A message of which nothing is left is left out, as is a participant without another message.
    """
    rules = rules_of(settings.redact, settings.redact_region)
    if not rules:
        return conversation, {}
    counts: Counter[str] = Counter()
    everything = [
        _redacted(message, rules, counts, keep=settings.keep_removed)
        for message in conversation.messages
    ]
    messages = tuple(message for message in everything if message.text.strip())
    speakers = {id(message.sender) for message in messages}
    left = replace(
        conversation,
        messages=messages,
        participants=tuple(who for who in conversation.participants if id(who) in speakers),
    )
    if settings.keep_removed and len(messages) < len(everything):
        gone = (message for message in everything if not message.text.strip())
        left = replace(left, left_out=(*left.left_out, *map(_left_out, gone)))
    return left, counts


def _redacted(
    message: Message, rules: Sequence[Rule], counts: Counter[str], *, keep: bool
) -> Message:
    replaced: list[Replacement] = []
    text = replace_finds(message.text, rules, counts, replaced if keep else None)
    if text is message.text:
        return message
    removed = message.removed._replace(replaced=tuple(replaced)) if keep else message.removed
    return replace(message, text=text, removed=removed)


def _left_out(message: Message) -> LeftOut:
    """Return a message of which nothing stayed, as it was."""
    original = restored(message.text, message.removed.replaced)
    return LeftOut(message.at, Why.REDACTED, original, channel=message.channel)


def restored(text: str, replaced: Iterable[Replacement]) -> str:
    """Return the text in which nothing is replaced yet."""
    pieces, done = [], 0
    for place in replaced:
        pieces += [text[done : place.start], place.original]
        done = place.end
    return "".join([*pieces, text[done:]])


def replace_finds(
    text: str,
    rules: Sequence[Rule],
    counts: Counter[str],
    replaced: list[Replacement] | None = None,
) -> str:
    """Return a text after one pass; count what each rule replaced, and list it if asked to."""
    finds = [
        Match(start, end, rank)
        for rank, rule in enumerate(rules)
        for start, end in rule.find(text)
        if start < end
    ]
    if not finds:
        return text
    pieces, done, shift = [], 0, 0
    for find in _merged(finds):
        rule = rules[find.rank]
        counts[rule.label] += 1
        if replaced is not None:
            start, end = find.start + shift, find.start + shift + len(rule.replacement)
            replaced.append(Replacement(start, end, rule.label, text[find.start : find.end]))
            shift = end - find.end
        pieces += [text[done : find.start], rule.replacement]
        done = find.end
    return "".join([*pieces, text[done:]])


def _merged(finds: Iterable[Match]) -> Iterator[Match]:
    """Yield finds that don't overlap any more.

    What overlaps is replaced as one, so that no end of it stays behind. It bears the name of its
    longest find, of equal ones that of the rule that was given first.
    """
    cluster: list[Match] = []
    end = 0
    for find in sorted(finds, key=lambda find: find.start):
        if cluster and find.start >= end:
            yield Match(cluster[0].start, end, _longest(cluster).rank)
            cluster = []
        cluster.append(find)
        end = max(end, find.end)
    yield Match(cluster[0].start, end, _longest(cluster).rank)


def _longest(cluster: Sequence[Match]) -> Match:
    return max(cluster, key=lambda find: (find.end - find.start, -find.rank))
