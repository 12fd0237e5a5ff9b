"""HTML mail bodies to plain text, whatever state the markup is in.

Two parsers share the work. selectolax edits the document where the text alone would lose
something (link addresses, the borders of quoted history); resiliparse lays the text out. Both are
error-tolerant HTML5 parsers, and the few constructs that make such a parser use quadratic time or
memory are replaced first.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

from resiliparse.extract.html2text import extract_plain_text
from selectolax.lexbor import LexborHTMLParser

from target_creovai.parsers.mail.layout import elements

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from selectolax.lexbor import LexborNode

# Unicode noncharacters, never part of a text. They mark where clients say that history begins and
# ends: round quoting elements, round indented text, before headers, before lines above headers.
QUOTE_OPEN = "\ufdd0"
QUOTE_CLOSE = "\ufdd1"
INDENT_OPEN = "\ufdd2"
INDENT_CLOSE = "\ufdd3"
HEADERS_MARK = "\ufdd4"
FRAME_MARK = "\ufdd5"

# Deeper than any mail, and where selectolax, which is quadratic in depth, still takes milliseconds.
MAX_EDITED_DEPTH = 500
# resiliparse indents each list by its depth: 131 KB of nested lists would become 200 MB of spaces.
MAX_LIST_DEPTH = 12
# Nobody reads such an address, and one mail may hold hundreds of them.
MAX_ADDRESS_CHARS = 2_000

# Each text run under an unclosed formatting tag gets copies of all of them: 70 KB of distinct
# `<font>` tags make gigabytes of nodes. As `<span>` they are plain elements, and the text is the
# same. `<a>` may stay: a new one closes the one before.
_FORMATTING_TAGS = frozenset((
    "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
))  # fmt: skip
# Laid out as blocks by browsers, inline by resiliparse, which would glue them to what follows.
_BLOCK_TAGS = frozenset(("legend", "caption", "summary"))
_LIST_TAGS = frozenset(("ul", "ol", "menu", "dir"))
_ODD_TAGS = _FORMATTING_TAGS | _BLOCK_TAGS | _LIST_TAGS
_TAG = re.compile(r"</?[a-zA-Z][^>]*")
_TAG_NAME = re.compile(r"<(/?)([a-zA-Z]\w*)")
# They nest in nothing, or close the one before.
_FLAT_TAGS = frozenset((
    "area", "base", "br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "option",
    "p", "param", "td", "th", "tr", "wbr",
))  # fmt: skip


class _Steps(dict[str, int]):
    """How much deeper a tag leads, as it is written: 1, 0, or -1."""

    def __missing__(self, tag: str) -> int:
        is_flat = _name_of(tag).lower() in _FLAT_TAGS
        step = self[tag] = 0 if is_flat else -1 if tag[1] == "/" else 1
        return step


def _name_of(tag: str) -> str:
    name = _TAG_NAME.match(tag)
    return name[2] if name else ""


_LINKS = re.compile(r"<(/?)a(?=[\s/>])", re.IGNORECASE)
# Both parsers compare a tag's attributes pairwise. Only embedded images are this long.
MAX_TAG_CHARS = 16_000
_ENDLESS_TAG = re.compile(rf"<([a-z]+)[\s/][^<>]{{{MAX_TAG_CHARS},}}", re.IGNORECASE)
_WEB_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_ADDRESS_DRESSING = re.compile(r"^(?:https?://)?(?:www\.)?|/$")

# Controls, soft hyphens, zero-width spaces, the fillers of preheaders.
_INVISIBLES = (
    r"\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u180e\u200b"
    r"\u2060-\u2064\ufdd0-\ufdd5\ufeff\ufff9-\ufffb"
)
_BREAKS = r"\x0b\x0c\x85\u2028\u2029"
_SPACES = r"\xa0\u1680\u2000-\u200a\u202f\u205f\u3000"
_INVISIBLE = re.compile(f"[{_INVISIBLES}]")
_BREAK = re.compile(f"[{_BREAKS}]")
_ODD_SPACE = re.compile(f"[{_SPACES}]")
# One look for all of the above: most texts need no change.
_UNCLEAN = re.compile(rf"[\r\u200c\u200d\ud800-\udfff{_INVISIBLES}{_BREAKS}{_SPACES}]")
_ASCII_CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\n\t"})
# Joiners shape Persian words and emoji; next to a space they are filler.
_LOOSE_JOINERS = re.compile(r"(?<!\S)[\u200c\u200d]+|(?<![\u200c\u200d])[\u200c\u200d]+(?!\S)")
_ELEMENTS = (
    (elements.CONTAINERS, QUOTE_OPEN, QUOTE_CLOSE),
    (elements.QUOTES, INDENT_OPEN, INDENT_CLOSE),
    (elements.HEADERS, HEADERS_MARK, ""),
    (elements.FRAMES, FRAME_MARK, ""),
)
_CELL_GAPS = re.compile(r"\t{2,}")
_BLANK_LINES = re.compile(r"\n{3,}")
_ANY_MARK = (QUOTE_OPEN, QUOTE_CLOSE, INDENT_OPEN, INDENT_CLOSE, HEADERS_MARK, FRAME_MARK)
_MARKS = re.compile(f"([{QUOTE_OPEN}-{FRAME_MARK}])")


def html_to_text(html: str) -> str:
    """Return what a reader of the mail sees, as plain text.

    Paragraphs, line breaks, lists and tables keep their lines. What is not shown is dropped:
    head, styles, scripts, hidden preheaders, images. A link whose text is not its address is
    followed by the address in parentheses. Any string is accepted, and time is linear in its
    length.
    """
    return tidy_text(_shown(html, ()))


def html_to_pieces(html: str) -> list[str]:
    """Return the text in pieces, with marks between them where clients mark history.

    Pieces are as `html_to_text` writes them, but for blank edges; every other one is a mark. The
    elements that are marked, and how, is in `elements`; those round something may nest.
    """
    text = _shown(html, _ELEMENTS)
    pieces = _MARKS.split(text) if any(mark in text for mark in _ANY_MARK) else [text]
    last = len(pieces) - 1
    is_clean = not _is_unclean("".join(pieces[::2]))
    for index in range(0, len(pieces), 2):
        piece = pieces[index] if is_clean else _clean(pieces[index])
        # Each mark stands on a line of its own.
        piece = piece.removeprefix("\n") if index else piece
        pieces[index] = piece.removesuffix("\n") if index < last else piece
    return pieces


def _shown(html: str, marks: Iterable[tuple[elements.Selectors, str, str]]) -> str:
    """Return the text of a document, with marks around or before the elements of some tables."""
    html = _without_endless_tags(html)
    tags = _TAG.findall(html)
    distinct = set(tags)
    html = _with_other_tags(
        html, tags, {name for name in map(_name_of, distinct) if name.lower() in _ODD_TAGS}
    )
    # A tag that holds a ">" is longer than the pattern finds.
    is_whole = html.count("<") == html.count(">")
    lowered = ("".join(distinct) if is_whole else html).lower()
    selected = [
        (", ".join(selectors), before, after)
        for table, before, after in marks
        if (selectors := table.those_in(lowered))
    ]
    if selected or _LINKS.search(lowered):
        html = _edited(html, tags, selected)
    return _lay_out(html, elements.UNSEEN.those_in(lowered))


def tidy_text(text: str) -> str:
    """Return the text with plain newlines and spaces, no invisible characters, no blank edges.

    More than one empty line in a row becomes one. Indentation stays.
    """
    return _tidy_lines(_clean(text))


def _tidy_lines(text: str) -> str:
    if " \n" in text or "\t\n" in text:
        text = "\n".join([line.rstrip() for line in text.split("\n")])
    if "\n\n\n" in text:
        text = _BLANK_LINES.sub("\n\n", text)
    return text.rstrip().strip("\n")


def _clean(text: str) -> str:
    if not _is_unclean(text):
        return text
    text = _whole_characters(text).replace("\r\n", "\n").replace("\r", "\n")
    text = _ODD_SPACE.sub(" ", _BREAK.sub("\n", text))
    return _LOOSE_JOINERS.sub("", _INVISIBLE.sub("", text))


def _is_unclean(text: str) -> bool:
    """Tell whether the pattern finds something: mostly in a fraction of its time."""
    if text.isascii():
        return len(text.encode().translate(None, _ASCII_CONTROLS)) < len(text)
    # All that is unclean is not printable.
    is_printable = text.replace("\n", "").replace("\t", "").isprintable()
    return not is_printable and _UNCLEAN.search(text) is not None


def _whole_characters(text: str) -> str:
    """Return the text with surrogate pairs joined and lone surrogates replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _without_endless_tags(html: str) -> str:
    """Return markup of whole characters, without tags that parsers take long to read."""
    if not html.isascii():
        html = _MARKS.sub("", _whole_characters(html))
    return _ENDLESS_TAG.sub(r"<\1", html) if _may_hold_endless_tag(html) else html


