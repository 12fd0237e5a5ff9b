"""Phone numbers: international ones, and those of a region in the way that region writes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from phonenumbers import (
    SUPPORTED_REGIONS,
    Leniency,
    NumberParseException,
    PhoneNumberMatcher,
    is_valid_number,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from phonenumbers import PhoneNumberMatch

    from target_creovai.redaction.rules import Finder

# Words right before a number that say what it is, in several languages; where a
# language puts words together, they may go on (`telefonnummer`, `bestelling`).
_PHONE_WORDS = (
    r"tel|t[eé]l[eé]f|phone|cell|mobile|fax|whatsapp|dial|call(?:\s(?:me|us))?|ring|handy|gsm",
    r"telefon\w*|rufnummer|mobil\w*|portable|t[eé]l[eé]phone|tel[eé]fono|m[oó]vil|cellulare",
    r"telefone|celular|telefoon\w*|komórk\w*|телефон\w*|тел|моб",
)
_OTHER_WORDS = (
    r"orders?|cases?|tickets?|invoices?|ref|reference|rma|tracking|serial|sku|article|item",
    r"account|customer|contract|policy|part|model|booking|id|isbn|imei",
    r"bestell\w*|auftrag\w*|rechnung\w*|kunden\w*|vertrag\w*|artikel\w*|vorgang\w*",
    r"commande|facture|dossier|pedido|factura|caso|ordine|fattura|ordernummer|factuur",
    r"zam[oó]wieni\w*|заказ\w*",
)
_NUMBER = r"(?:[\s-]?(?:number|no|nr|num|nummer|num[eé]ro|n[uú]mero|番号|号码|号)\b)?"
_LINK = r"(?:\s+(?:is|was|ist|est|es|at|on|under|unter|au|al))?[\s.:#=()\[\]*<-]{0,4}\Z"


def _right_before(words: tuple[str, ...], unspaced: str) -> re.Pattern[str]:
    """Return what finds one of these words at the end; in some scripts no space parts words."""
    either = rf"(?:\b(?:{'|'.join(words)})\b|{unspaced})"
    return re.compile(either + _NUMBER + _LINK, re.IGNORECASE)


_IS_A_PHONE = _right_before(_PHONE_WORDS, "电话|電話|手机|携帯|전화")
_IS_NO_PHONE = _right_before(_OTHER_WORDS, "订单|注文|주문")
WORDS_BEFORE = 40  # characters that are looked at for such a word

_MONEY_OR_TIME_BEHIND = re.compile(
    r":[0-5]\d|\s?(?:[%€$£¥₹₽]|(?:eur|usd|gbp|chf|jpy|pln|brl|euros?|dollars?)\b)", re.IGNORECASE
)
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IP_ADDRESS = re.compile(rf"(?:{_OCTET}\.){{3}}{_OCTET}")
# In front of the rest of another number, or of an identifier such as `ORD-0301234567`.
_PART = re.compile(r"(?:\d[.,]|\w[-_]|#)\Z")
_DATE = re.compile(
    r"(?:\d{4}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{1,2}"
    r"|\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2}(?:\d\d)?)"
    r"(?!\s?[./-]\s?\d{2}(?!\d))"  # five pairs are a French number
)

_GAP = r"[ \u00a0\u202f./()\u2010-\u2015-]{0,3}"
_ROW = re.compile(rf"(?<!\w)(?<!\d[.,])[+(]{{0,2}}\d(?:{_GAP}\d){{6,14}}(?!\w|[.,:]\d)")
_ENOUGH_DIGITS = re.compile(r"\d(?:\D{0,4}\d){5}")
_NORTH_AMERICAN = re.compile(r"(?:1[-. ])?\(?[2-9]\d\d(?:\) ?|[-. ])[2-9]\d\d[-. ]\d{4}")
# A national prefix, without the zeros of a number that is filled up with them.
_TRUNK = re.compile(r"\(?0[1-9]")
SHORTEST_WITH_TRUNK = 10  # digits; a case number of Salesforce has 8

# `00` is the international prefix of most of the world.
_PREFIX = re.compile(r"[+\uff0b]|(?<![\w+.,-])00(?=[ -]?[1-9])")
_GROUP = re.compile(rf"{_GAP}(\d+)")
MOST_DIGITS = 15  # ITU-T E.164, 6.2.1


def is_region(region: str) -> bool:
    """Tell whether numbers of this region (ISO 3166, two letters) can be told."""
    return region in SUPPORTED_REGIONS


def finder(region: str | None) -> Finder:
    """Return what finds numbers; `region` is where one without a country code may be dialled.

    A bare row of digits may be anything: it counts where a word before it says that it is a
    phone's, or where it begins as only numbers do that are dialled. Without `region`, other
    numbers without a country code count if they are written as North America does.
    """

    def find(text: str) -> Iterator[tuple[int, int]]:
        if not _ENOUGH_DIGITS.search(text):  # which is quick, and true of most texts
            return
        yield from (row.span() for row in _ROW.finditer(text) if _is_announced(text, row))
        for match in PhoneNumberMatcher(text, region or "US", Leniency.VALID):
            if _is_phone(text, match, region):
                yield match.start, match.end
        yield from _international(text)

    return find


def _is_announced(text: str, row: re.Match[str]) -> bool:
    return not _DATE.match(row[0]) and bool(_IS_A_PHONE.search(_before(text, row.start())))


def _is_phone(text: str, match: PhoneNumberMatch, region: str | None) -> bool:
    raw = match.raw_string
    if raw.lstrip("([").startswith(("+", "\uff0b")):
        return True
    if (
        _IS_NO_PHONE.search(_before(text, match.start))
        or _DATE.match(raw)
        or _IP_ADDRESS.fullmatch(raw)
        or _MONEY_OR_TIME_BEHIND.match(text, match.end)
        or _PART.search(_before(text, match.start))
    ):
        return False
    if region is None:
        return _NORTH_AMERICAN.match(raw) is not None
    if _TRUNK.match(raw) and sum(map(str.isdigit, raw)) >= SHORTEST_WITH_TRUNK:
        return True
    return (
        not raw.isdigit() and PhoneNumberMatcher(raw, region, Leniency.STRICT_GROUPING).has_next()
    )


def _international(text: str) -> Iterator[tuple[int, int]]:
    """Yield what the library overlooks: numbers with `00`, and those with more digits behind."""
    for prefix in _PREFIX.finditer(text):
        if prefix[0] == "00" and _IS_NO_PHONE.search(_before(text, prefix.start())):
            continue
        groups, digits = [], ""
        end = prefix.end()
        while len(digits) <= MOST_DIGITS and (group := _GROUP.match(text, end)):
            digits, end = digits + group[1], group.end()
            groups.append((digits, end))
        ends = (end for number, end in reversed(groups) if _is_international(number))
        if last := next(ends, None):
            yield prefix.start(), last


def _is_international(digits: str) -> bool:
    try:
        return is_valid_number(parse(f"+{digits}"))
    except NumberParseException:
        return False


def _before(text: str, at: int) -> str:
    return text[max(0, at - WORDS_BEFORE) : at]
