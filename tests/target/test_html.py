"""Markup in, text out: what a reader sees, whatever state the markup is in."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from target_creovai.parsers.mail.layout.html import (
    MAX_EDITED_DEPTH,
    MAX_LIST_DEPTH,
    QUOTE_CLOSE,
    QUOTE_OPEN,
    html_to_pieces,
    html_to_text,
    tidy_text,
)
from target_creovai.parsers.mail.layout.page import INDENTED, OWN, QUOTED, Page
from tests.growth import is_linear

SALESFORCE_CUT = 131_072

TAGS = ("p", "div", "b", "i", "a", "ul", "li", "table", "td", "br", "blockquote", "span", "pre")
words = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=8)
markup = st.lists(
    st.one_of(
        words,
        st.sampled_from([f"<{slash}{tag}>" for tag in TAGS for slash in ("", "/")]),
        st.sampled_from(
            ['<a href="https://fjord.example">', "&amp;", "&lt;", "&nbsp;", "<", ">", "\n"]
        ),
        st.sampled_from(["<!--", "-->", "<style>", "</style>", '<p style="display:none">', "\x00"]),
    ),
    max_size=30,
).map("".join)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param("<p>one</p><p>two</p>", "one\n\ntwo", id="paragraphs"),
        pytest.param("<div>one</div><div>two</div>", "one\ntwo", id="divisions"),
        pytest.param("one<br>two<br/>three", "one\ntwo\nthree", id="line-breaks"),
        pytest.param("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo", id="empty-line"),
        pytest.param("one\n   two\tthree", "one two three", id="source-line-breaks"),
        pytest.param("<pre>a\n  b</pre>", "a\n  b", id="preformatted"),
        pytest.param("un<b>believ</b>able", "unbelievable", id="tags-inside-a-word"),
        pytest.param("<ul><li>a<ul><li>b</ul><li>c</ul>", "  • a\n    • b\n  • c", id="lists"),
        pytest.param("<ol><li>a<li>b</ol>", "  1. a\n  2. b", id="numbered-list"),
        pytest.param("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a\tb\nc\td", id="table"),
        pytest.param("<fieldset><legend>a</legend>b</fieldset>", "a\nb", id="legend"),
        pytest.param("<p>a<o:p></o:p></p><p><o:p>&nbsp;</o:p></p><p>b</p>", "a\n\nb", id="word"),
    ],
)
def test_layout_is_kept(html: str, text: str) -> None:
    """Lines of the mail are lines of the text."""
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param("<head><title>gone</title><style>gone</style></head>", id="head"),
        pytest.param("<script>gone</script>", id="script"),
        pytest.param("<!-- gone -->", id="comment"),
        pytest.param("<!--[if mso]><p>gone</p><![endif]-->", id="conditional-comment"),
        pytest.param('<div style="color:red;Display : none"></div>', id="odd-spacing"),
        pytest.param('<div style="DISPLAY:NONE;max-height:0">gone</div>', id="preheader"),
        pytest.param('<div style="display: none">gone</div>', id="preheader-with-space"),
        pytest.param('<p style="visibility:hidden">gone</p>', id="invisible"),
        pytest.param("<p hidden>gone</p>", id="hidden-attribute"),
        pytest.param('<img src="https://fjord.example/pixel.gif" alt="gone">', id="pixel"),
        pytest.param("<template>gone</template>", id="template"),
    ],
)
def test_what_a_reader_does_not_see_is_dropped(hidden: str) -> None:
    """Nobody read it, so nobody said it."""
    assert html_to_text(f"<html>{hidden}<body>{hidden}seen</body></html>") == "seen"


def test_what_only_outlook_hides_stays() -> None:
    """A button that Outlook draws another way is shown everywhere else."""
    assert html_to_text('<p style="mso-hide:all">Track the parcel</p>') == "Track the parcel"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param(
            '<a href="https://a.example/x?b=1&amp;c=2">the form</a>',
            "the form (https://a.example/x?b=1&c=2)",
            id="address-behind-the-text",
        ),
        pytest.param('<a href="https://a.example/">https://a.example</a>', "https://a.example",
                     id="the-text-is-the-address"),
        pytest.param('<a href="http://www.a.example/">A.example</a>', "A.example",
                     id="the-text-is-the-address-without-dressing"),
        pytest.param('<a href="mailto:i@a.example">i@a.example</a>', "i@a.example", id="mail"),
        pytest.param('<a href="mailto:i@a.example">write us</a>', "write us", id="mail-with-text"),
        pytest.param('<a href="#top">up</a>', "up", id="inside-the-mail"),
        pytest.param('<a href="javascript:alert(1)">up</a>', "up", id="script"),
        pytest.param('a<a href="https://a.example/p"><img src="p.gif"></a>', "a", id="pixel"),
        pytest.param("<a>text</a>", "text", id="no-address"),
        pytest.param(f'<a href="https://a.example/{"x" * 3000}">text</a>', "text", id="endless"),
        pytest.param(
            '<a href="https://a.example/p"><table><tr><td>Pay</td></tr></table></a>',
            "Pay\n(https://a.example/p)",
            id="button",
        ),
    ],
)  # fmt: skip
def test_links_show_their_address_once(html: str, text: str) -> None:
    """The address is content where the text hides it, and noise where it repeats it."""
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        pytest.param(
            "&amp;lt;b&amp;gt; &lt;i&gt; &eacute;&#128512;", "&lt;b&gt; <i> é😀", id="once"
        ),
        pytest.param("a&nbsp;b\u202fc\u3000d", "a b c d", id="spaces"),
        pytest.param("pre\u200bview\u00ad\ufeff!", "preview!", id="zero-width"),
        pytest.param("Hi &zwnj;&nbsp;&zwnj;&nbsp;&#847; you", "Hi    you", id="preheader-filler"),
        pytest.param(
            "\u0645\u06cc\u200c\u062e 👩\u200d🔧",
            "\u0645\u06cc\u200c\u062e 👩\u200d🔧",
            id="joiners-that-shape",
        ),
        pytest.param("a\x00b\x07c\x1bd", "abcd", id="controls"),
        pytest.param("a\ud83d\ude00b", "a😀b", id="surrogate-pair"),
        pytest.param("a\ud800b\udfff", "a\ufffdb\ufffd", id="lone-surrogates"),
        pytest.param("a\r\nb", "a b", id="carriage-return"),
        pytest.param(f"a{QUOTE_OPEN}b{QUOTE_CLOSE}", "ab", id="our-own-marks"),
    ],
)
def test_characters_are_decoded_once_and_normalised(html: str, text: str) -> None:
    """An entity is decoded once, a space is a space, and what has no width is not there."""
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("", id="empty"),
        pytest.param("   \n&nbsp;", id="blank"),
        pytest.param("<", id="lone-bracket"),
        pytest.param("<html><head></head></html>", id="no-body"),
    ],
)
def test_nothing_readable_is_nothing_invented(html: str) -> None:
    """No text in, no text out, but for a bracket that is text."""
    assert html_to_text(html).strip("<") == ""


@pytest.mark.parametrize(
    "tail", ["<", "<p", "<a href=", "<a href='https://", "<!--", "&am", "</di"]
)
def test_a_body_that_is_cut_inside_a_tag_keeps_its_text(tail: str) -> None:
    """Salesforce cuts at 131,072 characters, wherever that is."""
    body = "<p>word</p>" * 12_000
    text = html_to_text(body[: SALESFORCE_CUT - len(tail)] + tail)

    assert text.count("word") == body[: SALESFORCE_CUT - len(tail)].count("word")


@pytest.mark.parametrize(
    "tag", ["div", "ul", "ol", "blockquote", "table", "span", "font", "b", "a"]
)
def test_tens_of_thousands_of_nested_tags_keep_the_text(tag: str) -> None:
    """Neither the text inside nor the one behind is lost, and lists don't indent without end."""
    depth = 20_000
    text = html_to_text(f"before{f'<{tag}>' * depth}inside{f'</{tag}>' * depth}after")

    assert text.split() == (["beforeinsideafter"] if tag in {"span", "font", "b", "a"} else
                            ["before", "inside", "after"])  # fmt: skip