def _may_hold_endless_tag(html: str) -> bool:
    """Tell whether there is no "<" for so long; half of that is the distance of two looks."""
    step = MAX_TAG_CHARS // 2
    looks = range(0, len(html) - step + 1, step)
    return any(html.find("<", start, start + step) < 0 for start in looks)


def _with_other_tags(html: str, tags: Iterable[str], odd: AbstractSet[str]) -> str:
    """Return markup without the tags that parsers do too much about, or too little.

    Args:
        html: The markup.
        tags: The tags in it.
        odd: The names of such tags in it, as they are written.
    """
    html = _renamed(html, [name for name in odd if name.lower() in _FORMATTING_TAGS], "span")
    html = _renamed(html, [name for name in odd if name.lower() in _BLOCK_TAGS], "div")
    lists = [name for name in odd if name.lower() in _LIST_TAGS]
    of_lists = {tag for tag in set(tags) if _name_of(tag) in lists} if lists else set()
    is_deep = _peak_depth(filter(of_lists.__contains__, tags), MAX_LIST_DEPTH) > MAX_LIST_DEPTH
    return _renamed(html, lists, "div") if is_deep else html


def _renamed(html: str, names: Sequence[str], name: str) -> str:
    if not names:
        return html
    return re.sub(rf"<(/?)(?:{'|'.join(sorted(names))})(?=[\s/>])", rf"<\1{name}", html)


