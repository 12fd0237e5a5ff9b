"""What the built-in rules take for a card, an address, a phone or an account, and what not."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban, luhn

from tests.growth import is_linear
from tests.target.redaction.support import BUILT_IN, redact

FORMATS = (
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.E164,
    phonenumbers.PhoneNumberFormat.RFC3966,
)
REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "PL", "BR", "MX", "JP", "IN", "AU", "ZA")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("pay with 4000007100423125 please", "pay with [card] please"),
        ("4000 0071 0042 3125 12/27 123", "[card] 12/27 123"),
        ("my house is 12 4000-0071-0042-3125.", "my house is 12 [card]."),
        ("4000\u201300710042\u20133125", "4000\u201300710042\u20133125"),
        ("4000\u20110071\u20110042\u20113125", "[card]"),
        ("4000\u00a00071\u00a00042\u00a03125", "[card]"),
        ("4000.0071.0042.3125", "[card]"),
        ("4000  0071  0042  3125", "[card]"),
        ("4000\u200b0071\u200b0042\u200b3125", "[card]"),
        ("٤٠٠٠ ٠٠٧١ ٠٠٤٢ ٣١٢٥", "[card]"),
        ("４０００００７１００４２３１２５", "[card]"),
        ("4000 0071\n0042 3125", "[card]"),
        ("4000\n0071\n0042\n3125", "4000\n0071\n0042\n3125"),
        ("Visa4000007100423125, exp 1227", "Visa[card], exp 1227"),
        ("番号は4000007100423125です", "番号は[card]です"),
        ("3410 000071 00421", "[card]"),
        ("3610-007100-4234", "[card]"),
        ("5000-0071-0042-3122", "5000-0071-0042-3122"),
        ("4000 0071 0042 3127", "4000 0071 0042 3127"),
        ("0.4000007100423125", "0.4000007100423125"),
        ("+4000007100423125", "+4000007100423125"),
        ("4000007100423125AA", "4000007100423125AA"),
        ("4000007100423125,50", "4000007100423125,50"),
    ],
)
def test_cards(text: str, left: str) -> None:
    """In the groups that cards show, however they are parted; never a part of something else."""
    assert redact(text, {"card": "[card]"}) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("write to ada.quill+shop@mail.example.co.uk.", "write to [email]."),
        ("<ADA@EXAMPLE.ORG>, 'bo@example.org'", "<[email]>, '[email]'"),
        ("jürgen@bücher.example", "[email]"),
        ("连络ada@example.org谢谢", "连络[email]谢谢"),
        ("вера@почта.рф", "[email]"),
        ("mailto:o'neil@example.ie?subject=x", "mailto:[email]?subject=x"),
        ("ada＠example.org", "[email]"),
        ("see @team, a@b, x@localhost", "see @team, a@b, x@localhost"),
        ("logo@2x.png, lib@1.2.3", "logo@2x.png, lib@1.2.3"),
    ],
)
def test_emails(text: str, left: str) -> None:
    """Of any script, without the words and signs around them."""
    assert redact(text, {"email": "[email]"}) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("to DE44 5001 0517 5407 3249 31 please", "to [iban] please"),
        ("to de44500105175407324931, thanks", "to [iban], thanks"),
        ("IBAN:NO8330001234567.", "IBAN:[iban]."),
        ("MT84-MALT-0110-0001-2345-MTLC-AST0-01S", "[iban]"),
        ("to DE44 5001 0517 5407 3249 32 please", "to DE44 5001 0517 5407 3249 32 please"),
        ("room AB12 and DE44 5001 0517 5407 3249 31", "room AB12 and [iban]"),
        ("XX11 5001 0517 5407 3249 31", "XX11 5001 0517 5407 3249 31"),
    ],
)
def test_ibans(text: str, left: str) -> None:
    """Of a country that has them, in any blocks, with the right check digits."""
    assert redact(text, {"iban": "[iban]"}) == left


@pytest.mark.parametrize(
    ("text", "region", "left"),
    [
        ("call +49 30 2345 6789 or (+33) 1 70 18 99 00", None, "call [phone] or [phone]"),
        ("dial 0044 20 7946 0123 now", None, "dial [phone] now"),
        ("+49 30 2345 6789 4000007100423125", None, "[phone] 4000007100423125"),
        ("0049 30 2345 6789 12345678", None, "[phone] 12345678"),
        ("(212) 555-0147 or 212-555-0147", None, "[phone] or [phone]"),
        ("my mobile number is 2125550147", None, "my mobile number is [phone]"),
        ("Tel.: 030 2345 678", None, "Tel.: [phone]"),
        ("Telefonnummer 0302345678", None, "Telefonnummer [phone]"),
        ("携帯 090-1234-5678", None, "携帯 [phone]"),
        ("030 2345 678", None, "030 2345 678"),
        ("030 2345 6789, 0171 234 56 78", "DE", "[phone], [phone]"),
        ("06 12 34 56 78 / 06.12.34.56.78", "FR", "[phone] / [phone]"),
        ("020 7946 0123", "GB", "[phone]"),
        ("212 555 0147", "US", "[phone]"),
        ("2125550147", "US", "2125550147"),
        ("order no. 212-555-0147", "US", "order no. 212-555-0147"),
        ("Bestellung 030 2345 6789", "DE", "Bestellung 030 2345 6789"),
        ("612.345.678 EUR", "ES", "612.345.678 EUR"),
        ("1.058137624911211", "DE", "1.058137624911211"),
        ("order 005-0020000-0000000", None, "order 005-0020000-0000000"),
    ],
)
def test_phones(text: str, region: str | None, left: str) -> None:
    """With a country code always; else as the region writes them, or behind a word that says so."""
    assert redact(text, {"phone": "[phone]"}, region) == left


def test_numbers_of_all_countries_are_phones() -> None:
    """Fixed, mobile and freephone ones of each region, as they are written for the world."""
    samples = [
        phonenumbers.format_number(number, form)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in range(3)
        if (number := phonenumbers.example_number_for_type(region, kind))
        for form in FORMATS
    ]
    missed = [text for text in samples if not any(c == "[" for c in redact(text))]

    assert len(samples) > 2000
    assert missed == []


@pytest.mark.parametrize("region", REGIONS)
def test_a_regions_own_way_of_writing_is_known(region: str) -> None:
    """Its national format, for fixed and mobile numbers."""
    for kind in range(2):
        number = phonenumbers.example_number_for_type(region, kind)
        assert number is not None
        text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
        assert redact(f"so {text}, yes", region=region) == "so [phone], yes"


digits = st.text("0123456789", min_size=1, max_size=12)
moments = st.datetimes(datetime(1990, 1, 1), datetime(2049, 12, 31)).map(  # noqa: DTZ001 -- printed
    lambda moment: moment.replace(tzinfo=UTC)
)
DATE_FORMS = (
    "%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%y", "%d-%m-%Y", "%d.%m.%y", "%Y/%m/%d", "%Y%m%d",
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%fZ", "%d.%m.%Y %H:%M", "%Y%m%d%H%M%S", "%H:%M:%S",
)  # fmt: skip
harmless = st.one_of(
    st.builds(lambda moment, form: moment.strftime(form), moments, st.sampled_from(DATE_FORMS)),
    moments.map(lambda moment: str(int(moment.timestamp()))),
    moments.map(lambda moment: str(int(moment.timestamp() * 1000))),
    st.integers(1, 9_999_999).map("{:08d}".format),  # a case number
    digits.map("order {}".format),
    digits.map("ORD-{}".format),
    st.integers(10**5, 10**9 - 1).map(str),
    st.from_regex(r"[0-9]{3}-[0-9]{7}-[0-9]{7}", fullmatch=True).map("order {}".format),
    st.from_regex(r"5003[0-9]0{6}[0-9A-Za-z]{4}(?:[A-Z0-5]{3})?", fullmatch=True).filter(
        lambda text: not text.isdigit()
    ),
    st.integers(0, 10**9).map(lambda cents: f"{cents / 100:,.2f}"),
    st.integers(0, 10**9).map(lambda cents: f"{cents / 100:,.2f} EUR".replace(",", " ")),
    st.integers(0, 10**9).map("$ {:,}".format),
    st.floats(0, 180, allow_subnormal=False).map(str),
    st.ip_addresses(v=4).map(str),
)


@given(harmless, st.sampled_from([None, *REGIONS]))
@settings(max_examples=400)
def test_other_numbers_stay(text: str, region: str | None) -> None:
    """Dates, case and order numbers, timestamps, Salesforce Ids, money, coordinates."""
    sentence = f"it says {text} here"

    assert redact(sentence, region=region) == sentence


prefixes = st.sampled_from(["4", "51", "55", "2221", "2720", "6011", "65", "62", "3528", "2201"])
gaps = st.sampled_from(["", " ", "-", "\u00a0", "\u2011", ".", " - "])


@given(prefixes, st.text("0123456789", min_size=15, max_size=15), gaps)
@settings(max_examples=200)
def test_every_card_is_found(prefix: str, rest: str, gap: str) -> None:
    """Of sixteen digits, of any issuer, with any gap between its groups."""
    number = (prefix + rest)[:15]
    number += luhn.calc_check_digit(number)
    shown = gap.join(number[at : at + 4] for at in range(0, 16, 4))

    assert redact(f"it is {shown}, yes", {"card": "[card]"}) == "it is [card], yes"
    wrong = shown[:-1] + str((int(shown[-1]) + 1) % 10)
    assert redact(f"it is {wrong}, yes", {"card": "[card]"}) == f"it is {wrong}, yes"


@given(st.text("0123456789", min_size=18, max_size=18), st.sampled_from(["", " ", "-"]))
@settings(max_examples=50)
def test_every_iban_is_found(account: str, gap: str) -> None:
    """With its check digits, in one piece or in fours."""
    number = f"DE{iban.calc_check_digits(f'DE00{account}')}{account}"
    shown = gap.join(number[at : at + 4] for at in range(0, len(number), 4))

    assert redact(f"it is {shown}, yes", {"iban": "[iban]"}) == "it is [iban], yes"


@pytest.mark.parametrize(
    "piece",
    ["1", "1 ", "4111 ", "(1", "+1-", "a@", "a.b@c.d", "DE44 ", "00 1", "@a.", "ab12", "tel 1"],
)
def test_no_text_takes_for_ever(piece: str) -> None:
    """A mail may be made of nothing but beginnings."""
    assert is_linear(lambda size: redact("x" + piece * (size // len(piece)), region="DE"))


@given(st.text(), st.integers())
@settings(max_examples=100)
def test_any_text_can_be_redacted(text: str, seed: int) -> None:
    """Whatever characters it has, between things to find."""
    words = ["4000007100423125", "ada@example.org", "+49 30 2345 6789", "DE44500105175407324931"]
    random.Random(seed).shuffle(words)  # noqa: S311 -- no secret rests on it
    left = redact(f"{words[0]} {text} {words[1]} {words[2]} {words[3]}", dict(BUILT_IN))

    assert not any(word in left for word in words)
