"""A WHERE clause to one function of a row."""

from __future__ import annotations

import operator
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.fakes.salesforce.errors import Code, SalesforceError, SoqlError
from tests.fakes.salesforce.literals import Span, family_of, is_text, like_pattern, operand
from tests.fakes.salesforce.syntax import Comparison, Junction, LiteralKind, Membership, Not

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tests.fakes.salesforce.org import Row
    from tests.fakes.salesforce.resolve import Column, Getter, Resolver
    from tests.fakes.salesforce.syntax import Condition, FieldPath

    Predicate = Callable[[Row], bool]
    Test = Callable[[Any], bool]

_ORDER: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
)
# Which edge of a span a sign compares with, and how.
_SPAN_ORDER: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"<": ("<", "first"), "<=": ("<", "end"), ">": (">=", "end"), ">=": (">=", "first")}
)


class Compiler:
    """Compiles conditions over the columns that a resolver finds."""

    def __init__(self, resolver: Resolver, statement: str, now: datetime) -> None:
        self._resolver = resolver
        self._statement = statement
        self._now = now

    def predicate(self, condition: Condition) -> Predicate:
        """Return the condition as a function.

        Raises:
            SalesforceError: A field cannot be filtered, or not in this way.
        """
        match condition:
            case Comparison():
                return self._comparison(condition)
            case Membership():
                return self._membership(condition)
            case Not(term):
                return partial(_negated, self.predicate(term))
            case Junction(word, terms):
                join = all if word == "AND" else any
                return _joined(join, [self.predicate(term) for term in terms])

    def _comparison(self, condition: Comparison) -> Predicate:
        column = self._filtered(condition.path, condition.operator)
        if condition.operator == "LIKE":
            return self._like(column, condition)
        value = self._operand(column, condition.literal)
        if value is None and condition.operator in _ORDER:
            raise _invalid_operator(column)
        return _tested(_getter(column), _test(condition.operator, value))

    def _like(self, column: Column, condition: Comparison) -> Predicate:
        literal = condition.literal
        if literal.kind is not LiteralKind.STRING:
            self._operand(column, literal)  # refuses all but null
            raise _invalid_operator(column)
        try:
            matches = like_pattern(literal).fullmatch
        except ValueError as error:
            raise SoqlError(
                Code.MALFORMED_QUERY, self._statement, literal.position, str(error)
            ) from None
        return _tested(column.get, lambda value: value is not None and bool(matches(value)))

    def _membership(self, condition: Membership) -> Predicate:
        column = self._filtered(condition.path, "IN")
        values = [self._operand(column, literal) for literal in condition.literals]
        spans = [_test("=", value) for value in values if isinstance(value, Span)]
        plain = frozenset(value for value in values if not isinstance(value, Span))
        found = _tested(
            _getter(column),
            lambda value: value in plain or any(test(value) for test in spans),
        )
        return partial(_negated, found) if condition.negated else found

    def _filtered(self, path: FieldPath, sign: str) -> Column:
        column = self._resolver.column(path)
        if not column.field.filterable:
            problem = f"field '{column.field.name}' can not be filtered in a query call"
            raise SoqlError(Code.INVALID_FIELD, self._statement, path.position, problem)
        if sign not in family_of(column.field).operators:
            raise _invalid_operator(column)
        return column

    def _operand(self, column: Column, literal: Any) -> Any:
        family = family_of(column.field)
        return operand(family, column.field, literal, self._statement, self._now)


def _invalid_operator(column: Column) -> SalesforceError:
    kind = family_of(column.field).name
    problem = f"invalid operator on {kind.lower()} field"
    return SalesforceError(Code.INVALID_QUERY_FILTER_OPERATOR, problem)


def _getter(column: Column) -> Getter:
    """Return how to get a value in the form that it is compared in."""
    if not is_text(column.field):
        return column.get
    get = column.get

    def folded(row: Row) -> str | None:
        value = get(row)
        return None if value is None else value.casefold()

    return folded


def _test(sign: str, value: Any) -> Test:
    if sign == "!=":
        equal = _test("=", value)
        return lambda found: not equal(found)
    if isinstance(value, Span):
        return _span_test(sign, value)
    if sign == "=":
        return partial(operator.eq, value)
    compare = _ORDER[sign]
    return lambda found: found is not None and compare(found, value)


def _span_test(sign: str, span: Span) -> Test:
    if sign == "=":
        return lambda found: found is not None and span.first <= found < span.end
    sign, edge = _SPAN_ORDER[sign]
    return _test(sign, getattr(span, edge))


def _tested(get: Getter, test: Test) -> Predicate:
    return lambda row: test(get(row))


def _negated(predicate: Predicate, row: Row) -> bool:
    return not predicate(row)


def _joined(join: Callable[[Any], bool], terms: list[Predicate]) -> Predicate:
    return lambda row: join(term(row) for term in terms)