def _peak_depth(tags: Iterable[str], enough: int) -> int:
    """Return how deep tags nest if that is deeper than `enough`, else any lower number."""
    depths = [0, *accumulate(map(_Steps().__getitem__, tags))]
    # Closing tags that close nothing don't count: depth is measured from the lowest point so far.
    if max(depths) - min(depths) <= enough:
        return 0
    floors = accumulate(depths, min)
    return max(depth - floor for depth, floor in zip(depths, floors, strict=True))


def _edited(html: str, tags: Sequence[str], marks: Iterable[tuple[str, str, str]]) -> str:
    """Return markup with marks, and with the address of each link behind its text."""
    if _peak_depth(tags, MAX_EDITED_DEPTH) > MAX_EDITED_DEPTH:
        return _LINKS.sub(r"<\1span", html)
    document = LexborHTMLParser(html)
    for link in document.css("a[href]"):
        _spell_out(link)
    for selector, before, after in marks:
        for element in document.css(selector):
            element.insert_before(before)
            if after:
                element.insert_after(after)
    return document.html or html


def _spell_out(link: LexborNode) -> None:
    """Write a link's address behind its text, unless the text says it or there is none."""
    address = "".join((link.attributes.get("href") or "").split())
    text = link.text()
    shown = tidy_text(text).strip()
    if not shown or len(address) > MAX_ADDRESS_CHARS or not _WEB_ADDRESS.match(address):
        return
    if _bare(address) == _bare(shown):
        return
    # The space at the end of the link's text is wanted behind the address.
    gap = "" if text[-1].isspace() else " "
    link.insert_child(f"{gap}({address})" + " " * (not gap))


def _bare(address: str) -> str:
    return _ADDRESS_DRESSING.sub("", address.casefold())


def _lay_out(html: str, unseen: list[str]) -> str:
    text: str = extract_plain_text(
        html,
        preserve_formatting=True,
        main_content=False,
        list_bullets=True,
        alt_texts=False,
        links=False,
        form_fields=True,
        skip_elements=unseen,
    )
    return _CELL_GAPS.sub("\t", text) if "\t\t" in text else text
