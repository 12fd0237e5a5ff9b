"""One HTML file of data, style and script, which stays text whatever the data holds."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

from target_creovai.encoding import encode
from target_creovai.report.markup.html import content_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_creovai.preview.listing import Listed

# In this order they are one script.
_SCRIPTS = ("data.js", "filters.js", "list.js", "reader.js", "page.js")
_SLOT = re.compile(r"\{\{(\w+)\}\}")

# What could end the element that holds the JSON, or a line of a script, stands in strings
# alone there, so that it may be written as an escape.
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


class Index(msgspec.Struct, frozen=True):
    """What the page reads when it is opened.

    `totals` by kind is what could have been on it, `reasons` what each code of a reason says,
    `removed` whether it shows what is not sent.
    """

    made_at: str
    totals: dict[str, int]
    reasons: dict[str, str]
    removed: bool
    conversations: Sequence[Listed]


def page_of(index: Index, bodies: Iterable[object]) -> bytes:
    """Return the page; the bodies, as many as the index lists, are read one by one as needed."""
    style, script = _part("page.css"), "".join(map(_part, _SCRIPTS))
    parts = {
        "style": style,
        "script": script,
        "policy": content_policy(style=style, script=script),
        "index": _data(index),
        "bodies": "\n".join(map(_data, bodies)),
    }
    # In one pass: what the data holds is no slot.
    return _SLOT.sub(lambda slot: parts[slot[1]], _part("page.html")).encode()


def _data(value: object) -> str:
    """Return JSON in one line, which ends no element."""
    return encode(msgspec.to_builtins(value)).decode().translate(_ESCAPES)


@cache
def _part(name: str) -> str:
    return files("target_creovai.preview").joinpath(name).read_text(encoding="utf-8")
