"""What stands below the words of a mail: sign-off, name block and signature; see also `footers`.

Nothing here is certain: what follows a sign-off must look like names, posts and addresses to its
last line, or all of it stays.
"""

# ruff: noqa: RUF001 - letters of other alphabets are what these tables are about.

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.mail.phrases.footers import AROUND, is_app_footer, is_notice, words_of
from target_creovai.parsers.mail.phrases.signs import Openings, any_of

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNATURE_DELIMITER: Final = "--"
MAX_SIGNATURE_LINES: Final = 10
# With what stands below a signature.
MAX_LINES_BELOW: Final = 40
# A motto has fewer words in lower case, or is part of the first paragraph.
MIN_SPOKEN_WORDS: Final = 3
MAX_SIGNATURE_LINE_CHARS: Final = 80
MAX_BLOCK_LINES: Final = 10
MAX_BLOCK_CHARS: Final = 80
MAX_BLOCK_WORDS: Final = 10
MAX_POST_WORDS: Final = 4
# Footer and notices alternate; more of them than this is no signature any more.
MAX_PARAGRAPHS: Final = 6


_CONTACT: Final = re.compile(r"\S+@\S+|(?:https?://|www\.)\S+|<[^<>]*>")
_WORD: Final = re.compile(r"[^\W\d_][\w'’.-]*")
# Lower-case words that names, posts and addresses hold.
_SMALL_WORDS: Final = frozenset(
    re.split(
        " ",
        "a al and au aus aux av b c d da das de del dell della den der des di do dos du e ed el"
        " email en et f fax fon from från für h i im in internet k la le les m mail mob mobil"
        " mobile o och of og oder p ph phone s t tel telefon the til tlf u und v van vom von w web"
        " x y z za zu zum zur",
    )
)
_POSTSCRIPT: Final = re.compile(
    r"\(?p\.? ?(?:p\.? ?)?s\b|n\.? ?b\b\.? ?:?|(?:edit|update|addendum|nachtrag|ergänzung|übrigens"
    r"|ach ja|one more thing|by the way|btw|also|oh,? and|au fait|post-scriptum|por cierto|posdata"
    r"|a propósito|ps|oj,|dimenticavo|trouwens|постскриптум|追伸)\b",
    re.IGNORECASE,
)
_REQUEST: Final = re.compile(
    r"\b(?:I|I['’]\w+|my|please|bitte|ich|mein\w*|je|j['’]|mon|ma|s['’]il vous plaît|por favor"
    r"|mi|mio|per favore|ik|mijn|graag|jag|min|я|мой|моя|пожалуйста)\b"
)


_SIGN_OFF: Final = re.compile(rf"({any_of(words_of(0))})(?![^\W_])", re.IGNORECASE)
_THANKS: Final = re.compile(rf"({any_of(words_of(1))})(?![^\W_])", re.IGNORECASE)
_SIGN_OFFS: Final = Openings(words_of(0))
_THANKING: Final = Openings(words_of(1))


def without_ending(lines: Sequence[str]) -> list[str]:
    """Return the lines without sign-off, name block, app footers and legal notices at the end.

    What would leave nothing stays.
    """
    end = _end_of_text(lines, len(lines))
    for _ in range(MAX_PARAGRAPHS):
        start = _footer_start(lines, end)
        if start is None:
            break
        end = _end_of_text(lines, start)
    start = _sign_off_start(lines, end)
    end = end if start is None else _end_of_text(lines, start)
    return [*lines[:end]] if end else [*lines]


def without_signature(lines: Sequence[str]) -> list[str]:
    """Return the lines without the signature below the last `-- `, if one is there.

    Its space is often lost on the way. What tells `--` from a stroke under a heading is an empty
    line above it, or none below it. A signature is as short as signatures are; a postscript,
    or a second topic, below it stays.
    """
    delimiter = _delimiter(lines)
    if delimiter is None:
        return [*lines]
    end = _signature_end(lines, delimiter + 1)
    signature = [line for line in lines[delimiter + 1 : end] if line.strip()]
    below = [*lines[end:]]
    if len(signature) > MAX_SIGNATURE_LINES or (below and not signature):
        return [*lines]
    return [*lines[:delimiter], *([""] if below else []), *below]


def _delimiter(lines: Sequence[str]) -> int | None:
    for index in range(len(lines) - 1, max(0, len(lines) - MAX_LINES_BELOW), -1):
        if lines[index] == SIGNATURE_DELIMITER:
            is_delimiter = not lines[index - 1] or all(lines[index:])
            return index if is_delimiter and any(lines[:index]) else None
    return None


