"""Attributions in the middle of a line: clients join lines where they drop breaks."""

from __future__ import annotations

import re
from typing import Final

from target_creovai.parsers.mail.markers.attribution_signs import (
    CAPITALIZED,
    MAX_ATTRIBUTION_CHARS,
    OPENING,
    VERBS,
    signs_of,
)
from target_creovai.parsers.mail.phrases.signs import DRESSING

MIN_CHARS_BEFORE: Final = 4
# One look for these spares most lines the comparison with each verb.
_VERB_ENDS: Final = frozenset(verb[-2:] for verb in VERBS)
_GLUED_OPENING: Final = re.compile(
    rf"(?:(?<=[.!?>)])|(?<=\s))(?:{CAPITALIZED})\s(?=.{{0,40}}\d)"
    r"|(?<=[.!?>)])\s?(?:\d{4}[./-]\d\d?[./-]\d\d?|\d\d?[./-]\d\d?[./-]\d\d(?:\d\d)?)\b"
)
# What one or the other holds: found much quicker, as no look back comes first.
_CAPITAL_OPENING: Final = re.compile(rf"(?:{CAPITALIZED})\s")
_DATE_OPENING: Final = re.compile(r"[.!?>)]\s?\d")
_COLON: Final = re.compile(r"[:\uff1a]")
_MARK_BELOW: Final = re.compile(" *>")
_ABOVE_MARK: Final = frozenset(" >")


def split_at_attribution(line: str) -> list[str]:
    """Return the line cut above and below an attribution in its midst, if it holds one."""
    end = _glued_end(line)
    if not end:
        return [line]
    head, tail = line[:end], line[end:].lstrip()
    bare = line.lstrip(DRESSING)
    if not tail and OPENING.match(bare) and not _opens_inside(bare):
        return [line]
    offset = max(0, len(head) - MAX_ATTRIBUTION_CHARS)
    openings = [offset + match.start() for match in _GLUED_OPENING.finditer(head[offset:])]
    for opening in reversed(openings):
        # "El El mar": said twice.
        if len(head[:opening].strip(DRESSING)) < MIN_CHARS_BEFORE:
            break
        if signs_of(head[opening:]).is_full:
            return [part for part in (head[:opening].rstrip(), head[opening:], tail) if part]
    return [head, tail] if tail and signs_of(head).is_full else [line]


def _opens_inside(bare: str) -> bool:
    may_open = _CAPITAL_OPENING.search(bare, 1) or _DATE_OPENING.search(bare)
    return may_open is not None and _GLUED_OPENING.search(bare) is not None


def _glued_end(line: str) -> int:
    """Return where "wrote:" ends, or a colon right before a quote mark; 0 if none does."""
    folded = line.casefold()
    folded = folded if len(folded) == len(line) else line
    for colon in _COLON.finditer(line):
        start, end = colon.span()
        is_said = _ends_in_verb(folded, start - (line[start - 1 : start] == " "))
        if is_said or (line[end : end + 1] in _ABOVE_MARK and _MARK_BELOW.match(line, end)):
            return end
    return 0


def _ends_in_verb(folded: str, end: int) -> bool:
    return folded[end - 2 : end] in _VERB_ENDS and folded.endswith(VERBS, 0, end)
