"""How mail clients mark quoted history: the words, by language, and what recognises them.

To teach a client or a language: one row in a table here, one sample in the tests. All patterns
are anchored or bounded, and none looks at a line longer than `MAX_MARKER_CHARS`.
"""

# ruff: noqa: RUF001 - letters of other alphabets are what these tables are about.

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# No client writes a longer attribution or header line, give or take a long list of recipients.
MAX_MARKER_CHARS: Final = 600
# Words of three dozen characters between two rows of dashes.
MAX_SEPARATOR_CHARS: Final = 200
# Clients wrap an attribution at 72 to 80 characters.
MAX_ATTRIBUTION_LINES: Final = 4
# Five headers, an empty line after each (paragraphs in HTML), and a wrapped list of recipients.
MAX_HEADER_LINES: Final = 14
# Sender, date, and receiver or subject.
MIN_UNWORDED_HEADERS: Final = 3


class Headers(NamedTuple):
    """One language's words for the headers above a quoted mail."""

    sender: str
    date: str
    to: str
    subject: str
    cc: str = ""


# Alternatives are separated by `|`: clients of one language do not agree, nor do versions of one.
HEADERS: Final[dict[str, Headers]] = {
    "en": Headers("from", "sent|date", "to", "subject", "cc|bcc|reply-to|importance"),
    "de": Headers("von", "gesendet|gesendet am|datum", "an", "betreff", "kopie"),
    "fr": Headers("de|expéditeur", "envoyé|envoyé le|date", "à|pour", "objet|sujet", "copie à"),
    "es": Headers("de", "enviado|enviado el|fecha", "para|a", "asunto"),
    "pt": Headers("de", "enviado|enviada|enviada em|data", "para", "assunto"),
    "it": Headers("da", "inviato|data", "a", "oggetto"),
    "nl": Headers("van", "verzonden|datum", "aan", "onderwerp"),
    "sv": Headers("från", "skickat|datum", "till", "ämne", "kopia"),
    "no": Headers("fra", "sendt|dato", "til", "emne", "kopi"),
    "da": Headers("fra", "sendt|dato", "til", "emne"),
    "fi": Headers("lähettäjä", "lähetetty|päivämäärä|pvm", "vastaanottaja", "aihe", "kopio"),
    "pl": Headers("od", "wysłano|wysłane|data", "do", "temat", "dw"),
    "cs": Headers("od", "odesláno|datum", "komu", "předmět", "kopie"),
    "sk": Headers("od", "odoslané|dátum", "komu", "predmet", "kópia"),
    "hu": Headers("feladó", "elküldve|dátum", "címzett", "tárgy", "másolatot kap"),
    "ro": Headers("de la", "trimis|data", "către|catre", "subiect"),
    "hr": Headers("od|šalje", "poslano|datum", "za|prima", "predmet"),
    "tr": Headers("kimden|gönderen", "gönderildi|gönderilme tarihi|tarih", "kime", "konu", "bilgi"),
    "el": Headers("από", "στάλθηκε|ημερομηνία", "προς", "θέμα", "κοιν."),
    "ru": Headers("от|от кого", "отправлено|дата", "кому", "тема", "копия"),
    "uk": Headers("від", "надіслано|дата", "кому", "тема", "копія"),
    "bg": Headers("от", "изпратено|дата", "до", "относно|тема", "копие"),
    "he": Headers("מאת", "נשלח|תאריך", "אל", "נושא", "עותק"),
    "ar": Headers("من", "تم الإرسال|تاريخ الإرسال|التاريخ", "إلى", "الموضوع", "نسخة"),
    "ja": Headers("差出人|送信者", "送信日時|日時|日付", "宛先", "件名"),
    "zh": Headers("发件人|發件人|寄件者", "发送时间|發送時間|寄件日期|日期|时间|傳送時間",
                  "收件人|收件者", "主题|主題|主旨", "抄送|副本"),
    "ko": Headers("보낸 사람|보낸사람|발신", "보낸 날짜|날짜|보낸날짜", "받는 사람|받는사람|수신",
                  "제목", "참조"),
}  # fmt: skip


