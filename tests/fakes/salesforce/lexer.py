"""SOQL text to tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.fakes.salesforce.errors import Code, SoqlError

MAX_STATEMENT = 100_000
MAX_STRING = 4_000

# Order matters: a date-time starts like a date, a date like a number.
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>'(?:[^'\\]|\\.)*')
    | (?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:?\d\d))
    | (?P<date>\d{4}-\d\d-\d\d(?![\dT]))
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?![\w.]))
    | (?P<name>[A-Za-z]\w*(?:\.[A-Za-z]\w*)*)
    | (?P<sign><=|>=|<>|!=|[=<>(),:])
    )""",
    re.VERBOSE | re.DOTALL | re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, sign or literal; the kind is a group name of the pattern, or `end`."""

    kind: str
    text: str
    position: int


def tokenize(statement: str) -> list[Token]:
    """Split a statement; the last token has the kind `end`.

    Raises:
        SoqlError: Something in it is no token, or it is too long.
    """
    if len(statement) > MAX_STATEMENT:
        problem = f"SOQL statements cannot be longer than {MAX_STATEMENT} characters."
        raise SoqlError(Code.MALFORMED_QUERY, statement, 0, problem)
    tokens: list[Token] = []
    position = 0
    end = len(statement.rstrip())
    while position < end:
        tokens.append(_next(statement, position))
        position = tokens[-1].position + len(tokens[-1].text)
    return [*tokens, Token("end", "<EOF>", end)]


def _next(statement: str, position: int) -> Token:
    match = _TOKEN.match(statement, position)
    if match is None or match.lastgroup is None:
        raise _no_token(statement, position)
    token = Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup))
    if token.kind == "string" and len(token.text) - 2 > MAX_STRING:
        problem = f"String literals cannot be longer than {MAX_STRING} characters."
        raise SoqlError(Code.MALFORMED_QUERY, statement, token.position, problem)
    return token


def _no_token(statement: str, position: int) -> SoqlError:
    position += len(statement[position:]) - len(statement[position:].lstrip())
    char = statement[position]
    problem = "unterminated string literal" if char == "'" else f"no viable alternative at '{char}'"
    return SoqlError(Code.MALFORMED_QUERY, statement, position, problem)
