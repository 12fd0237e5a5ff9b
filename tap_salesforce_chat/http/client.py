"""The only way to Salesforce: logged in when needed, patient with what passes.

Every request goes through `SalesforceClient`, so that a login, a describe and a page of rows are
retried, timed out, and counted against the quota alike.
"""

from __future__ import annotations

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

import msgspec
import requests

from tap_salesforce_chat.errors import (
    ErrorResponse,
    HostMovedError,
    LoginError,
    QuotaError,
    SalesforceError,
    SessionExpiredError,
    error_for,
)
from tap_salesforce_chat.http.decoding import DECODER, decoded, decoded_as
from tap_salesforce_chat.http.retry import retried
from tap_salesforce_chat.http.transport import Transport, content
from tap_salesforce_chat.ids import long_id
from tap_salesforce_chat.login.errors import login_error_for
from tap_salesforce_chat.login.flows import Access
from tap_salesforce_chat.login.hosts import address_problem, is_token
from tap_salesforce_chat.timestamps import format_http_date, http_date

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tap_salesforce_chat.login.flows import AuthFlow, Form

_Result = TypeVar("_Result")

_TOKEN_PATH = "/services/oauth2/token"  # noqa: S105 - the endpoint's path
# `per-app-api-usage` may stand in the same header.
_USAGE = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")
_ID = r"[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?"
# The identity URL of a login: `https://login.salesforce.com/id/<org>/<user>`.
_IDENTITY = re.compile(rf"/id/(00D{_ID})/(005{_ID})?")
# A fresh token may not have got round to all of Salesforce's servers yet.
_PAUSE_BEFORE_LAST_LOGIN = 5
_LOGINS = 2
# 304 comes only where it is asked whether something has changed.
_GOOD = frozenset({*range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES), HTTPStatus.NOT_MODIFIED})


@dataclass(frozen=True, slots=True)
class Answer:
    """A decoded answer, what Salesforce's clock said when it was asked, and its size in bytes.

    `session` is the one that asked: another thread may have begun the next one since.
    """

    document: Any = field(repr=False)
    date: datetime | None
    size: int = 0
    session: object = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """What the settings say about talking to Salesforce."""

    login_url: str  # without a slash at its end
    api_version: str  # such as `62.0`
    timeout_seconds: int  # of waiting in all, after which a request has failed
    quota_percent: int  # share of the org's daily requests beyond which none is sent
    run_percent: int | None  # share of them that is this session's own; None: any


