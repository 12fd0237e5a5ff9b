"""A parsed query and an org to rows: checked first, compiled once, linear but for the sort."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes.salesforce.errors import Code, SalesforceError, SoqlError
from tests.fakes.salesforce.literals import is_text
from tests.fakes.salesforce.predicates import Compiler
from tests.fakes.salesforce.projection import project
from tests.fakes.salesforce.resolve import Resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.fakes.salesforce.org import Row, SalesforceOrg
    from tests.fakes.salesforce.projection import Projection
    from tests.fakes.salesforce.resolve import Column
    from tests.fakes.salesforce.syntax import OrderTerm, Query


_FEEDS = frozenset({"FeedItem", "FeedComment"})


@dataclass(frozen=True, slots=True)
class Result:
    """The ids that a query found, in order, and how to write a row out."""

    sobject: str
    ids: tuple[str, ...]
    columns: tuple[Column, ...]
    count_only: bool

    @property
    def long_texts(self) -> int:
        """How many custom long text areas are selected: they make pages shorter."""
        fields = (column.field for column in self.columns)
        return sum(item.custom and item.long_text for item in fields)


def evaluate(query: Query, org: SalesforceOrg, *, include_deleted: bool) -> Result:
    """Run a query.

    Raises:
        SalesforceError: Salesforce would refuse the query.
    """
    resolver = Resolver(org, query)
    _check_feed(query, resolver.sobject.name, org)
    columns = _selected(query, resolver)
    keep = None
    if query.where is not None:
        keep = Compiler(resolver, query.text, org.now()).predicate(query.where)
    keys = [(_sort_key(resolver, term, query.text), term.descending) for term in query.order]
    rows = [row for row in org.rows(resolver.sobject.name) if include_deleted or _alive(row)]
    if keep is not None:
        rows = [row for row in rows if keep(row)]
    # Sorting is stable: the least significant key first.
    for key, descending in reversed(keys):
        rows.sort(key=key, reverse=descending)
    stop = None if query.limit is None else query.offset + query.limit
    ids = tuple(row["Id"] for row in rows[query.offset : stop])
    return Result(resolver.sobject.name, ids, columns, query.count)


def projection(result: Result, org: SalesforceOrg, base: str) -> Projection:
    """Return how a row of the result is written; `base` is the path of the API version."""
    return project(result.sobject, result.columns, org, base)


def _check_feed(query: Query, sobject: str, org: SalesforceOrg) -> None:
    """Refuse what feeds refuse; with which code is not documented."""
    if sobject not in _FEEDS:
        return
    if query.count and sobject == "FeedItem":
        problem = "FeedItem does not support aggregate functions"
        raise SoqlError(Code.MALFORMED_QUERY, query.text, 0, problem)
    if not org.get("UserPermissionAccess", org.permissions_id)["PermissionsViewAllData"]:
        raise SalesforceError(Code.INSUFFICIENT_ACCESS, "insufficient access rights", status=403)


def _alive(row: Row) -> bool:
    return not row.get("IsDeleted")


def _selected(query: Query, resolver: Resolver) -> tuple[Column, ...]:
    groups = (_group(resolver, group) for group in query.groups)
    columns = [column for group in groups for column in group]
    columns += [resolver.column(path) for path in query.paths]
    seen: set[str] = set()
    for column in columns:
        if column.name in seen:
            problem = f"duplicate field selected: {column.name}"
            raise SoqlError(Code.INVALID_FIELD, query.text, 0, problem)
        seen.add(column.name)
    return tuple(columns)


def _group(resolver: Resolver, group: str) -> Iterable[Column]:
    for field in resolver.sobject.fields:
        if group == "ALL" or field.custom == (group == "CUSTOM"):
            yield resolver.own_column(field)


def _sort_key(resolver: Resolver, term: OrderTerm, statement: str) -> Callable[[Row], Any]:
    column = resolver.column(term.path)
    if not column.field.sortable:
        problem = f"field '{column.field.name}' can not be sorted in a query call"
        raise SoqlError(Code.INVALID_FIELD, statement, term.path.position, problem)
    get = column.get
    fold = str.casefold if is_text(column.field) else _as_is
    # A descending sort is a reversed one, which would carry the nulls along.
    null_rank = 0 if term.nulls_first != term.descending else 2

    def key(row: Row) -> tuple[int, Any]:
        value = get(row)
        return (null_rank, "") if value is None else (1, fold(value))

    return key


def _as_is(value: Any) -> Any:
    return value
