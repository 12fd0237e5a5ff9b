"""What is looked for first, to spare the patterns of mails, leaves nothing out."""

from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from target_creovai.parsers.mail.layout import html
from target_creovai.parsers.mail.phrases.banners import is_banner
from target_creovai.parsers.mail.phrases.endings import LANGUAGES
from target_creovai.parsers.mail.phrases.footers import is_app_footer, is_notice
from target_creovai.parsers.mail.phrases.signatures import is_sign_off
from target_creovai.parsers.mail.phrases.signs import DATE, TIME, YEAR, Openings, any_of

# The same as the module's, each written as it is said: what must not stand before comes first.
_A_YEAR: Final = r"(?<!\d)(?:(?:1[34]|19|20|25)\d\d(?!\d)|\d{1,2}年)"
PLAINLY: Final = {
    "time": re.compile(
        r"(?<!\d)\d{1,2}(?::|\s?h|시)\s?\d\d(?!\d)|(?<![\d.])\d{1,2}\.\d\d(?![\d.])"
        r"|\d{1,2}\s?(?:[ap]\.?m\b|時|点|시)",
        re.IGNORECASE,
    ),
    "date": re.compile(rf"{_A_YEAR}|(?<!\d)\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2}}"),
    "year": re.compile(rf"{_A_YEAR}|(?<!\d)\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2}}(?!\d)"),
}
QUICKLY: Final = {"time": TIME, "date": DATE, "year": YEAR}


def cases(words: str) -> list[str]:
    """Return each of some words as it is, and in capitals."""
    return [
        form
        for word in filter(None, words.split("|"))
        for form in (word, word.replace("ß", "ẞ").upper())
    ]


@pytest.mark.parametrize("name", PLAINLY)
@given(text=st.text("0123459.:/- hHapm年時시x", max_size=12))
@example(text="12025")
@example(text="1.2.25")
def test_dates_and_times_are_those_that_the_plain_patterns_find(name: str, text: str) -> None:
    """What must not stand before a number is looked at behind its first digit."""
    plain, quick = PLAINLY[name].search(text), QUICKLY[name].search(text)

    assert (plain and plain.span()) == (quick and quick.span())


@given(
    st.lists(st.text("aeistßıİſKk\u0307é -", min_size=1, max_size=5), min_size=1, max_size=4),
    st.text("aeistAEISTßẞıİſK\u212a\u0307éÉ -", max_size=8),
)
def test_a_text_that_begins_with_a_word_is_worth_a_try(words: list[str], text: str) -> None:
    """In whatever case, and with whatever letters count as the same."""
    if re.match(any_of(words), text, re.IGNORECASE):
        assert Openings(words).may_begin(text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_ending_is_found_in_any_case(language: str) -> None:
    """Sign-offs, thanks, footers and notices, by the words of each language."""
    words = LANGUAGES[language]

    assert [wish for wish in cases(words.sign_offs) if not is_sign_off(wish, has_name=False)] == []
    assert [
        thanks for thanks in cases(words.thanks) if not is_sign_off(thanks, has_name=True)
    ] == []
    for sent in cases(words.sent):
        assert is_app_footer(f"{sent} iPhone") or is_app_footer(f"iPhone{sent}")
    for notice in cases(words.notices):
        assert is_notice(f"{notice} is confidential and privileged")


@pytest.mark.parametrize(
    "banner",
    [
        "[EXTERNAL]",
        "EXT:",
        "[Externo]",
        "[ESTERNO]",
        "CAUTION: This email originated from outside of the organization.",
        "This message came from an external source.",
        "Diese E-Mail stammt von außerhalb des Unternehmens.",
        "Diese E-Mail stammt von ausserhalb des Unternehmens.",
        "Ce message provient de l'extérieur de l'organisation.",
        "Este mensaje procede del exterior de la empresa.",
        "Este correo viene de fuera de la empresa.",
        "Esta mensagem veio de fora da empresa.",
        "Questo messaggio viene da un mittente esterno.",
        "Dit bericht komt van buiten de organisatie.",
        "Ta wiadomość pochodzi spoza organizacji.",
        "Ta wiadomość pochodzi od zewnętrznego nadawcy.",
        "Tato zpráva přišla mimo organizaci.",
        "Detta meddelande kommer utanför organisationen.",
        "Denne mail kommer uden for organisationen.",
        "Denne e-posten kommer utenfor organisasjonen.",
        "Denne mail er fra en ekstern afsender.",
        "Tämä viesti on organisaation ulkopuolelta.",
        "Bu e-posta kurum dışından geldi.",
        "BU E-POSTA KURUM DIŞINDAN GELDİ.",
        "Bu e-posta harici bir kaynaktan geldi.",
        "You don't often get email from ida@berg.example.",
        "Sie erhalten nicht häufig E-Mails von ida@berg.example.",
        "Sie erhalten nicht oft eine E-Mail von ida@berg.example.",
        "Vous ne recevez pas souvent de courriers de ida@berg.example.",
        "No suele recibir correo de ida@berg.example.",
        "This email has been scanned for viruses.",
        "This message was sent securely.",
    ],
)
def test_each_claim_of_a_banner_is_found(banner: str) -> None:
    """That a mail is from outside, in the words of gateways of each language."""
    assert is_banner(banner)


@given(st.text(st.sampled_from("a\t\n\r\x00\x0b\x1f\x7f\xa0é\u200b\u2028\ufdd0\ud800😀")))
def test_a_text_is_cleaned_if_the_pattern_finds_something(text: str) -> None:
    """A quicker look is taken first."""
    assert html._is_unclean(text) == (html._UNCLEAN.search(text) is not None)
