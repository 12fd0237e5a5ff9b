"""The words by which mail clients mark quoted history, by language: data, and nothing else.

A new client or language is one row in a table here, and one sample in the tests.
"""

# ruff: noqa: RUF001 - letters of other alphabets are what these tables are about.

from __future__ import annotations

from typing import Final, NamedTuple


class Headers(NamedTuple):
    """One language's words for the headers above a quoted mail."""

    sender: str
    date: str
    to: str
    subject: str
    cc: str = ""


# Alternatives are separated by `|`: clients of one language do not agree, nor do versions of one.
HEADERS: Final[dict[str, Headers]] = {
    "en": Headers("from", "sent|date", "to", "subject",
                  "cc|bcc|reply-to|importance|priority|attachments|sensitivity"),
    "de": Headers("von", "gesendet|gesendet am|datum", "an", "betreff",
                  "kopie|wichtigkeit|priorität|anlagen|antwort an"),
    "fr": Headers("de|expéditeur", "envoyé|envoyé le|envoye|envoye le|date",
                  "à|pour", "objet|sujet",
                  "copie à|copie|pièces jointes|répondre à|priorité"),
    "es": Headers("de", "enviado|enviado el|fecha", "para|a", "asunto",
                  "importancia|datos adjuntos|responder a"),
    "pt": Headers("de", "enviado|enviada|enviada em|data", "para", "assunto",
                  "importância|anexos"),
    "it": Headers("da", "inviato|data", "a", "oggetto", "importanza|allegati|risposta"),
    "nl": Headers("van", "verzonden|datum", "aan", "onderwerp", "bijlagen|urgentie|prioriteit"),
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
    "et": Headers("saatja|kellelt", "saadetud|saatmisaeg|kuupäev", "adressaat|kellele", "teema"),
    "lv": Headers("no|sūtītājs", "nosūtīts|datums", "kam|adresāts", "temats|tēma"),
    "lt": Headers("nuo|siuntėjas", "išsiųsta|data", "kam|gavėjas", "tema"),
    "sl": Headers("od|pošiljatelj", "poslano|datum", "za|prejemnik", "zadeva"),
    "ca": Headers("de", "enviat|data", "per a", "assumpte"),
    "is": Headers("frá|sendandi", "sent|sent þann|dagsetning", "til|viðtakandi", "efni"),
    "vi": Headers("từ|người gửi", "đã gửi|ngày|gửi lúc", "đến|tới|người nhận", "chủ đề|tiêu đề"),
    "th": Headers("จาก", "ส่ง|ส่งเมื่อ|วันที่", "ถึง", "เรื่อง|หัวเรื่อง"),
    "id": Headers("dari", "dikirim|terkirim|tanggal", "kepada|ke", "subjek|perihal|judul"),
    "fa": Headers("از|فرستنده", "ارسال شده|تاریخ", "به|گیرنده", "موضوع"),
    "hi": Headers("प्रेषक|से", "भेजा गया|दिनांक", "प्रति|प्राप्तकर्ता", "विषय"),
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
    "pl": Attribution("w dniu|dnia", "napisał|napisała|napisał(a)|napisana przez|pisze|napisano"),
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
    "et": Attribution("", "kirjutas"),
    "lv": Attribution("", "rakstīja"),
    "lt": Attribution("", "rašė"),
    "sl": Attribution("dne", "je napisal|je napisala|napisal/a|napisal|napisala"),
    "sr": Attribution("дана|у", "је написао|је написала|написао/ла"),
    "ca": Attribution("el", "va escriure|ha escrit"),
    "is": Attribution("þann", "skrifaði"),
    "vi": Attribution("vào", "đã viết"),
    "th": Attribution("เมื่อ|ในวันที่", "เขียนว่า|เขียน"),
    "id": Attribution("pada", "menulis"),
    "fa": Attribution("در", "نوشت"),
    "hi": Attribution("", "ने लिखा"),
    "bn": Attribution("", "লিখেছেন"),
    "sw": Attribution("mnamo", "aliandika"),
}

# Between dashes; what follows is the mail that this one answers.
ORIGINALS: Final = frozenset(
    (
        "original message", "original mail", "original email", "original e-mail", "reply message",
        "mail original", "courriel original", "e-mail original", "original-nachricht",
        "originalnachricht", "ursprüngliche nachricht",
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
        "začátek přeposílané zprávy", "start på videresendt besked", "välitetty viesti alkaa",
        "započni proslijeđenu poruku", "továbbított levél kezdete", "începe mesajul redirecționat",
        "začiatok preposlanej správy", "i̇leti başlangıcı", "iletilen i̇leti",
        "початок листа, що пересилається", "перенаправленное сообщение",
        "перенаправлене повідомлення", "treść przekazanej wiadomości", "wiadomość przesłana dalej",
        "välitetty viesti / fwd.msg", "message transmis", "メッセージを転送",
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
