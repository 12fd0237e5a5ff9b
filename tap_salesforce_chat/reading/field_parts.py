"""Run queries whose SELECT list Salesforce finds too complicated in parts, and join their rows.

Formulas and parents make a query complicated, not its rows: fewer rows at a time would not help.
"""

from __future__ import annotations

from dataclasses import replace
from operator import methodcaller
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.errors import (
    QueryLocatorExpiredError,
    QueryTimeoutError,
    QueryTooComplicatedError,
)
from tap_salesforce_chat.reading.rows import grouped, row_format
from tap_salesforce_chat.soql import PRIMARY_KEY, REPLICATION_KEY, Query, one_of

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator

    from tap_salesforce_chat.reading.query_client import Page, QueryClient
    from tap_salesforce_chat.reading.rows import Row, Schemas

    Fields = tuple[str, ...]

# Ids in one query: with a long list of fields, it stays below Salesforce's 100,000 characters.
_IDS_AT_ONCE = 1_000
# How often rows are read again that change between two parts.
_MAX_READINGS = 3
# Rows by Id, for a window that Salesforce cannot sort in time; fewer when it still times out.
_MAX_BY_ID, _MIN_BY_ID = 2000, 50


class FieldParts:
    """Runs queries for the fields of a stream, in one part as long as Salesforce accepts it.

    Args:
        query_client: Runs queries.
        query: Names the object and the fields.
        schemas: The schema of each field.
        logger: Gets a line when the fields are split.
    """

    def __init__(
        self, query_client: QueryClient, query: Query, schemas: Schemas, logger: logging.Logger
    ) -> None:
        self._query_client = query_client
        self._sobject = query.sobject
        self._schemas = schemas
        self._logger = logger
        self._format = row_format(query.fields, schemas)
        self._types: dict[Fields, Any] = {query.fields: self._format.type}
        self._parts = [query.fields]

    def pages(self, query: Query, soql: Callable[[Query], str] = str) -> Iterator[Page]:
        """Yield the pages of a query, with all fields.

        Args:
            query: The query; its own fields do not count.
            soql: Writes it down.

        Raises:
            QueryTooComplicatedError: A single field, or one parent, is too complicated.
        """
        while True:
            first = self._parts[0]
            text = soql(replace(query, fields=first))
            pages = self._query_client.pages(text, self._type_of(first))
            try:
                page = next(pages)
            except QueryTooComplicatedError as exc:
                self._split(first, exc)
                continue
            yield self._completed(page, first)
            for page in pages:
                yield self._completed(page, first)
            return

    def pages_by_id(self, query: Query) -> Iterator[Page]:
        """Yield the pages of a query by Id, in fewer rows at a time where Salesforce times out."""
        limit, last = _MAX_BY_ID, None
        while True:
            try:
                pages = list(self.pages(query, methodcaller("by_id", last, limit)))
            except (QueryTimeoutError, QueryLocatorExpiredError):
                limit //= 2
                if limit < _MIN_BY_ID:
                    raise
                continue
            # Before they are yielded: their consumer clears the lists of rows.
            ids = [row.Id for page in pages for row in page.rows]
            yield from pages
            # A row that is deleted while they are read does not make them the last ones.
            if not ids or max(len(ids), pages[0].total) < limit:
                return
            last = ids[-1]

    def _completed(self, page: Page, first: Fields) -> Page:
        """Return a page with all fields of its rows, and the bytes that they take in memory."""
        if len(self._parts) > 1:
            page = self._with_other_parts(page, first)
        self._format.normalize(page.rows)
        return replace(page, size=page.size + len(page.rows) * self._format.row_bytes)

    def _with_other_parts(self, page: Page, first: Fields) -> Page:
        found: dict[str, Row] = {}
        read: dict[Fields, dict[str, Row]] = {first: {row.Id: row for row in page.rows}}
        missing, size = [row.Id for row in page.rows], page.size
        for _ in range(_MAX_READINGS):
            size += self._read_others(read, missing)
            # A row that changed in between is read again; one that is gone is left out.
            missing = [
                row_id for row_id in missing if all(row_id in part for part in read.values())
            ]
            same = [row_id for row_id in missing if _is_one_version(read, row_id)]
            found |= {row_id: self._joined(read, row_id) for row_id in same}
            missing = [row_id for row_id in missing if row_id not in found]
            if not missing:
                break
            read = {}
        # A row that changes all the time comes with its latest change.
        rows = [found[row.Id] for row in page.rows if row.Id in found]
        return replace(page, rows=rows, size=size)

    def _read_others(self, read: dict[Fields, dict[str, Row]], ids: list[str]) -> int:
        """Read the parts that are still missing, for some rows; return their size in bytes."""
        size = 0
        while True:
            covered = set().union(*read)
            part = next((part for part in self._parts if not covered.issuperset(part)), None)
            if part is None:
                return size
            try:
                read[part], more = self._read(part, ids)
            except QueryTooComplicatedError as exc:
                self._split(part, exc)
            else:
                size += more

    def _read(self, part: Fields, ids: list[str]) -> tuple[dict[str, Row], int]:
        rows: dict[str, Row] = {}
        size = 0
        for first in range(0, len(ids), _IDS_AT_ONCE):
            condition = one_of(PRIMARY_KEY, ids[first : first + _IDS_AT_ONCE])
            query = Query(self._sobject, part, condition=condition)
            for page in self._query_client.pages(query.unordered(), self._type_of(part)):
                rows |= {row.Id: row for row in page.rows}
                size += page.size
        return rows, size

    def _joined(self, read: dict[Fields, dict[str, Row]], row_id: str) -> Row:
        values: dict[str, Any] = {}
        for part in read.values():
            row = part[row_id]
            values |= {name: getattr(row, name) for name in row.__struct_fields__}  # type: ignore[attr-defined]
        joined: Row = self._format.type(**values)
        return joined

    def _type_of(self, part: Fields) -> Any:
        if part not in self._types:
            self._types[part] = row_format(part, self._schemas).type
        return self._types[part]

    def _split(self, part: Fields, exc: QueryTooComplicatedError) -> None:
        """Split a part in two, unless another thread has done so."""
        own, parents = grouped(part)
        units: list[Fields] = [
            (name,) for name in own if name not in {PRIMARY_KEY, REPLICATION_KEY}
        ]
        units += [tuple(f"{name}.{field}" for field in fields) for name, fields in parents.items()]
        if len(units) <= 1:
            raise exc
        half = len(units) // 2
        halves = [
            (PRIMARY_KEY, REPLICATION_KEY, *sum(some, ())) for some in (units[:half], units[half:])
        ]
        if part in self._parts:
            self._logger.warning("%s Asking for fewer fields at a time.", exc)
            place = self._parts.index(part)
            self._parts = [*self._parts[:place], *halves, *self._parts[place + 1 :]]


def _is_one_version(read: dict[Fields, dict[str, Row]], row_id: str) -> bool:
    """Return whether all parts of a row are of the same version of it."""
    return len({part[row_id].SystemModstamp for part in read.values()}) == 1
