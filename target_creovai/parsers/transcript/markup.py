"""From the HTML of a transcript to its printed lines.

No tree is built. A tag matters only where it breaks a line or centres a block, so each becomes
nothing or a line break, with one mark at the head of the line that follows it. That keeps the
work linear whatever the markup, and makes copies without markup the same thing: lines.
"""

from __future__ import annotations

import html
import re
from functools import lru_cache
from html.entities import html5
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

# Heads of lines. Control characters of the input are blanked first, so these are ours alone.
CENTRED: Final = "\x01"
CLOSED: Final = "\x02"
MARKS: Final = CENTRED + CLOSED

# Salesforce cuts Body here, wherever that is in an entry, a tag or an entity.
FIELD_LIMIT: Final = 131_072

_BLOCK: Final = re.compile(
    r"address|article|blockquote|body|center|d[dlt]|div|footer|h[1-6r]|head(?:er)?|html|li|main|[ou]l|p"
    r"|pre|section|t[dhr]|table|tbody|thead"
)

# A quoted value may hold ">", never "<": so no attempt looks beyond the next "<".
_ATTRIBUTES = r"""(?:[^<>"']++|"[^"<]*"|'[^'<]*')*(?=>)|[^<>]*+"""
_TAG: Final = re.compile(
    rf"<(/?)([a-zA-Z][\w:-]*+)((?:[\s/](?:{_ATTRIBUTES}))?)>|<(?:!--|!\[|!doctype\b|\?xml\b)[^<>]*>",
    re.IGNORECASE,
)
_MARKUP: Final = re.compile(
    r"<br\s{0,8}/?>|<(?:p|div|center|span|body|html|table|t[rdh]|li|[uo]l|h\d|!--)[\s>]|</[a-z]"
    r"|<[a-z]{1,10}\s[^<>=]{0,99}=",
    re.IGNORECASE,
)
_INLINE: Final = re.compile(
    r"a|abbr|acronym|area|audio|b|base|basefont|bdo|big|blink|button|canvas|caption|cite|code|col"
    r"|colgroup|data|del|dfn|em|embed|fieldset|figcaption|figure|font|form|i|iframe|img|input|ins"
    r"|kbd|label|legend|link|map|mark|meta|nobr|noscript|object|option|q|s|samp|script|select|small"
    r"|span|strike|strong|style|sub|summary|sup|svg|textarea|time|title|tt|u|var|video|wbr"
)
# Attributes that need no value.
_BARE_ATTRIBUTES: Final = frozenset({"", "/", "nowrap", "noshade", "disabled", "hidden", "compact"})
BREAK: Final = re.compile(r"<br\s{0,8}/?>", re.IGNORECASE)
_CENTRE: Final = re.compile(
    r"""\balign\s{0,8}=\s{0,8}["']?\s{0,8}center\b|\btext-align\s{0,8}:\s{0,8}center\b""",
    re.IGNORECASE,
)
# What stands in for the tags that Salesforce itself writes: the rules come to the same, slower.
_MARK_OF_TAG: Final = {'<p align="center">': "\n" + CENTRED, "</p>": "\n" + CLOSED}
_CUT_TAG: Final = re.compile(
    r"<(?:/?[a-z]{0,6}|/?(?:p|div|span|a|br|center|font)[\s/][^<>]{0,200})\Z", re.IGNORECASE
)

# What is neither visible nor a plain blank. Entities of blanks are blanks too.
_ODD: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\xa0\u2028\u2029\u202f\ud800-\udfff]")
_BLANK_ENTITY: Final = re.compile(r"&(?:nbsp|#160|#[xX]0*[aA]0);")
_NEWLINE: Final = re.compile(r"\n\s*+(\((?= {0,3}\d))?")

# Only with its semicolon: a bare "&copy" is as likely part of a web address.
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_CUT_ENTITY: Final = re.compile(
    r"&(?:#(?:\d{0,7}|[xX][0-9a-fA-F]{0,6})|am?p?|ap(?:os?)?|[lg]t?|q(?:u(?:ot?)?)?|n(?:b(?:sp?)?)?)?\Z"
)
_DECODED_BLANKS: Final = {"\r": "\n", "\t": " ", "\f": " ", "\xa0": " "}


