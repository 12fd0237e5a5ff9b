"""The only way to Salesforce: one session, logged in when needed, patient with what passes.

Every request goes through `Connection`, so that a login, a describe and a page of rows are
retried, timed out, and counted against the quota alike.
"""

from __future__ import annotations

import logging
import re
import time
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from itertools import count
from math import ceil
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

import backoff
import msgspec
import requests

from tap_salesforce_chat.bodies import DECODER, as_utf8, decoded, decoded_as
from tap_salesforce_chat.errors import (
    LoginError,
    QuotaError,
    Refusal,
    RetryLaterError,
    SalesforceError,
    SessionExpiredError,
    error_for,
)
from tap_salesforce_chat.login.errors import login_error_for
from tap_salesforce_chat.login.flows import Access
from tap_salesforce_chat.state import long_id
from tap_salesforce_chat.timestamps import http_date

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from datetime import datetime

    from backoff.types import Details

    from tap_salesforce_chat.login.flows import AuthFlow, Form

_Result = TypeVar("_Result")

# With waits of 1, 2, 4 ... 32 seconds that is about a minute.
MAX_TRIES = 7

_TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - the endpoint's path
# `per-app-api-usage` may stand in the same header.
_USAGE = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")
# The identity URL of a login: `https://login.salesforce.com/id/<org>/<user>`.
_IDENTITY = re.compile(r"/id/(00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?)/")
# As many connections as a run may have requests in flight; more would be closed after each use.
_POOL_SIZE = 32

# At debug level it would write each URL, and with it the query, to the log.
logging.getLogger("urllib3").setLevel(logging.INFO)


@dataclass(frozen=True, slots=True)
class Answer:
    """A decoded answer, what Salesforce's clock said when it was asked, and its size in bytes."""

    document: Any = field(repr=False)
    date: datetime | None
    size: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """What the settings say about talking to Salesforce."""

    login_url: str  # without a slash at its end
    api_version: str  # such as `62.0`
    timeout_seconds: int  # without a byte, after which a request has failed
    quota_percent: int  # share of the org's daily requests beyond which none is sent
    run_percent: int | None  # share of them that is this session's own; None: any


