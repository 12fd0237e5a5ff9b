"""The line that names the author of a quote goes with it, in each language and form."""

from __future__ import annotations

import pytest

from target_creovai.parsers.mail import read_mail
from tests.accuracy.attributions import (
    ADDRESS,
    ATTRIBUTIONS,
    DATE_FIRST,
    broken,
    without_year,
    wrapped,
)

OWN = "Thanks, that works for us.\n\nGreta"
PLAIN = "Hello,\n\nplease send us the serial number.\n\nTomas"
MARKED = "> Hello,\n>\n> please send us the serial number.\n>\n> Tomas"
LANGUAGES = pytest.mark.parametrize("attribution", ATTRIBUTIONS.values(), ids=ATTRIBUTIONS)


def kept(mail: str) -> str:
    """Return what comes out of a mail of which nothing else is known."""
    return read_mail(mail, None, strip_quoted=True, subject="Re: device").text


@LANGUAGES
@pytest.mark.parametrize("quote", [PLAIN, MARKED], ids=["plain", "marked"])
def test_it_goes_above_a_quote(attribution: str, quote: str) -> None:
    """With and without marks below, with and without empty lines around."""
    link = attribution.replace(ADDRESS, f"{ADDRESS}<mailto:{ADDRESS}>")

    assert kept(f"{OWN}\n\n{attribution}\n\n{quote}") == OWN
    assert kept(f"{OWN}\n{attribution}\n{quote}") == OWN
    assert kept(f"{OWN}\n\n{link}\n\n{quote}") == OWN


@LANGUAGES
def test_it_goes_as_part_of_the_quote(attribution: str) -> None:
    """Apple Mail marks it, too."""
    assert kept(f"{OWN}\n\n> {attribution}\n>\n{MARKED}") == OWN


@LANGUAGES
def test_it_goes_where_nothing_is_left_to_quote(attribution: str) -> None:
    """Of a quoted image nothing is seen in text."""
    assert kept(f"{OWN}\n\n{attribution}") == OWN


@LANGUAGES
def test_it_goes_without_a_year(attribution: str) -> None:
    """Help desks leave the year out."""
    assert kept(f"{OWN}\n\n{without_year(attribution)}\n\n{MARKED}") == OWN


@LANGUAGES
@pytest.mark.parametrize("quote", [PLAIN, MARKED], ids=["plain", "marked"])
def test_it_goes_as_it_was_wrapped(attribution: str, quote: str) -> None:
    """Wherever a program on the way broke the line."""
    broken = [one for one in wrapped(attribution) if kept(f"{OWN}\n\n{one}\n\n{quote}") != OWN]

    assert broken == []


@pytest.mark.parametrize("language", DATE_FIRST)
def test_it_goes_as_it_was_broken_into_paragraphs(language: str) -> None:
    """With an empty line before the name, inside or around the address, or before the verb."""
    left = {one: kept(f"{OWN}\n\n{one}\n\n{PLAIN}") for one in broken(ATTRIBUTIONS[language])}

    assert {one: text for one, text in left.items() if text != OWN} == {}


@pytest.mark.parametrize(
    "own",
    [
        "On 4 March 2025 at 9:12 the parcel came",
        "On Tue, 4 Mar 2025 at 09:12 I called Tomas Berg",
        "The meeting of 4 March 2025, 9:12 Uhr",
        "Delivered: 4 March 2025 9:12 AM Oslo",
        "On 4 March 2025 at 9:12 we met Tomas Berg.",
    ],
)
def test_a_date_above_an_attribution_is_the_authors_own(own: str) -> None:
    """Whoever writes of a day and a time writes more than a date and a name."""
    mail = f"{own}\n\nTomas Berg <{ADDRESS}> wrote:\n\n{PLAIN}"

    assert kept(mail) == own
