"""Exceptions, grouped by what the caller does next.

    FatalAPIError (SDK)                       stop
    ├── OutputClosedError                     ... without a last STATE: nothing reads it
    └── SalesforceError                       ... with a message that says what to change
        ├── LoginError                        the login is refused
        ├── QuotaError                        the org's daily API requests are used up
        ├── UnreadableObjectError             the user cannot read the object
        ├── NotFoundError                     the API has no such address, object or version
        ├── InvalidStateError                 the state cannot be continued from
        ├── RowCountError                     rows are missing that Salesforce counts
        ├── SessionExpiredError               log in again
        ├── HostMovedError                    log in again, which returns the org's host
        ├── QueryLocatorExpiredError          query again, from behind the last row
        ├── QueryTimeoutError                 query again, for fewer rows at a time
        ├── QueryTooComplicatedError          query again, for fewer fields at a time
        ├── QueryTooLongError                 query again, with the query in a body
        ├── MissingFieldError                 query again, without the field
        ├── UnexpectedResponseError           query again, if a field has another type now
        ├── BulkUnsupportedError              query again, by REST
        │   └── BulkJobFailedError            ... or by another job
        ├── BulkJobGoneError                  query again, by a new job
        ├── DeletionsExpiredError             continue without these deletions
        ├── UnreadableConversationError       continue without the conversation
        └── RateLimitReachedError             end the stream; the next run continues
    RetriableAPIError (SDK)
    └── RetryLaterError                       wait, then send the same request again

Salesforce's messages quote the query, whose conditions can hold data. So messages are made of
status, error code, and the names of objects, fields and settings.
"""

from __future__ import annotations

from singer_sdk.exceptions import FatalAPIError, RetriableAPIError


class SalesforceError(FatalAPIError):
    """Salesforce refuses a request, and would refuse it again."""


class OutputClosedError(FatalAPIError):
    """Standard output cannot be written any more."""


class LoginError(SalesforceError):
    """The login is refused."""


class QuotaError(SalesforceError):
    """The daily API requests of the org, or the share of this run, are used up."""


class UnreadableObjectError(SalesforceError):
    """The user cannot read the object, or the org does not have it."""


class NotFoundError(SalesforceError):
    """The API has no resource at this address."""


class SessionExpiredError(SalesforceError):
    """The access token is not, or no longer, accepted."""


class HostMovedError(SalesforceError):
    """The host is not, or no longer, the org's."""


class QueryLocatorExpiredError(SalesforceError):
    """The locator of the next page has expired: Salesforce keeps a query for a limited time."""


class QueryTimeoutError(SalesforceError):
    """The query runs longer than Salesforce allows, or scans too many rows."""


class QueryTooComplicatedError(SalesforceError):
    """The fields of the query need more work than Salesforce allows."""


class QueryTooLongError(SalesforceError):
    """The query is too long for a URL."""


class BulkUnsupportedError(SalesforceError):
    """The Bulk API refuses a query that the REST API may accept."""


class BulkJobFailedError(BulkUnsupportedError):
    """A Bulk job ended without results."""


class BulkJobGoneError(SalesforceError):
    """The Bulk job of an earlier run, or its results, do not exist any more."""


class RowCountError(SalesforceError):
    """Fewer or more rows were read than Salesforce counts."""


class InvalidStateError(SalesforceError):
    """The state is another tap's or another org's, or contradicts the time."""


class DeletionsExpiredError(SalesforceError):
    """Salesforce does not keep the deletions of the requested time any more."""


class UnreadableConversationError(SalesforceError):
    """The entries of a conversation cannot be read, and a later run could not read them either."""


class RateLimitReachedError(SalesforceError):
    """A rate limit is reached; the message names the limit."""


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
    """The response is JSON of another form than the documented one."""


class RetryLaterError(RetriableAPIError):
    """A later request may succeed.

    `retry_after` is the wait in seconds that Salesforce asks for, 0 if none; `status` is 0 if no
    response came.
    """

    def __init__(self, message: str, retry_after: float = 0, status: int = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.status = status


def unreadable_object(sobject: str) -> UnreadableObjectError:
    """Return the error for an object, with how to grant access to it or to leave it out."""
    return UnreadableObjectError(
        f"The integration user cannot read the object {sobject}, or the org does not have it. "
        f"Give its permission set Read on object {sobject} (and 'API Enabled'), or "
        f"deselect the stream {sobject} in the catalog; with Meltano: select: ['!{sobject}.*']."
    )
