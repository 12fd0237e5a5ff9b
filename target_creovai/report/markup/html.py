"""HTML made of values: what is text is escaped, what is HTML already is not."""

from __future__ import annotations

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
