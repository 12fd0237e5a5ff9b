"""Rules that users write themselves: regular expressions, of which none may run for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import regex

from target_creovai.errors import TextError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_creovai.redaction.rules import Finder

# A text of 131,072 characters, the longest that a mail has in Salesforce, takes a sound
# expression some milliseconds. One like `(a+)+b` may take years.
SECONDS_PER_TEXT = 2.0


def compiles(pattern: str) -> bool:
    """Tell whether this is a regular expression."""
    try:
        regex.compile(pattern)
    except (regex.error, OverflowError, RecursionError):
        return False
    return True


def finder(pattern: str, label: str) -> Finder:
    """Return what finds an expression, in the case in which it is written (`(?i)`: in any)."""
    compiled = regex.compile(pattern)

    def find(text: str) -> Iterator[tuple[int, int]]:
        try:
            for match in compiled.finditer(text, timeout=SECONDS_PER_TEXT):
                yield match.span()
        except TimeoutError:
            msg = (
                f"redact: {label} came to no end within {SECONDS_PER_TEXT:.0f} seconds on a text "
                f"of {len(text)} characters: make its expression simpler"
            )
            raise TextError(msg) from None

    return find
