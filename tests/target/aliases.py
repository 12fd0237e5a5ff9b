"""Chats of an alias, which the label Visitor settles, or which leave open who speaks."""

from __future__ import annotations

from typing import Any, Final

from tests.target.rows import Record, chat, transcript

NO_CONTACT: Final[dict[str, Any]] = {"ContactId": None, "Contact": None}
ENOUGH: Final = 20
ALIAS: Final = "Fjord & Sons"


def seen(number: int, alias: str, visitor: str = "Visitor", **fields: Any) -> Record:
    """Return a chat of an alias and a visitor; the label Visitor tells who is who."""
    body = transcript(f"( 7s ) {alias}: agent speaks", f"( 9s ) {visitor}: customer speaks")
    return chat(number, **({"Body": body} | NO_CONTACT | fields))


def settling(alias: str = ALIAS, count: int = ENOUGH) -> list[Record]:
    """Return so many chats that settle an alias, each with an Id behind those of the others."""
    return [seen(100 + number, alias) for number in range(count)]


OPEN: Final = seen(1, ALIAS, "Pat")