class SalesforceClient:
    """A session with one org, for any number of threads.

    Args:
        settings: What the settings say.
        flow: How to get a token.
        logger: Gets one line for each wait.
    """

    def __init__(
        self, settings: ConnectionSettings, flow: AuthFlow, logger: logging.Logger
    ) -> None:
        self._settings = settings
        self._flow = flow
        self._logger = logger
        self._transport = Transport(settings.timeout_seconds)
        self._login = Lock()
        self._access: Access | None = None
        self._used, self._limit = 0, 0
        self._numbers = count(1)  # of requests, for all threads
        self._own = 0  # requests so far
        self._other_hosts: list[SalesforceClient] = []
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
        session: object = None,
    ) -> Answer:
        """Ask the API, with a new login if the token has expired meanwhile.

        Args:
            path: From the host on, or behind `/services/data/vXX.0/` without a slash in front.
            subject: What is asked for, for error messages.
            params: Query parameters.
            headers: More headers.
            decoder: Says what the answer is made into.
            session: The session that this may end with, see `Answer`: one login at most is made
                for it, and none by a later session.

        Raises:
            SalesforceError: Salesforce refuses; the subclass says what to do next.
            RetryLaterError: It was asked often enough.
        """
        ask = partial(self._ask, "GET", self._rooted(path), subject, decoder)
        return self._authorized(partial(ask, params=params, headers=headers), session)

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

    def changed_since(self, path: str, moment: datetime, *, subject: str) -> bool:
        """Ask whether a resource has changed since an instant; its whole seconds count."""
        headers = {"If-Modified-Since": format_http_date(moment)}
        ask = partial(self._exchange, "GET", self._rooted(path), subject, headers=headers)
        with closing(self._authorized(ask)) as response:
            return bool(response.status_code != HTTPStatus.NOT_MODIFIED)

    def for_host(self, flow: AuthFlow) -> SalesforceClient:
        """Return a session for another host, with a login of its own at the org's, known by now."""
        settings = replace(self._settings, login_url=self.instance_url or self._settings.login_url)
        self._other_hosts.append(SalesforceClient(settings, flow, self._logger))
        return self._other_hosts[-1]

    @property
    def instance_url(self) -> str | None:
        """The org's API host, known after the login."""
        return self._access.instance_url if self._access else None

    @property
    def organization_id(self) -> str | None:
        """The org's Id in its long form, None where the login does not tell; logs in if needed."""
        return self._logged_in().organization_id

    @property
    def user_id(self) -> str | None:
        """The user's Id, None where the login does not tell; logs in if needed."""
        return self._logged_in().user_id

    @property
    def identity(self) -> str:
        """A text that tells users and orgs apart, by the token where the login does not tell."""
        access = self._logged_in()
        user = access.user_id or access.token
        return f"{access.instance_url} {user} {self._settings.api_version}"

    @property
    def now(self) -> datetime | None:
        """The time by Salesforce's clock, None before its first answer."""
        elapsed = timedelta(seconds=time.monotonic() - self._read_at)
        return self.clock + elapsed if self.clock else None

    @property
    def usage(self) -> tuple[int, int]:
        """How many of how many daily API requests the org has used, as of the latest answer."""
        return self._used, self._limit

    @property
    def requests_made(self) -> int:
        """How many API requests were made so far, with those to the other hosts."""
        return self._own + sum(other.requests_made for other in self._other_hosts)

    def check_quota(self) -> None:
        """Stop if the settings allow no more of the org's daily API requests.

        Raises:
            QuotaError: It has used more than they allow, or this session as much as is its own.
        """
        total, own = self._settings.quota_percent, self._settings.run_percent
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
        return f"/services/data/v{self._settings.api_version}"

    def _authorized(self, ask: Callable[[Access], _Result], session: object = None) -> _Result:
        access = self._logged_in()
        logins = _LOGINS if session is None else int(session is access)
        for login in range(logins):
            try:
                return retried(partial(ask, access), self._logger)
            except SessionExpiredError:
                if login:
                    time.sleep(_PAUSE_BEFORE_LAST_LOGIN)
                access = self._logged_in_again(access)
            except HostMovedError as exc:
                access = self._moved(access, exc)
        return retried(partial(ask, access), self._logger)

    def _moved(self, access: Access, exc: HostMovedError) -> Access:
        """Log in again, as the answer to a login names the org's host; not where that cannot be."""
        try:
            return self._logged_in_again(access)
        except LoginError:
            raise exc from None

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
            body = content(response, subject)
        empty = response.status_code == HTTPStatus.NO_CONTENT
        document = {} if empty else decoded_as(decoder, body, subject)
        return Answer(document, _asked_at(response), len(body), session=access)

    def _ask_in_batch(
        self,
        path: str,
        subject: str,
        params: Mapping[str, str],
        decoder: msgspec.json.Decoder[Any],
        access: Access,
    ) -> Answer:
        url = f"v{self._settings.api_version}/{path}?{urlencode(params)}"
        body = {"batchRequests": [{"method": "GET", "url": url}]}
        path = f"{self._root}/composite/batch"
        answer = self._ask("POST", path, subject, _RESULTS, access, json=body)
        if not answer.document.results:
            msg = f"{subject}: Salesforce's answer has no result of the query in it."
            raise SalesforceError(msg)
        first: _Subresult = answer.document.results[0]
        if first.status_code != HTTPStatus.OK:
            raise error_for(ErrorResponse(first.status_code, decoded(first.result), {}, subject))
        return replace(answer, document=decoded_as(decoder, first.result, subject))

    def _exchange(
        self, method: str, path: str, subject: str, access: Access, **options: Any
    ) -> requests.Response:
        url, auth = access.instance_url + path, _Bearer(access.token)
        self._own = next(self._numbers)
        response = self._transport.send(method, url, subject, auth=auth, **options)
        self._logger.debug("%s: HTTP %d", subject, response.status_code)
        self._note(response.headers)
        if response.status_code in _GOOD:
            return response
        with closing(response):
            document = decoded(content(response, subject))
        raise error_for(ErrorResponse(response.status_code, document, response.headers, subject))

    def _token_endpoint(self, form: Callable[[], Form]) -> Access:
        return retried(partial(self._ask_for_token, form), self._logger)

    def _ask_for_token(self, form: Callable[[], Form]) -> Access:
        url, subject = self._settings.login_url + _TOKEN_PATH, "Login"
        send = partial(self._transport.send, "POST", url, subject)
        with closing(send(auth=_NoAuth(), data=form())) as response:
            body = content(response, subject)
        self._logger.debug("%s: HTTP %d", subject, response.status_code)
        if response.status_code != HTTPStatus.OK:
            refusal = ErrorResponse(response.status_code, decoded(body), response.headers, subject)
            raise login_error_for(refusal, self._flow.checklist)
        self._note(response.headers)
        return _access_in(decoded_as(DECODER, body, subject))

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


def _access_in(grant: Mapping[str, Any]) -> Access:
    token, host = grant.get("access_token"), grant.get("instance_url")
    if not (isinstance(token, str) and isinstance(host, str) and is_token(token)):
        msg = "Login: the answer has no access_token and instance_url. Check login_url."
        raise LoginError(msg)
    if problem := address_problem(host):
        msg = f"Login: the answer's instance_url {problem} Check login_url."
        raise LoginError(msg)
    identity = _IDENTITY.search(str(grant.get("id")))
    org = long_id(identity[1]) if identity else None
    user = long_id(identity[2]) if identity and identity[2] else None
    return Access(token, host.rstrip("/"), grant.get("refresh_token"), org, user)


def _asked_at(response: requests.Response) -> datetime | None:
    """Return what time it was at Salesforce when it began to work, or some time before.

    `Date` is when the answer left. A query may have been searching for two minutes by then.
    """
    date = http_date(response.headers.get("Date", ""))
    return date and date - timedelta(seconds=ceil(response.elapsed.total_seconds()))


class _Subresult(msgspec.Struct, rename="camel"):
    status_code: int
    result: msgspec.Raw


class _Results(msgspec.Struct):
    """The answer to several requests in one."""

    results: list[_Subresult] = []


_RESULTS = msgspec.json.Decoder(_Results)