class Attribution(NamedTuple):
    """How one language writes "On <date>, <name> wrote:"."""

    openings: str
    verbs: str


ATTRIBUTIONS: Final[dict[str, Attribution]] = {
    "en": Attribution("on", "wrote|writes"),
    "de": Attribution("am", "schrieb|hat geschrieben|geschrieben"),
    "fr": Attribution("le", "a écrit|écrit"),
    "es": Attribution("el", "escribió|escribio"),
    "pt": Attribution("em|no dia|a", "escreveu"),
    "it": Attribution("il giorno|il|in data", "ha scritto|scrive"),
    "nl": Attribution("op", "schreef|heeft het volgende geschreven|geschreven"),
    "sv": Attribution("den", "skrev"),
    "no": Attribution("den|på", "skrev|følgende"),
    "da": Attribution("den|på", "skrev"),
    "fi": Attribution("", "kirjoitti"),
    "pl": Attribution("w dniu|dnia", "napisał|napisała|napisał(a)|pisze|napisano"),
    "cs": Attribution("dne|v", "napsal|napsala|napsal(a)|odesláno"),
    "sk": Attribution("dňa", "napísal|napísala|napísal(a)|napísal/a"),
    "hu": Attribution("", "írta|ezt írta"),
    "ro": Attribution("pe|în data de|la data", "a scris"),
    "hr": Attribution("dana|u", "je napisao|je napisala|napisao"),
    "tr": Attribution("", "şunu yazdı|tarihinde şunu yazdı|yazdı"),
    "el": Attribution("στις", "έγραψε"),
    "ru": Attribution("", "написал|написала|написал(а)|пишет"),
    "uk": Attribution("", "пише|написав|написала"),
    "bg": Attribution("на", "написа"),
    "he": Attribution("בתאריך", "כתב|כתבה|מאת"),
    "ar": Attribution("في", "كتب"),
    "ja": Attribution("", "のメール|wrote"),
    "zh": Attribution("在|于", "写道|寫道"),
    "ko": Attribution("", "님이 작성|작성"),
}

# Between dashes; what follows is the mail that this one answers.
ORIGINALS: Final = frozenset(
    (
        "original message", "original-nachricht", "originalnachricht", "ursprüngliche nachricht",
        "ursprungliche nachricht", "message d'origine", "message d’origine", "message original",
        "mensaje original", "mensagem original", "messaggio originale", "messaggio original",
        "oorspronkelijk bericht", "ursprungligt meddelande", "originalmeddelande",
        "opprinnelig melding", "oprindelig meddelelse", "original meddelelse",
        "alkuperäinen viesti", "oryginalna wiadomość", "wiadomość oryginalna",
        "původní zpráva", "pôvodná správa", "eredeti üzenet", "mesaj original", "mesajul original",
        "izvorna poruka", "orijinal mesaj", "özgün ileti", "αρχικό μήνυμα",
        "исходное сообщение", "пересылаемое исходное сообщение", "оригінальне повідомлення",
        "оригинално съобщение", "ההודעה המקורית", "הודעה מקורית", "الرسالة الأصلية",
        "元のメッセージ", "原始邮件", "原始郵件", "原邮件", "원본 메시지", "원본 메일",
    )
)  # fmt: skip

# With or without dashes; what follows is somebody else's mail that the author passes on.
FORWARDS: Final = frozenset(
    (
        "forwarded message", "begin forwarded message", "forwarded by", "begin forward",
        "weitergeleitete nachricht", "anfang der weitergeleiteten nachricht",
        "message transféré", "début du message transféré", "début du message réexpédié",
        "mensaje reenviado", "inicio del mensaje reenviado", "comienzo del mensaje reenviado",
        "mensagem encaminhada", "início da mensagem encaminhada",
        "início da mensagem reencaminhada", "mensagem reencaminhada",
        "messaggio inoltrato", "inizio messaggio inoltrato", "doorgestuurd bericht",
        "begin doorgestuurd bericht", "vidarebefordrat meddelande", "vidarebefordrat brev",
        "vidarebefordrat mejl", "videresendt melding", "videresendt meddelelse",
        "start på videresendt melding", "videresendt e-post", "välitetty viesti",
        "edelleenlähetetty viesti", "wiadomość przekazana dalej",
        "przekazana wiadomość", "początek przekazywanej wiadomości",
        "přeposlaná zpráva", "preposlaná správa", "továbbított levél", "továbbított üzenet",
        "mesaj redirecționat", "mesaj redirectionat", "proslijeđena poruka", "iletilen mesaj",
        "iletilmiş mesaj", "προωθημένο μήνυμα", "пересылаемое сообщение",
        "пересланное сообщение", "начало переадресованного сообщения",
        "переслане повідомлення", "препратено съобщение", "הודעה שהועברה", "رسالة معاد توجيهها",
        "転送メッセージ", "転送されたメッセージ", "转发的邮件", "轉寄的郵件", "转发邮件",
        "전달된 메시지", "전달된 메일",
    )
)  # fmt: skip

