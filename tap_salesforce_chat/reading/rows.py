"""Rows as structs: the few fields that the tap uses are decoded, all others stay JSON text.

Most of a row is text that the tap passes on unread. Not decoding and encoding it saves most of the
work, and half of the memory. What was not selected, such as the `attributes` that describe the
answer and not the row, has no field in a struct, and so is dropped.

The type of a custom field may have changed since the schema was made, and a row must not
contradict its schema. All values of an answer have one type: the first non-null one is checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tap_salesforce_chat.errors import UnexpectedResponseError
from tap_salesforce_chat.soql import PRIMARY_KEY, REPLICATION_KEY
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
_HAS_TYPE: dict[str, Callable[[bytes], bool]] = {
    "boolean": lambda raw: raw in {b"true", b"false"},
    "date": lambda raw: raw[:1] == b'"' and len(raw) == _DATE_BYTES,
    "integer": lambda raw: raw.lstrip(b"-").isdigit(),
    "number": lambda raw: raw[:1] in b"-0123456789",
    "string": lambda raw: raw[:1] == b'"',
}
# Bytes that a field takes besides its text, measured for msgspec's Raw and for date-times.
_FIELD_BYTES = 68


class Row(Protocol):
    """What all rows have. A field that the answer lacks is `msgspec.UNSET`, and is not written."""

    Id: str
    SystemModstamp: str


def row_as_dict(row: Row) -> dict[str, Any]:
    """Return a row as a dict of decoded values, which may be changed."""
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
    """Return the struct type of a SELECT list: own fields, then a struct for each parent.

    Values stay JSON text, except for the keys, and for own fields that are date-times.
    """
    own, parents = grouped(paths)
    types: dict[str, Any] = dict.fromkeys(own, msgspec.Raw)
    types |= dict.fromkeys(instants.intersection(own), str | None)
    types |= {name: struct_type(tuple(names)) | None for name, names in parents.items()}
    fields = [
        (name, str) if name in {PRIMARY_KEY, REPLICATION_KEY} else (name, kind, msgspec.UNSET)
        for name, kind in types.items()
    ]
    return msgspec.defstruct("Row", fields, gc=False, kw_only=False)


@dataclass(frozen=True, slots=True)
class RowFormat:
    """How the rows of a query are decoded.

    Args:
        type: Of a row.
        instants: The own fields that are date-times.
        custom: The other custom fields, and the type that the schema of each names.
        row_bytes: What a row takes in memory besides the bytes of the answer.
    """

    type: Any
    instants: tuple[str, ...]
    custom: tuple[tuple[str, str], ...]
    row_bytes: int

    def normalize(self, rows: Sequence[Row]) -> None:
        """Write all date-times in canonical form, and check the type of custom fields.

        Raises:
            UnexpectedResponseError: A field has another type than its schema says.
        """
        for name in self.instants:
            try:
                for row in rows:
                    if text := getattr(row, name):
                        setattr(row, name, canonical(text))
            except ValueError:
                raise _wrong_type(name, "date-time") from None
        for name, kind in self.custom:
            value = _first_value(rows, name)
            if value is not None and not _HAS_TYPE[kind](value):
                raise _wrong_type(name, kind)


def _first_value(rows: Sequence[Row], name: str) -> bytes | None:
    values = (
        raw for raw in map(attrgetter(name), rows) if raw is not msgspec.UNSET and raw != _NULL
    )
    first = next(values, None)
    return None if first is None else bytes(first)


def _wrong_type(name: str, kind: str) -> UnexpectedResponseError:
    problem = type_problem(name, kind)
    return UnexpectedResponseError(f"{problem[:1].upper()}{problem[1:]}")


def type_problem(path: str, kind: str) -> str:
    """Return the message about a value of another type than its schema's."""
    return (
        f"a value of the field {path} is no {kind}, as the catalog says. Discover the catalog "
        "again; until then, deselect the field."
    )


def row_format(paths: tuple[str, ...], schemas: Schemas) -> RowFormat:
    """Return the format of the rows that a query returns.

    Args:
        paths: What is selected, `Owner.Name` for a parent's field.
        schemas: The schema of each own field.
    """
    kinds = {path: schemas[path] for path in paths if path in schemas}
    instants = tuple(path for path, kind in kinds.items() if kind.get("format") == "date-time")
    custom = {path: type_name(kind) for path, kind in kinds.items() if path.endswith(_CUSTOM)}
    return RowFormat(
        struct_type(paths, frozenset(instants)),
        instants,
        custom=tuple((path, kind) for path, kind in custom.items() if kind in _HAS_TYPE),
        row_bytes=len(paths) * _FIELD_BYTES,
    )


def type_name(schema: Mapping[str, Any]) -> str:
    """Return the format of a field's schema, or else its one JSON type besides null."""
    types = schema.get("type", "string")
    names: Collection[str] = [types] if isinstance(types, str) else types
    return str(schema.get("format") or next((name for name in names if name != "null"), "null"))
