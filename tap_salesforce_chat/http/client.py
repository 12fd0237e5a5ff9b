"""`SalesforceClient`: every request to Salesforce goes through it.

Logins, describes and pages of rows are thereby retried, timed out and counted against the quota
alike.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.http.batch import send_in_batch
from tap_salesforce_chat.http.decoding import OBJECT_DECODER
from tap_salesforce_chat.http.quota import Quota
from tap_salesforce_chat.http.sender import Sender
from tap_salesforce_chat.http.session import SessionManager
from tap_salesforce_chat.http.transport import Transport
from tap_salesforce_chat.login.token_endpoint import HttpTokenEndpoint
from tap_salesforce_chat.timestamps import format_http_date

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping
    from datetime import datetime

    import msgspec
    import requests

    from tap_salesforce_chat.http.connection_settings import ConnectionSettings
    from tap_salesforce_chat.http.sender import JsonResponse
    from tap_salesforce_chat.login.flows import AuthFlow, Session


class SalesforceClient:
    """A client of one org, for any number of threads.

    Its methods raise `SalesforceError`, whose subclass says what to do next, or `RetryLaterError`
    after several tries. A `path` is from the host on, or below `/services/data/vXX.0/` if no slash
    is in front. A `subject` says what is requested, for messages.

    Args:
        settings: What the tap's settings say.
        flow: How to get a token.
        logger: Gets one line for each wait.
    """

    def __init__(
        self, settings: ConnectionSettings, flow: AuthFlow, logger: logging.Logger
    ) -> None:
        self._settings = settings
        self._logger = logger
        self.quota = Quota(settings.quota_percent, settings.run_percent)
        transport = Transport(settings.timeout_seconds)
        self._sender = Sender(transport, self.quota, logger)
        endpoint = HttpTokenEndpoint(
            settings.login_url, flow.checklist, transport, self._sender.observe, logger
        )
        self._sessions = SessionManager(flow, endpoint, logger)
        self._other_hosts: list[SalesforceClient] = []

    def get(
        self,
        path: str,
        *,
        subject: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        decoder: msgspec.json.Decoder[Any] = OBJECT_DECODER,
        session: Session | None = None,
    ) -> JsonResponse:
        """Send a GET request, only in `session` if that is given, see `SessionManager.call`."""
        send = partial(self._sender.send_json, "GET", self._rooted(path), subject, decoder=decoder)
        return self._sessions.call(partial(send, params=params, headers=headers), session)

    def send(self, method: str, path: str, *, subject: str, **options: Any) -> JsonResponse:
        """Send a request with any method and options, see `Sender.send_json`."""
        send = partial(self._sender.send_json, method, self._rooted(path), subject)
        return self._sessions.call(partial(send, **options))

    def get_by_post(
        self,
        path: str,
        *,
        subject: str,
        params: Mapping[str, str],
        decoder: msgspec.json.Decoder[Any],
    ) -> JsonResponse:
        """Send a GET request in the body of a POST request, where it may be long."""
        version = self._settings.api_version
        send = partial(send_in_batch, self._sender, version, path, params, subject, decoder)
        return self._sessions.call(send)

    def download(
        self, path: str, *, subject: str, params: Mapping[str, str] | None = None
    ) -> requests.Response:
        """Return a response that is not JSON; its body is still to be read and closed."""
        send = partial(self._sender.send, "GET", self._rooted(path), subject)
        return self._sessions.call(partial(send, params=params))

    def changed_since(self, path: str, moment: datetime, *, subject: str) -> bool:
        """Return whether a resource has changed since an instant, of which whole seconds count."""
        headers = {"If-Modified-Since": format_http_date(moment)}
        send = partial(self._sender.send, "GET", self._rooted(path), subject)
        with closing(self._sessions.call(partial(send, headers=headers))) as response:
            return bool(response.status_code != HTTPStatus.NOT_MODIFIED)

    def for_host(self, flow: AuthFlow) -> SalesforceClient:
        """Return a client for another host, with a login of its own at the org's API host."""
        settings = replace(self._settings, login_url=self.instance_url or self._settings.login_url)
        self._other_hosts.append(SalesforceClient(settings, flow, self._logger))
        return self._other_hosts[-1]

    def check_quota(self) -> None:
        """Raise `QuotaError` if the settings leave no more of the org's daily API requests."""
        self.quota.check()

    @property
    def instance_url(self) -> str | None:
        """The org's API host, None before the login."""
        return self._sessions.instance_url

    @property
    def session(self) -> Session:
        """The session; logs in if needed."""
        return self._sessions.current()

    @property
    def clock(self) -> datetime | None:
        """Salesforce's time as of its latest response, None before the first one."""
        return self._sender.clock.latest

    @property
    def now(self) -> datetime | None:
        """Salesforce's time, None before its first response."""
        return self._sender.clock.now

    @property
    def requests_made(self) -> int:
        """The API requests of this run, those to other hosts included."""
        return self.quota.requests_made + sum(it.requests_made for it in self._other_hosts)

    def _rooted(self, path: str) -> str:
        root = f"/services/data/v{self._settings.api_version}"
        return path if path.startswith("/") else f"{root}/{path}"
