"""With `strip_signatures`: what ends a mail without saying anything goes, all else stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_creovai.parsers.mail import read_mail
from target_creovai.parsers.mail.phrases import endings
from tests.growth import is_linear

OWN = "The kettle still beeps."


def stripped(ending: str, own: str = OWN) -> str:
    """Return what is left of a mail that ends like this."""
    return read_mail(f"{own}\n\n{ending}", None, strip_quoted=True, strip_signatures=True).text


def stays(ending: str) -> bool:
    """Tell whether all of the ending stays."""
    return stripped(ending) == f"{OWN}\n\n{ending}"


def rows(column: int) -> list[str]:
    """Return all alternatives in one column of the table."""
    words = (word for row in endings.LANGUAGES.values() for word in row[column].split("|"))
    return sorted({*words} - {""})


@pytest.mark.parametrize("wish", rows(0))
def test_every_sign_off_goes_with_or_without_a_name(wish: str) -> None:
    """Names, posts and addresses below it go too."""
    block = "Ida Berg\nHead of Tea\n\nBerg AS | Storgata 1\nTel. 555 0100\nida@berg.example"
    for ending in (wish.capitalize(), f"{wish},\n{block}", f"{wish.title()}, Ida Berg"):
        assert stripped(ending) == OWN


@pytest.mark.parametrize("thanks", rows(1))
def test_thanks_are_a_sign_off_above_a_name_only(thanks: str) -> None:
    """Alone they may be all that somebody wanted to say."""
    assert stripped(f"{thanks.capitalize()},\nIda") == OWN
    assert stays(thanks.capitalize())


@pytest.mark.parametrize(
    "footer",
    [
        "Sent from my iPhone", "Sent from Outlook for Android", "Get Outlook for iOS",
        "Von meinem iPhone gesendet", "Gesendet mit der GMX Mail App",
        "Diese Nachricht wurde von meinem Android-Gerät gesendet.", "Envoyé de mon Galaxy",
        "Enviado desde mi iPad", "Enviado do meu iPhone", "Inviato da iPhone",
        "Verzonden vanaf mijn Samsung", "Skickat från min iPhone", "Sendt fra min iPad",
        "Lähetetty iPhonesta", "Wysłane z iPhone'a", "Odesláno z iPhonu", "Отправлено с iPhone",
        "iPhone'umdan gönderildi", "iPhoneから送信", "发自我的iPhone", "나의 iPhone에서 보냄",
    ],
)  # fmt: skip
def test_an_app_footer_goes(footer: str) -> None:
    """In the languages that apps speak, also below a sign-off."""
    assert stripped(footer) == OWN
    assert stripped(f"Kind regards\nIda\n\n{footer}") == OWN


@pytest.mark.parametrize(
    "notice",
    [
        "This e-mail is confidential and meant for its recipient alone.",
        "CONFIDENTIALITY NOTICE: privileged and confidential, for the addressee.",
        "Diese E-Mail ist vertraulich und nur für den Empfänger.",
        "Ce message est confidentiel et réservé à son destinataire.",
        "Este mensaje es confidencial, para su destinatario.",
        "Esta mensagem é confidencial, para o destinatário.",
        "Questo messaggio è riservato ai destinatari.",
        "Dit bericht is vertrouwelijk en voor de geadresseerde.",
        "Detta meddelande är konfidentiellt, för mottagaren.",
        "Данное сообщение конфиденциально и предназначено адресату.",
        "Please consider the environment before printing this mail.",
    ],
)
def test_a_legal_notice_goes(notice: str) -> None:
    """Known by how it begins and by two legal words."""
    assert stripped(notice) == OWN
    assert stripped(f"Kind regards\nIda\n\n{notice}\n\nSent from my iPhone") == OWN


@pytest.mark.parametrize(
    "ending",
    [
        pytest.param("Thanks,\nplease call me today", id="words-below-thanks"),
        pytest.param("Best\nCall me at 0151 555 0100 after six", id="words-with-a-number"),
        pytest.param("Regards to Bob, who repaired it the last time we had it", id="greeting-sent"),
        pytest.param("Thanks for the cup. It is blue.", id="sentence-that-thanks"),
        pytest.param("Kind regards\nIda\n\nPS: Is the lid free?", id="postscript"),
        pytest.param("Kind regards\nIda\n\nWhen do you open tomorrow?", id="question-below-name"),
        pytest.param("Sent from the depot on Monday, not here yet.", id="sent-without-device"),
        pytest.param("it was\nsent from my Samsung phone order", id="wrapped-sentence"),
        pytest.param("This message is not what I intended for that recipient.", id="own-message"),
        pytest.param("This notice says confidential. Why?", id="question-about-a-notice"),
        pytest.param("Gruß und Kuss dem Julius", id="saying"),
    ],
)
def test_what_says_something_stays(ending: str) -> None:
    """In doubt a name too many is better than a sentence too few."""
    assert stays(ending)


@pytest.mark.parametrize("mail", ["Kind regards\nIda", "Sent from my iPhone", "Thanks\nIda"])
def test_a_mail_of_nothing_else_stays(mail: str) -> None:
    """A mail is never emptied."""
    assert read_mail(mail, None, strip_quoted=True, strip_signatures=True).text == mail


def test_all_stays_unless_asked_for() -> None:
    """`strip_signatures` is off by default."""
    mail = f"{OWN}\n\nKind regards\nIda\n\nSent from my iPhone"

    assert read_mail(mail, None, strip_quoted=True).text == mail


def test_a_sign_off_above_history_goes_and_is_counted() -> None:
    """What is forwarded keeps its own sign-off: it is the news."""
    forwarded = "-- Forwarded message --\nFrom: Liv\n\nNews\n\nKind regards\nLiv"
    mail = f"{OWN}\n\nKind regards\nIda\n\n{forwarded}"
    read = read_mail(mail, None, strip_quoted=True, strip_signatures=True)

    assert read.text == f"{OWN}\n\n{forwarded}"
    assert read.removed == len(mail) - len(read.text)


# --- Forwarded, says the subject ------------------------------------------------------------------

BLOCK = "From: Liv <liv@berg.example>\nSent: 5 March 2024 09:12\nTo: Ida\nSubject: E42\n\nNews"


@pytest.mark.parametrize(
    "subject",
    [
        "FW: E42", "Fwd: E42", "fwd:E42", "WG: E42", "TR : E42", "RV: E42", "ENC: E42", "I: E42",
        "Doorst: E42", "VB: E42", "VL: E42", "PD: E42", "İLT: E42", "ΠΡΘ: E42", "转发：E42",
        "[External] FW: E42", "FW[2]: E42", "轉寄: E42",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "separator", ["", "-----Original Message-----\n"], ids=["block", "separator"]
)
def test_a_forward_prefix_keeps_the_block(subject: str, separator: str) -> None:
    """Outlook forwards look like its answers but for their subject."""
    mail = f"{OWN}\n\n{separator}{BLOCK}"

    assert read_mail(mail, None, strip_quoted=True, subject=subject).text == mail


@pytest.mark.parametrize("subject", [None, "", "RE: E42", "AW: WG: E42", "Trip: E42", "Info: E42"])
def test_without_a_forward_prefix_the_block_is_history(subject: str | None) -> None:
    """An answer to a forward is an answer."""
    assert read_mail(f"{OWN}\n\n{BLOCK}", None, strip_quoted=True, subject=subject).text == OWN


def test_a_quoted_block_of_a_forward_stays() -> None:
    """Some clients put quote marks before what they forward."""
    quoted = "\n".join(f"> {line}".rstrip() for line in BLOCK.split("\n"))
    mail = f"{OWN}\n\n{quoted}"

    assert read_mail(mail, None, strip_quoted=True, subject="Fwd: E42").text == mail


def test_a_forward_of_what_the_case_holds_says_nothing_new() -> None:
    """Each sentence once: the case's own mails go, whatever the subject says."""
    old = "Our kettle beeps since Monday. It shows E42 as well."
    mail = f"{OWN}\n\n{BLOCK.replace('News', old)}"

    read = read_mail(mail, None, strip_quoted=True, subject="FW: E42", earlier=[old])
    assert read.text == OWN


