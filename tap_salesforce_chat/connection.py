"""The only way to Salesforce: one session, logged in when needed, patient with what passes.

Every request goes through `Connection`, so that a login, a describe and a page of rows are
retried, timed out, and counted against the quota alike.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, cast

import backoff
import msgspec
import requests

from tap_salesforce_chat.auth import Access
from tap_salesforce_chat.errors import (
    LoginError,
    QuotaError,
    Refusal,
    RetryLaterError,
    SalesforceError,
    SessionExpiredError,
    error_for,
    login_error_for,
)
from tap_salesforce_chat.timestamps import http_date

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from datetime import datetime

    from backoff.types import Details

    from tap_salesforce_chat.auth import AuthFlow

_Result = TypeVar("_Result")

# With waits of 1, 2, 4 ... 32 seconds that is about a minute.
MAX_TRIES = 7

_TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - the endpoint's path
# `per-app-api-usage` may stand in the same header.
_USAGE = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")
# Salesforce's numbers have up to 18 digits, more than a float keeps.
_DECODER = msgspec.json.Decoder(float_hook=Decimal)

# At debug level it would write each URL, and with it the query, to the log.
logging.getLogger("urllib3").setLevel(logging.INFO)


@dataclass(frozen=True, slots=True)
class Answer:
    """A decoded answer, and what Salesforce's clock said when it left."""

    document: dict[str, Any] = field(repr=False)
    date: datetime | None


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say about talking to Salesforce."""

    login_url: str  # without a slash at its end
    api_version: str  # such as `62.0`
    timeout_seconds: int  # without a byte, after which a request has failed
    quota_percent: int  # share of the org's daily requests beyond which none is sent


class Connection:
    """A session with one org.

    Args:
        terms: What the settings say.
        flow: How to get a token.
        logger: Gets one line for each wait.
    """

    def __init__(self, terms: Terms, flow: AuthFlow, logger: logging.Logger) -> None:
        self._terms = terms
        self._flow = flow
        self._logger = logger
        self._session = requests.Session()
        self._session.headers["Accept-Encoding"] = "gzip"
        self._access: Access | None = None
        self._used, self._limit = 0, 0

    def get(
        self,
        path: str,
        *,
        subject: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask the API, with a new login if the token has expired meanwhile.

        Args:
            path: From the host on, or behind `/services/data/vXX.0/` without a slash in front.
            subject: What is asked for, for error messages.
            params: Query parameters.
            headers: More headers.

        Raises:
            SalesforceError: Salesforce refuses; the subclass says what to do next.
            RetryLaterError: It was asked often enough.
        """
        if self._access is None:
            self._access = self._flow.log_in(self._token_endpoint)
        root = "" if path.startswith("/") else f"/services/data/v{self._terms.api_version}/"
        ask = partial(self._ask, root + path, subject, params=params, headers=headers)
        try:
            return self._retried(ask)
        except SessionExpiredError:
            self._access = self._flow.log_in_again(self._token_endpoint)
        return self._retried(ask)

    def check_quota(self) -> None:
        """Stop if the org has used more of its daily API requests than the settings allow.

        Raises:
            QuotaError: It has.
        """
        if self._used * 100 > self._terms.quota_percent * self._limit:
            msg = (
                f"Stopped on purpose: the org has used {self._used} of its {self._limit} daily "
                f"API requests, more than quota_percent_total ({self._terms.quota_percent} %) "
                "allows. State is kept, and the next run continues from it."
            )
            raise QuotaError(msg)

    def _ask(self, path: str, subject: str, **options: Any) -> Answer:
        access = cast("Access", self._access)
        url, auth = access.instance_url + path, _Bearer(access.token)
        response = self._send("GET", url, subject, auth=auth, **options)
        self._note_usage(response.headers)
        document = _decoded(response.content)
        if response.status_code != HTTPStatus.OK:
            raise error_for(Refusal(response.status_code, document, response.headers, subject))
        return Answer(_object(document, subject), http_date(response.headers.get("Date", "")))

    def _token_endpoint(self, form: Mapping[str, str]) -> Access:
        return self._retried(partial(self._ask_for_token, form))

    def _ask_for_token(self, form: Mapping[str, str]) -> Access:
        url, subject = self._terms.login_url + _TOKEN_PATH, "Login"
        response = self._send("POST", url, subject, auth=_NoAuth(), data=form)
        document = _decoded(response.content)
        if response.status_code != HTTPStatus.OK:
            refusal = Refusal(response.status_code, document, response.headers, subject)
            raise login_error_for(refusal)
        grant = _object(document, subject)
        token, host = grant.get("access_token"), grant.get("instance_url")
        if not (isinstance(token, str) and isinstance(host, str)):
            msg = "Login: the answer has no access_token and instance_url. Check login_url."
            raise LoginError(msg)
        return Access(token, host.rstrip("/"))

    def _send(self, method: str, url: str, subject: str, **options: Any) -> requests.Response:
        # The exceptions of requests quote the URL and with it the query: none goes on from here.
        timeout = self._terms.timeout_seconds
        try:
            return self._session.request(
                method, url, timeout=timeout, allow_redirects=False, **options
            )
        except requests.RequestException as exc:
            raise _network_error(exc, subject) from None

    def _retried(self, ask: Callable[[], _Result]) -> _Result:
        decorate = backoff.on_exception(
            _waits,
            RetryLaterError,
            max_tries=MAX_TRIES,
            jitter=backoff.random_jitter,
            on_backoff=self._log_wait,
            logger=None,
        )
        try:
            return decorate(ask)()
        except RetryLaterError as exc:
            msg = (
                f"{exc} Gave up after {MAX_TRIES} tries. Check the network, login_url and "
                "Salesforce's status page; state is kept, and the next run continues from it."
            )
            raise RetryLaterError(msg) from None

    def _log_wait(self, details: Details) -> None:
        self._logger.warning(
            "%s Trying again in %.0f s (try %d of %d failed).",
            details["exception"],
            details["wait"],
            details["tries"],
            MAX_TRIES,
        )

    def _note_usage(self, headers: Mapping[str, str]) -> None:
        if match := _USAGE.search(headers.get("Sforce-Limit-Info", "")):
            self._used, self._limit = int(match[1]), int(match[2])


