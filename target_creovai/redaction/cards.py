"""Payment cards: 13 to 19 digits of an issuer that exists, with a Luhn check digit."""

from __future__ import annotations

import re
import unicodedata
from string import ascii_letters
from typing import TYPE_CHECKING

import msgspec
from stdnum import ean, luhn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_creovai.redaction.rules import Finder

    Spans = Sequence[tuple[int, int]]

SHORTEST, LONGEST = 13, 19

# Between digits: spaces and dashes of all kinds, what nobody sees, a full stop, a line's end.
_GAP = (
    r"[ \t\r\n.\u00a0\u00ad\u2000-\u200d\u202f\u205f\u2060\u3000\ufeff"
    r"\u2010-\u2015\u2212\ufe58\ufe63\uff0d-]"
)
FOUR = 4
# American Express, Diners Club, long ones of Maestro, and what people write.
_OTHER_GROUPS = frozenset({(4, 6, 5), (4, 6, 4), (4, 5, 6), (6, 13), (8, 8), (6, 10)})

_RUN = re.compile(rf"\d(?:{_GAP}{{0,3}}\d){{{SHORTEST - 1},}}")
_GROUP = re.compile(r"\d+")
_PART_BEFORE = re.compile(r"(?:\d[.,]|\+)\Z")
_PART_BEHIND = re.compile(r"[.,]\d")


class Issuer(msgspec.Struct, frozen=True):
    """First digits from `low` to `high`, and how long numbers are that begin so."""

    low: str
    high: str
    lengths: frozenset[int]

    def fits(self, digits: str) -> bool:
        """Tell whether this issuer may have given out that number."""
        return self.low <= digits[: len(self.low)] <= self.high and len(digits) in self.lengths


def _issuer(prefixes: str, *lengths: int) -> Issuer:
    low, _, high = prefixes.partition("-")
    return Issuer(low, high or low, frozenset(lengths))


_LONG = (16, 17, 18, 19)
_ANY = (13, 14, 15, *_LONG)

# Who issues which number: Wikipedia, "Payment card number", table of prefixes.
ISSUERS = (
    _issuer("4", 13, 16, 19),  # Visa
    _issuer("51-55", 16),  # Mastercard
    _issuer("2221-2720", 16),
    _issuer("34", 15),  # American Express
    _issuer("37", 15),
    _issuer("300-305", 14, *_LONG),  # Diners Club
    _issuer("3095", 14, *_LONG),
    _issuer("36", 14, *_LONG),
    _issuer("38-39", 14, *_LONG),
    _issuer("6011", *_LONG),  # Discover
    _issuer("644-649", *_LONG),
    _issuer("65", *_LONG),
    _issuer("62", *_LONG),  # UnionPay
    _issuer("81-82", *_LONG),  # UnionPay, RuPay
    _issuer("3528-3589", *_LONG),  # JCB
    _issuer("5018", *_ANY),  # Maestro
    _issuer("5020", *_ANY),
    _issuer("5038", *_ANY),
    _issuer("5893", *_ANY),
    _issuer("6304", *_ANY),
    _issuer("6759", *_ANY),
    _issuer("6761-6763", *_ANY),
    _issuer("2200-2204", *_LONG),  # Mir
    _issuer("508", 16),  # RuPay
    _issuer("607-608", 16),
    _issuer("9792", 16),  # Troy
    _issuer("5060-5061", 16, 18, 19),  # Verve
    _issuer("5066-5067", 16),  # Elo
    _issuer("6062", 16),  # Hipercard
    _issuer("5019", 16),  # Dankort
)


def finder(_region: str | None) -> Finder:
    """Return what finds card numbers, in one piece or in the groups that cards show."""
    return _find


def _find(text: str) -> Iterator[tuple[int, int]]:
    for run in _RUN.finditer(text):
        groups = [group.span() for group in _GROUP.finditer(text, *run.span())]
        first = 0
        # A card's number may stand among others: its date, its check value, a house number.
        while first < len(groups):
            start, end = groups[first]
            last = _last(text, groups, first) if end - start >= FOUR else None
            if last is not None:
                yield groups[first][0], groups[last][1]
            first = (first if last is None else last) + 1


def _last(text: str, groups: Spans, first: int) -> int | None:
    """Return the last group of the longest card number that begins with this group."""
    found, digits = None, ""
    for last in range(first, len(groups)):
        digits += text[slice(*groups[last])]
        if len(digits) > LONGEST:
            break
        if len(digits) >= SHORTEST and _is_card(text, groups[first : last + 1], digits):
            found = last
    return found


def _is_card(text: str, groups: Spans, digits: str) -> bool:
    if not _is_grouped([end - start for start, end in groups]):
        return False
    plain = "".join(str(unicodedata.decimal(digit)) for digit in digits)
    start, end = groups[0][0], groups[-1][1]
    return (
        any(issuer.fits(plain) for issuer in ISSUERS)
        and luhn.is_valid(plain)
        # Of 13 digits there are few cards, and very many barcodes.
        and not (len(plain) == SHORTEST and ean.is_valid(plain))
        and text.count("\n", start, end) <= 1
        and _stands_alone(text, start, end)
    )


def _is_grouped(sizes: Sequence[int]) -> bool:
    """Tell whether digits stand as on a card; those of a table, or of a date, don't."""
    *whole, rest = sizes
    in_fours = all(size == FOUR for size in whole) and rest <= FOUR
    return len(sizes) == 1 or in_fours or tuple(sizes) in _OTHER_GROUPS


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Tell a number from a part of one, such as `0.4111...` or `+41 11...`, and of an Id."""
    before, after = text[max(0, start - LONGEST) : start], text[end : end + LONGEST]
    if _PART_BEFORE.search(before) or _PART_BEHIND.match(after):
        return False
    stem, tail = before.rstrip(ascii_letters), after.lstrip(ascii_letters)
    letters = len(before) - len(stem) + len(after) - len(tail)
    # Salesforce's Ids have 15 or 18 characters; others mix digits with letters as well.
    mixed = stem[-1:].isdigit() or tail[:1].isdigit()
    return not letters or not (mixed or end - start + letters in {15, 18})
