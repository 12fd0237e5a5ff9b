"""Rows as structs: what the tap looks at is decoded, all else travels as the JSON that came.

Most of a row is text that nobody here reads. Not taking it apart to put it together again saves
most of the work, and half of the memory. What was not asked for, such as the `attributes` that
describe the answer and not the row, has no place in a struct, and so does not leave.

Custom fields alone are looked at more closely: their type may have become another one since the
schema was made, and a row must not contradict it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tap_salesforce_chat.errors import UnexpectedFormError
from tap_salesforce_chat.soql import CURSOR, KEY
from tap_salesforce_chat.timestamps import canonical

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    Schemas = Mapping[str, Mapping[str, Any]]

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_CUSTOM = "__c"
# What a custom field is decoded as, by the type of its schema. A number stays as it was written.
_DECODED: dict[str, Any] = {"string": str | None, "boolean": bool | None, "integer": int | None}
_DATE_LENGTH = len("2024-01-02")
_IN_A_NUMBER = b"-0123456789n"  # what it may begin with, a null's letter included
# Bytes that a field of a row takes beside its text, measured for msgspec's Raw, and for instants.
_FIELD_BYTES = 68


class Row(Protocol):
    """What all rows have. A field that did not come is `msgspec.UNSET`, and does not leave."""

    Id: str
    SystemModstamp: str


def plain(row: Row) -> dict[str, Any]:
    """Return a row taken apart, for who wants to change it."""
    document: dict[str, Any] = _DECODER.decode(_ENCODER.encode(row))
    return document


def grouped(paths: Iterable[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Return an object's own fields, and those of each parent."""
    own: list[str] = []
    parents: dict[str, list[str]] = {}
    for path in paths:
        relationship, dot, name = path.rpartition(".")
        (parents.setdefault(relationship, []) if dot else own).append(name)
    return own, parents


@cache
def struct_type(paths: tuple[str, ...], decoded: frozenset[tuple[str, str]] = frozenset()) -> Any:
    """Return the type of what a SELECT list gives: own fields, then a struct for each parent.

    Values are the JSON that came, except for the keys, and for own fields that are decoded.

    Args:
        paths: The SELECT list.
        decoded: Own fields to decode, and the JSON type of each.
    """
    own, parents = grouped(paths)
    types: dict[str, Any] = dict.fromkeys(own, msgspec.Raw)
    types |= {name: _DECODED[kind] for name, kind in decoded}
    types |= {name: struct_type(tuple(names)) | None for name, names in parents.items()}
    fields = [
        (name, str) if name in {KEY, CURSOR} else (name, kind, msgspec.UNSET)
        for name, kind in types.items()
    ]
    return msgspec.defstruct("Row", fields, gc=False, kw_only=False)


@dataclass(frozen=True, slots=True)
class Shape:
    """How the rows of a query look.

    Args:
        type: Of a row.
        instants: The own fields that are date-times.
        dates: The custom ones that are dates.
        numbers: The custom ones that are numbers.
        row_bytes: What a row takes in memory beside the answer that it came in.
    """

    type: Any
    instants: tuple[str, ...]
    dates: tuple[str, ...]
    numbers: tuple[str, ...]
    row_bytes: int

    def settle(self, rows: Sequence[Row]) -> None:
        """Write all instants in their one form, and make sure of what was not decoded.

        Raises:
            UnexpectedFormError: A field has another type than its schema says.
        """
        for name in self.instants:
            try:
                for row in rows:
                    if text := getattr(row, name):
                        setattr(row, name, canonical(text))
            except ValueError:
                raise _misfit(name, "date-time") from None
        for name in self.dates:
            if not all(map(_is_date, _values(rows, name))):
                raise _misfit(name, "date")
        for name in self.numbers:
            if not all(map(_is_number, _values(rows, name))):
                raise _misfit(name, "number")


def _values(rows: Sequence[Row], name: str) -> Iterator[Any]:
    """Yield the values of a field where it came."""
    return (value for value in map(attrgetter(name), rows) if value is not msgspec.UNSET)


def _is_date(text: str | None) -> bool:
    return text is None or len(text) == _DATE_LENGTH


def _is_number(raw: msgspec.Raw) -> bool:
    return bytes(raw)[0] in _IN_A_NUMBER


def _misfit(name: str, kind: str) -> UnexpectedFormError:
    return UnexpectedFormError(
        f"A value of the field {name} is no {kind}, as the catalog says. Discover the catalog "
        "again; until then, deselect the field."
    )


def shape_of(paths: tuple[str, ...], schemas: Schemas) -> Shape:
    """Return the shape for a SELECT list.

    Args:
        paths: What is selected, `Owner.Name` for a parent's field.
        schemas: The schema of each own field.
    """
    kinds = {path: schemas[path] for path in paths if path in schemas}
    instants = _of_format(kinds, "date-time")
    custom = {path: kind for path, kind in kinds.items() if path.endswith(_CUSTOM)}
    types = {path: json_type(kind) for path, kind in custom.items()}
    decoded = {path: kind for path, kind in types.items() if kind in _DECODED}
    decoded |= dict.fromkeys(instants, "string")
    return Shape(
        struct_type(paths, frozenset(decoded.items())),
        instants,
        dates=_of_format(custom, "date"),
        numbers=tuple(path for path, kind in types.items() if kind == "number"),
        row_bytes=len(paths) * _FIELD_BYTES,
    )


def _of_format(kinds: Schemas, name: str) -> tuple[str, ...]:
    return tuple(path for path, kind in kinds.items() if kind.get("format") == name)


def json_type(kind: Mapping[str, Any]) -> str:
    """Return the one JSON type of a schema beside null."""
    types = kind.get("type", "string")
    names: Collection[str] = [types] if isinstance(types, str) else types
    return next((name for name in names if name != "null"), "null")
