"""What can come instead of rows, grouped by what the caller does next.

    FatalAPIError (SDK)             stop
    └── SalesforceError             ... and say why: the message tells what to do
        ├── LoginError              the login is refused
        ├── QuotaError              the org's daily API requests are used up
        ├── UnreadableObjectError   the object is not there for this user
        ├── NotFoundError           the address is not there: no such object, or API version
        ├── SessionExpiredError     log in again
        ├── HostMovedError          log in again, as that names the host
        ├── QueryLocatorExpiredError        ask again, from behind the last row
        ├── QueryTimeoutError       ask again, for fewer rows at a time
        ├── QueryTooComplicatedError     ask again, for fewer fields at a time
        ├── QueryTooLongError       ask again, with the query in a body
        ├── BulkUnsupportedError        ask again, by REST
        │   └── BulkJobFailedError      ... but with another job before
        ├── BulkJobGoneError            ask again, with a new job
        ├── RowCountError         stop: rows are missing that Salesforce counts
        ├── MissingFieldError       ask again, without the field
        ├── UnexpectedResponseError     ask again, if the type of a field is another one now
        ├── InvalidStateError       stop: the state is not one to go on from
        ├── DeletionsExpiredError          do without: Salesforce does not know it any more
        ├── UnreadableConversationError   do without: it cannot be read
        └── RateLimitReachedError       end the stream well: the next run goes on
    RetriableAPIError (SDK)
    └── RetryLaterError             wait, then send the same request again

Salesforce's own messages quote the query, whose conditions can hold data, so none is passed on:
messages are made of status, error code, and the names of objects, fields and settings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import FatalAPIError, RetriableAPIError

from tap_salesforce_chat.timestamps import http_date

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class SalesforceError(FatalAPIError):
    """Salesforce refuses, and would refuse again."""


class OutputClosedError(FatalAPIError):
    """Nobody takes what is written any more."""


class LoginError(SalesforceError):
    """The login is refused."""


class QuotaError(SalesforceError):
    """The org has no API requests left today, or none for us."""


class UnreadableObjectError(SalesforceError):
    """The object does not exist for this user."""


class NotFoundError(SalesforceError):
    """The API has nothing at this address."""


class SessionExpiredError(SalesforceError):
    """The access token is not accepted (any more)."""


class HostMovedError(SalesforceError):
    """The host is not, or no longer, where the org is."""


class QueryLocatorExpiredError(SalesforceError):
    """Salesforce has forgotten the query whose next page was asked for."""


class QueryTimeoutError(SalesforceError):
    """The query takes Salesforce longer than it allows, or has to look at too many rows."""


class QueryTooComplicatedError(SalesforceError):
    """The fields of the query need more work than Salesforce allows."""


class QueryTooLongError(SalesforceError):
    """The query is too long for a URL."""


class BulkUnsupportedError(SalesforceError):
    """The Bulk API does not take a query that REST may well take."""


class BulkJobFailedError(BulkUnsupportedError):
    """A Bulk job ended without results."""


class BulkJobGoneError(SalesforceError):
    """The Bulk job of an earlier run, or its results, are there no more."""


class RowCountError(SalesforceError):
    """Fewer or more rows came than Salesforce counts."""


class InvalidStateError(SalesforceError):
    """The state is another tap's or another org's, or cannot be right."""


class DeletionsExpiredError(SalesforceError):
    """Salesforce does not know any more what was deleted at the time asked for."""


class UnreadableConversationError(SalesforceError):
    """What was said in a conversation cannot be read, today or later."""


class RateLimitReachedError(SalesforceError):
    """A limit of calls is reached; the message is its name."""


class MissingFieldError(SalesforceError):
    """The query names a field or relationship that the org does not have or does not show.

    `name` is the field or relationship; `entity` the object that should have the field, None for
    a relationship. `name` is None where Salesforce does not say.
    """

    def __init__(self, message: str, name: str | None, entity: str | None) -> None:
        super().__init__(message)
        self.name = name
        self.entity = entity


class UnexpectedResponseError(SalesforceError):
    """The answer is in another form than the one that was asked for."""


class RetryLaterError(RetriableAPIError):
    """Another try may succeed, but not before `retry_after` seconds; `status` 0: no answer."""

    def __init__(self, message: str, retry_after: float = 0, status: int = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.status = status


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """An answer that is not the one asked for."""

    status: int
    document: Any = field(repr=False)  # the decoded body, None if it is not JSON
    headers: Mapping[str, str]
    subject: str  # what was asked for, in our words

    @property
    def code(self) -> str:
        """The error code, or an empty string where the body has none."""
        code = self._first.get("errorCode")
        return code if isinstance(code, str) and re.fullmatch(r"\w{1,60}", code) else ""

    @property
    def message(self) -> str:
        """Salesforce's own message: to look into, never to pass on."""
        return str(self._first.get("message", ""))

    def __str__(self) -> str:
        return f"{self.subject}: Salesforce answered {self.status} {self.code}".rstrip()

    @property
    def _first(self) -> dict[str, Any]:
        entries = self.document if isinstance(self.document, list) else []
        return entries[0] if entries and isinstance(entries[0], dict) else {}


