"""Refusals of Salesforce: an HTTP status, an error code and a sentence."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

# Salesforce quotes only the neighbourhood of a mistake, not the whole statement.
_EXCERPT_REACH = 40


class Code(StrEnum):
    """The error codes that the simulation uses, as Salesforce spells them."""

    API_ERROR = "API_ERROR"
    ENTITY_IS_DELETED = "ENTITY_IS_DELETED"
    FUNCTIONALITY_NOT_ENABLED = "FUNCTIONALITY_NOT_ENABLED"
    HEADERS_TOO_LONG = "HEADERS_TOO_LONG"
    INSUFFICIENT_ACCESS = "INSUFFICIENT_ACCESS"
    INVALIDENTITY = "INVALIDENTITY"
    INVALIDJOBSTATE = "INVALIDJOBSTATE"
    INVALID_FIELD = "INVALID_FIELD"
    INVALID_QUERY_FILTER_OPERATOR = "INVALID_QUERY_FILTER_OPERATOR"
    INVALID_QUERY_LOCATOR = "INVALID_QUERY_LOCATOR"
    INVALID_REPLICATION_DATE = "INVALID_REPLICATION_DATE"
    INVALID_SESSION_ID = "INVALID_SESSION_ID"
    INVALID_PARAMETER = "INVALID_PARAMETER"
    INVALID_TYPE = "INVALID_TYPE"
    INVALID_TYPE_FOR_OPERATION = "INVALID_TYPE_FOR_OPERATION"
    JSON_PARSER_ERROR = "JSON_PARSER_ERROR"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    MALFORMED_QUERY = "MALFORMED_QUERY"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_FOUND = "NOT_FOUND"
    NUMBER_OUTSIDE_VALID_RANGE = "NUMBER_OUTSIDE_VALID_RANGE"
    OPERATION_TOO_LARGE = "OPERATION_TOO_LARGE"
    QUERY_TIMEOUT = "QUERY_TIMEOUT"
    QUERY_TOO_COMPLICATED = "QUERY_TOO_COMPLICATED"
    REQUEST_LIMIT_EXCEEDED = "REQUEST_LIMIT_EXCEEDED"
    SERVER_UNAVAILABLE = "SERVER_UNAVAILABLE"
    TXN_SECURITY_NO_ACCESS = "TXN_SECURITY_NO_ACCESS"
    UNABLE_TO_LOCK_ROW = "UNABLE_TO_LOCK_ROW"
    UNKNOWN_EXCEPTION = "UNKNOWN_EXCEPTION"
    UNSUPPORTED_API_VERSION = "UNSUPPORTED_API_VERSION"
    VERSION_MISMATCH = "VERSION_MISMATCH"
    URI_TOO_LONG = "URI_TOO_LONG"


class SalesforceError(Exception):
    """A refusal, as it appears in the JSON array of a REST answer."""

    def __init__(self, code: Code, message: str, *, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class SoqlError(SalesforceError):
    """A refusal that points at a place in a SOQL statement."""

    def __init__(self, code: Code, statement: str, position: int, problem: str) -> None:
        super().__init__(code, _located(statement, position, problem))


def not_found() -> SalesforceError:
    """The answer to every path and id that leads nowhere."""
    return SalesforceError(Code.NOT_FOUND, "The requested resource does not exist", status=404)


def json_object(body: bytes) -> dict[str, Any]:
    """Return the object that a request's body is.

    Raises:
        SalesforceError: It is none.
    """
    try:
        document = json.loads(body)
    except ValueError:
        raise SalesforceError(Code.JSON_PARSER_ERROR, "Unexpected character in the body") from None
    if not isinstance(document, dict):
        raise mistyped(1)
    return document


def mistyped(column: int) -> SalesforceError:
    """The answer to a member that is of another type, or one of a list that is not on it."""
    message = f"Value does not match expected type at [line:1, column:{column}]"
    return SalesforceError(Code.API_ERROR, message)


def _located(statement: str, position: int, problem: str) -> str:
    line_start = statement.rfind("\n", 0, position) + 1
    line = statement[line_start:].partition("\n")[0]
    column = position - line_start
    start = max(0, column - _EXCERPT_REACH)
    excerpt = line[start : column + _EXCERPT_REACH]
    row = statement.count("\n", 0, position) + 1
    caret = " " * (column - start) + "^"
    return f"\n{excerpt}\n{caret}\nERROR at Row:{row}:Column:{column + 1}\n{problem}"
