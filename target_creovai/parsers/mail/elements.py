"""The HTML elements by which mail clients mark quoted history.

To teach a client: one row in a table here, with its hint, and one sample in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final


@dataclass(frozen=True)
class Table:
    """Elements that say the same.

    Attributes:
        selectors: What selects them.
        hints: One of these is, in lower case, in every document that holds any of them.
    """

    selectors: tuple[str, ...]
    hints: tuple[str, ...]

    @cached_property
    def selector(self) -> str:
        """What selects any of them."""
        return ", ".join(self.selectors)

    def may_be_in(self, lowered: str) -> bool:
        """Tell whether it is worth a try to look for them in a document, in lower case."""
        return any(hint in lowered for hint in self.hints)


# They hold nothing but history and its attribution.
CONTAINERS: Final = Table((
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
), (
    "quote", "gmail_attr", "moz-cite-prefix", "reply-intro", "messagereplysection", "iosymail",
    "mail-editor-reference-message-container", "ms-outlook-mobile-reference-message", "zmail_extra",
    "isreplycontent", "reply139content", "origbody",
))  # fmt: skip
# They hold the headers of the quoted mail, or nothing, and stand in front of it: all that follows
# is history. Clients put "x_" or "m_123" before the names of what they quote.
HEADERS: Final = Table((
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
), (
    "divrplyfwdmsg", "appendonsend", "olk_src_body_section", "zwchr", "data-marker",
    "stopspelling", "replysplit", "_mailoriginal", "orimsghtmlseperator",
))  # fmt: skip
# Outlook draws a line above its headers; other things may have one.
FRAMES: Final = Table((
    'div[style*="border-top:solid #E1E1E1" i]',
    'div[style*="border-top:solid #B5C4DF" i]',
    'div[style*="border-top: 1pt solid rgb(225, 225, 225)" i]',
    'div[style*="border-color: rgb(225, 225, 225)" i]',
    'div[style*="border-top-color:#E5E5E5" i]',
    'div[style*="border-top-color: rgb(229, 229, 229)" i]',
), ("border-top", "border-color"))  # fmt: skip
# Indented text, of whatever kind.
QUOTES: Final = Table(("blockquote",), ("blockquote",))