def error_for(refusal: ErrorResponse) -> SalesforceError | RetryLaterError:
    """Return the exception that the caller has to raise."""
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        return _session_expired(refusal)
    if _PASSING.search(refusal.message):
        return try_later(refusal)
    kind = _BY_CODE.get(refusal.code) or _BY_STATUS.get(refusal.status) or _by_class(refusal.status)
    return kind(refusal)


def passes(status: int) -> bool:
    """Tell whether a refusal passes by itself, whatever its body says."""
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or _BY_STATUS.get(status) is try_later


def _by_class(status: int) -> Callable[[ErrorResponse], SalesforceError | RetryLaterError]:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return try_later
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return redirected
    return lambda refusal: SalesforceError(f"{refusal}.")


def retry_after_seconds(headers: Mapping[str, str]) -> float:
    """Return how long to wait by the `Retry-After` header: seconds or a date; 0 without one.

    What is more than a day, or no time at all, is none.
    """
    text = headers.get("Retry-After", "").strip()
    moment = http_date(text)
    if re.fullmatch(r"[0-9]{1,9}", text):
        seconds = float(text)
    else:
        seconds = (moment - datetime.now(UTC)).total_seconds() if moment else 0.0
    return seconds if 0 <= seconds <= _LONGEST_RETRY_AFTER else 0.0


def _advise(
    advice: str, kind: type[SalesforceError] = SalesforceError
) -> Callable[[ErrorResponse], SalesforceError]:
    return lambda refusal: kind(f"{refusal}. {advice}")


def try_later(refusal: ErrorResponse) -> RetryLaterError:
    """Return the error for a refusal that passes by itself."""
    return RetryLaterError(f"{refusal}.", retry_after_seconds(refusal.headers), refusal.status)


def _session_expired(refusal: ErrorResponse) -> SalesforceError:
    return SessionExpiredError(
        f"{refusal}, also with a fresh token. The token may lack what the REST API needs: add the "
        "scope 'api' (Manage user data via APIs) to the connected app, give the integration user "
        "the permission 'API Enabled', and set 'Relax IP restrictions' in the app's OAuth policies "
        "where the addresses of this machine change."
    )


def proxy_wants_login(refusal: ErrorResponse) -> SalesforceError:
    """Return the error for status 407, which no server but a proxy sends."""
    return SalesforceError(
        f"{refusal.subject}: the proxy wants a login of its own ({refusal.status}). Put its user "
        "name and password into HTTPS_PROXY, such as http://user:password@proxy:8080."
    )


def _not_found(refusal: ErrorResponse) -> SalesforceError:
    """Tell what the API does not have from a page of some other server, or of a host of old."""
    kind = HostMovedError if refusal.document is None else NotFoundError
    return kind(f"{refusal}. Check the settings 'api_version' and 'instance_url'.")


def redirected(refusal: ErrorResponse) -> SalesforceError:
    """Return the error for an answer that points to another host."""
    return HostMovedError(
        f"{refusal}, a redirect, which is not followed because the token would go along. Set "
        "login_url (or instance_url) to the org's My Domain host."
    )


def _limit_exceeded(refusal: ErrorResponse) -> SalesforceError | RetryLaterError:
    # One code for several limits. Two are told apart by the text alone: how many requests may run
    # at the same time (over in a moment) and how many a day.
    if refusal.message.startswith("Concurrent"):
        return try_later(refusal)
    # A limit of the Connect interfaces, which have others than the rest of the API.
    if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return try_later(refusal)
    return QuotaError(
        f"{refusal}: the org's daily API requests are used up. State is kept: run again when the "
        "24-hour window has moved on, or raise the org's limit."
    )


def unreadable_object(sobject: str) -> UnreadableObjectError:
    """Return the error that says how to make an object readable, or do without it."""
    return UnreadableObjectError(
        f"The integration user cannot read the object {sobject}, or the org does not have it. "
        f"Give its permission set Read on object {sobject} (and 'API Enabled'), or "
        f"deselect the stream {sobject} in the catalog; with Meltano: select: ['!{sobject}.*']."
    )


_FIELD = re.compile(
    r"No such column '(?P<name>[\w.]+)' on (?:entity|sobject of type) '?(?P<entity>\w+)"
)
_RELATIONSHIP = re.compile(r"Didn't understand relationship '(?P<name>\w+)'")


def _missing_field(refusal: ErrorResponse) -> SalesforceError:
    match = _FIELD.search(refusal.message) or _RELATIONSHIP.search(refusal.message)
    found = match.groupdict() if match else {}
    name = found.get("name")
    what = f"the query names '{name}', which" if name else "the query names a field that"
    return MissingFieldError(
        f"{refusal}: {what} the org does not have, does not show to the integration user, or does "
        "not let a query filter by. Check the setting 'filters' and the user's field-level "
        "security.",
        name,
        found.get("entity"),
    )


