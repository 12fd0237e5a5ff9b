"""What the author of a mail wrote: all of it, and nothing of what is quoted below."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_creovai.parsers.mail import MailText, full_text, read_mail, repeats
from target_creovai.parsers.mail.layout.html import tidy_text
from target_creovai.parsers.mail.phrases import languages
from tests.growth import is_linear

if TYPE_CHECKING:
    from collections.abc import Callable

MAILS = Path(__file__).parent / "data" / "mail"


class Golden(NamedTuple):
    """One mail, the earlier messages of its case, and what of it stays."""

    body: str
    is_html: bool
    earlier: list[str]
    stays: str

    @classmethod
    def load(cls, path: Path) -> Golden:
        """Read `<symptom>.txt` or `.html`: a body, then sections headed `=== earlier|stays`."""
        body, *sections = re.split(r"^=== (\w+)\n", path.read_text("utf-8"), flags=re.MULTILINE)
        named = list(zip(sections[::2], (text.strip("\n") for text in sections[1::2]), strict=True))
        earlier = [text for name, text in named if name == "earlier"]
        return cls(body, path.suffix == ".html", earlier, dict(named)["stays"])

    def read(self) -> MailText:
        """Return what the parser makes of it."""
        text, html = (None, self.body) if self.is_html else (self.body, None)
        return read_mail(text, html, strip_quoted=True, earlier=self.earlier)


GOLDENS = sorted(MAILS.iterdir())


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.name)
def test_what_its_author_wrote_stays(path: Path) -> None:
    """Each sample shows one client, one language or one trap."""
    golden = Golden.load(path)

    assert golden.read().text == golden.stays


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.name)
def test_reading_what_was_read_changes_nothing(path: Path) -> None:
    """What stays holds no more history."""
    golden = Golden.load(path)
    text = golden.read().text

    again = read_mail(text, None, strip_quoted=True, earlier=golden.earlier)
    assert again.text == text


@pytest.mark.parametrize("path", GOLDENS, ids=lambda path: path.name)
def test_no_word_is_invented(path: Path) -> None:
    """Every line that stays is a line of the mail, but for the quote mark before a question."""
    golden = Golden.load(path)
    body = None if golden.is_html else golden.body
    lines = set(full_text(body, golden.body).split("\n"))

    assert all(line in lines or line.removeprefix("> ") in lines
               for line in golden.read().text.split("\n"))  # fmt: skip


def test_a_mail_that_is_all_history_is_kept_whole() -> None:
    """Half a conversation is worth more than an empty message."""
    quote = "> Good morning,\n> which error does it show?"

    assert read_mail(quote, None, strip_quoted=True) == MailText(quote, 0, kept_whole=True)


def test_history_in_html_that_is_kept_whole_has_no_quote_marks_of_ours() -> None:
    """The marks serve to find history; where it stays, it stays as it was."""
    html = "<blockquote type=cite><p>Good morning</p></blockquote>"

    assert read_mail(None, html, strip_quoted=True) == MailText(
        "Good morning", 0, kept_whole=True, only_quotes=True
    )


@pytest.mark.parametrize("body", [None, "", " \n\u00a0\n"], ids=["none", "empty", "blank"])
def test_an_empty_mail_is_empty(body: str | None) -> None:
    """Nothing in, nothing out, nothing kept."""
    assert read_mail(body, body, strip_quoted=True) == MailText("", 0, kept_whole=False)


def test_the_text_body_wins_if_it_shows_anything() -> None:
    """The HTML body is for mails whose text body is blank."""
    assert read_mail("text", "<p>html</p>", strip_quoted=True).text == "text"
    assert read_mail("\u200b \n", "<p>html</p>", strip_quoted=True).text == "html"


def test_without_stripping_all_stays() -> None:
    """`strip_quoted_replies: false` means the whole mail, quotes as they are."""
    html = "<p>new</p><blockquote type=cite>old</blockquote><p>-- <br>Ida</p>"

    assert read_mail(None, html, strip_quoted=False) == MailText(
        full_text(None, html), 0, kept_whole=False
    )
    assert full_text(None, html).split() == ["new", "old", "--", "Ida"]


def test_what_was_removed_is_counted() -> None:
    """The count says how much shorter the mail became."""
    body = "new\n\nIda wrote:\n> old\n> older"

    assert read_mail(body, None, strip_quoted=True) == MailText(
        "new", len(body) - len("new"), kept_whole=False
    )


# --- The tables: a sample for every row -------------------------------------------------------


@pytest.mark.parametrize("language", languages.HEADERS)
def test_the_headers_of_every_language_are_known(language: str) -> None:
    """Each spelling of each header, in whatever combination a client writes them."""
    row = languages.HEADERS[language]
    for date in row.date.split("|"):
        for sender in row.sender.split("|"):
            block = (
                f"{sender.title()}: Fjord <help@fjord.example>\n{date.title()}: 5.3.2024 09:12\n"
                f"{row.to.split('|')[0].title()}: ida@berg.example\n"
                f"{row.subject.split('|')[0].title()}: E42"
            )
            assert read_mail(f"own\n\n{block}\n\nold", None, strip_quoted=True).text == "own"


@pytest.mark.parametrize("language", languages.ATTRIBUTIONS)
def test_the_attributions_of_every_language_are_known(language: str) -> None:
    """Each verb, with and without quote marks below, even where the line is wrapped."""
    row = languages.ATTRIBUTIONS[language]
    opening = row.openings.split("|")[0].title()
    for verb in row.verbs.split("|"):
        line = f"{opening} 5.3.2024 09:12, Fjord Helpdesk\n(Oslo) {verb}:".strip()
        for old in ("> old\n> older", "\nold\n\nolder"):
            assert read_mail(f"own\n\n{line}\n{old}", None, strip_quoted=True).text == "own"


@pytest.mark.parametrize("words", sorted(languages.ORIGINALS))
def test_every_separator_ends_the_mail(words: str) -> None:
    """Between dashes, in any case."""
    body = f"own\n\n-----{words.title()}-----\nold"

    assert read_mail(body, None, strip_quoted=True).text == "own"


@pytest.mark.parametrize("words", sorted(languages.ORIGINALS))
def test_a_separator_needs_its_dashes(words: str) -> None:
    """The words alone are words."""
    body = f"own\n\n{words.capitalize()}:\nold"

    assert read_mail(body, None, strip_quoted=True).text == body


@pytest.mark.parametrize("words", sorted(languages.FORWARDS))
def test_every_forward_stays(words: str) -> None:
    """What somebody else wrote outside the case is news to it."""
    body = (
        f"own\n\n---------- {words.title()} ---------\nFrom: Liv <liv@berg.example>\n"
        "Date: Tue, Mar 5, 2024\nSubject: E42\nTo: Ida\n\nnews"
    )

    assert read_mail(body, None, strip_quoted=True).text == body


def test_no_word_means_two_headers() -> None:
    """A word may serve several languages, but only for one header."""
    meanings: dict[str, set[str]] = {}
    for row in languages.HEADERS.values():
        for kind, words in zip(languages.Headers._fields, row, strict=True):
            for word in filter(None, words.split("|")):
                meanings.setdefault(word, set()).add(kind)

    assert {word for word, kinds in meanings.items() if len(kinds) > 1} == set()


# --- A whole case ------------------------------------------------------------------------------

SENTENCES = [
    ["Our kettle beeps since Monday.", "Please tell us what to do."],
    ["Thank you for writing.", "Which error does the display of the kettle show?"],
    ["It shows E42 and a small red drop.", "The drop blinks."],
    ["Then the seal is worn.", "We send a new one today, free of charge."],
    ["The seal arrived and fits.", "You may close the case."],
]


def _gmail(own: str, old: str) -> str:
    quoted = "\n".join(f"> {line}".rstrip() for line in old.split("\n"))
    return f"{own}\n\nOn Tue, Mar 5, 2024 at 9:12 AM Fjord <help@fjord.example> wrote:\n\n{quoted}"


def _outlook(own: str, old: str) -> str:
    headers = "Von: Fjord <help@fjord.example>\nGesendet: Dienstag, 5. März 2024 09:12"
    return f"{own}\n\n{headers}\nAn: Ida Berg\nBetreff: Kessel\n\n{old}"


def _salesforce(own: str, old: str) -> str:
    headers = "From: Fjord [help@fjord.example]\nSent: 3/5/2024 9:12 AM\nSubject: Kettle"
    return f"{own}\n\n--------------- Original Message ---------------\n{headers}\n\n{old}"


def _bottom(own: str, old: str) -> str:
    quoted = "\n".join(f"> {line}".rstrip() for line in old.split("\n"))
    return f"Le 05/03/2024 à 09:12, Fjord a écrit :\n{quoted}\n\n{own}"


def _unmarked(own: str, old: str) -> str:
    return f"{own}\n\n{old}"


STYLES = [_gmail, _outlook, _salesforce, _bottom, _unmarked]


@given(st.lists(st.sampled_from(STYLES), min_size=4, max_size=4))
def test_each_sentence_of_a_case_is_said_once_by_its_author(
    styles: list[Callable[[str, str], str]],
) -> None:
    """Five mails by clients that quote all before them add up to five mails' worth of text."""
    bodies = ["\n".join(SENTENCES[0])]
    for style, sentences in zip(styles, SENTENCES[1:], strict=True):
        bodies.append(style("\n".join(sentences), bodies[-1]))

    read = [
        read_mail(body, None, strip_quoted=True, earlier=bodies[:turn]).text.split("\n")
        for turn, body in enumerate(bodies)
    ]
    assert read == SENTENCES


