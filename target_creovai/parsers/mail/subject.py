"""Mails whose words are all in the subject."""

# ruff: noqa: RUF001 - letters of other alphabets.

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.mail.phrases.banners import is_noise
from target_creovai.parsers.mail.phrases.quotes import only_greets
from target_creovai.parsers.mail.phrases.signatures import (
    is_closing,
    without_ending,
    without_signature,
)
from target_creovai.parsers.mail.phrases.signs import any_of
from target_creovai.parsers.mail.read import without_thread_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

# No mail that says nothing is longer.
MAX_CHARS: Final = 600

# "See subject", in the words that people use; without punctuation, separated by `|`.
_POINTERS: Final = (
    "eom|o t|ot|n t|nt|kein text|no text|subject says it|the subject says it all|see subject"
    "|see subject line|see the subject|see the subject line|see above|see title"
    "|as above|as per subject|as in subject|as in the subject|subject says it all"
    "|subject says all|in subject|per subject|question in subject|question is in the subject"
    "|refer to subject|please refer to the subject|siehe betreff|s betreff|siehe oben"
    "|wie im betreff|betreff|siehe titel|steht im betreff|frage im betreff|voir objet"
    "|voir l objet|cf objet|voir sujet|voir le sujet|ver asunto|ver el asunto|vea asunto"
    "|véase asunto|véase el asunto|ver assunto|ver o assunto|vide assunto|conforme assunto"
    "|vedi oggetto|come da oggetto|zie onderwerp|zie boven|se emne|se emnefelt|se ämne"
    "|se ämnesrad|se rubrik|ks aihe|katso aihe|patrz temat|jak w temacie|jw|viz předmět"
    "|viz predmet|lásd tárgy|lásd a tárgyat|vezi subiect|vezi subiectul|konuya bakınız|konu"
    "|см тему|см тема|смотри тему|в теме|см в теме|件名の通り|件名の通りです|件名のとおり"
    "|件名をご覧ください|如题|如題|见主题|見主旨"
    "|제목 참조|제목 참고|see the question in the subject|see the question in the subject line"
    "|question in the subject line|my question is in the subject|see subject above"
    "|see email subject|see mail subject"
)
_POINTER: Final = re.compile(
    r"\W*(?:(?:hi|hello|hey|hallo|bonjour|hola|ciao) (?:all |team |zusammen )?)?"
    r"(?:please |pls |bitte |por favor |merci de |s\.? ?v\.? ?p\.? )?"
    rf"(?:{any_of(_POINTERS.split('|'))})"
    r"(?: (?:thanks|thank you|thx|danke|merci|gracias|regards|gruß|grüße|lg|mfg)(?: \w+){0,2})?"
    r"\W*\Z",
    re.IGNORECASE,
)


def may_stand_alone(text: str) -> bool:
    """Tell whether a mail has words of its own: more than a signature, or a hint at its subject."""
    if len(text) > MAX_CHARS:
        return True
    return any(_own_lines(text))


def with_subject(subject: str | None, text: str) -> str:
    """Return the subject of a mail, and of its text what is more than a hint at the subject."""
    shown = without_thread_tokens(subject or "").strip()
    rest = "" if _is_pointer(text) or not any(map(str.isalnum, text)) else text
    return "\n\n".join(filter(None, (shown, rest)))


def _own_lines(text: str) -> Sequence[str]:
    lines = without_signature(text.strip().split("\n"))
    if lines[:1] == ["--"] or is_closing(lines):
        return ()
    own = [line for line in lines if any(map(str.isalnum, line)) and not is_noise(line)]
    own = without_ending([line for line in own if not only_greets(line)])
    return () if _is_pointer("\n".join(own)) or is_closing(own) else own


def _is_pointer(text: str) -> bool:
    plain = re.sub(r"[\W_]+", " ", text)
    return _POINTER.match(plain) is not None
