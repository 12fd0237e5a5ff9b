"""The HTML elements by which mail clients mark quoted history.

To teach a client: one row in a table here, one sample in the tests.
"""

from __future__ import annotations

from typing import Final

# They hold nothing but history and its attribution.
CONTAINERS: Final = (
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
HEADERS: Final = (
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
FRAMES: Final = (
    'div[style*="border-top:solid #E1E1E1" i]',
    'div[style*="border-top:solid #B5C4DF" i]',
    'div[style*="border-top: 1pt solid rgb(225, 225, 225)" i]',
    'div[style*="border-color: rgb(225, 225, 225)" i]',
    'div[style*="border-top-color:#E5E5E5" i]',
    'div[style*="border-top-color: rgb(229, 229, 229)" i]',
)
# Indented text, of whatever kind.
QUOTES: Final = ("blockquote",)

# One of these is in every mail that holds any of the elements: a cheap first look.
_HINTS: Final = (
    "quote", "cite", "gmail_attr", "reply", "rply", "olk_src", "mail-editor-ref",
    "outlook-mobile-ref", "zmail", "appendonsend", "zwchr", "data-marker", "stopspelling",
    "_mailoriginal", "orimsg", "mail-app-auto", "iosymail", "skiff", "origbody", "border-top",
    "border-color",
)  # fmt: skip


def may_hold_marks(html: str) -> bool:
    """Tell whether the tables above are worth a try."""
    lowered = html.lower()
    return any(hint in lowered for hint in _HINTS)
