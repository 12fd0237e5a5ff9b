"""E-mail addresses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_creovai.redaction.rules import Finder

_AT = re.compile("[@\uff20]")
LONGEST_LOCAL_PART = 64  # RFC 5321, 4.5.3.1.1

# Letters of a script without spaces run on into the sentence, so they count only where no Latin
# one stands at the sign itself. The local part is read backwards.
_SIGNS = r"0-9_.%&'+-"
_LOCAL = (re.compile(rf"[a-zA-Z\u00c0-\u024f{_SIGNS}]+"), re.compile(rf"[\w{_SIGNS}]+"))
_DOMAIN = (
    re.compile(r"(?i)(?:[a-z0-9\u00c0-\u024f-]{1,63}\.)+(?:xn--[a-z0-9-]{2,59}|[a-z]{2,63})"),
    re.compile(r"(?:[\w-]{1,63}\.)+[^\W\d_]{2,63}"),
)
# Names of pictures, as in `logo@2x.png`: none of these ends a domain.
_FILES = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "bmp"})
_NOT_FIRST = ".%&'+-"


def finder(_region: str | None) -> Finder:
    """Return what finds addresses, internationalised ones included."""
    return _find


def _find(text: str) -> Iterator[tuple[int, int]]:
    for sign in _AT.finditer(text):
        start, end = _start(text, sign.start()), _end(text, sign.end())
        if start < sign.start() and end > sign.end():
            yield start, end


def _start(text: str, at: int) -> int:
    before = text[max(0, at - LONGEST_LOCAL_PART) : at]
    backwards = before[::-1]
    match = next((found for form in _LOCAL if (found := form.match(backwards))), None)
    local = before[len(before) - match.end() :] if match else ""
    return at - len(local.lstrip(_NOT_FIRST))


def _end(text: str, at: int) -> int:
    match = next((found for form in _DOMAIN if (found := form.match(text, at))), None)
    if match is None or match[0].rpartition(".")[2].casefold() in _FILES:
        return at
    return match.end()
