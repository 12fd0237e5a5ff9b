"""Which exception a REST error response becomes: a table by error code, then one by status."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from tap_salesforce_chat.errors import (
    BulkJobGoneError,
    BulkUnsupportedError,
    DeletionsExpiredError,
    QueryLocatorExpiredError,
    QueryTimeoutError,
    QueryTooComplicatedError,
    QueryTooLongError,
    RetryLaterError,
    SalesforceError,
    UnreadableObjectError,
)
from tap_salesforce_chat.http.errors.causes import (
    limit_exceeded,
    missing_field,
    not_found,
    session_expired,
    with_advice,
)
from tap_salesforce_chat.http.errors.responses import (
    proxy_login_error,
    redirect_error,
    transient_error,
)

if TYPE_CHECKING:
    from tap_salesforce_chat.http.errors.causes import ToError
    from tap_salesforce_chat.http.errors.responses import ErrorResponse

# These messages mean that a later request may succeed, whatever the code or status.
_TRANSIENT = re.compile(
    r"UNABLE_TO_LOCK_ROW|SERVER_UNAVAILABLE|unable to obtain exclusive access|too busy",
    re.IGNORECASE,
)
# 420: Salesforce's edge has no route to the org (yet).
NO_ROUTE_TO_ORG = 420


def error_for(response: ErrorResponse) -> SalesforceError | RetryLaterError:
    """Return the exception to raise for an error response of the REST API."""
    if response.status == HTTPStatus.UNAUTHORIZED:
        return session_expired(response)
    if _TRANSIENT.search(response.message):
        return transient_error(response)
    by_status = _BY_STATUS.get(response.status) or _by_status_class(response.status)
    to_error = _BY_CODE.get(response.code, by_status)
    return to_error(response)


def is_transient(status: int) -> bool:
    """Return whether a later request may succeed, judged by the status alone."""
    is_server_error = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return is_server_error or _BY_STATUS.get(status) is transient_error


def is_redirect(status: int) -> bool:
    """Return whether a status points to another address."""
    return HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST


def _by_status_class(status: int) -> ToError:
    if is_transient(status):
        return transient_error
    return redirect_error if is_redirect(status) else with_advice("")


_BULK_UNSUPPORTED = with_advice("Set api_type to AUTO or REST.", BulkUnsupportedError)
_API_DISABLED = with_advice(
    "Give the integration user the permission 'API Enabled'; the org needs API access."
)
_OBJECT_UNREADABLE = with_advice("The object cannot be read.", UnreadableObjectError)
_LOCATOR_EXPIRED = with_advice("The query was forgotten.", QueryLocatorExpiredError)
_SECURITY_POLICY = with_advice(
    "A transaction security policy forbids it: give the integration user the permission 'Exempt "
    "from Transaction Security'."
)
_QUERY_TOO_LONG = with_advice(
    "The query is too long: deselect fields of this stream in the catalog.", QueryTooLongError
)

_BY_CODE: dict[str, ToError] = {
    "REQUEST_LIMIT_EXCEEDED": limit_exceeded,
    "INVALID_FIELD": missing_field,
    "INVALID_TYPE": _OBJECT_UNREADABLE,
    "INVALID_TYPE_FOR_OPERATION": _OBJECT_UNREADABLE,
    "NOT_FOUND": not_found,
    "INSUFFICIENT_ACCESS": _OBJECT_UNREADABLE,
    "INSUFFICIENT_ACCESS_OR_READONLY": _OBJECT_UNREADABLE,
    "INVALID_QUERY_LOCATOR": _LOCATOR_EXPIRED,
    "QUERY_LOCATOR_EXPIRED": _LOCATOR_EXPIRED,
    "QUERY_LOCATOR_NOT_FOUND": _LOCATOR_EXPIRED,
    "INVALID_REPLICATION_DATE": with_advice("The deletions were forgotten.", DeletionsExpiredError),
    "INVALID_SESSION_ID": session_expired,
    "REQUEST_RUNNING_TOO_LONG": transient_error,
    "SERVER_UNAVAILABLE": transient_error,
    "TEMPORARY_QUERY_MORE_FAILURE": transient_error,
    "UNABLE_TO_LOCK_ROW": transient_error,
    "UNKNOWN_EXCEPTION": transient_error,
    "QUERY_TIMEOUT": with_advice(
        "The query runs for too long, however little it asks for at a time. Narrow it with "
        "'filters', or select fewer fields.",
        QueryTimeoutError,
    ),
    "API_ERROR": _BULK_UNSUPPORTED,
    "FEATURENOTENABLED": _BULK_UNSUPPORTED,
    "INVALIDENTITY": _BULK_UNSUPPORTED,
    "LIMIT_EXCEEDED": _BULK_UNSUPPORTED,
    "MALFORMED_QUERY": with_advice("Check the SOQL in the setting 'filters'."),
    "QUERY_TOO_COMPLICATED": with_advice(
        "Deselect formula fields of this stream in the catalog.", QueryTooComplicatedError
    ),
    "OPERATION_TOO_LARGE": with_advice(
        "Give the integration user the permission 'View All Data', or narrow the query with "
        "'filters'.",
        QueryTimeoutError,
    ),
    "UNSUPPORTED_API_VERSION": with_advice("Check the setting 'api_version'."),
    "API_CURRENTLY_DISABLED": _API_DISABLED,
    "API_DISABLED_FOR_ORG": _API_DISABLED,
    "FUNCTIONALITY_NOT_ENABLED": _API_DISABLED,
    "TXN_SECURITY_NO_ACCESS": _SECURITY_POLICY,
    "TXN_SECURITY_METERING_ERROR": _SECURITY_POLICY,
    "TXN_SECURITY_APEX_ERROR": _SECURITY_POLICY,
    "TXN_SECURITY_RUNTIME_ERROR": _SECURITY_POLICY,
}

_BY_STATUS: dict[int, ToError] = {
    HTTPStatus.REQUEST_TIMEOUT: transient_error,
    HTTPStatus.TOO_MANY_REQUESTS: transient_error,
    NO_ROUTE_TO_ORG: transient_error,
    HTTPStatus.NOT_FOUND: not_found,
    HTTPStatus.NOT_ACCEPTABLE: transient_error,  # which Salesforce's edge answers now and then
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: proxy_login_error,
    HTTPStatus.CONFLICT: with_advice("The job has another API version.", BulkJobGoneError),
    HTTPStatus.GONE: with_advice("The API version is retired: check the setting 'api_version'."),
    HTTPStatus.REQUEST_URI_TOO_LONG: _QUERY_TOO_LONG,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: _QUERY_TOO_LONG,
}
