"""The OAuth token endpoint: posts a login form and reads the session in the response."""

from __future__ import annotations

import re
from contextlib import closing
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests

from tap_salesforce_chat.errors import LoginError
from tap_salesforce_chat.http.decoding import OBJECT_DECODER, decode, decode_any
from tap_salesforce_chat.http.errors.responses import ErrorResponse
from tap_salesforce_chat.http.retry import call_with_retries
from tap_salesforce_chat.http.transport import read_body
from tap_salesforce_chat.ids import long_id
from tap_salesforce_chat.login.errors import login_error_for
from tap_salesforce_chat.login.flows import Session
from tap_salesforce_chat.login.hosts import address_problem, is_valid_token

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

    from tap_salesforce_chat.http.transport import Transport
    from tap_salesforce_chat.login.flows import Form

_PATH = "/services/oauth2/token"
_SUBJECT = "Login"
_ID = r"[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?"
# The identity URL of a login: `https://login.salesforce.com/id/<org>/<user>`.
_IDENTITY = re.compile(rf"/id/(00D{_ID})/(005{_ID})?")


class HttpTokenEndpoint:
    """Posts forms, with retries.

    Args:
        login_url: The OAuth host, without a slash at its end.
        checklist: Where to look further after a refused login, see `AuthFlow`.
        transport: Connects to hosts.
        on_response: Gets the headers of each successful response.
        logger: Gets one line for each wait, and each response at debug level.
    """

    def __init__(
        self,
        login_url: str,
        checklist: str,
        transport: Transport,
        on_response: Callable[[Mapping[str, str]], None],
        logger: logging.Logger,
    ) -> None:
        self._url = login_url + _PATH
        self._checklist = checklist
        self._transport = transport
        self._on_response = on_response
        self._logger = logger

    def __call__(self, make_form: Callable[[], Form]) -> Session:
        """Return the session that a form opens; the form is made anew for each try.

        Raises:
            LoginError: The login is refused.
            RetryLaterError: The request was tried often enough.
        """
        return call_with_retries(partial(self._post, make_form), self._logger)

    def _post(self, make_form: Callable[[], Form]) -> Session:
        send = partial(self._transport.send, "POST", self._url, _SUBJECT)
        with closing(send(auth=_NoAuth(), data=make_form())) as response:
            body = read_body(response, _SUBJECT)
        self._logger.debug("%s: HTTP %d", _SUBJECT, response.status_code)
        if response.status_code != HTTPStatus.OK:
            document = decode_any(body)
            refused = ErrorResponse(response.status_code, document, response.headers, _SUBJECT)
            raise login_error_for(refused, self._checklist)
        self._on_response(response.headers)
        return _session_in(decode(OBJECT_DECODER, body, _SUBJECT))


class _NoAuth(requests.auth.AuthBase):
    """Keeps requests from sending what a .netrc file holds."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _session_in(grant: Mapping[str, Any]) -> Session:
    token, host = grant.get("access_token"), grant.get("instance_url")
    if not (isinstance(token, str) and isinstance(host, str) and is_valid_token(token)):
        msg = "Login: the answer has no access_token and instance_url. Check login_url."
        raise LoginError(msg)
    if problem := address_problem(host):
        msg = f"Login: the answer's instance_url {problem} Check login_url."
        raise LoginError(msg)
    identity = _IDENTITY.search(str(grant.get("id")))
    org = long_id(identity[1]) if identity else None
    user = long_id(identity[2]) if identity and identity[2] else None
    return Session(token, host.rstrip("/"), grant.get("refresh_token"), org, user)