def _signature_end(lines: Sequence[str], start: int) -> int:
    """Return the index after the last line of a signature."""
    end = start
    while end < len(lines):
        begin = end
        while begin < len(lines) and not lines[begin].strip():
            begin += 1
        stop = begin
        while stop < len(lines) and lines[stop].strip():
            stop += 1
        for index in range(begin, stop):
            if _adds(lines[index].strip()):
                return index
        if begin < stop and _speaks(lines[begin:stop], is_first=not any(lines[start:begin])):
            return begin
        end = stop
    return end


def _adds(line: str) -> bool:
    """Tell whether a line below a delimiter is a postscript, a question or a request."""
    if line.endswith(("?", "？")) or _POSTSCRIPT.match(line):
        return True
    return line.endswith((".", "!")) and _REQUEST.search(line) is not None


def _speaks(paragraph: Sequence[str], *, is_first: bool) -> bool:
    """Tell whether a paragraph below a delimiter is more than a signature, a motto or a notice."""
    joined = " ".join(paragraph)
    if is_notice(joined):
        return False
    if any(len(line) > MAX_SIGNATURE_LINE_CHARS for line in paragraph):
        return True
    if any(map(is_app_footer, paragraph)):
        return False
    words = _WORD.findall(_CONTACT.sub(" ", joined))
    small = [word for word in words if word[0].islower() and word.casefold() not in _SMALL_WORDS]
    return len(small) >= (MIN_SPOKEN_WORDS * 2 if is_first else MIN_SPOKEN_WORDS)


def _end_of_text(lines: Sequence[str], end: int) -> int:
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _footer_start(lines: Sequence[str], end: int) -> int | None:
    """Return where the app footer or legal notice begins that ends here."""
    if not end:
        return None
    if is_app_footer(lines[end - 1]):
        return end - 1
    start = end
    while start and lines[start - 1].strip():
        start -= 1
    return start if start and is_notice(" ".join(lines[start:end])) else None


def _sign_off_start(lines: Sequence[str], end: int) -> int | None:
    """Return where the sign-off is below which nothing but a name block follows."""
    below = 0
    for index in range(end - 1, 0, -1):
        line = lines[index]
        if line.strip():
            if is_sign_off(line, has_name=below > 0):
                return index
            below += 1
            if below > MAX_BLOCK_LINES or not (_is_of_a_block(line) or _is_post(lines, index)):
                break
    return None


def is_closing(lines: Sequence[str]) -> bool:
    """Tell whether lines are a sign-off with a name block, and nothing else."""
    texts = [line.strip() for line in lines if line.strip()]
    if not texts or len(texts) > MAX_BLOCK_LINES:
        return False
    bare = texts[0].strip(AROUND)
    match = _wish(bare) or _thanks(bare)
    return match is not None and all(map(_is_of_a_block, [bare[match.end() :], *texts[1:]]))


def is_sign_off(line: str, *, has_name: bool) -> bool:
    """Tell whether the line is a sign-off, perhaps with a name behind it."""
    bare = line.strip(AROUND)
    wish = _wish(bare)
    match = wish or _thanks(bare)
    if match is None:
        return False
    rest = bare[match.end() :].strip(AROUND)
    if not rest:
        return wish is not None or has_name
    # "Thanks, Tess" may as well greet Tess.
    return wish is not None and _is_of_a_block(rest)


def _wish(bare: str) -> re.Match[str] | None:
    return _SIGN_OFF.match(bare) if _SIGN_OFFS.may_begin(bare) else None


def _thanks(bare: str) -> re.Match[str] | None:
    return _THANKS.match(bare) if _THANKING.may_begin(bare) else None


def _is_post(lines: Sequence[str], index: int) -> bool:
    """Tell whether a line right below a name says what its owner does: "Ufficio acquisti"."""
    line, above = lines[index].strip(), lines[index - 1].strip()
    return (
        line[0].isupper()
        and line[-1].isalpha()
        and len(line.split()) <= MAX_POST_WORDS
        and bool(above)
        and _is_of_a_block(above)
        and not is_sign_off(above, has_name=True)
    )


def _is_of_a_block(line: str) -> bool:
    """Tell whether a line is made like names, posts and addresses: of words with capitals."""
    bare = line.strip()
    if len(bare) > MAX_BLOCK_CHARS or bare.endswith(("?", "？")) or _POSTSCRIPT.match(bare):
        return False
    words = _WORD.findall(_CONTACT.sub(" ", bare))
    return len(words) <= MAX_BLOCK_WORDS and not any(
        word[0].islower() and word.rstrip(".").casefold() not in _SMALL_WORDS for word in words
    )
