"""Values that are chosen or filled in: the `AbstractValue` of Salesforce's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_creovai.parsers.messaging.lines import TextLine, joined, marker, text_lines, unsupported
from target_creovai.parsers.messaging.members import list_in, member, member_key, text_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Values of these types stand in a member that is called as the type.
_PLAIN = (
    *("textvalue", "booleanvalue", "integervalue", "doublevalue"),
    *("urlvalue", "datevalue", "datetimevalue"),
)


def value_line(value: object) -> TextLine:
    """Return a value on one line; what only programs understand is a marker."""
    return joined(", ", _leaves(value))


def scalar(value: object) -> str:
    """Return a JSON scalar as text, as a reader writes it; empty where it is none."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return f"{value:.0f}"
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _leaves(value: object) -> Iterable[TextLine]:
    """Yield a line for each value that is no list of others, in order."""
    rest: list[Any] = [value]
    while rest:
        value = rest.pop()
        kind = member_key(member(value, "valuetype"))
        if kind == "listvalue":
            rest += reversed(list_in(value, "items"))
        elif kind == "compositevalue":
            rest += [member(item, "value") for item in reversed(list_in(value, "items"))]
        else:
            yield from _TYPES.get(kind, _internal)(value)


def _plain(value: object) -> list[TextLine]:
    kind = member_key(member(value, "valuetype"))
    return text_lines(scalar(member(value, kind)) or scalar(member(value, "value")))


def _untyped(value: object) -> list[TextLine]:
    """Read a value that does not say its type, by the member that holds it."""
    texts = [scalar(value), *(scalar(member(value, name)) for name in _PLAIN)]
    return text_lines(*texts) or _location(value)


def _location(value: object) -> list[TextLine]:
    return text_lines(text_in(value, "location", "name"))


def _file(_: object) -> list[TextLine]:
    return [marker("attachment")]


def _internal(value: object) -> list[TextLine]:
    return [unsupported(member(value, "valuetype"))]


_TYPES: dict[str, Callable[[object], Iterable[TextLine]]] = {
    **dict.fromkeys(_PLAIN, _plain),
    "": _untyped,
    "locationvalue": _location,
    "imagereferencevalue": _file,
    "assetreferencevalue": _file,
}
