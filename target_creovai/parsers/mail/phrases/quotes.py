"""Tests that distinguish quoted mails from logs and lists, and messages from greetings."""

# ruff: noqa: RUF001 - letters of other alphabets.

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.mail.phrases.signatures import is_sign_off
from target_creovai.parsers.mail.phrases.signs import MARKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_GREETING_WORDS: Final = 6

_GREETING: Final = re.compile(
    r"(?:hello|hi|hey|dear|good (?:morning|afternoon|evening|day)|greetings|to whom it may concern"
    r"|hallo|guten (?:tag|morgen|abend)|sehr geehrte[rs]?|liebe[rs]?|moin|servus|grüezi|grüß gott"
    r"|bonjour|bonsoir|cher|chère|chers|madame|monsieur|hola|buen(?:os|as) (?:días|tardes|noches)"
    r"|estimad[oa]s?|olá|oi|bo[am] (?:dia|tarde|noite)|prezad[oa]s?|car[oai]|ciao|buongiorno"
    r"|buonasera|salve|gentile|egregi[oa]|beste|geachte|goede(?:morgen|middag|navond|ndag)|dag|hoi"
    r"|hej|hei|god (?:morgen|dag|morgon)|kære|kjære|bästa|hyvää|moi|dzień dobry|witam|cześć"
    r"|szanown[yaie]|dobrý den|ahoj|vážen[ýáí]|jó napot|tisztelt|kedves|bună|stimat[eăă]?|merhaba"
    r"|sayın|selam|γεια|καλημέρα|αγαπητ[έή]|здравствуйте|добрый день|привет|уважаем\w+|доброго дня"
    r"|вітаю|шановн\w+|здравейте|שלום|مرحبا|السلام عليكم|عزيزي|こんにちは|您好|你好"
    r"|尊敬的|안녕하세요)"
    r"(?![^\W_])",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_][\w'’.-]*")
# Whom one greets, other than by name.
_SMALL_WORDS: Final = frozenset((
    "and", "und", "or", "oder", "et", "ou", "y", "e", "o", "a", "à", "le", "all", "everyone",
    "everybody", "team", "there", "again", "dear", "sir", "sirs", "madam", "folks", "guys",
    "zusammen", "miteinander", "nochmals", "liebe", "lieber", "liebes", "damen", "herren", "tous",
    "toutes", "tout", "monde", "todos", "todas", "allen", "iedereen", "alla", "alle", "kaikki",
    "wszystkim", "państwo", "pan", "pani", "vám", "senhor", "senhora", "señor", "señora", "signor",
    "signora", "signori",
))  # fmt: skip
_NESTED: Final = re.compile(r"> ?>(?!>)")


def only_greets(line: str) -> bool:
    """Tell whether a line greets and says nothing else."""
    bare = line.strip(MARKS + "\t")
    greeting = _GREETING.match(bare)
    if greeting is None or len(bare.split()) > MAX_GREETING_WORDS or bare.endswith(("?", ".")):
        return False
    words = _WORD.findall(bare[greeting.end() :])
    return all(word[0].isupper() or word in _SMALL_WORDS for word in words)


def is_mail(lines: Sequence[str]) -> bool:
    """Tell whether lines with quote marks greet, sign off, or quote in turn, as mails do."""
    first = [*islice(_texts(lines), 2)]
    if len(first) < 2:  # noqa: PLR2004 -- one line is no letter
        return False
    return (
        only_greets(first[0])
        or any(is_sign_off(line, has_name=True) for line in islice(_texts(reversed(lines)), 4))
        or (any(map(_NESTED.match, lines)) and ">" in map(str.strip, lines))
    )


def _texts(lines: Iterable[str]) -> Iterator[str]:
    return filter(None, (line.strip(MARKS + "\t") for line in lines))
