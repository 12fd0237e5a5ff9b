"""Queries whose fields are too much for Salesforce at once: asked for in parts, and put together.

Formulas and parents make a query complicated, not its rows: fewer rows at a time would not help.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.errors import QueryTooComplicatedError
from tap_salesforce_chat.reading.rows import grouped, shape_of
from tap_salesforce_chat.soql import CURSOR, KEY, Query, one_of

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator

    from tap_salesforce_chat.reading.pagination import Asker, Page
    from tap_salesforce_chat.reading.rows import Row, Schemas

    Fields = tuple[str, ...]
    Write = Callable[[Fields], str]

# Ids in one query: with a long list of fields, it stays below Salesforce's 100,000 characters.
_IDS_AT_ONCE = 1_000
# How often rows are asked for again that change between two parts.
_MOST_READINGS = 3


class FieldParts:
    """Runs queries for the fields of a stream, in one part as long as Salesforce takes them.

    Args:
        asker: Runs queries.
        query: Names the object and the fields.
        schemas: The schema of each field.
        logger: Gets a line when fields are parted.
    """

    def __init__(
        self, asker: Asker, query: Query, schemas: Schemas, logger: logging.Logger
    ) -> None:
        self._asker = asker
        self._sobject = query.sobject
        self._schemas = schemas
        self._logger = logger
        self._shape = shape_of(query.fields, schemas)
        self._types: dict[Fields, Any] = {query.fields: self._shape.type}
        self._parts = [query.fields]

    def pages(self, write: Write) -> Iterator[Page]:
        """Yield the pages of a query.

        Args:
            write: Makes the query, from the fields to select.

        Raises:
            QueryTooComplicatedError: A single field, or one parent, is too much.
        """
        while True:
            first = self._parts[0]
            pages = self._asker.pages(write(first), self._type_of(first))
            try:
                page = next(pages)
            except QueryTooComplicatedError as exc:
                self._part(first, exc)
                continue
            yield self._completed(page, first)
            for page in pages:
                yield self._completed(page, first)
            return

    def _completed(self, page: Page, first: Fields) -> Page:
        """Return a page with all fields of its rows, in the size that they really take."""
        if len(self._parts) > 1:
            page = self._with_other_parts(page, first)
        self._shape.settle(page.rows)
        return replace(page, size=page.size + len(page.rows) * self._shape.row_bytes)

    def _with_other_parts(self, page: Page, first: Fields) -> Page:
        found: dict[str, Row] = {}
        read: dict[Fields, dict[str, Row]] = {first: {row.Id: row for row in page.rows}}
        missing, size = [row.Id for row in page.rows], page.size
        for _ in range(_MOST_READINGS):
            size += self._read_others(read, missing)
            # A row that changed in between is asked for again, one that is gone is no row.
            missing = [
                row_id for row_id in missing if all(row_id in part for part in read.values())
            ]
            same = [row_id for row_id in missing if _is_one(read, row_id)]
            found |= {row_id: self._joined(read, row_id) for row_id in same}
            missing = [row_id for row_id in missing if row_id not in found]
            if not missing:
                break
            read = {}
        # What changes all the time will come with its new time.
        rows = [found[row.Id] for row in page.rows if row.Id in found]
        return replace(page, rows=rows, size=size)

    def _read_others(self, read: dict[Fields, dict[str, Row]], ids: list[str]) -> int:
        """Read the parts that are not read yet, for some rows; return their size in bytes."""
        size = 0
        while True:
            covered = set().union(*read)
            part = next((part for part in self._parts if not covered.issuperset(part)), None)
            if part is None:
                return size
            try:
                read[part], more = self._read(part, ids)
            except QueryTooComplicatedError as exc:
                self._part(part, exc)
            else:
                size += more

    def _read(self, part: Fields, ids: list[str]) -> tuple[dict[str, Row], int]:
        rows: dict[str, Row] = {}
        size = 0
        for first in range(0, len(ids), _IDS_AT_ONCE):
            condition = one_of(KEY, ids[first : first + _IDS_AT_ONCE])
            query = Query(self._sobject, part, condition=condition)
            for page in self._asker.pages(query.unordered(), self._type_of(part)):
                rows |= {row.Id: row for row in page.rows}
                size += page.size
        return rows, size

    def _joined(self, read: dict[Fields, dict[str, Row]], row_id: str) -> Row:
        values: dict[str, Any] = {}
        for part in read.values():
            row = part[row_id]
            values |= {name: getattr(row, name) for name in row.__struct_fields__}  # type: ignore[attr-defined]
        joined: Row = self._shape.type(**values)
        return joined

    def _type_of(self, part: Fields) -> Any:
        if part not in self._types:
            self._types[part] = shape_of(part, self._schemas).type
        return self._types[part]

    def _part(self, part: Fields, exc: QueryTooComplicatedError) -> None:
        """Have a part asked for in two; another thread may have done so."""
        own, parents = grouped(part)
        units: list[Fields] = [(name,) for name in own if name not in {KEY, CURSOR}]
        units += [tuple(f"{name}.{field}" for field in fields) for name, fields in parents.items()]
        if len(units) <= 1:
            raise exc
        half = len(units) // 2
        halves = [(KEY, CURSOR, *sum(some, ())) for some in (units[:half], units[half:])]
        if part in self._parts:
            self._logger.warning("%s Asking for fewer fields at a time.", exc)
            place = self._parts.index(part)
            self._parts = [*self._parts[:place], *halves, *self._parts[place + 1 :]]


def _is_one(read: dict[Fields, dict[str, Row]], row_id: str) -> bool:
    """Tell whether all parts of a row are of the same version of it."""
    return len({part[row_id].SystemModstamp for part in read.values()}) == 1
