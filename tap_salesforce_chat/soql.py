"""SOQL text. Pure: values in, text out; every query of the tap is written here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tap_salesforce_chat.timestamps import format_instant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

KEY = "Id"
CURSOR = "SystemModstamp"

_ESCAPES = str.maketrans(
    {"\\": r"\\", "'": r"\'", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
)


def quote(text: str) -> str:
    """Return a SOQL string literal."""
    return f"'{text.translate(_ESCAPES)}'"


def one_of(field: str, values: Iterable[str]) -> str:
    """Return the condition that a field has one of some texts, of which there is at least one."""
    return f"{field} IN ({', '.join(map(quote, sorted(values)))})"


@dataclass(frozen=True, slots=True)
class Position:
    """The place of a row in the order in which every query asks for rows."""

    modified: datetime
    row_id: str


@dataclass(frozen=True, slots=True)
class Query:
    """All rows of an object that changed in a window, oldest change first.

    `since` is included, `until` is not, and `after` continues behind a row that was read.
    Date-times have no quotes in SOQL. The order of Ids is Salesforce's own (they are
    case-sensitive), so nothing may sort the rows again.
    """

    sobject: str
    fields: tuple[str, ...]
    since: datetime | None = None
    until: datetime | None = None
    condition: str | None = None
    more: tuple[str, ...] = ()  # conditions of our own; a subquery may not stand deeper than these
    after: Position | None = None

    def without(self, fields: Collection[str], conditions: Collection[str]) -> Query:
        """Return the query without some fields, and without some conditions of the tap's own."""
        return replace(
            self,
            fields=tuple(path for path in self.fields if path not in fields),
            more=tuple(text for text in self.more if text not in conditions),
        )

    def __str__(self) -> str:
        return f"{self.unordered()} ORDER BY {CURSOR} ASC, {KEY} ASC"

    def unordered(self) -> str:
        """Return the query in no order, as Bulk wants it."""
        return self._select(", ".join(self.fields), self._conditions())

    def any_one(self) -> str:
        """Return the query for one of the rows, whichever."""
        return f"{self.unordered()} LIMIT 1"

    def by_id(self, after_id: str | None, limit: int) -> str:
        """Return the query for some rows by Id, which takes Salesforce the least work."""
        behind = [f"{KEY} > {quote(after_id)}"] if after_id else []
        select = self._select(", ".join(self.fields), self._conditions() + behind)
        return f"{select} ORDER BY {KEY} ASC LIMIT {limit}"

    def newest(self) -> str:
        """Return the query for the row that changed last."""
        select = self._select(", ".join(self.fields), self._conditions())
        return f"{select} ORDER BY {CURSOR} DESC, {KEY} DESC LIMIT 1"

    def count(self) -> str:
        """Return the query for the number of rows."""
        return self._select("COUNT()", self._conditions())

    def _select(self, what: str, conditions: list[str]) -> str:
        where = [f"WHERE {' AND '.join(conditions)}"] if conditions else []
        return " ".join([f"SELECT {what}", f"FROM {self.sobject}", *where])

    def _conditions(self) -> list[str]:
        conditions = []
        if self.after:
            conditions.append(_behind(self.after))
        elif self.since:
            conditions.append(f"{CURSOR} >= {format_instant(self.since)}")
        if self.until:
            conditions.append(f"{CURSOR} < {format_instant(self.until)}")
        wishes = [self.condition] if self.condition else []
        return conditions + [f"({wish})" for wish in (*self.more, *wishes)]


def _behind(position: Position) -> str:
    moment = format_instant(position.modified)
    return f"({CURSOR} > {moment} OR ({CURSOR} = {moment} AND {KEY} > {quote(position.row_id)}))"