# What mail programs put before the subject of a mail that is passed on. "VS" is left out: it says
# "forwarded" in Danish and Norwegian, "answered" in Finnish.
FORWARD_PREFIXES: Final = (
    "fw", "fwd", "wg", "tr", "rv", "enc", "i", "inoltra", "inoltro", "doorst", "vb", "vl", "pd",
    "ilt", "i̇lt", "πρθ", "пересл", "trs", "továbbítás", "הועבר", "إعادة توجيه",
    "转发", "轉寄", "轉發", "转寄", "転送", "전달",
)  # fmt: skip

# Elements that hold nothing but history and its attribution. Outlook marks no end of it: its
# header block is found in the text, in every language.
_QUOTE_ELEMENTS: Final = (
    "blockquote[type=cite]",
    "blockquote.gmail_quote",
    ".gmail_quote blockquote",
    ".gmail_attr",
    ".moz-cite-prefix",
    ".protonmail_quote",
    ".tutanota_quote",
    ".yahoo_quoted",
    "[id*=yahoo_quoted]",
    "div[name=quote]",
    "#OLK_SRC_BODY_SECTION",
    "#mail-editor-reference-message-container",
    ".zmail_extra",
)
QUOTE_SELECTOR: Final = ", ".join(_QUOTE_ELEMENTS)
# One of these is in every mail that the selector finds anything in: a cheap first look.
_QUOTE_HINTS: Final = ("quote", "cite", "olk_src_body", "mail-editor-reference", "zmail_extra")

# Salesforce finds the case of an answer by these: `ref` ids, and threading tokens since 2023.
_THREAD_TOKEN: Final = re.compile(
    r"(?:\[[ \t]?)?\bref:!?_?[\w!.]{5,60}:ref\b(?:[ \t]?\])?|\bthread::[\w-]{8,64}::"
)

SIGNATURE_DELIMITER: Final = "--"