class _Bearer(requests.auth.AuthBase):
    """Send the token, and none of a .netrc file, which requests would prefer."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class _NoAuth(requests.auth.AuthBase):
    """Keep requests from sending what a .netrc file holds."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _waits() -> Generator[float, RetryLaterError, None]:
    """Double the wait from one second on, but never ask earlier than Retry-After says."""
    refusal = yield 0.0  # where backoff starts the generator
    for exponent in range(MAX_TRIES):
        refusal = yield max(float(2**exponent), refusal.retry_after)


def _network_error(
    exc: requests.RequestException, subject: str
) -> SalesforceError | RetryLaterError:
    kind = type(exc).__name__
    if isinstance(exc, requests.exceptions.SSLError):
        msg = f"{subject}: the server's TLS certificate is not trusted. Check login_url and proxy."
        return SalesforceError(msg)
    if isinstance(exc, _PASSING):
        return RetryLaterError(f"{subject}: no complete answer from Salesforce ({kind}).")
    return SalesforceError(f"{subject}: cannot send the request ({kind}). Check login_url.")


_PASSING = (
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


def _object(document: Any, subject: str) -> dict[str, Any]:
    if isinstance(document, dict):
        return document
    # A proxy's or a maintenance page, say, which Salesforce's edge serves with status 200.
    msg = f"{subject}: Salesforce answered 200, but with something else than a JSON object."
    raise RetryLaterError(msg)


def _decoded(content: bytes) -> Any:
    """Return the JSON document, or None if it is none."""
    try:
        return _DECODER.decode(content)
    except msgspec.DecodeError:
        return _decoded_leniently(content)


def _decoded_leniently(content: bytes) -> Any:
    """Decode text that Salesforce has cut in the middle of a surrogate pair.

    Long text ends at a number of UTF-16 units. Half an emoji is no Unicode text; it becomes `?`.
    """
    try:
        text = json.dumps(json.loads(content), ensure_ascii=False)
        return _DECODER.decode(text.encode("utf-8", "replace"))
    except (ValueError, msgspec.DecodeError):
        return None
