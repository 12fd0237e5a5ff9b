"""SOQL text. Pure: values in, text out; every query of the tap is written here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_salesforce_chat.timestamps import format_instant

if TYPE_CHECKING:
    from datetime import datetime

KEY = "Id"
CURSOR = "SystemModstamp"

_ESCAPES = str.maketrans(
    {"\\": r"\\", "'": r"\'", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
)


def quote(text: str) -> str:
    """Return a SOQL string literal."""
    return f"'{text.translate(_ESCAPES)}'"


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
    after: Position | None = None

    def __str__(self) -> str:
        conditions = " AND ".join(self._conditions())
        return " ".join(
            [
                f"SELECT {', '.join(self.fields)}",
                f"FROM {self.sobject}",
                *([f"WHERE {conditions}"] if conditions else []),
                f"ORDER BY {CURSOR} ASC, {KEY} ASC",
            ]
        )

    def _conditions(self) -> list[str]:
        conditions = []
        if self.after:
            conditions.append(_behind(self.after))
        elif self.since:
            conditions.append(f"{CURSOR} >= {format_instant(self.since)}")
        if self.until:
            conditions.append(f"{CURSOR} < {format_instant(self.until)}")
        if self.condition:
            conditions.append(f"({self.condition})")
        return conditions


def _behind(position: Position) -> str:
    moment = format_instant(position.modified)
    return f"({CURSOR} > {moment} OR ({CURSOR} = {moment} AND {KEY} > {quote(position.row_id)}))"