# --- Any text -------------------------------------------------------------------------------------

# A notice goes on to the end of its paragraph: what stands right below it is its own.
piece = st.sampled_from(
    ["Kind regards", "Ida Berg", "", "own words", "Sent from my iPhone", "Thanks", "Tel. 555 0100",
     "This e-mail is confidential, for its recipient.\n", "PS: more?", "-- "]
)  # fmt: skip


@given(st.lists(piece, max_size=12).map("\n".join))
def test_what_stays_is_the_beginning(mail: str) -> None:
    """Endings go from the end, a mail with words keeps some, and a second look finds no more."""
    whole = read_mail(mail, None, strip_quoted=True).text
    left = read_mail(mail, None, strip_quoted=True, strip_signatures=True).text

    assert whole.startswith(left)
    assert bool(left) == bool(whole)
    assert "own words" not in whole or whole.count("own words") == left.count("own words")


@pytest.mark.parametrize(
    "line",
    ["Kind regards\n", "x\n", "\n", "Sent from my iPhone\n\n", "This e-mail ", "A" * 99 + "\n"],
)
def test_a_hostile_ending_takes_little_time(line: str) -> None:
    """Only the end is looked at, however long it is."""
    assert is_linear(lambda size: read_hostile(line * (size // len(line))))


def read_hostile(text: str) -> None:
    """Read a mail with such an ending."""
    read = read_mail(f"own words\n\n{text}", None, strip_quoted=True, strip_signatures=True)
    assert read.text.startswith("own words")
