"""Creovai's answers, and missing answers, as errors that say what the caller does next."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import isfinite
from typing import TYPE_CHECKING

import msgspec

from target_creovai.errors import HaltError, LostAnswerError, RejectedError, RetryLaterError
from target_creovai.http.certificates import tls_problem

if TYPE_CHECKING:
    from target_creovai.http.connection import Attempt
    from target_creovai.http.transport import Answer
    from target_creovai.payload.payload import Payload

# A longer Retry-After is taken for a mistake.
ABSURD_SECONDS = 7 * 24 * 3600
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

# The right that is most likely missing after a 403, by the start of the path.
RIGHTS = {
    "/capture/v2/chat": "chats must be enabled for the API user: ask Creovai support",
    "/capture/v2/case": "cases must be enabled for the API user: ask Creovai support",
    "/capture/v2/outofband": "the API user needs the AsyncMetaData role: ask Creovai support",
    "/capture/v2/status/exclude": (
        "the API user may not exclude interactions (see on_delete): ask Creovai support"
    ),
    "/interactions/v2/purge": (
        "the API user may not purge interactions (see on_delete): ask Creovai support"
    ),
    "/capture/v2/status/monitor": "the API user may not report its status: ask Creovai support",
    "/capture/v2/status": "the API user may not read the status of interactions",
    "/processing/v2": "the API user may not read the tenant's participant types",
}

_PROXY_LOGIN = (
    "The proxy in between asks for a login (HTTP 407): put a user and a password, percent-encoded, "
    "into HTTPS_PROXY."
)
_NOT_CREOVAI = "the answer was not a JSON object: is there a proxy in between?"


def check(response: Answer, path: str) -> None:
    """Turn a status into what the caller does next.

    Raises:
        CreovaiError: It is no success.
    """
    status = response.status
    answer = f"HTTP {status}"
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS):
        raise RetryLaterError(answer, retry_after(response))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise LostAnswerError(answer, retry_after(response))
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        raise HaltError(_PROXY_LOGIN)
    if reason := _halting(status, path):
        msg = f"Creovai answered {answer} to {path}: {reason}."
        raise HaltError(msg)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        raise RejectedError(status, f"its {response.request_bytes} bytes are too many for Creovai")
    raise RejectedError(status, "Creovai refused it")


def _halting(status: int, path: str) -> str | None:
    """Return what to change where every other conversation would meet the same answer."""
    if status < HTTPStatus.BAD_REQUEST:
        return "a redirect, which is never followed with customer text: check api_url"
    if status == HTTPStatus.UNAUTHORIZED:
        return "a new token was refused too: check that the API user is still active"
    if status == HTTPStatus.FORBIDDEN:
        return next(
            (right for start, right in RIGHTS.items() if path.startswith(start)),
            "a right is missing",
        )
    if status == HTTPStatus.NOT_FOUND:
        return "no such address: check api_url, and ask Creovai support whether API v2 is on"
    return "without a token nothing can be sent: check api_url" if path == "/Token" else None


def without_answer(attempt: Attempt, error: Exception) -> HaltError | RetryLaterError:
    """Return the error to raise where no answer came: what was not sent did not arrive."""
    name = type(error).__name__
    if attempt.sent:
        return LostAnswerError(f"the connection was lost ({name})")
    if problem := tls_problem(error):
        return HaltError(problem)
    if "407" in str(error) and name == "ProxyError":
        return HaltError(_PROXY_LOGIN)
    return RetryLaterError(f"Creovai cannot be reached ({name})")


def is_token(token: object) -> bool:
    """Tell whether it may stand in a header; libraries quote in errors what may not."""
    if not isinstance(token, str) or not token:
        return False
    return token.isascii() and token.isprintable() and " " not in token


def json_object(response: Answer) -> Payload:
    """Return the object that a body holds.

    Raises:
        LostAnswerError: It holds none.
    """
    try:
        answer = msgspec.json.decode(response.body.removeprefix(BYTE_ORDER_MARK))
    except msgspec.DecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise LostAnswerError(_NOT_CREOVAI)
    return answer


def objects(answer: Payload, name: str) -> list[Payload]:
    """Return the objects of a list.

    Raises:
        LostAnswerError: It is no list of objects.
    """
    found = answer.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        msg = f"the answer's {name} are not a list of objects"
        raise LostAnswerError(msg)
    return found


def text(value: object) -> str:
    """Return a value that is text; an empty text for any other."""
    return value if isinstance(value, str) else ""


def refuse_page(response: Answer) -> None:
    """Refuse an HTML page where no body is expected: a proxy's, not Creovai's.

    Raises:
        LostAnswerError: It is such a page.
    """
    if response.headers.get("content-type", "").startswith("text/html"):
        raise LostAnswerError(_NOT_CREOVAI)


def retry_after(response: Answer) -> float:
    """Return `Retry-After` in seconds, which may be a number or a date; 0 if absent or absurd."""
    value = response.headers.get("retry-after", "")
    moment = http_date(value)
    if value.isdecimal():
        wait = float(value)
    else:
        wait = (moment - datetime.now(UTC)).total_seconds() if moment else 0.0
    return wait if 0 < wait < ABSURD_SECONDS else 0.0


def http_date(value: str) -> datetime | None:
    """Return a date as HTTP writes it; None where it is none."""
    try:
        return parsedate_to_datetime(value).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def seconds(value: object) -> float:
    """Read `expires_in`, which .NET may write as text; 0 counts as unusable."""
    try:
        number = float(str(value))
    except ValueError:
        return 0.0
    return number if isfinite(number) else 0.0
