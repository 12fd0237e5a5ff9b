"""HTML made of values: what is text is escaped, what is HTML already is not. What a page may do."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from html import escape

# Elements without content.
_VOID = frozenset({"meta"})


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, /, *content: str | None, **attributes: str | int | None) -> Html:
    """Return an element; what is None is left out. `_` in names of attributes is `-`."""
    given = "".join(
        f' {key.strip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = joined(*content)
    return Html(f"<{name}{given}>" if name in _VOID else f"<{name}{given}>{inside}</{name}>")


def joined(*content: str | None) -> Html:
    """Return pieces one behind the other."""
    return Html(
        "".join(
            piece if isinstance(piece, Html) else escape(piece)
            for piece in content
            if piece is not None
        )
    )


def content_policy(**inline: str) -> str:
    """Return the Content-Security-Policy of a page that is a file of its own.

    Nothing may be loaded or run but these inline elements, and nothing be sent anywhere.

    Args:
        inline: Their texts, by kind: `style`, `script`.
    """
    sources = (f"{kind}-src {_source(text)}; " for kind, text in inline.items())
    return f"default-src 'none'; {''.join(sources)}base-uri 'none'; form-action 'none'"


def _source(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{b64encode(digest).decode()}'"
