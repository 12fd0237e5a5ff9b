"""Looking into JSON that may be anything, without recursion and by names that vary.

Salesforce's interfaces spell names differently: they are compared without case and underscores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

# Members whose value is said to someone, wherever they stand.
TEXTS = frozenset(
    {
        "text",
        "title",
        "subtitle",
        "secondarysubtitle",
        "tertiarysubtitle",
        "imagesubtitle",
        "label",
        "displayvalue",
        "textvalue",
    }
)
# What is below these is not said now: the text that will stand above an answer, the
# description of a picture, the message that is answered.
NOT_SAID = frozenset({"reply", "replymessage", "image", "images", "references"})


def name_key(name: object) -> str:
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


def member(value: object, *path: str) -> Any:
    """Return what stands at a path of `name_key` names; None where there is no such place."""
    for name in path:
        members = value.items() if isinstance(value, dict) else ()
        value = next((inner for key, inner in members if name_key(key) == name), None)
    return value


def list_in(value: object, name: str) -> list[Any]:
    """Return the items of a list; none where there is no list."""
    items = member(value, name)
    return items if isinstance(items, list) else []


def text_in(value: object, *path: str) -> str:
    """Return a text without the blanks around it; empty where there is none."""
    text = member(value, *path)
    return text.strip() if isinstance(text, str) else ""


def leaves(value: object, *without: str) -> Iterator[tuple[str, Any]]:
    """Yield what is neither object nor list, in order, with the name it goes by."""
    rest: list[tuple[str, Any]] = [("", value)]
    while rest:
        name, value = rest.pop()
        if isinstance(value, dict):
            members = [(name_key(key), inner) for key, inner in value.items()]
            rest += [pair for pair in reversed(members) if pair[0] not in NOT_SAID | {*without}]
        elif isinstance(value, list):
            rest += [(name, item) for item in reversed(value)]
        else:
            yield name, value


def objects(value: object) -> Iterator[dict[str, Any]]:
    """Yield every object below a value, the value included."""
    rest = [value]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            yield value
        if isinstance(value, dict | list):
            rest += value.values() if isinstance(value, dict) else value


def words_in(value: object, *without: str) -> list[str]:
    """Return every text below a value, each once, but for what the members `without` hold."""
    texts = (
        text.strip()
        for name, text in leaves(value, *without)
        if name in TEXTS and isinstance(text, str) and text.strip()
    )
    return list(dict.fromkeys(texts))


def title_of(value: object) -> str:
    """Return what an option or a question is called, on one line."""
    return value.strip() if isinstance(value, str) else ", ".join(words_in(value))
