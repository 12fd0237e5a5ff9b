"""The errors of the REST API whose message depends on more than their code or status."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from tap_salesforce_chat.errors import (
    HostMovedError,
    MissingFieldError,
    NotFoundError,
    QuotaError,
    RetryLaterError,
    SalesforceError,
    SessionExpiredError,
)
from tap_salesforce_chat.http.errors.responses import transient_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_salesforce_chat.http.errors.responses import ErrorResponse

    ToError = Callable[[ErrorResponse], SalesforceError | RetryLaterError]

_FIELD = re.compile(
    r"No such column '(?P<name>[\w.]+)' on (?:entity|sobject of type) '?(?P<entity>\w+)"
)
_RELATIONSHIP = re.compile(r"Didn't understand relationship '(?P<name>\w+)'")


def with_advice(advice: str, kind: type[SalesforceError] = SalesforceError) -> ToError:
    """Return a function that makes an error of one class, with advice at its end."""
    return lambda response: kind(f"{response}. {advice}".rstrip())


def session_expired(response: ErrorResponse) -> SalesforceError:
    """Return the error for a token that the API does not accept."""
    return SessionExpiredError(
        f"{response}, also with a fresh token. The token may lack what the REST API needs: add the "
        "scope 'api' (Manage user data via APIs) to the connected app, give the integration user "
        "the permission 'API Enabled', and set 'Relax IP restrictions' in the app's OAuth policies "
        "where the addresses of this machine change."
    )


def not_found(response: ErrorResponse) -> SalesforceError:
    """Return the error for an address that does not exist."""
    # The API answers in JSON; a page comes from another server, or from a former host of the org.
    kind = HostMovedError if response.document is None else NotFoundError
    return kind(f"{response}. Check the settings 'api_version' and 'instance_url'.")


def limit_exceeded(response: ErrorResponse) -> SalesforceError | RetryLaterError:
    """Return the error for a limit of requests: the daily one, or one that ends in a moment."""
    # One code for several limits. The limit of concurrent requests differs from the daily
    # one by the text alone; the Connect interfaces have limits of their own, with status 503.
    is_concurrency = response.message.startswith("Concurrent")
    if is_concurrency or response.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return transient_error(response)
    return QuotaError(
        f"{response}: the org's daily API requests are used up. State is kept: run again when the "
        "24-hour window has moved on, or raise the org's limit."
    )


def missing_field(response: ErrorResponse) -> SalesforceError:
    """Return the error for a field or relationship that the query names in vain."""
    match = _FIELD.search(response.message) or _RELATIONSHIP.search(response.message)
    groups = match.groupdict() if match else {}
    name = groups.get("name")
    what = f"the query names '{name}', which" if name else "the query names a field that"
    return MissingFieldError(
        f"{response}: {what} the org does not have, does not show to the integration user, or does "
        "not let a query filter by. Check the setting 'filters' and the user's field-level "
        "security.",
        name,
        groups.get("entity"),
    )
