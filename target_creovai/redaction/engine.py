"""One pass over each message: find, settle what overlaps, replace."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from target_creovai.redaction.rules import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from target_creovai.model import Conversation, Rules
    from target_creovai.redaction.rules import Rule


@dataclass(frozen=True, slots=True)
class Find:
    """A place in a text, and the rule that found it; `rank` is the rule's place in the setting."""

    start: int
    end: int
    rank: int


def redacted(conversation: Conversation, settings: Rules) -> tuple[Conversation, Mapping[str, int]]:
    """Return a conversation as it may leave, and how often each rule had something to replace.

    A message of which nothing is left is left out, as is who said nothing else.
    """
    rules = rules_of(settings.redact, settings.redact_region)
    if not rules:
        return conversation, {}
    counts: Counter[str] = Counter()
    messages = tuple(
        replace(message, text=text)
        for message in conversation.messages
        if (text := replace_finds(message.text, rules, counts)).strip()
    )
    speakers = {id(message.sender) for message in messages}
    participants = tuple(who for who in conversation.participants if id(who) in speakers)
    return replace(conversation, messages=messages, participants=participants), counts


def replace_finds(text: str, rules: Sequence[Rule], counts: Counter[str]) -> str:
    """Return a text after one pass, and count what each rule replaced."""
    finds = [
        Find(start, end, rank)
        for rank, rule in enumerate(rules)
        for start, end in rule.find(text)
        if start < end
    ]
    if not finds:
        return text
    pieces, done = [], 0
    for find in _settled(finds):
        rule = rules[find.rank]
        counts[rule.label] += 1
        pieces += [text[done : find.start], rule.replacement]
        done = find.end
    return "".join([*pieces, text[done:]])


def _settled(finds: Iterable[Find]) -> Iterator[Find]:
    """Yield finds that don't overlap any more.

    What overlaps is replaced as one, so that no end of it stays behind. It bears the name of its
    longest find, of equal ones that of the rule that was given first.
    """
    cluster: list[Find] = []
    end = 0
    for find in sorted(finds, key=lambda find: find.start):
        if cluster and find.start >= end:
            yield Find(cluster[0].start, end, _longest(cluster).rank)
            cluster = []
        cluster.append(find)
        end = max(end, find.end)
    yield Find(cluster[0].start, end, _longest(cluster).rank)


def _longest(cluster: Sequence[Find]) -> Find:
    return max(cluster, key=lambda find: (find.end - find.start, -find.rank))