# --- Any text ----------------------------------------------------------------------------------

prose = st.lists(
    st.text(st.characters(categories=("L", "N", "Zs"), include_characters=",.!?"), max_size=40),
    max_size=20,
).map("\n".join)
marked_line = st.sampled_from(
    [
        "> quoted", ">", "own words", "", "-- ",
        "On 5 Mar 2024, at 09:12, Ida <i@b.example> wrote:",
        "From: Ida <i@b.example>", "Sent: 5 March 2024 09:12", "To: Odd", "Subject: Kettle",
        "-----Original Message-----", "---------- Forwarded message ---------",
        "ref:_00Dx._500y:ref", "________________", "> own: 5", "<", "yes:", "thread::abcdefgh::",
    ]
)  # fmt: skip
marked = st.lists(marked_line, max_size=25).map("\n".join)


@given(prose)
def test_a_text_without_marks_is_only_tidied(text: str) -> None:
    """Not a word goes from a mail that quotes nothing."""
    assert read_mail(text, None, strip_quoted=True) == MailText(
        tidy_text(text), 0, kept_whole=False
    )


@given(marked, st.lists(marked, max_size=3))
def test_any_mix_of_marks_leaves_lines_of_the_mail(body: str, earlier: list[str]) -> None:
    """Nothing is invented, the count is right, and a mail that says something is never emptied."""
    read = read_mail(body, None, strip_quoted=True, earlier=earlier)
    whole = full_text(body, None)

    # An answer in unmarked history gets its question with a quote mark.
    assert {line.removeprefix("> ") for line in read.text.split("\n")} <= {
        line.removeprefix("> ") for line in [*whole.split("\n"), ""]
    }
    assert bool(read.text) == bool(whole)
    assert read.removed == 0 if read.kept_whole else read.removed == len(whole) - len(read.text)


