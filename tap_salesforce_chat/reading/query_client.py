"""Run queries: pages of rows by `nextRecordsUrl`, or a count of rows."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import urlencode

import msgspec

from tap_salesforce_chat.errors import (
    MissingFieldError,
    QueryLocatorExpiredError,
    QueryTooLongError,
    RowCountError,
    SalesforceError,
    SessionExpiredError,
    UnreadableObjectError,
)
from tap_salesforce_chat.soql import PRIMARY_KEY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tap_salesforce_chat.http.client import SalesforceClient
    from tap_salesforce_chat.http.sender import JsonResponse
    from tap_salesforce_chat.login.flows import Session

_LARGEST_PAGE = 2000  # rows, of any query
# Rows that were deleted since the query leave pages empty, but hardly so many in a row.
_MAX_EMPTY_PAGES = 100
# How often a query whose locator is lost runs again from its beginning.
_MAX_RESTARTS = 3
# Bytes of a query in a URL; Salesforce accepts URLs and headers of 16,384 bytes in all.
_LONGEST_IN_URL = 15_000


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the order of the query; possibly none, though more pages follow.

    `queried_at` is Salesforce's time when it ran the query: later changes are not in any of its
    pages. `total` is the number of rows of all pages.
    """

    rows: list[Any] = field(repr=False)
    queried_at: datetime | None
    total: int
    size: int  # bytes
    is_last: bool


_Row = TypeVar("_Row")


class _Document(msgspec.Struct, Generic[_Row], rename="camel"):
    """Salesforce's answer to a query."""

    records: list[_Row] | msgspec.UnsetType = msgspec.UNSET
    total_size: int | None = None
    done: bool | None = None
    next_records_url: Any = None


@cache
def _decoder(row_type: Any) -> msgspec.json.Decoder[_Document[Any]]:
    return msgspec.json.Decoder(_Document[row_type])


class QueryClient:
    """Runs the queries of one stream.

    Args:
        client: Sends the requests.
        resource: `query`, or `queryAll` for deleted rows too.
        subject: What error messages call the query.
        page_size: The number of rows a page to ask for.
    """

    def __init__(
        self,
        client: SalesforceClient,
        resource: str,
        *,
        subject: str,
        page_size: int = _LARGEST_PAGE,
    ) -> None:
        self._client = client
        self._resource = resource
        self._headers = {"Sforce-Query-Options": f"batchSize={page_size}"}
        self._subject = subject
        self._too_long = False

    def count(self, soql: str) -> int:
        """Return the number of rows of a COUNT() query."""
        answer = self._first(soql, _decoder(Any))
        total: int | None = answer.document.total_size
        if total is not None:
            return total
        msg = f"{self._subject}: Salesforce's answer does not say how many rows there are."
        raise SalesforceError(msg)

    def pages(self, soql: str, row_type: Any = dict[str, Any]) -> Iterator[Page]:
        """Run a query and follow `nextRecordsUrl` until Salesforce sends none.

        The quota is checked before each request. Rows are decoded to `row_type`.

        Raises:
            RowCountError: The pages hold more or fewer rows than the answer announces.
            QueryLocatorExpiredError: Salesforce has lost the query: it has to run again.
            SalesforceError: Salesforce refuses, or its answers cannot be followed.
        """
        decoder = _decoder(row_type)
        answer, checks = self._first(soql, decoder), _PageChecks(self._subject)
        queried_at, session = answer.date, answer.session
        while True:
            document: _Document[Any] = answer.document
            rows = _rows(document, self._subject)
            following = document.next_records_url
            total = document.total_size or 0
            checks.add(rows, document)
            yield Page(rows, queried_at, total, answer.size, is_last=not following)
            if not following:
                checks.end(document)
                return
            path = checks.next_path(following)
            # Free the rows before the next ones arrive.
            del answer, document, rows
            self._client.check_quota()
            answer = self._next(path, decoder, session)

    def rows(self, soql: str) -> list[Any]:
        """Return all rows of a small query, which runs again if its locator is lost."""
        for _ in range(_MAX_RESTARTS):
            with suppress(QueryLocatorExpiredError):
                return [row for page in self.pages(soql) for row in page.rows]
        return [row for page in self.pages(soql) for row in page.rows]

    def _next(
        self, path: str, decoder: msgspec.json.Decoder[Any], session: Session | None
    ) -> JsonResponse:
        # A query may end with the session that ran it: a new login does not bring it back.
        try:
            return self._client.get(
                path, subject=self._subject, headers=self._headers, decoder=decoder, session=session
            )
        except SessionExpiredError as exc:
            # If the token is no longer valid at all, the next query raises for it.
            msg = f"{self._subject}: the query has ended with its session."
            raise QueryLocatorExpiredError(msg) from exc

    def _first(self, soql: str, decoder: msgspec.json.Decoder[Any]) -> JsonResponse:
        self._client.check_quota()
        params = {"q": soql}
        if not self._too_long and len(urlencode(params)) <= _LONGEST_IN_URL:
            try:
                return self._client.get(
                    self._resource,
                    subject=self._subject,
                    params=params,
                    headers=self._headers,
                    decoder=decoder,
                )
            except QueryTooLongError:
                self._too_long = True
        return self._client.get_by_post(
            self._resource, subject=self._subject, params=params, decoder=decoder
        )


