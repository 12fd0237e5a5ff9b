"""One HTML file of data, style and script, which stays text whatever the data holds."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from functools import cache
from importlib.resources import files

import msgspec

from target_creovai.payload import encode

_SLOT = re.compile(r"\{\{(\w+)\}\}")

# What could end the element that holds the JSON, or a line of a script, stands in strings
# alone there, so that it may be written as an escape.
_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def page_of(data: object) -> bytes:
    """Return the page for data of dataclasses, lists and scalars; `page.js` says which."""
    style, script = _part("page.css"), _part("page.js")
    parts = {
        "style": style,
        "script": script,
        # Nothing may be loaded or run but these two, and nothing be sent anywhere.
        "policy": (
            f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; "
            "base-uri 'none'; form-action 'none'"
        ),
        "data": encode(msgspec.to_builtins(data)).decode().translate(_ESCAPES),
    }
    # In one pass: what the data holds is no slot.
    return _SLOT.sub(lambda slot: parts[slot[1]], _part("page.html")).encode()


@cache
def _part(name: str) -> str:
    return files("target_creovai.preview").joinpath(name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """Return how a Content-Security-Policy names an inline element of this text."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{b64encode(digest).decode()}'"
