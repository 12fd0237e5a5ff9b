"""Write SOQL: every query of the tap. Pure: values in, text out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tap_salesforce_chat.timestamps import format_instant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

PRIMARY_KEY = "Id"
REPLICATION_KEY = "SystemModstamp"

_ESCAPES = str.maketrans(
    {"\\": r"\\", "'": r"\'", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
)


def quote(text: str) -> str:
    """Return a SOQL string literal."""
    return f"'{text.translate(_ESCAPES)}'"


def one_of(field: str, values: Iterable[str]) -> str:
    """Return the condition that a field has one of some texts; there has to be at least one."""
    return f"{field} IN ({', '.join(map(quote, sorted(values)))})"


@dataclass(frozen=True, slots=True)
class Position:
    """The place of a row in the order of a query."""

    modified: datetime
    row_id: str


@dataclass(frozen=True, slots=True)
class Query:
    """All rows of an object that changed in a window, oldest change first.

    `since` is included, `until` is not. Date-times have no quotes in SOQL. The order of Ids is
    Salesforce's own (they are case-sensitive), so the tap never sorts rows.

    Args:
        sobject: The object.
        fields: The SELECT list.
        since: The first instant of the window, None: the beginning.
        until: The end of the window, None: none.
        condition: The condition of the setting `filters`.
        more: Conditions of the tap's own; a subquery may not be nested deeper than these.
        after: The row that the query continues after.
    """

    sobject: str
    fields: tuple[str, ...]
    since: datetime | None = None
    until: datetime | None = None
    condition: str | None = None
    more: tuple[str, ...] = ()
    after: Position | None = None

    def without(self, fields: Collection[str], conditions: Collection[str]) -> Query:
        """Return the query without some fields, and without some conditions of the tap's own."""
        return replace(
            self,
            fields=tuple(path for path in self.fields if path not in fields),
            more=tuple(text for text in self.more if text not in conditions),
        )

    def __str__(self) -> str:
        return f"{self.unordered()} ORDER BY {REPLICATION_KEY} ASC, {PRIMARY_KEY} ASC"

    def unordered(self) -> str:
        """Return the query without an order."""
        return self._select(", ".join(self.fields), self._conditions())

    def any_one(self) -> str:
        """Return the query for any one of the rows."""
        return f"{self.unordered()} LIMIT 1"

    def by_id(self, after_id: str | None, limit: int) -> str:
        """Return the query for some rows by Id, the cheapest order for Salesforce."""
        after = [f"{PRIMARY_KEY} > {quote(after_id)}"] if after_id else []
        select = self._select(", ".join(self.fields), self._conditions() + after)
        return f"{select} ORDER BY {PRIMARY_KEY} ASC LIMIT {limit}"

    def newest(self) -> str:
        """Return the query for the row that changed last."""
        select = self._select(", ".join(self.fields), self._conditions())
        return f"{select} ORDER BY {REPLICATION_KEY} DESC, {PRIMARY_KEY} DESC LIMIT 1"

    def count(self) -> str:
        """Return the query for the number of rows."""
        return self._select("COUNT()", self._conditions())

    def _select(self, what: str, conditions: list[str]) -> str:
        where = [f"WHERE {' AND '.join(conditions)}"] if conditions else []
        return " ".join([f"SELECT {what}", f"FROM {self.sobject}", *where])

    def _conditions(self) -> list[str]:
        conditions = []
        if self.after:
            conditions.append(_after(self.after))
        elif self.since:
            conditions.append(f"{REPLICATION_KEY} >= {format_instant(self.since)}")
        if self.until:
            conditions.append(f"{REPLICATION_KEY} < {format_instant(self.until)}")
        configured = [self.condition] if self.condition else []
        return conditions + [f"({text})" for text in (*self.more, *configured)]


def _after(position: Position) -> str:
    moment, row_id = format_instant(position.modified), quote(position.row_id)
    same_moment = f"{REPLICATION_KEY} = {moment} AND {PRIMARY_KEY} > {row_id}"
    return f"({REPLICATION_KEY} > {moment} OR ({same_moment}))"
