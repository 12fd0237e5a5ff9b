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

from tap_salesforce_chat.soql import KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from typing_extensions import Buffer

    Row = dict[str, Any]
    Schemas = Mapping[str, Mapping[str, Any]]

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
    own = [path for path in paths if "." not in path]
    parents: dict[str, list[str]] = {}
    for path in paths:
        relationship, dot, _ = path.rpartition(".")
        if dot:
            parents.setdefault(relationship, [f"{relationship}.{KEY}"]).append(path)
    return own + [path for group in parents.values() for path in group]


class _Group(NamedTuple):
    """Columns side by side that belong to one object."""

    names: list[str]
    start: int
    typed: list[tuple[str, Callable[[str], Any]]]

    def values(self, record: list[str]) -> Row:
        cells = record[self.start : self.start + len(self.names)]
        row: Row = dict(zip(self.names, [cell or None for cell in cells], strict=True))
        for name, convert in self.typed:
            if (text := row[name]) is not None:
                row[name] = convert(text)
        return row


class RowMaker:
    """Makes rows of records.

    Args:
        header: The names of the columns, in the order of `columns`.
        schemas: The schema of each field; a parent's has those of its fields.
    """

    def __init__(self, header: list[str], schemas: Schemas) -> None:
        self._width = len(header)
        own = [path for path in header if "." not in path]
        self._own = _group(own, 0, schemas)
        self._parents: dict[str, _Group] = {}
        for place, path in enumerate(header):
            relationship, dot, name = path.rpartition(".")
            if dot and name == KEY:
                names = _following(header[place:], f"{relationship}.")
                fields = schemas[relationship]["properties"]
                self._parents[relationship] = _group(names, place, fields)

    def __call__(self, record: list[str]) -> Row:
        """Return the row.

        Raises:
            ValueError: The record does not fit the header, or a cell its type.
        """
        if len(record) != self._width:
            msg = f"a record of {len(record)} cells under a header of {self._width}"
            raise ValueError(msg)
        row = self._own.values(record)
        for name, group in self._parents.items():
            parent = group.values(record)
            row[name] = parent if parent.pop(KEY) else None
        return row


def _following(header: list[str], prefix: str) -> list[str]:
    return [path.removeprefix(prefix) for path in header if path.startswith(prefix)]


def _group(names: list[str], start: int, schemas: Schemas) -> _Group:
    typed = [(name, kind) for name in names if (kind := _converter(schemas.get(name, {})))]
    return _Group(names, start, typed)


def _converter(schema: Mapping[str, Any]) -> Callable[[str], Any] | None:
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
