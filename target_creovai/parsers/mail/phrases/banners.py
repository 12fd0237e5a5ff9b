"""Warnings that mail gateways put on top of mails from outside, and other lines of nobody's.

A banner must say what only gateways say: that this mail, or its sender, is from outside. Advice
goes with one, never alone.
"""

# ruff: noqa: RUF001 - quotation marks of other languages.

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.mail.phrases.footers import is_app_footer, is_notice
from target_creovai.parsers.mail.phrases.signs import MARKS, folded

if TYPE_CHECKING:
    from collections.abc import Sequence

# Banners stand in the first lines of a mail.
MAX_BANNER_LINES: Final = 12
# A line that is shorter was not wrapped.
MIN_WRAPPED_CHARS: Final = 50
MAX_SENTENCES: Final = 12

# "This email", "The sender of this message", in the languages of gateways.
_THIS_MAIL: Final = (
    r"(?:this|the|your|diese[rs]?|die|der|ce|cet|cette|le|este|esta|esse|essa|el|o|a|questa|questo"
    r"|il|deze|dit|de|ta|tento|tato|detta|denne|dette|tämä|bu)\s"
    r"(?:sender (?:of this )?)?(?:incoming |eingehende )?"
    r"(?:e-?mail|message|sender|nachricht|absender|mail|courriel|expéditeur|mensaje|correo(?: "
    r"electrónico)?|remitente|mensagem|messaggio|mittente|bericht|afzender"
    r"|wiadomość|zpráva|meddelande|mejl|meddelelse|melding|e-posten|viesti|e-posta|ileti)\b"
)
_OUTSIDE: Final = (
    r"(?:outside|external\w*|extern\w*|außerhalb|ausserhalb|(?:l['’])?extérieure?|exterior|fuera"
    r"|fora|estern\w*|buiten|spoza|zewnętrz\w*|mimo|utanför|uden for|utenfor|ekstern\w*|ulkopuol\w*"
    r"|dışından|harici)\b"
)
_CALL: Final = (
    r"(?:caution|warning|attention|achtung|vorsicht|warnung|notice|alert|important|wichtig|hinweis"
    r"|avertissement|attenzione|atención|precaución|aviso|atenção|cuidado|let op|security"
    r"|be careful|uwaga|ostrzeżenie|upozornění|varning|advarsel|varoitus|uyarı|dikkat)"
)
_EDGE: Final = r"[\s*_=!|\[(⚠\ufe0f#~-]*"
# A word or two, in brackets or set off by punctuation.
_TAG: Final = re.compile(
    rf"[<{{{_EDGE[1:]}(?:{_CALL}[\s:!,*-]{{0,5}})?\s?"
    r"\b(?:external|extern|externe|externo|externa|esterno|esterna|ext)\b"
    r"[\s:_-]?\s?(?:e-?mail|sender|message|mail|absender|nachricht|courriel|correo)?"
    rf"\s?(?:[\])>}}*]+[:.!]?|[:.!]+(?=\s|\Z)|(?=\n)|\Z){_EDGE}",
    re.IGNORECASE,
)
_HEADING: Final = re.compile(rf"{_EDGE}{_CALL}[*_]*\s?(?:[:!.-]+[*_]*|\n|\Z)\s*", re.IGNORECASE)
_WARNING: Final = re.compile(
    rf"{_EDGE}(?:{_THIS_MAIL}.{{0,90}}\b{_OUTSIDE}"
    r"|you (?:don['’]t|do not) often (?:get|receive) e-?mail from\b"
    r"|some people who received this message (?:don['’]t|do not) often"
    r"|sie erhalten nicht (?:oft|häufig) (?:eine )?e-?mails? von\b"
    r"|vous n(?:['’]obtenez|e recevez) pas souvent|no suele recibir correo"
    r"|this (?:message|e-?mail) (?:was|has been) (?:sent securely|scanned)\b)",
    re.IGNORECASE,
)
_ADVICE: Final = re.compile(
    r"\b(?:not|never|avoid|caution|careful|unless|verify|suspicious|suspected|report|exercise"
    r"|why this is important|nicht|keine|vorsicht|nur|ne|prudents?|vigilants?|n['’]ouvrez"
    r"|no|não|non|cautela|niet|geen|nie|ikke|inte|älä|warum dies wichtig"
    r"|pourquoi c['’]?(?:e|ela)? ?est|por qué es importante)\b",
    re.IGNORECASE,
)
_ABOUT: Final = re.compile(
    r"click|links?\b|attach|sender|phish|why this is important|it.?(?:support|security|desk)|suspic"
    r"|anhäng|absender|klick|liens?\b|pièces? jointe|expéditeur|cliqu|enlace|adjunto|remitente|clic"
    r"|anexo|allegat|mittente|bijlage|afzender|klik|caution"
    r"|wichtig ist|est important|es importante|załącznik|nadawc|přílo|bilag|bilaga|länk|lenke",
    re.IGNORECASE,
)
_OWN: Final = re.compile(r"\b(?:I|my|ich|mein\w*|je|mon|ma|yo|mi|eu|meu|io|mio|ik|mijn)\b|\?")
_SENTENCE: Final = re.compile(r"(?:[^.!?\n]|[.!?](?=[^\s*_])){1,400}(?:[.!?]+[*_]*\s*|\n\s*|\Z)")
# One of these is in each tag and in each warning: what has none needs no look.
_CLAIMS: Final = tuple(map(folded, (
    "outside", "ext", "ester", "erhalb", "buiten", "fuera", "fora", "spoza", "zewn", "mimo",
    "utan", "uten", "uden", "ekst", "ulkop", "dışından", "harici",
    "oft", "häufig", "souvent", "suele", "secur", "scanned",
)))  # fmt: skip
# Pictures, clippings and footnotes begin with one of these.
_NOISE_HEADS: Final = frozenset("[<-lLvVsS\u017f")
# What clients write where they leave out the rest of a quote.
_CLIPPED: Final = re.compile(
    r"\[(?:message clipped|quoted text hidden|zitierter text ausgeblendet|texte des messages"
    r" précédents masqué|el texto citado está oculto)\]|(?:view entire message|show quoted text)",
    re.IGNORECASE,
)
_IMAGE: Final = re.compile(
    r"\s*(?:[\[<](?:cid|image|bild|img|inline image|logo|picture)\b[^\]>]{0,200}[\]>]\s*)+\Z"
    r"|\s*\[[\w .-]{1,40}\]\s*\Z"
    r"|\s*(?:<[\w .()-]{1,80}\.\w{2,5}>\s*)+\Z",
    re.IGNORECASE,
)
# What HTML that was turned into text has at its end.
_FOOTNOTE: Final = re.compile(
    r"\s*(?:links:?|-{3,}|\[\d{1,3}\]:?\s+<?https?://\S+)\s*\Z", re.IGNORECASE
)


