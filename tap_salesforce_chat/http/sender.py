"""Sends one request with a session, and turns an error response into an exception."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests

from tap_salesforce_chat.http.clock import ServerClock, received_at
from tap_salesforce_chat.http.decoding import OBJECT_DECODER, decode, decode_any
from tap_salesforce_chat.http.errors.mapping import error_for
from tap_salesforce_chat.http.errors.responses import ErrorResponse
from tap_salesforce_chat.http.transport import read_body

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping
    from datetime import datetime

    import msgspec

    from tap_salesforce_chat.http.quota import Quota
    from tap_salesforce_chat.http.transport import Transport
    from tap_salesforce_chat.login.flows import Session

# 304 answers only requests with If-Modified-Since.
_SUCCESSFUL = frozenset(
    {*range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES), HTTPStatus.NOT_MODIFIED}
)


@dataclass(frozen=True, slots=True)
class JsonResponse:
    """A decoded response.

    `date` is Salesforce's clock when it got the request. `session` sent it; other threads may have
    begun a new one since.
    """

    document: Any = field(repr=False)
    date: datetime | None
    size: int = 0  # bytes
    session: Session | None = field(default=None, repr=False)


class Sender:
    """Sends requests; each counts against the quota, and each response sets the clock.

    Args:
        transport: Connects to hosts.
        quota: Counts.
        logger: Gets a line for each response, at debug level.
    """

    def __init__(self, transport: Transport, quota: Quota, logger: logging.Logger) -> None:
        self._transport = transport
        self._quota = quota
        self._logger = logger
        self.clock = ServerClock()

    def send(
        self, method: str, path: str, subject: str, session: Session, **options: Any
    ) -> requests.Response:
        """Return the response, whose body is still to be read and closed.

        Args:
            method: Of HTTP.
            path: From the host on.
            subject: What is requested, for messages.
            session: Whose token is sent to its host.
            options: Of requests.

        Raises:
            SalesforceError: Salesforce refuses; the subclass says what to do next.
            RetryLaterError: No response came, or one that a later request may not get.
        """
        url, auth = session.instance_url + path, _BearerAuth(session.token)
        self._quota.count_request()
        response = self._transport.send(method, url, subject, auth=auth, **options)
        self._logger.debug("%s: HTTP %d", subject, response.status_code)
        self.observe(response.headers)
        if response.status_code in _SUCCESSFUL:
            return response
        with closing(response):
            document = decode_any(read_body(response, subject))
        raise error_for(ErrorResponse(response.status_code, document, response.headers, subject))

    def send_json(
        self,
        method: str,
        path: str,
        subject: str,
        session: Session,
        *,
        decoder: msgspec.json.Decoder[Any] = OBJECT_DECODER,
        each_try: Callable[[], AbstractContextManager[None]] = nullcontext,
        **options: Any,
    ) -> JsonResponse:
        """Return the decoded response; an empty one is `{}`.

        Args:
            method: Of HTTP.
            path: From the host on.
            subject: What is requested, for messages.
            session: Whose token is sent to its host.
            decoder: Of the document.
            each_try: Makes a context manager that the request is sent in.
            options: Of requests.

        Raises:
            SalesforceError: Salesforce refuses; the subclass says what to do next.
            RetryLaterError: No response came, or one that a later request may not get.
        """
        send = partial(self.send, method, path, subject, session, **options)
        with each_try(), closing(send()) as response:
            body = read_body(response, subject)
        empty = response.status_code == HTTPStatus.NO_CONTENT
        document = {} if empty else decode(decoder, body, subject)
        return JsonResponse(document, received_at(response), len(body), session)

    def observe(self, headers: Mapping[str, str]) -> None:
        """Take the time and the org's usage from the headers of a response."""
        self.clock.update(headers)
        self._quota.update(headers)


class _BearerAuth(requests.auth.AuthBase):
    """Sends the token, and none of a .netrc file, which requests would prefer."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request
