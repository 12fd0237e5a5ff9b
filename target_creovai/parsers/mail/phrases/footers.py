"""Lines below a mail that its author did not write: app footers and legal notices.

Either must show two signs of what it is, such as "sent from" and a device.
"""

# ruff: noqa: RUF001 - quotation marks and dashes of other languages.

from __future__ import annotations

import re
from typing import Final

from target_creovai.parsers.mail.phrases.endings import LANGUAGES
from target_creovai.parsers.mail.phrases.signs import Openings, any_of, folded

AROUND: Final = " \t,.!*_~-–—;:，。！、"


def words_of(column: int) -> set[str]:
    """Return the phrases of one column of `LANGUAGES`, of all languages."""
    return {word for row in LANGUAGES.values() for word in row[column].split("|") if word}


MAX_FOOTER_CHARS: Final = 120
MAX_FOOTER_WORDS: Final = 4
# No legal notice is longer; what is may be a contract that the mail is about.
MAX_NOTICE_CHARS: Final = 3_000
MIN_LEGAL_WORDS: Final = 2
# An app or a device must be named: "Sent from the depot" is somebody's own words.
_DEVICES: Final = re.compile(
    r"iphon|ipad|ipod|android|galaxy|samsung|huawei|xiaomi|redmi|pixel|blackberry|nokia|outlook"
    r"|gmail|yahoo|proton ?mail|thunderbird|gmx|web\.de|mail\.ru|yandex|mail für windows"
    r"|mail for windows|courrier pour windows|correo para windows|smartphone|mobile device"
    r"|мобильно|my (?:mobile|phone)|meinem (?:handy|telefon)|手机|手機",
    re.IGNORECASE,
)
_APOLOGY: Final = re.compile(
    r"excuse|typo|brevity|errors?\b|mistakes|entschuldig|tippfehler|kürze|excus|faute|disculp"
    r"|brevedad|desculp|scus[ai]|brevità|excuses|beknopt",
    re.IGNORECASE,
)
# A notice is nobody's own words.
_FIRST_PERSON: Final = re.compile(
    r"\b(?:I|i|my|me|ich|mir|mich|meine?[nrsm]?|je|j'|mon|ma|mes|yo|me|io|mio|mia|eu|meu|minha|ik"
    r"|mijn|jag|jeg|я|мне|моя|мой)\b|[?？]"
)
_SENT: Final = re.compile(
    rf"(?:{any_of(words_of(2))})(?:\b|(?<=[^\x00-\x7f]))|.*(?P<last>{any_of(words_of(2))})$",
    re.IGNORECASE,
)
# Looked for before the patterns, which take a hundred times as long to find nothing.
_SENT_WORDS: Final = tuple(map(folded, words_of(2)))
_NOTICES: Final = Openings(words_of(3))
_NOTICE: Final = re.compile(rf"(?:{any_of(words_of(3))})(?![^\W_])", re.IGNORECASE)
_LEGAL: Final = re.compile(any_of(words_of(4)), re.IGNORECASE)


def is_app_footer(line: str) -> bool:
    """Tell whether an app added the line to name itself or its device."""
    bare = line.strip(AROUND)
    if len(bare) > MAX_FOOTER_CHARS or not _says_sent(bare):
        return False
    device, sent = _DEVICES.search(bare), _SENT.match(bare)
    if device is None or sent is None:
        return False
    if sent["last"] is not None:
        return True
    # In the middle of a sentence, wrapped, "sent from my phone" has no capital.
    between, rest = bare[sent.end() : device.start()], bare[device.end() :]
    return not bare[0].islower() and _is_footer(between, rest)


def _says_sent(bare: str) -> bool:
    plain = folded(bare)
    return plain.startswith(_SENT_WORDS) or plain.endswith(_SENT_WORDS)


def _is_footer(between: str, rest: str) -> bool:
    """Tell whether what stands before and behind the device's name makes no sentence."""
    if "," in between or len(between.split()) > MAX_FOOTER_WORDS:
        return False
    return len(rest.split()) <= MAX_FOOTER_WORDS or _APOLOGY.search(rest) is not None


def is_notice(paragraph: str) -> bool:
    """Tell whether a paragraph is a legal notice."""
    bare = paragraph.lstrip(AROUND)
    if (
        len(bare) > MAX_NOTICE_CHARS
        or not _NOTICES.may_begin(bare)
        or not _NOTICE.match(bare)
        or _FIRST_PERSON.search(bare)
    ):
        return False
    return len({word.casefold() for word in _LEGAL.findall(bare)}) >= MIN_LEGAL_WORDS