def without_banner(lines: Sequence[str]) -> list[str]:
    """Return the lines of a mail without the banner on its top; all if there is nothing else."""
    top = "\n".join(lines[:MAX_BANNER_LINES])
    end = _banner_end(top)
    if not end:
        return [*lines]
    rest = [*top[end:].strip("\n").split("\n"), *lines[MAX_BANNER_LINES:]]
    while rest and not rest[0].strip("-_=*# \t|"):
        del rest[0]
    return rest or [*lines]


def is_banner(line: str) -> bool:
    """Tell whether a line, with or without quote marks, is a banner and nothing else."""
    bare = line.lstrip(MARKS)
    return bool(bare) and _banner_end(bare) == len(bare)


def is_noise(line: str) -> bool:
    """Tell whether a line of a quote is nobody's words: a picture, a footer, a notice."""
    bare = line.lstrip(MARKS)
    is_extra = bare.lstrip()[:1] in _NOISE_HEADS and (
        _IMAGE.match(bare) or _CLIPPED.match(bare) or _FOOTNOTE.match(bare)
    )
    return bool(is_extra or is_app_footer(bare) or is_notice(bare) or is_banner(bare))


def _banner_end(text: str) -> int:
    """Return where the banner ends that a text begins with; 0 if it begins with none."""
    end = at = 0
    if not any(map(folded(text).__contains__, _CLAIMS)):
        return end
    if tag := _TAG.match(text):
        end = at = tag.end()
    for _ in range(MAX_SENTENCES):
        heading = _HEADING.match(text, at)
        start = heading.end() if heading else at
        stop = _sentence_end(text, start)
        sentence = text[start:stop]
        if _WARNING.match(sentence) or (end and _is_advice(sentence)):
            end = at = stop
        else:
            break
    return end


def _is_advice(sentence: str) -> bool:
    return bool(_ADVICE.search(sentence) and _ABOUT.search(sentence) and not _OWN.search(sentence))


def _sentence_end(text: str, start: int) -> int:
    """Return where a sentence ends; one that was wrapped goes on in the next line."""
    end = start
    while sentence := _SENTENCE.match(text, end):
        end = sentence.end()
        wrapped = sentence[0].endswith("\n") and sentence[0].count("\n") == 1
        if not (
            wrapped and len(sentence[0]) >= MIN_WRAPPED_CHARS and text[end : end + 1].islower()
        ):
            break
    return end
