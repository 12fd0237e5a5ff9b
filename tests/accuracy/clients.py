"""How mail clients write a reply: what they put between the answer and the mail that it quotes.

Names and values of elements, and the words of the lines, are what the clients write; the people,
addresses and dates are made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

_EN: Final = ("From", "Sent", "To", "Subject", "Tuesday, May 7, 2024 9:12 AM")
_DE: Final = ("Von", "Gesendet", "An", "Betreff", "Dienstag, 7. Mai 2024 09:12")
_FR: Final = ("De", "Envoyé", "À", "Objet", "mardi 7 mai 2024 09:12")
_SV: Final = ("Från", "Skickat", "Till", "Ämne", "den 7 maj 2024 09:12")
_PL: Final = ("Od", "Wysłane", "Do", "Temat", "wtorek, 7 maja 2024 09:12")


class Rendered(NamedTuple):
    """Something in both renderings of a mail."""

    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Client:
    """A client: what stands above and around a quote, and in front of each quoted line in text."""

    name: str
    above: str
    html: str
    mark: str = "> "

    def render(self, quote: Rendered, name: str, address: str) -> Rendered:
        """Return a quote as this client puts it below an answer; the quote's text is marked."""
        person = {"name": name, "address": address}
        above = self.above.format(**person)
        escaped = above.replace("<", "&lt;").replace(">", "&gt;")
        lines = escaped.replace("\n", "<br>")
        html = self.html.format(above=lines, quote=quote.html, **person)
        return Rendered(f"{above}\n{quote.text}", html)


def _headers(language: tuple[str, ...], *, bold: bool = False) -> str:
    sender, sent, to, subject, date = language
    values = "{name} <{address}>", date, "somebody <you@there.example>", "Re: the order"
    lines = zip((sender, sent, to, subject), values, strict=True)
    return "\n".join(f"*{key}:* {value}" if bold else f"{key}: {value}" for key, value in lines)


_GMAIL: Final = (
    '<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{above}'
    '<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px '
    'solid rgb(204,204,204);padding-left:1ex">{quote}</blockquote></div>'
)
_OUTLOOK_WEB: Final = (
    '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">'
    '<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif">{above}</font>'
    "<div>&nbsp;</div></div>{quote}"
)
_OUTLOOK: Final = (
    '<div><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
    '<p class="MsoNormal">{above}</p></div></div><p class="MsoNormal">&nbsp;</p>{quote}'
)
_APPLE: Final = (
    '<div><br><blockquote type="cite"><div>{above}</div>'
    '<br class="Apple-interchange-newline"><div>{quote}</div></blockquote></div>'
)
_THUNDERBIRD: Final = (
    '<div class="moz-cite-prefix">{above}<br></div><blockquote type="cite">{quote}</blockquote>'
)

CLIENTS: Final = (
    Client("gmail", "On Tue, May 7, 2024 at 9:12 AM {name} <{address}> wrote:\n", _GMAIL),
    Client("gmail-de", "Am Di., 7. Mai 2024 um 09:12 Uhr schrieb {name} <{address}>:\n", _GMAIL),
    Client("gmail-fr", "Le mar. 7 mai 2024 à 09:12, {name} <{address}> a écrit :\n", _GMAIL),
    Client("gmail-es", "El mar, 7 may 2024 a las 9:12, {name} (<{address}>) escribió:\n", _GMAIL),
    Client("outlook-web", "_" * 32 + "\n" + _headers(_EN) + "\n", _OUTLOOK_WEB, ""),
    Client("outlook-web-sv", "_" * 32 + "\n" + _headers(_SV) + "\n", _OUTLOOK_WEB, ""),
    Client("outlook", _headers(_EN) + "\n", _OUTLOOK, ""),
    Client("outlook-de", _headers(_DE) + "\n", _OUTLOOK, ""),
    Client("outlook-fr", _headers(_FR) + "\n", _OUTLOOK, ""),
    Client("outlook-bold", _headers(_PL, bold=True) + "\n", _OUTLOOK, ""),
    Client(
        "outlook-new",
        _headers(_EN) + "\n",
        '<div id="mail-editor-reference-message-container"><div class="'
        'ms-outlook-mobile-reference-message">{above}</div>{quote}</div>',
        "",
    ),
    Client("apple", "On 7 May 2024, at 09:12, {name} <{address}> wrote:\n", _APPLE),
    Client("apple-de", "Am 07.05.2024 um 09:12 schrieb {name} <{address}>:\n", _APPLE),
    Client("thunderbird", "On 5/7/24 09:12, {name} wrote:", _THUNDERBIRD),
    Client("thunderbird-nl", "Op 07-05-2024 om 09:12 schreef {name}:", _THUNDERBIRD),
    Client(
        "yahoo",
        "    On Tuesday, May 7, 2024 at 09:12:00 AM GMT+2, {name} <{address}> wrote:  \n ",
        '<div id="ydp1yahoo_quoted_12" class="ydp1yahoo_quoted"><div>{above}</div>'
        "<div><br></div>{quote}</div>",
        "",
    ),
    Client(
        "gmx",
        _headers(_DE) + "\n",
        '<div name="quote" style="margin:10px 5px 5px 10px; border-left:2px solid #C3D9E5;">'
        '<div style="margin:0 0 10px 0;">{above}</div><div name="quoted-content">{quote}</div>'
        "</div>",
        "",
    ),
    Client(
        "proton",
        "On Tuesday, May 7th, 2024 at 9:12 AM, {name} <{address}> wrote:\n",
        '<div class="protonmail_quote">{above}<br><blockquote class="protonmail_quote" '
        'type="cite">{quote}</blockquote></div>',
    ),
    Client(
        "zoho",
        "---- On Tue, 07 May 2024 09:12:00 +0200 {name} <{address}> wrote ----\n",
        '<div class="zmail_extra"><div>{above}</div><blockquote id="blockquote_zmail">{quote}'
        "</blockquote></div>",
        "",
    ),
    Client(
        "open-xchange",
        "{name} <{address}> hat am 07.05.2024 09:12 CEST geschrieben:\n",
        '<blockquote type="cite"><div>{above}</div>{quote}</blockquote>',
    ),
    Client(
        "spark",
        "On May 7, 2024 at 9:12 AM +0200, {name} <{address}>, wrote:",
        '<div name="messageReplySection">{above}<br><blockquote type="cite" class="spark_quote">'
        "{quote}</blockquote></div>",
    ),
    Client(
        "freshdesk",
        "On Tue, 7 May at 9:12 AM , {name} <{address}> wrote:",
        '<div class="freshdesk_quote"><blockquote class="freshdesk_quote">{above}<br>{quote}'
        "</blockquote></div>",
        "",
    ),
    Client(
        "zimbra",
        _headers(_FR) + "\n",
        '<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">{above}</div>'
        '<br><div data-marker="__QUOTED_TEXT__">{quote}</div>',
        "",
    ),
    Client(
        "mail.ru",
        "Вторник, 7 мая 2024, 9:12 +03:00 от {name} <{address}>:",
        '<blockquote style="border-left:1px solid #0857A6; margin:10px;">{above}<br>{quote}'
        "</blockquote>",
    ),
)
