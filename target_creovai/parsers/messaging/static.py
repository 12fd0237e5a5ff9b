"""Messages that ask for nothing: the `StaticContent...` of Salesforce's schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from target_creovai.parsers.mail.layout.html import html_to_text
from target_creovai.parsers.messaging.lines import (
    TextLine,
    documented,
    marker,
    text_lines,
    unsupported,
)
from target_creovai.parsers.messaging.members import list_in, member, member_key, text_in, title_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_MARKUP = re.compile(r"<[a-zA-Z/!]|&#?\w{1,31};")


def static_lines(part: object, _: Mapping[str, str]) -> list[TextLine]:
    """Return the texts of a static content, without its `values` and parameters."""
    form = member(part, "formattype")
    readers = _FORMATS.get(member_key(form))
    lines = [line for read in readers or (_heads,) for line in read(part)]
    return lines if readers else [*lines, unsupported(documented(form), "StaticContentMessage")]


def _heads(part: object) -> list[TextLine]:
    """Return what every format says to a reader under one of these names."""
    return text_lines(*(title_of(member(part, name)) for name in ("title", "message", "text")))


def _rich_text(part: object) -> list[TextLine]:
    texts = (text_in(part, name) for name in ("text", "richtext", "html"))
    return text_lines(*(html_to_text(text) if _MARKUP.search(text) else text for text in texts))


def _attachments(part: object) -> Iterator[TextLine]:
    for attachment in list_in(part, "attachments"):
        yield marker("attachment", text_in(attachment, "name"))


def _media(part: object) -> Iterator[TextLine]:
    if asset := member(part, "mediaasset"):
        yield marker("attachment", text_in(asset, "description"))


def _links(part: object) -> Iterator[TextLine]:
    places = (member(part, "linkitem"), *list_in(part, "linkitems"), *list_in(part, "links"))
    for link in (part, *places):
        title = "" if link is part else title_of(link)
        yield from text_lines(title, text_in(link, "url"))


def _template(part: object) -> Iterator[TextLine]:
    if name := text_in(part, "externaltemplate", "name"):
        yield marker("template", name)


def _application(part: object) -> list[TextLine]:
    application = member(part, "application")
    heads = text_lines(title_of(member(application, "message")))
    name = text_in(application, "name")
    return heads or [marker("application", name)] * bool(application)


_FORMATS: dict[str, tuple[Callable[[object], Iterable[TextLine]], ...]] = {
    "": (_heads,),
    "text": (_heads,),
    "richtext": (_rich_text,),
    "attachments": (_heads, _attachments),
    "externalattachments": (_heads, _attachments),
    "links": (_heads, _links),
    "richlink": (_heads, _links),
    "webview": (_heads, _links),
    "media": (_heads, _media, _links),
    "experiencetype": (_heads,),
    "externaltemplate": (_heads, _template),
    "application": (_heads, _application),
}
