"""What each answer of Salesforce means for the caller."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tap_salesforce_chat.errors import (
    DeletionsExpiredError,
    HostMovedError,
    MissingFieldError,
    NotFoundError,
    QueryLocatorExpiredError,
    QueryTimeoutError,
    QueryTooComplicatedError,
    QueryTooLongError,
    QuotaError,
    RetryLaterError,
    SalesforceError,
    SessionExpiredError,
    UnreadableObjectError,
)
from tap_salesforce_chat.http.errors.mapping import error_for
from tap_salesforce_chat.http.errors.responses import ErrorResponse, retry_after_seconds

CUSTOMER_TEXT = "my password is hunter2"


def refusal(status: int, code: str = "", message: str = "") -> ErrorResponse:
    """Return an answer of REST, with a body if it has a code."""
    document: Any = [{"errorCode": code, "message": f"{message} {CUSTOMER_TEXT}"}] if code else None
    return ErrorResponse(status, document, {}, "Query of Case")


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (401, "INVALID_SESSION_ID", "Session expired", SessionExpiredError),
        (401, "", "", SessionExpiredError),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", QuotaError),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (", RetryLaterError),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn", RetryLaterError),
        (400, "INVALID_TYPE", "sObject type", UnreadableObjectError),
        (403, "INSUFFICIENT_ACCESS", "", UnreadableObjectError),
        (404, "NOT_FOUND", "", NotFoundError),
        (404, "", "", HostMovedError),
        (400, "INVALID_QUERY_LOCATOR", "", QueryLocatorExpiredError),
        (400, "QUERY_LOCATOR_EXPIRED", "", QueryLocatorExpiredError),
        (400, "QUERY_LOCATOR_NOT_FOUND", "", QueryLocatorExpiredError),
        (400, "INVALID_REPLICATION_DATE", "", DeletionsExpiredError),
        (400, "TEMPORARY_QUERY_MORE_FAILURE", "", RetryLaterError),
        (400, "UNABLE_TO_LOCK_ROW", "", RetryLaterError),
        (400, "SERVER_UNAVAILABLE", "", RetryLaterError),
        (400, "API_ERROR", "UNABLE_TO_LOCK_ROW: unable to obtain exclusive", RetryLaterError),
        (400, "EXCEPTION", "The server is too busy.", RetryLaterError),
        (400, "UNKNOWN_EXCEPTION", "", RetryLaterError),
        (400, "QUERY_TOO_COMPLICATED", "", QueryTooComplicatedError),
        (400, "OPERATION_TOO_LARGE", "", QueryTimeoutError),
        (403, "INVALID_SESSION_ID", "", SessionExpiredError),
        (400, "QUERY_TIMEOUT", "", QueryTimeoutError),
        (400, "INVALID_FIELD", "No such column 'A__c' on entity 'Case'.", MissingFieldError),
        (400, "MALFORMED_QUERY", "", SalesforceError),
        (400, "A_CODE_OF_THE_FUTURE", "", SalesforceError),
        (302, "", "", HostMovedError),
        (406, "", "", RetryLaterError),
        (407, "", "", SalesforceError),
        (408, "", "", RetryLaterError),
        (410, "", "", SalesforceError),
        (414, "", "", QueryTooLongError),
        (420, "", "", RetryLaterError),
        (429, "", "", RetryLaterError),
        (500, "UNKNOWN_EXCEPTION", "", RetryLaterError),
        (503, "", "", RetryLaterError),
    ],
)
def test_the_answer_chooses_the_error(
    status: int, code: str, message: str, kind: type[Exception]
) -> None:
    """Status and code decide; the message is Salesforce's and stays with Salesforce."""
    error = error_for(refusal(status, code, message))

    assert type(error) is kind
    assert CUSTOMER_TEXT not in str(error)
    assert str(status) in str(error)
    assert code in str(error)


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (302, "My Domain"),
        (404, "api_version"),
        (407, "HTTPS_PROXY"),
        (410, "api_version"),
        (414, "deselect"),
        (431, "deselect"),
    ],
)
def test_a_status_without_a_code_gets_advice(status: int, advice: str) -> None:
    """Proxies and gateways answer without Salesforce's codes."""
    assert advice in str(error_for(refusal(status)))


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("TXN_SECURITY_NO_ACCESS", "Exempt from Transaction Security"),
        ("API_DISABLED_FOR_ORG", "API Enabled"),
        ("MALFORMED_QUERY", "filters"),
        ("OPERATION_TOO_LARGE", "View All Data"),
    ],
)
def test_a_fatal_code_gets_advice(code: str, advice: str) -> None:
    """A reader learns what to change, not only what went wrong."""
    assert advice in str(error_for(refusal(403, code)))


@pytest.mark.parametrize(
    ("message", "name", "entity"),
    [
        ("No such column 'Tier__c' on entity 'Case'. If you", "Tier__c", "Case"),
        (
            "\nContact.Email\n^\nERROR at\nNo such column 'Email' on entity 'Contact'.",
            "Email",
            "Contact",
        ),
        ("No such column 'Email' on sobject of type Contact", "Email", "Contact"),
        ("Didn't understand relationship 'Lead' in field path. If", "Lead", None),
        ("field 'Description' can not be filtered in a query call", None, None),
    ],
)
def test_a_missing_field_is_named(message: str, name: str | None, entity: str | None) -> None:
    """The caller needs the name to go on without the field."""
    error = error_for(refusal(400, "INVALID_FIELD", message))

    assert isinstance(error, MissingFieldError)
    assert (error.name, error.entity) == (name, entity)


@pytest.mark.parametrize(
    "document",
    [None, [], {}, "text", [CUSTOMER_TEXT], [{"errorCode": 7}], [{"errorCode": CUSTOMER_TEXT}]],
)
def test_an_odd_body_is_no_problem(document: Any) -> None:
    """An error about the error would hide the first, and a code is a word or none."""
    error = error_for(ErrorResponse(400, document, {}, "Query of Case"))

    assert type(error) is SalesforceError
    assert CUSTOMER_TEXT not in str(error)


@pytest.mark.parametrize(
    "absurd",
    [
        *("-5", "9" * 400, "86401", "1e3", "\u0663", "nan", "0x10", "17 s"),
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2300",
        "Mon, 01 Jan 0001 00:00:00 +2300",
        "Wed, 01 May 2024 12:00:00 GMT",
        "in a while",
    ],
)
def test_an_absurd_retry_after_is_none(absurd: str) -> None:
    """Nobody means it: the pauses are those of a refusal without the header."""
    assert retry_after_seconds({"Retry-After": absurd}) == 0


def test_retry_after_is_seconds_or_a_date() -> None:
    """Both forms are standard."""
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)

    assert retry_after_seconds({"Retry-After": "17"}) == 17
    assert 80 < retry_after_seconds({"Retry-After": soon}) <= 90
    assert retry_after_seconds({"Retry-After": "86400"}) == 86_400
    assert retry_after_seconds({}) == 0