_KINDS: Final = {
    word: kind
    for language in HEADERS.values()
    for kind, words in zip(Headers._fields, language, strict=True)
    for word in words.split("|")
    if word
}
_LONGEST_SEPARATOR: Final = max(map(len, ORIGINALS | FORWARDS)) + len(" :")
# What forms call a date too; the other words for it say that something was sent.
_FORM_DATES: Final = frozenset((
    "date", "datum", "fecha", "data", "dato", "päivämäärä", "pvm", "dátum", "tarih", "ημερομηνία",
    "дата", "תאריך", "التاريخ", "日時", "日付", "日期", "时间", "날짜",
))  # fmt: skip
_LONGEST_KEY: Final = max(map(len, _KINDS)) + 8
# Dashes, quote marks, and the asterisks that bold text leaves in plain text.
_DRESSING: Final = " \t\u200e\u200f*_>-=—–"
_COLON: Final = re.compile(r"[:\uff1a]")
_ADDRESS: Final = re.compile(r"[^\s@]@[\w-]{1,80}")
_BRACKETED_ADDRESS: Final = re.compile(r"<[^\s<>@]{1,64}@[^\s<>]{1,200}>")
# People write to and of people; mail programs name them.
_IN_PERSON: Final = re.compile(
    r"\b(?:(?-i:I)|you|your|we|my|our|sie|ihnen|ihre?|ich|wir|mir|mich|uns|vous|votre|nous|usted"
    r"|ustedes|você|vocês|jij|wij|jag|вы|вам|мне|мы)\b",
    re.IGNORECASE,
)
# "15:04", "15h04", "3 pm"; "15.04" too, unless it is part of a date.
_TIME: Final = re.compile(
    r"(?<!\d)\d{1,2}(?::|\s?h|시)\s?\d\d(?!\d)"
    r"|(?<![\d.])\d{1,2}\.\d\d(?![\d.])"
    r"|\d{1,2}\s?(?:[ap]m\b|時|点|시)",
    re.IGNORECASE,
)
_DATE: Final = re.compile(r"(?<!\d)(?:(?:19|20)\d\d(?!\d)|\d{1,2}[./-]\d{1,2}[./-]\d{2})")
MAX_END_CHARS: Final = 8
SENTENCE_ENDS: Final = (".", "!", "?", ";", ":")
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_LABELLED: Final = re.compile(r"[^\W\d_][^:\uff1a]{0,30}[:\uff1a] ?\S.{0,600}\Z")
# A date may end in a dot: "(időpont: 2024." is half an attribution.
_ENDS_IN_NUMBER: Final = re.compile(r"\d\.$")
_ENDS_OPEN: Final = re.compile(r"[:\uff1a][\s\u200e\u200f\u202a-\u202e\u2066-\u2069]{0,4}>?$")


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _words(column: int, rows: Sequence[Attribution]) -> str:
    return _any_of({word for row in rows for word in row[column].split("|") if word})


_VERB: Final = re.compile(_words(1, [*ATTRIBUTIONS.values()]), re.IGNORECASE)
_OPENING: Final = re.compile(
    rf"(?:{_words(0, [*ATTRIBUTIONS.values()])})\b.{{0,40}}\d", re.IGNORECASE
)


_SAYS_FORWARDED: Final = re.compile(
    rf"\s{{0,9}}(?:\[[^\]]{{1,40}}\]\s{{0,9}})?(?:{_any_of(FORWARD_PREFIXES)})"
    r"(?:\s?[\[(]\d{1,3}[\])])?\s?[:\uff1a]",
    re.IGNORECASE,
)


def says_forwarded(subject: str) -> bool:
    """Tell whether a subject begins with a forward prefix; "RE: FW:" is an answer to one."""
    return _SAYS_FORWARDED.match(subject) is not None


def may_hold_quotes(html: str) -> bool:
    """Tell whether `QUOTE_SELECTOR` is worth a try."""
    lowered = html.lower()
    return any(hint in lowered for hint in _QUOTE_HINTS)


def without_thread_tokens(text: str) -> str:
    """Return the text without the tokens that Salesforce finds the case by."""
    if ":ref" not in text and "thread::" not in text:
        return text
    return _THREAD_TOKEN.sub("", text)


def is_forward(line: str) -> bool:
    """Tell whether the line announces a forwarded mail."""
    return _separator_words(line, dashes=0) in FORWARDS


def is_original(line: str) -> bool:
    """Tell whether the line, dashes and words, separates an answer from the mail it answers."""
    return _separator_words(line, dashes=2) in ORIGINALS


def is_rule(line: str) -> bool:
    """Tell whether the line is the mere stroke that some clients draw above a header block."""
    return len(line) >= len("-----") and not line.strip(_DRESSING)


def is_framed(line: str) -> bool:
    """Tell whether dashes enclose the line, as they do separators in languages unknown here."""
    return line.startswith("--") and line.endswith("--")


# What may stand right above a header block or an earlier message, and belongs to it.
DECORATION: Final = (is_rule, is_framed, is_original, is_forward)


def _separator_words(line: str, *, dashes: int) -> str:
    undressed = line[:1] not in _DRESSING
    if len(line) > (_LONGEST_SEPARATOR if undressed else MAX_SEPARATOR_CHARS):
        return ""
    if undressed and dashes:
        return ""
    bare = line.lstrip(_DRESSING)
    if line[: len(line) - len(bare)].count("-") < dashes and "__" not in line[:2]:
        return ""
    return bare.rstrip(_DRESSING + ":\uff1a").casefold()


