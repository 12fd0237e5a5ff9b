"""The elements by which clients mark history: each row of each table does its part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_creovai.parsers.mail.layout import elements, html
from target_creovai.parsers.mail.layout.elements import Selectors
from target_creovai.parsers.mail.layout.html import (
    FRAME_MARK,
    HEADERS_MARK,
    INDENT_OPEN,
    QUOTE_OPEN,
    html_to_pieces,
    html_to_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# What each selector is there for, in the least markup.
SAMPLES: Final = {
    "blockquote[type=cite]": '<blockquote type="cite">history</blockquote>',
    "blockquote.gmail_quote": '<blockquote class="gmail_quote">history</blockquote>',
    ".gmail_quote blockquote": '<div class="gmail_quote"><blockquote>history</blockquote></div>',
    ".gmail_attr": '<div class="gmail_attr">history</div>',
    ".moz-cite-prefix": '<div class="moz-cite-prefix">history</div>',
    "#reply-intro": '<p id="reply-intro">history</p>',
    ".protonmail_quote": '<div class="protonmail_quote">history</div>',
    ".tutanota_quote": '<div class="tutanota_quote">history</div>',
    ".yahoo_quoted": '<div class="yahoo_quoted">history</div>',
    "[id*=yahoo_quoted]": '<div id="ydp1yahoo_quoted_2">history</div>',
    "div[name=quote]": '<div name="quote">history</div>',
    "div[name=messageReplySection]": '<div name="messageReplySection">history</div>',
    "#mail-editor-reference-message-container": (
        '<div id="mail-editor-reference-message-container">history</div>'
    ),
    ".ms-outlook-mobile-reference-message": (
        '<div class="ms-outlook-mobile-reference-message">history</div>'
    ),
    ".zmail_extra": '<div class="zmail_extra">history</div>',
    ".freshdesk_quote": '<div class="freshdesk_quote">history</div>',
    ".front-blockquote": '<div class="front-blockquote">history</div>',
    ".nylas-quote": '<div class="nylas-quote">history</div>',
    "#isReplyContent": '<div id="isReplyContent">history</div>',
    "#mail-app-auto-quote": '<div id="mail-app-auto-quote">history</div>',
    "blockquote.iosymail": '<blockquote class="iosymail">history</blockquote>',
    "#iosymail": '<div id="iosymail">history</div>',
    "#tutanota_quote": '<div id="tutanota_quote">history</div>',
    "#blockquote_zmail": '<div id="blockquote_zmail">history</div>',
    ".skiff_quote": '<div class="skiff_quote">history</div>',
    "blockquote[data-skiff-mail]": "<blockquote data-skiff-mail>history</blockquote>",
    "#reply139content": '<div id="reply139content">history</div>',
    "#origbody": '<div id="origbody">history</div>',
    "[id$=divRplyFwdMsg]": '<div id="x_divRplyFwdMsg">history</div>',
    "[id$=appendonsend]": '<div id="appendonsend"></div>history',
    "[id$=OLK_SRC_BODY_SECTION]": '<span id="OLK_SRC_BODY_SECTION">history</span>',
    "[id$=zwchr]": '<hr id="zwchr">history',
    "[data-marker=__DIVIDER__]": '<hr data-marker="__DIVIDER__">history',
    "[data-marker=__HEADERS__]": '<div data-marker="__HEADERS__">history</div>',
    "[data-marker=__QUOTED_TEXT__]": '<div data-marker="__QUOTED_TEXT__">history</div>',
    "hr[id$=stopSpelling]": '<hr id="stopSpelling">history',
    "hr[id$=replySplit]": '<hr id="m_1replySplit">history',
    "a[name=_MailOriginal]": '<a name="_MailOriginal">history</a>',
    "blockquote[id$=oriMsgHtmlSeperator]": (
        '<blockquote id="oriMsgHtmlSeperator">history</blockquote>'
    ),
    'div[style*="border-top:solid #E1E1E1" i]': (
        '<div style="border:none;border-top:solid #e1e1e1 1.0pt">history</div>'
    ),
    'div[style*="border-top:solid #B5C4DF" i]': (
        '<div style="border:none;border-top:solid #B5C4DF 1.0pt">history</div>'
    ),
    'div[style*="border-top: 1pt solid rgb(225, 225, 225)" i]': (
        '<div style="border-top: 1pt solid rgb(225, 225, 225);">history</div>'
    ),
    'div[style*="border-color: rgb(225, 225, 225)" i]': (
        '<div style="border-color: rgb(225, 225, 225)">history</div>'
    ),
    'div[style*="border-top-color:#E5E5E5" i]': (
        '<div style="border-top-color:#E5E5E5">history</div>'
    ),
    'div[style*="border-top-color: rgb(229, 229, 229)" i]': (
        '<div style="border-top-color: rgb(229, 229, 229)">history</div>'
    ),
    "blockquote": "<blockquote>history</blockquote>",
    "[hidden]": "<p hidden>history</p>",
    '[style*="display:none" i]': '<p style="Display:None">history</p>',
    '[style*="display: none" i]': '<p style="display: none">history</p>',
    '[style*="display :none" i]': '<p style="display :none">history</p>',
    '[style*="visibility:hidden" i]': '<p style="visibility:hidden">history</p>',
    '[style*="visibility: hidden" i]': '<p style="visibility: hidden">history</p>',
    "title": "<title>history</title>",
}
TABLES: Final = {
    QUOTE_OPEN: elements.CONTAINERS,
    HEADERS_MARK: elements.HEADERS,
    FRAME_MARK: elements.FRAMES,
    INDENT_OPEN: elements.QUOTES,
    "": elements.UNSEEN,
}
ROWS: Final = [
    pytest.param(mark, selector, id=selector)
    for mark, table in TABLES.items()
    for selector in table.selectors
]


def is_reported(sample: str, mark: str) -> bool:
    """Tell whether a document's element gets its mark, or none and is not shown."""
    document = f"<html><body><p>mine</p>{sample}</body></html>"
    if mark:
        return mark in html_to_pieces(document)
    return "history" not in html_to_text(document)