def to_lines(body: str) -> list[str]:
    """Return the lines that a reader of the body would see, each with at most one mark.

    A newline breaks a line only in bodies without `<br>`: elsewhere it is a blank, as in any HTML,
    unless an offset follows it.
    """
    text = _tidy(body)
    if not has_markup(text):
        return text.split("\n")
    if "\n" in text and BREAK.search(text):
        text = _NEWLINE.sub(_soft_newline, text)
    text = text.replace("<br>", "\n")
    if "<" in text:
        text = _TAG.sub(_tag_marker(), text)
    return text.split("\n")


def has_markup(text: str) -> bool:
    """Tell whether there is a tag that hardly anyone types: in a copy, all others are typed."""
    return "<" in text and _MARKUP.search(text) is not None


def split_cut_end(body: str) -> tuple[str, str]:
    """Return the body without, and the start of, a tag or entity that was cut off at its end.

    Not in a copy without markup, where "R&" and ":<" are just what somebody typed.
    """
    if len(body) < FIELD_LIMIT and not has_markup(body):
        return body, ""
    for pattern in (_CUT_TAG, _CUT_ENTITY):
        if cut := pattern.search(body, max(0, len(body) - 300)):
            return body[: cut.start()], cut[0]
    return body, ""


def decode(text: str) -> str:
    """Return the text with each entity decoded once."""
    return _ENTITY.sub(_decoded, text) if "&" in text else text


def _decoded(match: re.Match[str]) -> str:
    return _character(match[0])


def _tidy(body: str) -> str:
    """Return the body with one kind of newline, one kind of blank and no control character."""
    text = body.replace("\r\n", "\n").replace("\r", "\n") if "\r" in body else body
    # The first test is the faster one, and a body of one line needs no other.
    if not text.isprintable() and _ODD.search(text):
        text = _ODD.sub(_tidy_character, text)
    return _BLANK_ENTITY.sub(" ", text) if "&" in text else text


def _tidy_character(match: re.Match[str]) -> str:
    character = match[0]
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"  # half of a pair, which no encoding can carry on
    return "\n" if character in "\u2028\u2029" else " "


def _soft_newline(match: re.Match[str]) -> str:
    return "\n(" if match[1] else " "


def _tag_marker() -> Callable[[re.Match[str]], str]:
    """Return what stands in for each tag; it remembers which other tags centre in this body."""
    centring = set[str]()

    def mark(match: re.Match[str]) -> str:
        if usual := _MARK_OF_TAG.get(match[0]):
            return usual
        closing, name, attributes = match[1], (match[2] or "").lower(), match[3]
        if name == "br":
            return "\n"
        if name and _is_typed(name, attributes):
            return match[0]
        if not closing and (name == "center" or (attributes and _CENTRE.search(attributes))):
            centring.add(name)
            return "\n" + CENTRED
        if name not in centring and not _BLOCK.fullmatch(name):
            return ""
        return "\n" + CLOSED if closing else "\n"

    return mark


def _is_typed(name: str, attributes: str) -> bool:
    """Tell whether somebody typed what looks like a tag: "<my order>", "a<b and c>d"."""
    # Names with a hyphen or a colon are those of components and of Office.
    is_known = _BLOCK.fullmatch(name) or _INLINE.fullmatch(name) or "-" in name or ":" in name
    bare = attributes.strip().lower()
    return not is_known or not ("=" in bare or bare in _BARE_ATTRIBUTES)


@lru_cache(maxsize=256)
def _character(entity: str) -> str:
    # `html.unescape` alone would also decode the known head of an unknown name ("&notin" + "x;").
    text = html.unescape(entity) if entity[1] == "#" else html5.get(entity[1:], entity)
    return _DECODED_BLANKS.get(text, text)