@given(st.text(st.characters(), max_size=300), st.text(st.characters(), max_size=300))
def test_any_string_is_read(text: str, html: str) -> None:
    """Whatever arrives, text comes out that JSON can carry."""
    for body in (text, None):
        read_mail(body, html, strip_quoted=True, earlier=[html, text]).text.encode()


ATTRIBUTION = "On Mon, Jan 15, 2024 at 3:04 PM A <a@b.example> wrote:\n"
HOSTILE = {
    "quote-marks": ">",
    "quote-mark-lines": ">\n",
    "quoted-lines": "> a\n",
    "newlines": "\n",
    "spaces": " ",
    "openings": "On ",
    "headers-in-a-line": "From: ",
    "headers": "From: x\nTo: y\n",
    "dashes": "-",
    "strokes": "_",
    "asterisks": "*",
    "brackets": "(",
    "delimiters": "--\n",
    "one-line": "x",
    "open-ends": "2024 10:00 a:\n",
    "answers": "> q\na\n",
    "attributions": f"{ATTRIBUTION}> x\n",
    "attributions-without-quotes": f"{ATTRIBUTION}\n\n\n\n\n> x\n\n",
    "tokens": "[ ref:",
    "separators": "x\n-----Original Message-----\n",
    "forwards": "---- Forwarded message ----\n",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("size", [450, 15_000], ids=["short", "long"])
def test_a_hostile_mail_takes_little_time(piece: str, size: int) -> None:
    """No mail can hold up the others, nor can a line that is short enough to be looked at."""
    assert is_linear(lambda characters: read_hostile(piece * (characters // len(piece))), size)


def read_hostile(text: str) -> None:
    """Read a mail that is an answer to two like it."""
    part = len(text) // 10
    earlier = [text[:part], text[part // 2 : part]]
    read = read_mail(f"own words\n\n{text}", None, strip_quoted=True, earlier=earlier)
    assert read.text.startswith("own words")


# --- Case.Description against the first mail ---------------------------------------------------

LONG = "The kettle that we bought in Oslo shows E42 and beeps since Monday. " * 10


@pytest.mark.parametrize(
    ("text", "original", "expected"),
    [
        pytest.param("Hi", "Hi", True, id="short-and-equal"),
        pytest.param("Hi", "Hi, my kettle beeps.", False, id="short-beginning"),
        pytest.param("", "anything", False, id="empty"),
        pytest.param(" > \n", "", False, id="nothing-but-marks"),
        pytest.param("My Kettle\nbeeps", "> my kettle  beeps", True, id="case-space-and-marks"),
        pytest.param(LONG[:67], LONG, True, id="ends-with-a-word"),
        pytest.param(LONG[:63], LONG, False, id="ends-inside-a-word"),
        pytest.param(LONG[:333], LONG, True, id="cut-by-a-field"),
        pytest.param(LONG * 100, LONG * 200, True, id="cut-at-32000"),
        pytest.param(LONG, LONG[:333], False, id="longer-than-the-original"),
        pytest.param(
            "Der Kessel piept seit Montag, bitte um eine Antwort.", LONG, False, id="else"
        ),
        pytest.param("a\u00a0\u200bb", "A b", True, id="invisible-characters"),
    ],
)
def test_a_description_repeats_a_mail(text: str, original: str, *, expected: bool) -> None:
    """A copy of the beginning counts where it is long enough to be no coincidence."""
    assert repeats(text, original) is expected