class Connection:
    """A session with one org, for any number of threads.

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
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=_POOL_SIZE)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)
        self._login = Lock()
        self._access: Access | None = None
        self._used, self._limit = 0, 0
        self._numbers = count(1)  # of requests, for all threads
        self._own = 0  # requests so far
        self.clock: datetime | None = None  # Salesforce's, as of the latest answer
        self._read_at = 0.0  # on the monotonic clock

    def get(
        self,
        path: str,
        *,
        subject: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        decoder: msgspec.json.Decoder[Any] = DECODER,
    ) -> Answer:
        """Ask the API, with a new login if the token has expired meanwhile.

        Args:
            path: From the host on, or behind `/services/data/vXX.0/` without a slash in front.
            subject: What is asked for, for error messages.
            params: Query parameters.
            headers: More headers.
            decoder: Says what the answer is made into.

        Raises:
            SalesforceError: Salesforce refuses; the subclass says what to do next.
            RetryLaterError: It was asked often enough.
        """
        ask = partial(self._ask, "GET", self._rooted(path), subject, decoder)
        return self._authorized(partial(ask, params=params, headers=headers))

    def send(self, method: str, path: str, *, subject: str, **options: Any) -> Answer:
        """Send a request with any method.

        Among the options of requests (such as `json`) may be `each_try`: what it returns is entered
        before each try and left behind it, where every one of them counts.
        """
        ask = partial(self._ask, method, self._rooted(path), subject, DECODER)
        return self._authorized(partial(ask, **options))

    def get_by_post(
        self,
        path: str,
        *,
        subject: str,
        params: Mapping[str, str],
        decoder: msgspec.json.Decoder[Any],
    ) -> Answer:
        """Ask like `get`, with path and parameters in a body, which may be long.

        As Salesforce recommends for queries that no URI can hold (Knowledge article 000386264).
        """
        return self._authorized(partial(self._ask_in_batch, path, subject, params, decoder))

    def download(
        self, path: str, *, subject: str, params: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Ask for a body that is no JSON; it is still to be read, and the response to be closed."""
        ask = partial(self._exchange, "GET", self._rooted(path), subject)
        return self._authorized(partial(ask, params=params))

    def beside(self, flow: AuthFlow) -> Connection:
        """Return a session for another host, with a login of its own at the org's, known by now."""
        terms = replace(self._terms, login_url=self.instance_url or self._terms.login_url)
        return Connection(terms, flow, self._logger)

    @property
    def instance_url(self) -> str | None:
        """The org's API host, known after the login."""
        return self._access.instance_url if self._access else None

    @property
    def organization_id(self) -> str | None:
        """The org's Id in its long form, None where the login does not tell; logs in if needed."""
        return self._logged_in().organization_id

    @property
    def now(self) -> datetime | None:
        """The time by Salesforce's clock, None before its first answer."""
        elapsed = timedelta(seconds=time.monotonic() - self._read_at)
        return self.clock + elapsed if self.clock else None

    @property
    def usage(self) -> tuple[int, int]:
        """How many of how many daily API requests the org has used, as of the latest answer."""
        return self._used, self._limit

    def check_quota(self) -> None:
        """Stop if the settings allow no more of the org's daily API requests.

        Raises:
            QuotaError: It has used more than they allow, or this session as much as is its own.
        """
        total, own = self._terms.quota_percent, self._terms.run_percent
        if self._used * 100 > total * self._limit:
            who, used = "the org", self._used
            allowed = f"more than quota_percent_total ({total} %) allows"
        elif own and self._limit and self._own * 100 >= own * self._limit:
            who, used = "this run", self._own
            allowed = f"all that quota_percent_per_run ({own} %) allows"
        else:
            return
        msg = (
            f"Stopped on purpose: {who} has used {used} of the org's {self._limit} daily API "
            f"requests, {allowed}. State is kept, and the next run continues from it."
        )
        raise QuotaError(msg)

    def _rooted(self, path: str) -> str:
        return path if path.startswith("/") else f"{self._root}/{path}"

    @property
    def _root(self) -> str:
        return f"/services/data/v{self._terms.api_version}"

    def _authorized(self, ask: Callable[[Access], _Result]) -> _Result:
        access = self._logged_in()
        try:
            return self._retried(partial(ask, access))
        except SessionExpiredError:
            access = self._logged_in_again(access)
        return self._retried(partial(ask, access))

    def _logged_in(self) -> Access:
        with self._login:
            if self._access is None:
                self._access = self._flow.log_in(self._token_endpoint)
            return self._access

    def _logged_in_again(self, refused: Access) -> Access:
        with self._login:
            # All threads are refused at the same time; one of them logs in for all.
            if self._access is None or self._access is refused:
                self._access = self._flow.log_in_again(self._token_endpoint)
            return self._access

    def _ask(
        self,
        method: str,
        path: str,
        subject: str,
        decoder: msgspec.json.Decoder[Any],
        access: Access,
        *,
        each_try: Callable[[], AbstractContextManager[None]] = nullcontext,
        **options: Any,
    ) -> Answer:
        exchange = partial(self._exchange, method, path, subject, access, **options)
        with each_try(), closing(exchange()) as response:
            content = _content(response, subject)
        empty = response.status_code == HTTPStatus.NO_CONTENT
        document = {} if empty else decoded_as(decoder, content, subject)
        return Answer(document, _asked_at(response), len(content))

    def _ask_in_batch(
        self,
        path: str,
        subject: str,
        params: Mapping[str, str],
        decoder: msgspec.json.Decoder[Any],
        access: Access,
    ) -> Answer:
        url = f"v{self._terms.api_version}/{path}?{urlencode(params)}"
        body = {"batchRequests": [{"method": "GET", "url": url}]}
        path = f"{self._root}/composite/batch"
        answer = self._ask("POST", path, subject, _RESULTS, access, json=body)
        if not answer.document.results:
            msg = f"{subject}: Salesforce's answer has no result of the query in it."
            raise SalesforceError(msg)
        first: _Subresult = answer.document.results[0]
        if first.status_code != HTTPStatus.OK:
            raise error_for(Refusal(first.status_code, decoded(first.result), {}, subject))
        return replace(answer, document=decoded_as(decoder, first.result, subject))

    def _exchange(
        self, method: str, path: str, subject: str, access: Access, **options: Any
    ) -> requests.Response:
        url, auth = access.instance_url + path, _Bearer(access.token)
        self._own = next(self._numbers)
        response = self._send(method, url, subject, auth=auth, stream=True, **options)
        self._note(response.headers)
        if HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:
            return response
        with closing(response):
            document = decoded(_content(response, subject))
        raise error_for(Refusal(response.status_code, document, response.headers, subject))

    def _token_endpoint(self, form: Callable[[], Form]) -> Access:
        return self._retried(partial(self._ask_for_token, form))

    def _ask_for_token(self, form: Callable[[], Form]) -> Access:
        url, subject = self._terms.login_url + _TOKEN_PATH, "Login"
        response = self._send("POST", url, subject, auth=_NoAuth(), data=form())
        if response.status_code != HTTPStatus.OK:
            document = decoded(response.content)
            refusal = Refusal(response.status_code, document, response.headers, subject)
            raise login_error_for(refusal, self._flow.checklist)
        grant = decoded_as(DECODER, response.content, subject)
        token, host = grant.get("access_token"), grant.get("instance_url")
        if not (isinstance(token, str) and isinstance(host, str)):
            msg = "Login: the answer has no access_token and instance_url. Check login_url."
            raise LoginError(msg)
        self._note(response.headers)
        identity = _IDENTITY.search(str(grant.get("id")))
        org = long_id(identity[1]) if identity else None
        return Access(token, host.rstrip("/"), grant.get("refresh_token"), org)

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

    def _note(self, headers: Mapping[str, str]) -> None:
        if clock := http_date(headers.get("Date", "")):
            self.clock, self._read_at = clock, time.monotonic()
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
    """Return what a failure on the way means, without its text, which quotes the URL."""
    kind = type(exc).__name__
    if isinstance(exc, requests.exceptions.SSLError):
        msg = (
            f"{subject}: the server's TLS certificate is not trusted. Check login_url and the "
            "proxy; for a certificate authority of your own, set REQUESTS_CA_BUNDLE to its file."
        )
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


def _asked_at(response: requests.Response) -> datetime | None:
    """Return what time it was at Salesforce when it began to work, or some time before.

    `Date` is when the answer left. A query may have been searching for two minutes by then.
    """
    date = http_date(response.headers.get("Date", ""))
    return date and date - timedelta(seconds=ceil(response.elapsed.total_seconds()))


def _content(response: requests.Response, subject: str) -> bytes:
    # The body in one piece: `content` would put it together from 10 KB each.
    try:
        return as_utf8(b"".join(response.iter_content(None)))
    except requests.RequestException as exc:
        raise _network_error(exc, subject) from None


class _Subresult(msgspec.Struct, rename="camel"):
    status_code: int
    result: msgspec.Raw


class _Results(msgspec.Struct):
    """The answer to several requests in one."""

    results: list[_Subresult] = []


_RESULTS = msgspec.json.Decoder(_Results)
