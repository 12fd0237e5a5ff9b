"""International bank account numbers: ISO 13616, with their check digits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stdnum import iban

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_creovai.redaction.rules import Finder

SHORTEST, LONGEST = 15, 34  # Norway's, and what the standard leaves room for
_GAP = "[ \u00a0\u2009\u202f.\u2010-\u2015-]{0,2}"
_HEAD = re.compile(rf"(?<![0-9A-Za-z])[A-Za-z]{{2}}{_GAP}[0-9]{{2}}")
_BLOCK = re.compile(rf"{_GAP}([0-9A-Za-z]+)")


def finder(_region: str | None) -> Finder:
    """Return what finds account numbers of any country, in blocks or in one piece."""
    return _find


def _find(text: str) -> Iterator[tuple[int, int]]:
    for head in _HEAD.finditer(text):
        if end := _end(text, head.start()):
            yield head.start(), end


def _end(text: str, start: int) -> int | None:
    """Return the end of the number that starts here; words may follow it."""
    number, end = "", start
    while len(number) <= LONGEST and (block := _BLOCK.match(text, end)):
        number, end = number + block[1], block.end()
        if SHORTEST <= len(number) <= LONGEST and iban.is_valid(number, check_country=False):
            return end
    return None