def query_organization_id(client: SalesforceClient) -> str | None:
    """Return the Id of the org, None if the user may not query it."""
    query_client = QueryClient(client, "query", subject="Query of Organization")
    try:
        rows = query_client.rows("SELECT Id FROM Organization")
    except (MissingFieldError, UnreadableObjectError):
        return None
    return str(rows[0][PRIMARY_KEY]) if rows else None


def _rows(document: _Document[Any], subject: str) -> list[Any]:
    if document.records is msgspec.UNSET:
        msg = f"{subject}: Salesforce's answer has no list of records."
        raise SalesforceError(msg)
    return document.records


class _PageChecks:
    """Checks that the pages of a query lead to an end, and hold as many rows as announced."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._seen: set[str] = set()
        self._empty = 0  # pages in a row
        self._rows = 0

    def add(self, rows: list[Any], document: _Document[Any]) -> None:
        """Check a page.

        Raises:
            RowCountError: More rows have come than the answer announces.
            SalesforceError: Too many pages in a row are empty.
        """
        self._rows += len(rows)
        if document.total_size is not None and self._rows > document.total_size:
            what = f"{self._rows} rows of {document.total_size} have come"
            raise self._contradiction(what)
        self._empty = 0 if rows else self._empty + 1
        if self._empty > _MAX_EMPTY_PAGES:
            msg = f"{self._subject}: {_MAX_EMPTY_PAGES} pages in a row came without a row."
            raise SalesforceError(msg)

    def end(self, document: _Document[Any]) -> None:
        """Check that the last page is the end.

        Raises:
            RowCountError: Rows follow.
        """
        if document.done is False:
            what = "rows follow, but it is not said where"
            raise self._contradiction(what)

    def _contradiction(self, what: str) -> RowCountError:
        return RowCountError(
            f"{self._subject}: Salesforce's answer contradicts itself: {what}. The bookmark stays "
            "before what is missing: run again, and ask Salesforce's support if it stays so."
        )

    def next_path(self, following: Any) -> str:
        """Return the path of the next page.

        Raises:
            SalesforceError: It is no path, so that the token might go to another host, or it was
                read before.
        """
        is_path = isinstance(following, str) and following.startswith("/")
        if not is_path or following in self._seen:
            msg = f"{self._subject}: Salesforce's answer has a nextRecordsUrl that leads nowhere."
            raise SalesforceError(msg)
        self._seen.add(following)
        return str(following)
