"""SOQL text to syntax tree, by recursive descent.

The subset that reads rows: no aggregates but COUNT(), no subqueries, no
TYPEOF. What Salesforce refuses is refused: above all AND and OR side by side,
and NOT anywhere but at the start of a (sub)expression.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.salesforce.errors import Code, SalesforceError, SoqlError
from tests.fakes.salesforce.lexer import Token, tokenize
from tests.fakes.salesforce.syntax import (
    Comparison,
    FieldPath,
    Junction,
    Literal,
    LiteralKind,
    Membership,
    Not,
    OrderTerm,
    Query,
)

if TYPE_CHECKING:
    from tests.fakes.salesforce.syntax import Condition

MAX_OFFSET = 2_000
MAX_FIELDS_LIMIT = 200
# Where Salesforce draws its line is not documented; ours is far from any honest query.
MAX_NESTING = 50

_COMPARISONS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_WORD_LITERALS = {
    "TRUE": LiteralKind.BOOLEAN,
    "FALSE": LiteralKind.BOOLEAN,
    "NULL": LiteralKind.NULL,
    "TODAY": LiteralKind.DATE_RANGE,
    "YESTERDAY": LiteralKind.DATE_RANGE,
    "TOMORROW": LiteralKind.DATE_RANGE,
}
_COUNTED_RANGES = frozenset({"LAST_N_DAYS"})
_FIELD_GROUPS = frozenset({"ALL", "STANDARD", "CUSTOM"})
# Words that cannot be an alias, so that `FROM Case GROUP BY` is not taken for one.
_RESERVED = frozenset({
    "ALL", "AND", "ASC", "BY", "DESC", "EXCLUDES", "FOR", "FROM", "GROUP", "HAVING", "IN",
    "INCLUDES", "LIKE", "LIMIT", "NOT", "NULLS", "OFFSET", "OR", "ORDER", "SELECT", "UPDATE",
    "USING", "WHERE", "WITH",
})  # fmt: skip


def parse(statement: str) -> Query:
    """Parse one statement.

    Raises:
        SalesforceError: It is not SOQL, or outside the subset.
    """
    return _Parser(statement).query()


class _Parser:
    def __init__(self, statement: str) -> None:
        self._statement = statement
        self._tokens = tokenize(statement)
        self._at = 0
        self._depth = 0

    def query(self) -> Query:
        self._expect("SELECT")
        count, paths, groups = self._selection()
        self._expect("FROM")
        sobject = self._name()
        query = Query(
            text=self._statement,
            count=count,
            paths=paths,
            groups=groups,
            sobject=sobject.text,
            sobject_position=sobject.position,
            alias=self._alias(),
            where=self._logical() if self._accept("WHERE") else None,
            order=self._order() if self._accept("ORDER") else (),
            limit=self._integer() if self._accept("LIMIT") else None,
            offset=self._offset() if self._accept("OFFSET") else 0,
        )
        if self._token.kind != "end":
            raise self._unexpected()
        return _checked(query)

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._token
        self._at += 1
        return token

    def _accept(self, word: str) -> bool:
        token = self._token
        found = token.kind in {"name", "sign"} and token.text.upper() == word
        self._at += found
        return found

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self._unexpected()

    def _unexpected(self) -> SoqlError:
        token = self._token
        problem = f"unexpected token: '{token.text}'"
        return SoqlError(Code.MALFORMED_QUERY, self._statement, token.position, problem)

    def _name(self) -> Token:
        if self._token.kind != "name" or self._token.text.upper() in _RESERVED:
            raise self._unexpected()
        return self._take()

    def _integer(self) -> int:
        if self._token.kind != "number" or not self._token.text.isdigit():
            raise self._unexpected()
        return int(self._take().text)

    def _alias(self) -> str | None:
        token = self._token
        is_alias = token.kind == "name" and token.text.upper() not in _RESERVED
        return self._take().text if is_alias else None

    def _path(self) -> FieldPath:
        token = self._name()
        return FieldPath(tuple(token.text.split(".")), token.position)

    def _selection(self) -> tuple[bool, tuple[FieldPath, ...], tuple[str, ...]]:
        paths: list[FieldPath] = []
        groups: list[str] = []
        if self._is_call("COUNT"):
            self._at += 2
            self._expect(")")
            return True, (), ()
        while True:
            if self._is_call("FIELDS"):
                groups.append(self._field_group())
            else:
                paths.append(self._path())
            if not self._accept(","):
                return False, tuple(paths), tuple(groups)

    def _is_call(self, function: str) -> bool:
        return self._token.text.upper() == function and self._tokens[self._at + 1].text == "("

    def _field_group(self) -> str:
        self._at += 2
        if self._token.text.upper() not in _FIELD_GROUPS:
            raise self._unexpected()
        group = self._take().text.upper()
        self._expect(")")
        return group

    def _logical(self) -> Condition:
        if self._accept("NOT"):
            return Not(self._simple())
        terms = [self._simple()]
        for operator in ("AND", "OR"):
            while self._accept(operator):
                terms.append(self._simple())
            if len(terms) > 1:
                # A different operator behind this one is left over, and refused as such.
                return Junction(operator, tuple(terms))
        return terms[0]

    def _simple(self) -> Condition:
        position = self._token.position
        if not self._accept("("):
            return self._comparison()
        self._depth += 1
        if self._depth > MAX_NESTING:
            problem = "Query is too complicated: parentheses are nested too deeply"
            raise SoqlError(Code.QUERY_TOO_COMPLICATED, self._statement, position, problem)
        condition = self._logical()
        self._expect(")")
        self._depth -= 1
        return condition

    def _comparison(self) -> Condition:
        path = self._path()
        if self._accept("IN"):
            return Membership(path, negated=False, literals=self._list())
        if self._accept("NOT"):
            self._expect("IN")
            return Membership(path, negated=True, literals=self._list())
        if self._accept("LIKE"):
            return Comparison(path, "LIKE", self._literal())
        if self._token.text not in _COMPARISONS:
            raise self._unexpected()
        return Comparison(path, _COMPARISONS[self._take().text], self._literal())

    def _list(self) -> tuple[Literal, ...]:
        self._expect("(")
        literals = [self._literal()]
        while self._accept(","):
            literals.append(self._literal())
        self._expect(")")
        return tuple(literals)

    def _literal(self) -> Literal:
        token = self._token
        word = token.text.upper()
        if token.kind == "string":
            text = self._take().text[1:-1]
            return Literal(LiteralKind.STRING, text, token.position)
        if token.kind in {"number", "date", "datetime"}:
            return Literal(LiteralKind(token.kind), self._take().text, token.position)
        if word in _COUNTED_RANGES:
            self._at += 1
            self._expect(":")
            return Literal(LiteralKind.DATE_RANGE, f"{word}:{self._integer()}", token.position)
        if word not in _WORD_LITERALS:
            raise self._unexpected()
        self._at += 1
        return Literal(_WORD_LITERALS[word], word, token.position)

    def _order(self) -> tuple[OrderTerm, ...]:
        self._expect("BY")
        terms = [self._order_term()]
        while self._accept(","):
            terms.append(self._order_term())
        return tuple(terms)

    def _order_term(self) -> OrderTerm:
        path = self._path()
        descending = self._accept("DESC")
        if not descending:
            self._accept("ASC")
        nulls_first = True
        if self._accept("NULLS"):
            nulls_first = self._accept("FIRST")
            if not nulls_first:
                self._expect("LAST")
        return OrderTerm(path, descending, nulls_first)

    def _offset(self) -> int:
        offset = self._integer()
        if offset > MAX_OFFSET:
            problem = f"Maximum SOQL offset allowed is {MAX_OFFSET}"
            raise SalesforceError(Code.NUMBER_OUTSIDE_VALID_RANGE, problem)
        return offset


def _checked(query: Query) -> Query:
    """Refuse what is well-formed piece by piece but not as a whole."""
    unlimited = query.limit is None or query.limit > MAX_FIELDS_LIMIT
    if unlimited and not {"ALL", "CUSTOM"}.isdisjoint(query.groups):
        problem = f"The SOQL FIELDS function must have a LIMIT of at most {MAX_FIELDS_LIMIT}"
        raise SoqlError(Code.MALFORMED_QUERY, query.text, 0, problem)
    if query.count and query.order:
        problem = "ORDER BY is not allowed with COUNT()"
        raise SoqlError(Code.MALFORMED_QUERY, query.text, 0, problem)
    return query
