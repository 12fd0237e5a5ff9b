"""Convert the CSV of Bulk results to rows like those of the REST API.

Types come from the schema, and text stays as it is, be it `N/A`, `null` or a blank. Only an empty
cell is null, as Salesforce stores an empty text as null.
"""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_salesforce_chat.reading.rows import grouped, struct_type, type_name, type_problem
from tap_salesforce_chat.soql import PRIMARY_KEY
from tap_salesforce_chat.timestamps import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tap_salesforce_chat.reading.rows import Row, Schemas

# Python's default limit is the length of Salesforce's longest text: a longer cell would raise.
csv.field_size_limit(2**27)

# Salesforce quotes all cells.
_BETWEEN_RECORDS = b'"\n"'


class MeasuredChunks:
    """Chunks of bytes; `size` is the number of bytes read so far."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.size += len(chunk)
            yield chunk


def cells(chunks: Iterable[bytes]) -> Iterator[list[str]]:
    """Yield the cells of the header and of each record.

    Chunks may end anywhere, within a record or a character. Splitting takes half of the csv
    module's time on plain text, as much on chats and a fifth more on HTML
    (`benchmarks/bulk_csv.py`). The csv module parses only the few records whose text contains the
    separator of cells.

    Raises:
        csv.Error: The chunks are no CSV.
    """
    records = chain.from_iterable(map(_split, _records(chunks)))
    next(records)  # `_records` yields an empty one first
    return records


def _records(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield an empty record, then all records, without the quotes at their ends.

    The separator of records may occur in a text. Such a split takes away one quote of a pair on
    each side, which leaves an odd number of quotes.
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
    """Return the cells of a record; of several records if `_records` has joined them.

    In a cell, quotes come in pairs. The separator of cells within a text breaks a pair up: the
    csv module then parses the whole text.
    """
    found = record.split('","')
    for place, cell in enumerate(found):
        if '"' in cell:
            found[place] = text = cell.replace('""', '"')
            if cell.count('"') != 2 * (len(cell) - len(text)):
                return csv.reader(io.StringIO(f'"{record}"'), strict=True)
    return [found]


def columns(paths: Iterable[str]) -> list[str]:
    """Return the columns to select for some paths: own fields, then those of each parent.

    A parent's Id is selected as well: without it, a parent whose other fields are all null could
    not be told from a missing parent.
    """
    own, parents = grouped(paths)
    for relationship, names in parents.items():
        own += [f"{relationship}.{name}" for name in dict.fromkeys([PRIMARY_KEY, *names])]
    return own


class FieldTypeError(Exception):
    """A value is not of its field's type; the message names the field, not the value."""


class _Parent(NamedTuple):
    """The columns of a parent: its Id, null if there is no parent, and its fields."""

    row_id: int
    fields: slice
    make: Callable[..., Any]


class RowMaker:
    """Makes rows of records.

    Args:
        paths: The selected columns, as `columns` returns them.
        schemas: The schema of each field; a parent's has those of its fields.
        header: The names of the columns, in whatever order.

    Raises:
        ValueError: The header lacks a column.
    """

    def __init__(self, paths: list[str], schemas: Schemas, header: list[str]) -> None:
        own, parents = grouped(paths)
        self._width, self._own = len(header), len(own)
        self._order = _order_of(paths, header)
        self._make = struct_type((*own, *(f"{name}.{PRIMARY_KEY}" for name in parents)))
        self._parents: list[_Parent] = []
        kinds: list[Mapping[str, Any]] = [schemas.get(name, {}) for name in own]
        for relationship, names in parents.items():
            start, end = len(kinds), len(kinds) + len(names)
            make = struct_type(tuple(names[1:]))
            self._parents.append(_Parent(start, slice(start + 1, end), make))
            fields = schemas[relationship]["properties"]
            kinds += [fields.get(name, {}) for name in names]
        names = [type_name(kind) for kind in kinds]
        converters = [(place, _CONVERTERS.get(name)) for place, name in enumerate(names)]
        self._typed = [(place, convert) for place, convert in converters if convert]
        self._columns = list(zip(paths, names, strict=True))

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
                    raise FieldTypeError(type_problem(*self._columns[place])) from None
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


def _number(text: str) -> int | Decimal:
    """Return an integer where the text is one, as the JSON of REST has it."""
    return int(text) if text.lstrip("-").isdecimal() else Decimal(text)


_BOOLEANS = {"true": True, "false": False}
_CONVERTERS: dict[str, Callable[[str], Any]] = {
    "boolean": _BOOLEANS.__getitem__,
    "date": _date,
    "date-time": canonical,
    "integer": _number,
    "number": _number,
}
