"""An HTTP error response, and the exceptions that it can become at any endpoint."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.errors import HostMovedError, RetryLaterError, SalesforceError
from tap_salesforce_chat.timestamps import http_date

if TYPE_CHECKING:
    from collections.abc import Mapping

# A longer Retry-After is taken for a mistake of the server.
_LONGEST_RETRY_AFTER_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """An HTTP response with a status that is not the expected one."""

    status: int
    document: Any = field(repr=False)  # the decoded body, None if it is not JSON
    headers: Mapping[str, str]
    subject: str  # what was requested, in words of the tap

    @property
    def code(self) -> str:
        """The REST API's error code, an empty string if the body has none."""
        code = self._first_error.get("errorCode")
        return code if isinstance(code, str) and re.fullmatch(r"\w{1,60}", code) else ""

    @property
    def message(self) -> str:
        """Salesforce's message: for matching only, as it may quote a query."""
        return str(self._first_error.get("message", ""))

    def __str__(self) -> str:
        return f"{self.subject}: Salesforce answered {self.status} {self.code}".rstrip()

    @property
    def _first_error(self) -> dict[str, Any]:
        errors = self.document if isinstance(self.document, list) else []
        return errors[0] if errors and isinstance(errors[0], dict) else {}


def transient_error(response: ErrorResponse) -> RetryLaterError:
    """Return the error for a response that a later request may not get."""
    return RetryLaterError(f"{response}.", retry_after_seconds(response.headers), response.status)


def redirect_error(response: ErrorResponse) -> SalesforceError:
    """Return the error for a redirect, which is not followed."""
    return HostMovedError(
        f"{response}, a redirect, which is not followed because the token would go along. Set "
        "login_url (or instance_url) to the org's My Domain host."
    )


def proxy_login_error(response: ErrorResponse) -> SalesforceError:
    """Return the error for status 407, which only a proxy sends."""
    return SalesforceError(
        f"{response.subject}: the proxy wants a login of its own ({response.status}). Put its user "
        "name and password into HTTPS_PROXY, such as http://user:password@proxy:8080."
    )


def retry_after_seconds(headers: Mapping[str, str]) -> float:
    """Return the wait that the `Retry-After` header asks for, in seconds or as a date.

    0 if there is none, it is neither, or it asks for more than a day.
    """
    text = headers.get("Retry-After", "").strip()
    moment = http_date(text)
    if re.fullmatch(r"[0-9]{1,9}", text):
        seconds = float(text)
    else:
        seconds = (moment - datetime.now(UTC)).total_seconds() if moment else 0.0
    return seconds if 0 <= seconds <= _LONGEST_RETRY_AFTER_SECONDS else 0.0


def without_query(message: str) -> str:
    """Return a message of Salesforce's without the query and the values that it may quote."""
    words = re.sub(r"'[^']*'|\bSELECT\b.*", "...", message, flags=re.IGNORECASE | re.DOTALL)
    return " ".join(words.split())[:200]