def test_each_selector_has_a_sample() -> None:
    """A row that is taken out of a table, or put in, fails here or below."""
    selectors = [selector for table in TABLES.values() for selector in table.selectors]

    assert sorted(SAMPLES) == sorted(selectors)


@pytest.mark.parametrize(("mark", "selector"), ROWS)
def test_each_selector_is_needed_for_what_its_client_writes(
    mark: str, selector: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it selects is told by it, and by no other row of its table."""
    assert is_reported(SAMPLES[selector], mark)

    others = Selectors(*(other for other in TABLES[mark].selectors if other != selector))
    monkeypatch.setattr(elements, "UNSEEN", elements.UNSEEN if mark else others)
    marked = [
        (others if before == mark else table, before, after)
        for table, before, after in html._ELEMENTS
    ]
    monkeypatch.setattr(html, "_ELEMENTS", marked)

    assert not is_reported(SAMPLES[selector], mark)


@given(
    st.lists(st.sampled_from(sorted(SAMPLES.values())), max_size=4),
    st.sampled_from(
        ["{}", "{}<p>1 > 0</p>", '<p title="a>b">{}</p>', "{} &#65;", "<i b='&#65;'>{}"]
    ),
)
def test_no_selector_is_left_out_that_selects_something(samples: Sequence[str], frame: str) -> None:
    """To look for few selectors finds what a look for all of them finds."""
    document = frame.format("".join(samples)) + '<p title=">" class="gmail_attr">history</p>'
    found = html_to_pieces(document)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Selectors, "those_in", lambda table, _tags: [*table.selectors])

        assert html_to_pieces(document) == found
