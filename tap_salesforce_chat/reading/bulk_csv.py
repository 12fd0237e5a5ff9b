"""Bulk's CSV to rows like those of the REST API. Pure but for the stream that it reads.

Nothing is guessed: types are the schema's, and text stays as it is, be it `N/A`, `null` or a blank.
Only an empty cell is no value, as an empty text is none to Salesforce.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from typing_extensions import override

from tap_salesforce_chat.reading.rows import grouped, struct_type
from tap_salesforce_chat.soql import KEY
from tap_salesforce_chat.timestamps import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from typing_extensions import Buffer

    from tap_salesforce_chat.reading.rows import Row, Schemas

# Python's default is the length of Salesforce's longest text; a cell must never end a run.
csv.field_size_limit(2**27)

_CHUNK = 2**16


class Body(io.RawIOBase):
    """Chunks of bytes as a stream; `size` tells how much was read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""
        self.size = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        part, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(part)] = part
        self.size += len(part)
        return len(part)


def cells(body: Body) -> Iterator[list[str]]:
    """Yield the header and the records. Characters and records may be cut by chunks anywhere."""
    raw = io.BufferedReader(body, _CHUNK)
    # Lines end with a line feed and nothing else: a carriage return is part of somebody's text.
    return csv.reader(io.TextIOWrapper(raw, "utf-8", "replace", newline="\n"), strict=True)


def columns(paths: Iterable[str]) -> list[str]:
    """Return what to select for some paths: own fields, then those of each parent.

    A parent's Id is asked for as well: without it, a parent whose other fields are empty would
    look like none.
    """
    own, parents = grouped(paths)
    for relationship, names in parents.items():
        own += [f"{relationship}.{name}" for name in dict.fromkeys([KEY, *names])]
    return own


class _Cells(NamedTuple):
    """Some columns side by side, and those of them that are no text."""

    columns: slice
    typed: list[tuple[int, Callable[[str], Any]]]

    def values(self, record: list[str]) -> list[Any]:
        values: list[Any] = [cell or None for cell in record[self.columns]]
        for place, convert in self.typed:
            if (text := values[place]) is not None:
                values[place] = convert(text)
        return values


class RowMaker:
    """Makes rows of records.

    Args:
        header: The names of the columns, in the order of `columns`.
        schemas: The schema of each field; a parent's has those of its fields.
    """

    def __init__(self, header: list[str], schemas: Schemas) -> None:
        self._width = len(header)
        own, parents = grouped(header)
        self._own = _cells(own, 0, schemas)
        self._parents: list[tuple[_Cells, Callable[..., Any]]] = []
        start = len(own)
        for relationship, names in parents.items():
            cells = _cells(names, start, schemas[relationship]["properties"])
            self._parents.append((cells, struct_type(tuple(names[1:]))))
            start += len(names)
        self._make = struct_type((*own, *(f"{name}.{KEY}" for name in parents)))

    def __call__(self, record: list[str]) -> Row:
        """Return the row.

        Raises:
            ValueError: The record does not fit the header, or a cell its type.
        """
        if len(record) != self._width:
            msg = f"a record of {len(record)} cells under a header of {self._width}"
            raise ValueError(msg)
        values = self._own.values(record)
        for cells, make in self._parents:
            parent_id, *parent = cells.values(record)
            values.append(make(*parent) if parent_id else None)
        row: Row = self._make(*values)
        return row


def _cells(names: list[str], start: int, schemas: Schemas) -> _Cells:
    kinds = [(place, _converter(schemas.get(name, {}))) for place, name in enumerate(names)]
    typed = [(place, convert) for place, convert in kinds if convert]
    return _Cells(slice(start, start + len(names)), typed)


def _converter(schema: Mapping[str, Any]) -> Callable[[str], Any] | None:
    if schema.get("format") == "date-time":
        return canonical
    kinds = schema.get("type", "string")
    kind = next(item for item in ([kinds] if isinstance(kinds, str) else kinds) if item != "null")
    return _CONVERTERS.get(kind)


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _number(text: str) -> int | Decimal:
    """Return a number that is written as REST writes it."""
    return int(text) if text.lstrip("-").isdecimal() else Decimal(text)


_CONVERTERS: dict[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "integer": _number,
    "number": _number,
}