def header_kind(line: str) -> str | None:
    """Return which header (`sender`, `date`, `to`, `subject`, `cc`) the line is, if it is one."""
    return _KINDS.get(_header_key(line))


def _header_key(line: str) -> str:
    colon = _COLON.search(line, 0, _LONGEST_KEY)
    return line[: colon.start()].strip(_DRESSING).casefold() if colon else ""


def header_block_end(lines: Sequence[str], start: int) -> int | None:
    """Return the index after the header block that begins at `start`, if one does.

    A block states sender, date and receiver or subject. So may a form ("From: Hamburg"): there
    must be a mail address, or a time of day and a subject, or all four with "Sent" for the date.
    """
    if header_kind(lines[start]) is None:
        return None
    kinds: dict[str, str] = {}
    end = start
    for index in range(start, min(start + MAX_HEADER_LINES, len(lines))):
        kind = header_kind(lines[index])
        if kind in kinds:
            break
        if kind:
            kinds[kind] = lines[index][:MAX_MARKER_CHARS]
            end = index + 1
    return end if _is_header_block(kinds) else None


def _is_header_block(kinds: dict[str, str]) -> bool:
    if not {"sender", "date"} <= kinds.keys() or kinds.keys().isdisjoint({"to", "subject"}):
        return False
    if {"to", "subject"} <= kinds.keys() and _header_key(kinds["date"]) not in _FORM_DATES:
        return True
    values = "\n".join(kinds.values())
    return bool(_ADDRESS.search(values) or ("subject" in kinds and _TIME.search(kinds["date"])))


def unworded_header_start(lines: Sequence[str], end: int) -> int | None:
    """Return where the header block of an unknown language begins that ends here, if one does.

    For the lines right above a known message only: three or more `label: value`, one of them with
    an address and one with day and time.
    """
    start = end
    while start and end - start < MAX_HEADER_LINES and _LABELLED.match(lines[start - 1]):
        start -= 1
    block = lines[start:end]
    is_header = (
        len(block) >= MIN_UNWORDED_HEADERS
        and any(map(_ADDRESS.search, block))
        and any(_TIME.search(line) and _YEAR.search(line) for line in block)
    )
    return start if is_header else None


def attribution_start(lines: Sequence[str], last: int, *, before_quote: bool) -> int | None:
    """Return where the attribution that ends on line `last` begins, if it is one.

    Args:
        lines: The mail.
        last: The line that would end it: "… wrote:".
        before_quote: Quoted lines follow, so less evidence will do. Without them a mere sentence
            ("On 2 May you wrote:") must not pass: it takes two of verb, date and address beside a
            time of day, or all three; and an address as only programs write it may stand in for a
            verb, and shows that "you" is part of a name.
    """
    end = len(lines[last])
    if end > MAX_MARKER_CHARS or not _ENDS_OPEN.search(lines[last], max(0, end - MAX_END_CHARS)):
        return None
    joined = ""
    found = None
    for start in range(last, max(-1, last - MAX_ATTRIBUTION_LINES), -1):
        line = lines[start]
        if not line or len(line) + len(joined) > MAX_MARKER_CHARS:
            break
        is_half = found is None and _ENDS_IN_NUMBER.search(line)
        if joined and line.endswith(SENTENCE_ENDS) and not is_half:
            break
        joined = f"{line.lstrip(_DRESSING)} {joined}"
        if _is_attribution(joined, before_quote=before_quote):
            if _OPENING.match(joined):
                return start
            found = start if found is None or _is_dated(line) else found
    return found


def _is_dated(text: str) -> bool:
    return bool(_DATE.search(text) and _TIME.search(text))


def _is_attribution(text: str, *, before_quote: bool) -> bool:
    if before_quote:
        return bool(_VERB.search(text) or _ADDRESS.search(text)) or _is_dated(text)
    verb, dated = _VERB.search(text), _DATE.search(text)
    bracketed = _BRACKETED_ADDRESS.search(text)
    if bracketed:
        return bool(dated and (verb or _TIME.search(text)))
    said_by_program = verb and _TIME.search(text) and not _IN_PERSON.search(text)
    return bool(said_by_program and (dated or _ADDRESS.search(text)))
