"""Rows as structs: what the tap looks at is decoded, all else travels as the JSON that came.

Most of a row is text that nobody here reads. Not taking it apart to put it together again saves
most of the work, and half of the memory. What was not asked for, such as the `attributes` that
describe the answer and not the row, has no place in a struct, and so does not leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tap_salesforce_chat.errors import SalesforceError
from tap_salesforce_chat.soql import CURSOR, KEY
from tap_salesforce_chat.timestamps import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Schemas = Mapping[str, Mapping[str, Any]]

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
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
    """How the rows of a query look.

    Args:
        type: Of a row.
        instants: The own fields that are date-times.
        row_bytes: What a row takes in memory beside the answer that it came in.
    """

    type: Any
    instants: tuple[str, ...]
    row_bytes: int

    def settle(self, rows: Sequence[Row]) -> None:
        """Write all instants in their one form."""
        for name in self.instants:
            try:
                for row in rows:
                    if text := getattr(row, name):
                        setattr(row, name, canonical(text))
            except ValueError:
                msg = (
                    f"A value of the field {name} is no date-time, as the catalog says. Discover "
                    "the catalog again; until then, deselect the field."
                )
                raise SalesforceError(msg) from None


def shape_of(paths: tuple[str, ...], schemas: Schemas) -> Shape:
    """Return the shape for a SELECT list.

    Args:
        paths: What is selected, `Owner.Name` for a parent's field.
        schemas: The schema of each own field.
    """
    instants = [path for path in paths if schemas.get(path, {}).get("format") == "date-time"]
    row_type = struct_type(paths, frozenset(instants))
    return Shape(row_type, tuple(instants), len(paths) * _FIELD_BYTES)
