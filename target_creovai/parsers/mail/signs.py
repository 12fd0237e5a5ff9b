"""What attributions and header lines are made of: dates, times of day, addresses."""

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
TIME: Final = re.compile(
    r"(?<!\d)\d{1,2}(?::|\s?h|시)\s?\d\d(?!\d)"
    r"|(?<![\d.])\d{1,2}\.\d\d(?![\d.])"
    r"|\d{1,2}\s?(?:[ap]\.?m\b|時|点|시)",
    re.IGNORECASE,
)
# Of our era, the Buddhist one (25xx), the Persian (13xx, 14xx); of a Japanese one.
_A_YEAR: Final = r"(?<!\d)(?:(?:1[34]|19|20|25)\d\d(?!\d)|\d{1,2}年)"
YEAR: Final = re.compile(rf"{_A_YEAR}|(?<!\d)\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2}}(?!\d)")
DATE: Final = re.compile(rf"{_A_YEAR}|(?<!\d)\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2}}")
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


def any_of(words: Iterable[str]) -> str:
    """Return a pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
