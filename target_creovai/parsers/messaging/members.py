"""Looking into JSON that may be anything, without recursion and by names that vary.

Salesforce's interfaces spell names differently: they are compared without case and underscores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a title may consist of, in the order in which it is shown.
_TITLE_PARTS = (
    *("title", "subtitle", "secondarysubtitle", "tertiarysubtitle", "imagesubtitle"),
    *("label", "text"),
)


def member_key(name: object) -> str:
    """Return what makes two names the same: neither case nor underscores count."""
    return name.replace("_", "").casefold() if isinstance(name, str) else ""


def decoded(payload: object) -> dict[str, Any]:
    """Return the object that a payload is, or holds as text, be it quoted once more."""
    for _ in range(2):
        if isinstance(payload, str):
            try:
                payload = msgspec.json.decode(payload)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                return {}
    return payload if isinstance(payload, dict) else {}


def message_in(payload: object) -> dict[str, Any]:
    """Return the message that an entry's payload holds, or is."""
    content = decoded(payload)
    message = member(content, "abstractmessage") or member(content, "updatedmessage")
    return message if isinstance(message, dict) else content


def member(value: object, *path: str) -> Any:
    """Return what stands at a path of `member_key` names; None where there is no such place."""
    for name in path:
        members = value.items() if isinstance(value, dict) else ()
        value = next((inner for key, inner in members if member_key(key) == name), None)
    return value


def list_in(value: object, name: str) -> list[Any]:
    """Return the items of a list; none where there is no list."""
    items = member(value, name)
    return items if isinstance(items, list) else []


def text_in(value: object, *path: str) -> str:
    """Return a text without the blanks around it; empty where there is none."""
    text = member(value, *path)
    return text.strip() if isinstance(text, str) else ""


def objects(value: object) -> Iterator[dict[str, Any]]:
    """Yield every object below a value, the value included."""
    rest = [value]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            yield value
        if isinstance(value, dict | list):
            rest += value.values() if isinstance(value, dict) else value


def title_of(value: object) -> str:
    """Return what an option, a question or a link is called, on one line.

    A title is a text, an object with one (`TitleItem`), or stands in a member `titleItem`.
    """
    if isinstance(value, str):
        return value.strip()
    item = member(value, "titleitem") or value
    head = member(item, "title")
    parts = (text_in(head if isinstance(head, dict) else item, name) for name in _TITLE_PARTS)
    return ", ".join(dict.fromkeys(filter(None, parts))) or text_in(value, "titleitem")
