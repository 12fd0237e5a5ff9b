"""Bulk's CSV to rows like those of the REST API. Pure but for the stream that it reads.

Nothing is guessed: types are the schema's, and text stays as it is, be it `N/A`, `null` or a blank.
Only an empty cell is no value, as an empty text is none to Salesforce.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_salesforce_chat.reading.rows import grouped, json_type, struct_type
from tap_salesforce_chat.soql import KEY
from tap_salesforce_chat.timestamps import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tap_salesforce_chat.reading.rows import Row, Schemas

# Python's default is the length of Salesforce's longest text; a cell must never end a run.
csv.field_size_limit(2**27)

# Salesforce quotes all cells.
_BETWEEN_RECORDS = b'"\n"'


class Body:
    """Chunks of bytes; `size` tells how many bytes were read."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            yield chunk


def cells(chunks: Iterable[bytes]) -> Iterator[list[str]]:
    """Yield the header and the records. Chunks may cut records and characters anywhere.

    Splitting takes half of the csv module's time on plain text, as much on chats and a fifth more
    on HTML (`benchmarks/bulk_csv.py`). The csv module gets those few records only that hold a
    lookalike of what stands between cells.

    Raises:
        csv.Error: It is no CSV.
    """
    records = chain.from_iterable(map(_split, _records(chunks)))
    next(records)  # the empty one that `_records` begins with
    return records


def _records(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield an empty record, then all there are, without the quotes at their ends.

    A lookalike of an end in somebody's text takes a quote away on each side, which leaves an odd
    number of them.
    """
    begun, rest = "", b'"\n'
    for chunk in chunks:
        *pieces, rest = (rest + chunk).split(_BETWEEN_RECORDS)
        for piece in pieces:
            record = begun + piece.decode("utf-8", "replace")
            if record.count('"') % 2:
                begun = f'{record}"\n"'
            else:
                begun = ""
                yield record
    last = (begun + rest.decode("utf-8", "replace")).removesuffix("\n")
    if not last.endswith('"'):
        msg = "unexpected end of data"
        raise csv.Error(msg)
    yield last[:-1]


def _split(record: str) -> Iterable[list[str]]:
    """Return the cells of a record; the records, where a lookalike has joined two of them.

    In a cell, quotes are there in pairs; a lookalike of what stands between cells breaks a pair up.
    """
    found = record.split('","')
    for place, cell in enumerate(found):
        if '"' in cell:
            found[place] = text = cell.replace('""', '"')
            if cell.count('"') != 2 * (len(cell) - len(text)):
                return csv.reader(io.StringIO(f'"{record}"'), strict=True)
    return [found]


def columns(paths: Iterable[str]) -> list[str]:
    """Return what to select for some paths: own fields, then those of each parent.

    A parent's Id is asked for as well: without it, a parent whose other fields are empty would
    look like none.
    """
    own, parents = grouped(paths)
    for relationship, names in parents.items():
        own += [f"{relationship}.{name}" for name in dict.fromkeys([KEY, *names])]
    return own


class FieldTypeError(Exception):
    """A value that is not of its field's type; the message names the field, not the value."""


class _Parent(NamedTuple):
    """The columns of a parent: its Id, which tells whether there is one, and its fields."""

    row_id: int
    fields: slice
    make: Callable[..., Any]


class RowMaker:
    """Makes rows of records.

    Args:
        paths: What was asked for, as `columns` gives it.
        schemas: The schema of each field; a parent's has those of its fields.
        header: The names of the columns, in whatever order.

    Raises:
        ValueError: The header lacks a column.
    """

    def __init__(self, paths: list[str], schemas: Schemas, header: list[str]) -> None:
        own, parents = grouped(paths)
        self._width, self._own = len(header), len(own)
        self._order = _order_of(paths, header)
        self._make = struct_type((*own, *(f"{name}.{KEY}" for name in parents)))
        self._parents: list[_Parent] = []
        kinds: list[Mapping[str, Any]] = [schemas.get(name, {}) for name in own]
        for relationship, names in parents.items():
            start, end = len(kinds), len(kinds) + len(names)
            make = struct_type(tuple(names[1:]))
            self._parents.append(_Parent(start, slice(start + 1, end), make))
            fields = schemas[relationship]["properties"]
            kinds += [fields.get(name, {}) for name in names]
        types = [(place, kind, _converter(kind)) for place, kind in enumerate(kinds)]
        self._typed = [(place, convert) for place, _, convert in types if convert]
        self._expected = [f"{path} is no {_type_name(kinds[n])}" for n, path in enumerate(paths)]

    def __call__(self, record: list[str]) -> Row:
        """Return the row.

        Raises:
            ValueError: The record does not fit the header.
            FieldTypeError: A cell does not fit its type.
        """
        if len(record) != self._width:
            msg = f"a record of {len(record)} cells under a header of {self._width}"
            raise ValueError(msg)
        cells = record if self._order is None else [record[place] for place in self._order]
        values: list[Any] = [cell or None for cell in cells]
        for place, convert in self._typed:
            if (text := values[place]) is not None:
                try:
                    values[place] = convert(text)
                except (ValueError, KeyError, ArithmeticError):
                    msg = (
                        f"a value of the field {self._expected[place]}, as the catalog says. "
                        "Discover the catalog again; until then, deselect the field."
                    )
                    raise FieldTypeError(msg) from None
        parents = [
            make(*values[fields]) if values[row_id] else None
            for row_id, fields, make in self._parents
        ]
        row: Row = self._make(*values[: self._own], *parents)
        return row


def _date(text: str) -> str:
    if len(text) != len("2024-01-02"):
        msg = "not a date"
        raise ValueError(msg)
    return text


def _order_of(paths: list[str], header: list[str]) -> list[int] | None:
    """Return where in a record each path is, None where they stand in that order."""
    if header == paths:
        return None
    places = {name.casefold(): place for place, name in enumerate(header)}
    if missing := [path for path in paths if path.casefold() not in places]:
        msg = f"a header without {len(missing)} of the {len(paths)} columns"
        raise ValueError(msg)
    return [places[path.casefold()] for path in paths]


def _type_name(schema: Mapping[str, Any]) -> str:
    return str(schema.get("format") or json_type(schema))


def _converter(schema: Mapping[str, Any]) -> Callable[[str], Any] | None:
    return _CONVERTERS.get(_type_name(schema))


def _number(text: str) -> int | Decimal:
    """Return a number that is written as REST writes it."""
    return int(text) if text.lstrip("-").isdecimal() else Decimal(text)


_BOOLEANS = {"true": True, "false": False}
_CONVERTERS: dict[str, Callable[[str], Any]] = {
    "boolean": _BOOLEANS.__getitem__,
    "date": _date,
    "date-time": canonical,
    "integer": _number,
    "number": _number,
}
