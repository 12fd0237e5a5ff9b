"""Rows as structs: what the tap looks at is decoded, all else travels as the JSON that came.

Most of a row is text that nobody here reads. Not taking it apart to put it together again saves
most of the work, and half of the memory. What was not asked for, such as the `attributes` that
describe the answer and not the row, has no place in a struct, and so does not leave.

The type of a custom field may have become another one since the schema was made, and a row must
not contradict it. All values of an answer are of one type: the first that is not null tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tap_salesforce_chat.errors import UnexpectedResponseError
from tap_salesforce_chat.soql import CURSOR, KEY
from tap_salesforce_chat.timestamps import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    Schemas = Mapping[str, Mapping[str, Any]]

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_CUSTOM = "__c"
_NULL = msgspec.Raw(b"null")
_DATE_BYTES = len('"2024-01-02"')
# Whether the JSON of a custom field's value is of the type that its schema names.
_IS_OF: dict[str, Callable[[bytes], bool]] = {
    "boolean": lambda raw: raw in {b"true", b"false"},
    "date": lambda raw: raw[:1] == b'"' and len(raw) == _DATE_BYTES,
    "integer": lambda raw: raw.lstrip(b"-").isdigit(),
    "number": lambda raw: raw[:1] in b"-0123456789",
    "string": lambda raw: raw[:1] == b'"',
}
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
def struct_type(paths: tuple[str, ...], instants: frozenset[str] = frozenset()) -> Any:
    """Return the type of what a SELECT list gives: own fields, then a struct for each parent.

    Values are the JSON that came, except for the keys, and for own fields that are date-times.
    """
    own, parents = grouped(paths)
    types: dict[str, Any] = dict.fromkeys(own, msgspec.Raw)
    types |= dict.fromkeys(instants.intersection(own), str | None)
    types |= {name: struct_type(tuple(names)) | None for name, names in parents.items()}
    fields = [
        (name, str) if name in {KEY, CURSOR} else (name, kind, msgspec.UNSET)
        for name, kind in types.items()
    ]
    return msgspec.defstruct("Row", fields, gc=False, kw_only=False)


@dataclass(frozen=True, slots=True)
class Shape:
    """What rows are decoded as.

    Args:
        type: Of a row.
        instants: The own fields that are date-times.
        custom: The other custom fields, and the kind that the schema of each names.
        row_bytes: What a row takes in memory beside the answer that it came in.
    """

    type: Any
    instants: tuple[str, ...]
    custom: tuple[tuple[str, str], ...]
    row_bytes: int

    def settle(self, rows: Sequence[Row]) -> None:
        """Write all instants in their one form, and make sure of the type of custom fields.

        Raises:
            UnexpectedResponseError: A field has another type than its schema says.
        """
        for name in self.instants:
            try:
                for row in rows:
                    if text := getattr(row, name):
                        setattr(row, name, canonical(text))
            except ValueError:
                raise _misfit(name, "date-time") from None
        for name, kind in self.custom:
            value = _first_value(rows, name)
            if value is not None and not _IS_OF[kind](value):
                raise _misfit(name, kind)


def _first_value(rows: Sequence[Row], name: str) -> bytes | None:
    values = (
        raw for raw in map(attrgetter(name), rows) if raw is not msgspec.UNSET and raw != _NULL
    )
    first = next(values, None)
    return None if first is None else bytes(first)


def _misfit(name: str, kind: str) -> UnexpectedResponseError:
    return UnexpectedResponseError(
        f"A value of the field {name} is no {kind}, as the catalog says. Discover the catalog "
        "again; until then, deselect the field."
    )


def shape_of(paths: tuple[str, ...], schemas: Schemas) -> Shape:
    """Return the shape of the rows that a query gives.

    Args:
        paths: What is selected, `Owner.Name` for a parent's field.
        schemas: The schema of each own field.
    """
    kinds = {path: schemas[path] for path in paths if path in schemas}
    instants = tuple(path for path, kind in kinds.items() if kind.get("format") == "date-time")
    custom = {path: _kind_of(kind) for path, kind in kinds.items() if path.endswith(_CUSTOM)}
    return Shape(
        struct_type(paths, frozenset(instants)),
        instants,
        custom=tuple((path, kind) for path, kind in custom.items() if kind in _IS_OF),
        row_bytes=len(paths) * _FIELD_BYTES,
    )


def _kind_of(schema: Mapping[str, Any]) -> str:
    return str(schema.get("format") or json_type(schema))


def json_type(kind: Mapping[str, Any]) -> str:
    """Return the one JSON type of a schema beside null."""
    types = kind.get("type", "string")
    names: Collection[str] = [types] if isinstance(types, str) else types
    return next((name for name in names if name != "null"), "null")
