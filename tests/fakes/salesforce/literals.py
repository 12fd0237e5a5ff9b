"""Literals of a WHERE clause to values that compare with stored ones, checked against the field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.fakes.salesforce.errors import Code, SalesforceError, SoqlError
from tests.fakes.salesforce.ids import long_id
from tests.fakes.salesforce.syntax import Literal, LiteralKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.fakes.salesforce.fields import Field

_ESCAPES = MappingProxyType({
    "n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\",
    "N": "\n", "R": "\r", "T": "\t", "B": "\b", "F": "\f",
})  # fmt: skip
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_PATTERN_PIECE = re.compile(r"\\u[0-9A-Fa-f]{4}|\\.|.", re.DOTALL)
_WILDCARDS = MappingProxyType({"%": ".*", "_": "."})
_QUOTED_WILDCARDS = frozenset({r"\%", r"\_"})
_DAYS = MappingProxyType({"TODAY": (0, 0), "YESTERDAY": (-1, -1), "TOMORROW": (1, 1)})


@dataclass(frozen=True, slots=True)
class Span:
    """A date literal such as TODAY covers a time: from `first` up to before `end`."""

    first: str
    end: str


@dataclass(frozen=True, slots=True)
class Family:
    """Field types that are compared alike."""

    name: str
    kinds: frozenset[LiteralKind]
    operators: frozenset[str]
    read: Callable[[Literal, datetime], Any]


def operand(family: Family, field: Field, literal: Literal, statement: str, now: datetime) -> Any:
    """Return the value, ready to be compared with stored ones of the field.

    Raises:
        SalesforceError: A literal of this kind does not go with the field.
    """
    if literal.kind is LiteralKind.NULL:
        return None
    if literal.kind not in family.kinds:
        raise _wrong_kind(family, field, literal, statement)
    try:
        return family.read(literal, now)
    except ValueError as error:
        problem = f"invalid {family.name} literal for field '{field.name}': {error}"
        raise SoqlError(Code.MALFORMED_QUERY, statement, literal.position, problem) from None


def like_pattern(literal: Literal) -> re.Pattern[str]:
    """Return the expression that does what LIKE does with a string literal.

    Raises:
        ValueError: The literal holds an escape that SOQL does not know.
    """
    pieces = (_like_piece(piece) for piece in _PATTERN_PIECE.findall(literal.text))
    return re.compile("".join(pieces), re.IGNORECASE | re.DOTALL)


def _like_piece(piece: str) -> str:
    if piece in _WILDCARDS:
        return _WILDCARDS[piece]
    return re.escape(piece[1:] if piece in _QUOTED_WILDCARDS else _unescaped(piece))


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_escaped_char, text)


def _escaped_char(match: re.Match[str]) -> str:
    escape = match[1]
    if len(escape) > 1:
        return chr(int(escape[1:], 16))
    if escape not in _ESCAPES:
        msg = f"Illegal character sequence '\\{escape}' in string literal."
        raise ValueError(msg)
    return _ESCAPES[escape]


def _wrong_kind(family: Family, field: Field, literal: Literal, statement: str) -> SoqlError:
    problem = f"value of filter criterion for field '{field.name}' must be of type {family.name}"
    if literal.kind is LiteralKind.STRING:
        problem += " and should not be enclosed in quotes"
    elif LiteralKind.STRING in family.kinds:
        problem += " and should be enclosed in quotes"
    return SoqlError(Code.INVALID_FIELD, statement, literal.position, problem)


def _read_text(literal: Literal, _: datetime) -> str | None:
    # An empty string finds what has no value: Salesforce knows no other emptiness.
    return _unescaped(literal.text).casefold() or None


def _read_id(literal: Literal, _: datetime) -> str | None:
    if not literal.text:
        return None
    try:
        return long_id(literal.text)
    except ValueError:
        problem = f"invalid ID field: {literal.text}"
        raise SalesforceError(Code.INVALID_QUERY_FILTER_OPERATOR, problem) from None


def _read_number(literal: Literal, _: datetime) -> float:
    return float(literal.text)


def _read_boolean(literal: Literal, _: datetime) -> bool:
    return literal.text == "TRUE"


def _read_datetime(literal: Literal, now: datetime) -> str | Span:
    if literal.kind is LiteralKind.DATE_RANGE:
        first, end = _days(literal.text, now)
        return Span(f"{first}T00:00:00.000+0000", f"{end}T00:00:00.000+0000")
    moment = datetime.fromisoformat(literal.text).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}+0000"


def _read_date(literal: Literal, now: datetime) -> str | Span:
    if literal.kind is LiteralKind.DATE_RANGE:
        return Span(*_days(literal.text, now))
    return datetime.fromisoformat(literal.text).date().isoformat()


def _days(name: str, now: datetime) -> tuple[str, str]:
    _, _, count = name.partition(":")
    first, last = (-int(count), 0) if count else _DAYS[name]
    today = now.astimezone(UTC).date()
    first_day, end_day = today + timedelta(days=first), today + timedelta(days=last + 1)
    return first_day.isoformat(), end_day.isoformat()


_EQUALITY = frozenset({"=", "!=", "IN"})
_ORDERED = _EQUALITY | {"<", "<=", ">", ">="}
_STRING = frozenset({LiteralKind.STRING})
_TEXT = Family("string", _STRING, _ORDERED | {"LIKE"}, _read_text)
_ID = Family("ID", _STRING, _ORDERED, _read_id)
_NUMBER = Family("double", frozenset({LiteralKind.NUMBER}), _ORDERED, _read_number)

_FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "id": _ID,
        "reference": _ID,
        "int": Family("int", _NUMBER.kinds, _ORDERED, _read_number),
        "double": _NUMBER,
        "currency": _NUMBER,
        "percent": _NUMBER,
        "boolean": Family("boolean", frozenset({LiteralKind.BOOLEAN}), _EQUALITY, _read_boolean),
        "datetime": Family(
            "dateTime",
            frozenset({LiteralKind.DATETIME, LiteralKind.DATE_RANGE}),
            _ORDERED,
            _read_datetime,
        ),
        "date": Family(
            "date", frozenset({LiteralKind.DATE, LiteralKind.DATE_RANGE}), _ORDERED, _read_date
        ),
    }
)


def family_of(field: Field) -> Family:
    """Return how values of a field are compared."""
    return _FAMILIES.get(field.type, _TEXT)


def is_text(field: Field) -> bool:
    """Tell whether comparisons ignore the case of the value."""
    return family_of(field) is _TEXT
