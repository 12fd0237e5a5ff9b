"""The session that all requests use: one login for all threads, renewed when it has expired."""

from __future__ import annotations

import time
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from tap_salesforce_chat.errors import HostMovedError, LoginError, SessionExpiredError
from tap_salesforce_chat.http.retry import call_with_retries

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from tap_salesforce_chat.login.flows import AuthFlow, Session, TokenEndpoint

_Result = TypeVar("_Result")

# A new token may not have reached all of Salesforce's servers yet.
_SECONDS_BEFORE_LAST_LOGIN = 5
_MAX_RENEWALS = 2


class SessionManager:
    """Logs in on first use, and again when Salesforce says so.

    Args:
        flow: How to get a token.
        endpoint: Sends the flow's forms.
        logger: Gets one line for each wait.
    """

    def __init__(self, flow: AuthFlow, endpoint: TokenEndpoint, logger: logging.Logger) -> None:
        self._flow = flow
        self._endpoint = endpoint
        self._logger = logger
        self._lock = Lock()
        self._session: Session | None = None

    @property
    def instance_url(self) -> str | None:
        """The org's API host, None before the login."""
        return self._session.instance_url if self._session else None

    def current(self) -> Session:
        """Return the session; log in if there is none yet."""
        with self._lock:
            if self._session is None:
                self._session = self._flow.log_in(self._endpoint)
            return self._session

    def call(self, send: Callable[[Session], _Result], session: Session | None = None) -> _Result:
        """Send a request with the session, and again with a new one if the session has expired.

        Args:
            send: Sends it with the session that is given to it.
            session: The session that the request makes sense in, None: any. Unless that is still
                the current one, no new one is made.

        Raises:
            SalesforceError: Salesforce refuses; the subclass says what to do next.
            RetryLaterError: The request was tried often enough.
        """
        current = self.current()
        renewals = _MAX_RENEWALS if session is None else int(session is current)
        for renewal in range(renewals):
            try:
                return call_with_retries(partial(send, current), self._logger)
            except SessionExpiredError:
                if renewal:
                    time.sleep(_SECONDS_BEFORE_LAST_LOGIN)
                current = self._renewed(current)
            except HostMovedError as exc:
                current = self._moved(current, exc)
        return call_with_retries(partial(send, current), self._logger)

    def _moved(self, session: Session, exc: HostMovedError) -> Session:
        """Return a session at the org's new host, which the response to a login names."""
        try:
            return self._renewed(session)
        except LoginError:
            raise exc from None

    def _renewed(self, expired: Session) -> Session:
        with self._lock:
            # A session expires for all threads at once; one of them logs in for all.
            if self._session is None or self._session is expired:
                self._session = self._flow.log_in_again(self._endpoint)
            return self._session
