"""The HTML elements by which mail clients mark quoted history, and those that nobody sees.

A new client is one row in a table here, and one sample in the tests.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD: Final = re.compile(r"[a-z0-9_-]{3,}")


class Selectors:
    """CSS selectors of elements that have the same meaning."""

    def __init__(self, *selectors: str) -> None:
        """Take what selects them, spelled as clients spell it."""
        self.selectors = selectors
        self._words = [
            (selector, *_longest_first(_WORD.findall(selector.lower()))) for selector in selectors
        ]

    def those_in(self, tags: str) -> list[str]:
        """Return the selectors of which all words stand in a document's tags, in lower case.

        The others select nothing, and a look for them takes as long as all the rest. Where tags
        hold letters as numbers, any of them may select something.
        """
        if "&#" in tags:
            return [*self.selectors]
        return [
            selector
            for selector, longest, *words in self._words
            if longest in tags and all(word in tags for word in words)
        ]


def _longest_first(words: Iterable[str]) -> list[str]:
    return sorted(words, key=len, reverse=True)


# They hold nothing but history and its attribution.
CONTAINERS: Final = Selectors(
    "blockquote[type=cite]",
    "blockquote.gmail_quote",
    ".gmail_quote blockquote",
    ".gmail_attr",
    ".moz-cite-prefix",
    "#reply-intro",
    ".protonmail_quote",
    ".tutanota_quote",
    ".yahoo_quoted",
    "[id*=yahoo_quoted]",
    "div[name=quote]",
    "div[name=messageReplySection]",
    "#mail-editor-reference-message-container",
    ".ms-outlook-mobile-reference-message",
    ".zmail_extra",
    ".freshdesk_quote",
    ".front-blockquote",
    ".nylas-quote",
    "#isReplyContent",
    "#mail-app-auto-quote",
    "blockquote.iosymail",
    "#iosymail",
    "#tutanota_quote",
    "#blockquote_zmail",
    ".skiff_quote",
    "blockquote[data-skiff-mail]",
    "#reply139content",
    "#origbody",
)
# They hold the headers of the quoted mail, or nothing, and stand in front of it: all that follows
# is history. Clients put "x_" or "m_123" before the names of what they quote.
HEADERS: Final = Selectors(
    "[id$=divRplyFwdMsg]",
    "[id$=appendonsend]",
    "[id$=OLK_SRC_BODY_SECTION]",
    "[id$=zwchr]",
    "[data-marker=__DIVIDER__]",
    "[data-marker=__HEADERS__]",
    "[data-marker=__QUOTED_TEXT__]",
    "hr[id$=stopSpelling]",
    "hr[id$=replySplit]",
    "a[name=_MailOriginal]",
    "blockquote[id$=oriMsgHtmlSeperator]",
)
# Outlook draws a line above its headers; other things may have one.
FRAMES: Final = Selectors(
    'div[style*="border-top:solid #E1E1E1" i]',
    'div[style*="border-top:solid #B5C4DF" i]',
    'div[style*="border-top: 1pt solid rgb(225, 225, 225)" i]',
    'div[style*="border-color: rgb(225, 225, 225)" i]',
    'div[style*="border-top-color:#E5E5E5" i]',
    'div[style*="border-top-color: rgb(229, 229, 229)" i]',
)
# Indented text, of whatever kind.
QUOTES: Final = Selectors("blockquote")
# Nobody is shown them. `mso-hide:all` is left out: it hides from Outlook alone what everybody else
# is shown.
UNSEEN: Final = Selectors(
    "[hidden]",
    '[style*="display:none" i]',
    '[style*="display: none" i]',
    '[style*="display :none" i]',
    '[style*="visibility:hidden" i]',
    '[style*="visibility: hidden" i]',
    "title",
)
