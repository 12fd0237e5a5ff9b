"""Patterns of what attributions and headers hold (dates, times, addresses), and of word lists."""

# ruff: noqa: RUF001 - dashes of every width.

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

# What clients put before a quoted line.
MARKS: Final = "> |»"
# Dashes, quote marks, and the asterisks that bold text leaves in plain text.
DRESSING: Final = "‐‑‒ \t\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069*_>=|-—–"
ADDRESS: Final = re.compile(r"[^\s@]@[\w-]{1,80}")
BRACKETED_ADDRESS: Final = re.compile(
    r"[<(\[](?:mailto:)?[^\s<>@()\[\]]{1,64}@[^\s<>()\[\]]{1,200}[>)\]]"
)
# "15:04", "15h04", "3 pm"; "15.04" too, unless it is part of a date.
# All begin with a digit, which a search finds at once; what must not stand before it comes next.
TIME: Final = re.compile(
    r"\d(?:(?<!\d\d)\d?(?::|\s?h|시)\s?\d\d(?!\d)"
    r"|(?<![\d.]\d)\d?\.\d\d(?![\d.])"
    r"|\d?\s?(?:[ap]\.?m\b|時|点|시))",
    re.IGNORECASE,
)
# Of our era, the Buddhist one (25xx), the Persian (13xx, 14xx); of a Japanese one.
_A_YEAR: Final = r"(?<=1)[349]\d\d(?!\d)|(?<=2)[05]\d\d(?!\d)|\d?年"
YEAR: Final = re.compile(rf"\d(?<!\d\d)(?:{_A_YEAR}|\d?[./-]\d{{1,2}}[./-]\d{{2}}(?!\d))")
DATE: Final = re.compile(rf"\d(?<!\d\d)(?:{_A_YEAR}|\d?[./-]\d{{1,2}}[./-]\d{{2}})")
# A day, where the year is left out: "4 Mar", "Mar 4", "4. März", "4.3.".
DAY: Final = re.compile(
    r"(?<![\d:.])\d{1,2}(?:\.|st|nd|rd|th)?(?:,| de)?\s[^\W\d_]{3,}"
    r"|[^\W\d_]{3,}\.?\s\d{1,2}(?![\d:])"
    r"|(?<!\d)\d{1,2}[./]\d{1,2}\.?(?!\d)|\d{1,2}月\s?\d{1,2}日"
)

_FOREIGN: Final = re.compile(r"(?![0-9])\d|[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def in_ascii_digits(text: str) -> str:
    """Return the text with the digits of every script as 0 to 9, without marks of direction."""
    return text if text.isascii() else _FOREIGN.sub(_ascii_digit, text)


def _ascii_digit(found: re.Match[str]) -> str:
    return str(int(found[0])) if found[0].isdecimal() else ""


def folded(text: str) -> str:
    """Return a text in one case, as patterns that ignore case see it: with one kind of "i"."""
    plain = text.casefold()
    return plain if plain.isascii() else plain.replace("i\u0307", "i").replace("\u0131", "i")


class Openings:
    """Words that a text may begin with: the first letters tell most texts apart."""

    def __init__(self, words: Iterable[str]) -> None:
        """Take words of which each has a letter at least."""
        known = [*filter(None, words)]
        self._size = min(map(len, known))
        self._heads = frozenset(folded(word[: self._size]) for word in known)

    def may_begin(self, text: str) -> bool:
        """Tell whether a pattern of the words that ignores case is worth a try."""
        return folded(text[: self._size]) in self._heads


def any_of(words: Iterable[str]) -> str:
    """Return a pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
