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

from singer_sdk.exceptions import FatalAPIError, RetriableAPIError


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


def unreadable_object(sobject: str) -> UnreadableObjectError:
    """Return the error that says how to make an object readable, or do without it."""
    return UnreadableObjectError(
        f"The integration user cannot read the object {sobject}, or the org does not have it. "
        f"Give its permission set Read on object {sobject} (and 'API Enabled'), or "
        f"deselect the stream {sobject} in the catalog; with Meltano: select: ['!{sobject}.*']."
    )