def printable(reason: str) -> str:
    """Return Salesforce's own words without the query that they may quote."""
    words = re.sub(r"'[^']*'|\bSELECT\b.*", "...", reason, flags=re.IGNORECASE | re.DOTALL)
    return " ".join(words.split())[:200]


_NO_BULK = _advise("Set api_type to AUTO or REST.", BulkUnsupportedError)
_NO_API = _advise(
    "Give the integration user the permission 'API Enabled'; the org needs API access."
)
_NO_OBJECT = _advise("The object cannot be read.", UnreadableObjectError)
_LOST_LOCATOR = _advise("The query was forgotten.", QueryLocatorExpiredError)
_NO_POLICY_EXEMPTION = _advise(
    "A transaction security policy forbids it: give the integration user the permission 'Exempt "
    "from Transaction Security'."
)
_TOO_LONG = _advise(
    "The query is too long: deselect fields of this stream in the catalog.", QueryTooLongError
)

_BY_CODE: dict[str, Callable[[ErrorResponse], SalesforceError | RetryLaterError]] = {
    "REQUEST_LIMIT_EXCEEDED": _limit_exceeded,
    "INVALID_FIELD": _missing_field,
    "INVALID_TYPE": _NO_OBJECT,
    "INVALID_TYPE_FOR_OPERATION": _NO_OBJECT,
    "NOT_FOUND": _not_found,
    "INSUFFICIENT_ACCESS": _NO_OBJECT,
    "INSUFFICIENT_ACCESS_OR_READONLY": _NO_OBJECT,
    "INVALID_QUERY_LOCATOR": _LOST_LOCATOR,
    "QUERY_LOCATOR_EXPIRED": _LOST_LOCATOR,
    "QUERY_LOCATOR_NOT_FOUND": _LOST_LOCATOR,
    "INVALID_REPLICATION_DATE": _advise("The deletions were forgotten.", DeletionsExpiredError),
    "INVALID_SESSION_ID": _session_expired,
    "REQUEST_RUNNING_TOO_LONG": try_later,
    "SERVER_UNAVAILABLE": try_later,
    "TEMPORARY_QUERY_MORE_FAILURE": try_later,
    "UNABLE_TO_LOCK_ROW": try_later,
    "UNKNOWN_EXCEPTION": try_later,
    "QUERY_TIMEOUT": _advise(
        "The query runs for too long, however little it asks for at a time. Narrow it with "
        "'filters', or select fewer fields.",
        QueryTimeoutError,
    ),
    "API_ERROR": _NO_BULK,
    "FEATURENOTENABLED": _NO_BULK,
    "INVALIDENTITY": _NO_BULK,
    "LIMIT_EXCEEDED": _NO_BULK,
    "MALFORMED_QUERY": _advise("Check the SOQL in the setting 'filters'."),
    "QUERY_TOO_COMPLICATED": _advise(
        "Deselect formula fields of this stream in the catalog.", QueryTooComplicatedError
    ),
    "OPERATION_TOO_LARGE": _advise(
        "Give the integration user the permission 'View All Data', or narrow the query with "
        "'filters'.",
        QueryTimeoutError,
    ),
    "UNSUPPORTED_API_VERSION": _advise("Check the setting 'api_version'."),
    "API_CURRENTLY_DISABLED": _NO_API,
    "API_DISABLED_FOR_ORG": _NO_API,
    "FUNCTIONALITY_NOT_ENABLED": _NO_API,
    "TXN_SECURITY_NO_ACCESS": _NO_POLICY_EXEMPTION,
    "TXN_SECURITY_METERING_ERROR": _NO_POLICY_EXEMPTION,
    "TXN_SECURITY_APEX_ERROR": _NO_POLICY_EXEMPTION,
    "TXN_SECURITY_RUNTIME_ERROR": _NO_POLICY_EXEMPTION,
}

# What passes by itself, whatever code or status it comes with.
_PASSING = re.compile(
    r"UNABLE_TO_LOCK_ROW|SERVER_UNAVAILABLE|unable to obtain exclusive access|too busy",
    re.IGNORECASE,
)
# A day: nobody means more, whatever the header says.
_LONGEST_RETRY_AFTER = 86_400

# 420: Salesforce's edge does not know (yet) where the org lives.
NO_ROUTE_TO_ORG = 420

_BY_STATUS: dict[int, Callable[[ErrorResponse], SalesforceError | RetryLaterError]] = {
    HTTPStatus.REQUEST_TIMEOUT: try_later,
    HTTPStatus.TOO_MANY_REQUESTS: try_later,
    NO_ROUTE_TO_ORG: try_later,
    HTTPStatus.NOT_FOUND: _not_found,
    HTTPStatus.NOT_ACCEPTABLE: try_later,  # which Salesforce's edge answers now and then
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED: proxy_wants_login,
    HTTPStatus.CONFLICT: _advise("The job has another API version.", BulkJobGoneError),
    HTTPStatus.GONE: _advise("The API version is retired: check the setting 'api_version'."),
    HTTPStatus.REQUEST_URI_TOO_LONG: _TOO_LONG,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: _TOO_LONG,
}
