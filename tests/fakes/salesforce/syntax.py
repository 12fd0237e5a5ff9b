"""The tree that a SOQL statement is parsed into. Positions are offsets into the statement."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class LiteralKind(Enum):
    """What a literal is by its looks alone."""

    STRING = "string"
    NUMBER = "number"
    DATETIME = "datetime"
    DATE = "date"
    DATE_RANGE = "date range"
    BOOLEAN = "boolean"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class FieldPath:
    """`Subject`, or `Contact.Account.Name`."""

    names: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it is written; of a string, what stands between its quotes."""

    kind: LiteralKind
    text: str
    position: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path operator literal`; the operator is `LIKE` or one of the six signs."""

    path: FieldPath
    operator: str
    literal: Literal


@dataclass(frozen=True, slots=True)
class Membership:
    """`path IN (...)`, or `NOT IN`."""

    path: FieldPath
    negated: bool
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """`NOT condition`."""

    term: Condition


@dataclass(frozen=True, slots=True)
class Junction:
    """Terms joined by one operator: `AND` or `OR`, never both."""

    operator: str
    terms: tuple[Condition, ...]


Condition = Comparison | Membership | Not | Junction


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One key of ORDER BY."""

    path: FieldPath
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A whole statement; `groups` are the arguments of its FIELDS() functions."""

    text: str
    paths: tuple[FieldPath, ...]
    groups: tuple[str, ...]
    count: bool
    sobject: str
    sobject_position: int
    alias: str | None
    where: Condition | None
    order: tuple[OrderTerm, ...]
    limit: int | None
    offset: int