def test_nested_lists_are_indented_as_long_as_people_nest_them() -> None:
    """Up to a dozen levels show as levels; beyond, indentation alone would fill the memory."""
    normal = html_to_text("<ul><li>x" * MAX_LIST_DEPTH)
    absurd = html_to_text("<ul><li>x" * 10_000)

    assert len({len(line) for line in normal.split("\n")}) == MAX_LIST_DEPTH
    assert len(absurd) < 100_000
    assert absurd.count("x") == 10_000


def test_links_in_very_deep_markup_lose_the_address_alone() -> None:
    """Too deep to edit safely is not too deep to read."""
    deep = "<div>" * (MAX_EDITED_DEPTH + 1)

    assert html_to_text(f'{deep}<a href="https://a.example">form</a>') == "form"


HOSTILE = {
    "brackets": "<",
    "closing-brackets": ">",
    "ampersands": "&",
    "newlines": "\n",
    "no-break-spaces": "\u00a0",
    "joiners": "\u200d",
    "one-word": "x",
    "divisions": "<div>",
    "lists": "<ul><li>",
    "links": "<a href=https://a.example>x",
    "links-and-divisions": "<a ><div>",
    "tables": "<table><tr><td>x",
    "comments": "<!--",
    "unclosed-tags": "<font ",
    "unclosed-quotes": '<x y="',
    "svg": "<svg><template>",
    "quotes": "<blockquote type=cite>x",
}


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("hint", ["", "<hr id=stopSpelling>"], ids=["plain", "marked"])
def test_hostile_markup_takes_little_time(piece: str, hint: str) -> None:
    """No mail can hold up the others, whether or not its client's marks are looked for."""
    assert is_linear(lambda size: html_to_pieces(hint + piece * (size // len(piece))))


@pytest.mark.parametrize(
    ("opening", "repeated"),
    [
        pytest.param("><font color={}", "><p>x", id="formatting-that-is-never-closed"),
        pytest.param(" a{}=1", ">x", id="attributes"),
    ],
)
def test_markup_that_multiplies_is_read_in_passing(opening: str, repeated: str) -> None:
    """An HTML5 parser that follows the letter needs gigabytes or minutes for these."""

    def read(size: int) -> None:
        html = "<p" + "".join(map(opening.format, range(size))) + repeated * size
        assert html_to_text(html).count("x") == size

    assert is_linear(read, 1000)


def test_quoted_elements_stand_between_marks() -> None:
    """The mail parser sees where the client said that history begins and ends."""
    html = (
        "<p>new</p><blockquote type=cite>old<blockquote type=cite>older</blockquote></blockquote>"
    )
    pieces = [piece for piece in html_to_pieces(html) if piece in {QUOTE_OPEN, QUOTE_CLOSE}]

    assert pieces == [QUOTE_OPEN, QUOTE_OPEN, QUOTE_CLOSE, QUOTE_CLOSE]


QUOTE = "<blockquote type=cite>{}</blockquote>"
INDENT = "<blockquote>{}</blockquote>"


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        pytest.param("a" + QUOTE.format("b<br>c") + "d", [OWN, QUOTED, QUOTED, OWN], id="quote"),
        pytest.param("a" + QUOTE.format("b" + QUOTE.format("c")), [OWN, QUOTED, QUOTED],
                     id="quote-in-a-quote"),
        pytest.param("a" + INDENT.format("b") + "c", [OWN, INDENTED, OWN], id="indented"),
        pytest.param(QUOTE.format(INDENT.format("b")), [QUOTED], id="indented-in-a-quote"),
        pytest.param("a<p>&gt; b</p>", [OWN, OWN, INDENTED], id="typed-quote-mark"),
    ],
)  # fmt: skip
def test_a_page_knows_of_each_line_how_it_is_quoted(html: str, lines: list[int]) -> None:
    """What a client wraps is quoted; what is indented or has a quote mark may be."""
    assert list(Page.of(None, html).levels) == lines


@pytest.mark.parametrize(
    "html",
    [
        "<p>a</p><div id=divRplyFwdMsg><b>Von:</b> b</div><p>c</p>",
        "<p>a</p><div id=m_55x_divRplyFwdMsg><b>Von:</b> b</div><p>c</p>",
        "<p>a</p><div id=appendonsend></div><hr><div>Von: b</div>",
        "<p>a</p><span id=OLK_SRC_BODY_SECTION>Von: b</span><p>c</p>",
        "<p>a</p><hr id=zwchr data-marker=__DIVIDER__><div>Von: b</div>",
    ],
)
def test_a_page_knows_where_the_headers_of_the_quoted_mail_begin(html: str) -> None:
    """Clients name the element in front of history, whatever language is in it."""
    page = Page.of(None, html)
    (line,) = page.headers

    assert all(text in {"a", ""} for text in page.lines[:line])
    assert "a" not in page.lines[line:]


@given(st.text(st.characters(), max_size=200))
@example("<a href='https://a.example'>\ud800</a>")
def test_any_string_is_read(html: str) -> None:
    """Whatever arrives, text comes out that JSON can carry."""
    html_to_text(html).encode()


@given(markup)
def test_any_markup_is_read_and_is_tidy(html: str) -> None:
    """The text has no edges, no trailing spaces, and tidying it again changes nothing."""
    text = html_to_text(html)

    assert tidy_text(text) == text


@given(st.lists(words, min_size=1, max_size=10), st.sampled_from(["p", "div", "span", "b", "h1"]))
def test_no_word_is_lost_or_invented(said: list[str], tag: str) -> None:
    """The words of the mail are the words of the text, in order."""
    html = "".join(f"<{tag}>{word}</{tag}> " for word in said)

    assert html_to_text(html).split() == [word for line in said for word in tidy_text(line).split()]


@given(st.text(max_size=200))
def test_tidying_changes_nothing_but_space_and_the_invisible(text: str) -> None:
    """Every visible character stays, in order."""
    kept = iter(text)

    assert all(char in kept for char in tidy_text(text) if not char.isspace() and char != "\ufffd")
