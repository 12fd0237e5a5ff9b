"""Creovai's API: the token, and one method for each request.

Every method raises the kinds of `errors.CreovaiError`. None of these holds a response body: a
refusal may quote the customer.
"""

from __future__ import annotations

import threading
from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from target_creovai import DISTRIBUTION
from target_creovai.clock import uptime
from target_creovai.encoding import encode
from target_creovai.errors import (
    HaltError,
    LostAnswerError,
    RejectedError,
)
from target_creovai.http import answers
from target_creovai.http.certificates import ca_bundle
from target_creovai.http.rate_limit import RateLimit
from target_creovai.http.sessions import creovai_id_of, is_present, is_purged, session_id_of
from target_creovai.http.transport import Transport
from target_creovai.model.conversation import Interface
from target_creovai.settings.addresses import host_root

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from target_creovai.http.transport import Answer
    from target_creovai.payload.payload import Payload

    BeforeSend = Callable[[], None]

# Creovai's own client renews a token this long before it ends.
RENEW_BEFORE_SECONDS = 45
# No maximum is documented for status look-ups; the documented one for purges is borrowed.
IDS_PER_LOOK_UP = 100

CAPTURE_PATHS = {Interface.CHAT: "/capture/v2/chat", Interface.CASE: "/capture/v2/case"}
OUTOFBAND_PATHS = {
    Interface.CHAT: "/capture/v2/outofband/interaction",
    Interface.CASE: "/capture/v2/outofband/case",
}
STATUS_PATH = "/capture/v2/status"
EXCLUDE_PATH = "/capture/v2/status/exclude"
MONITOR_PATH = "/capture/v2/status/monitor"
PURGE_PATH = "/interactions/v2/purge/sessions"
TYPES_PATH = "/processing/v2/ParticipantRefTypes"
TOKEN_PATH = "/Token"  # noqa: S105 -- a path; Creovai spells it with a capital T
JSON = "application/json"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
USER_AGENT = f"target-creovai/{version(DISTRIBUTION)}"

# A login that is answered so is refused, however often it is tried.
_LOGIN_REFUSED = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


def _always() -> None:
    """Raise nothing: the request may be sent."""


class CreovaiClient:
    """Creovai's API for one API user; safe to share among threads."""

    def __init__(
        self,
        *,
        api_url: str,
        api_user: str,
        api_password: str,
        timeout_seconds: int,
        workers: int,
        requests_per_second: int | None = None,
        clock: Callable[[], float] = uptime,
    ) -> None:
        """Prepare the client; nothing is requested before the first call."""
        self._credentials = urlencode(
            {
                "grant_type": "client_credentials",
                "client_id": api_user,
                "client_secret": api_password,
            }
        ).encode()
        self._clock = clock
        self._rate_limit = RateLimit(requests_per_second, clock)
        self._transport = Transport(host_root(api_url), workers, timeout_seconds, USER_AGENT)
        self._ca_bundle_is_set = False
        self._lock = threading.Lock()
        self._token: str | None = None
        self._valid_until = 0.0
        self._server_date = ""
        self.answered: Callable[[str, int, float], None] = lambda *_: None
        """Called with path, status and seconds of every answer."""

    @property
    def server_time(self) -> datetime | None:
        """The time of Creovai's clock, by the `Date` of its last answer."""
        return answers.http_date(self._server_date)

    @property
    def logged_in(self) -> bool:
        """Whether Creovai has accepted the secret."""
        return self._token is not None

    def log_in(self) -> None:
        """Get a token, if there is none that is valid."""
        self._bearer()

    def capture(
        self, interface: Interface, payload: Payload, before_send: BeforeSend = _always
    ) -> str:
        """Post a chat or a case; return Creovai's id of it.

        Args:
            interface: Which of the two it is.
            payload: What Creovai gets.
            before_send: Called right before bytes are sent; nothing is sent if it raises.

        Raises:
            LostAnswerError: It may have arrived: only `statuses` shows whether it has.
        """
        answer = self._call("POST", CAPTURE_PATHS[interface], payload, before_send=before_send)
        if not (creovai_id := creovai_id_of(answer)):
            msg = "the answer held no id"
            raise LostAnswerError(msg)
        return creovai_id

    def append_metadata(
        self, interface: Interface, body: Payload, before_send: BeforeSend = _always
    ) -> None:
        """Post changed metadata of something that Creovai has."""
        self._call("POST", OUTOFBAND_PATHS[interface], body, answer=False, before_send=before_send)

    def statuses(self, session_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Return those of these sessions that Creovai has, by session id."""
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(session_ids), IDS_PER_LOOK_UP):
            body = {"sessionIds": list(session_ids[start : start + IDS_PER_LOOK_UP])}
            for session in answers.objects(self._status_call(body), "sessions"):
                if is_present(session):
                    found[session_id_of(session)] = session
        return found

    def exclude(self, session_ids: Sequence[str]) -> set[str]:
        """Exclude sessions from all analysis; return those that are, which is all of them."""
        if session_ids:
            self._call("POST", EXCLUDE_PATH, {"sessionIds": list(session_ids)}, answer=False)
        return set(session_ids)

    def purge(self, session_ids: Sequence[str]) -> set[str]:
        """Delete up to 100 sessions; return those that are being deleted, or are gone already."""
        if not session_ids:
            return set()
        answer = self._call("POST", PURGE_PATH, {"ids": list(session_ids)})
        items = answers.objects(answer, "items")
        return {session_id_of(item) for item in items if is_purged(item)}

    def monitor(self, heartbeat: Payload) -> None:
        """Post a heartbeat."""
        self._call("POST", MONITOR_PATH, heartbeat, answer=False)

    def participant_types(self) -> list[str]:
        """Return the names of the tenant's types of participants, as it spells them."""
        types = answers.objects(self._call("GET", TYPES_PATH), "types")
        return [name for one in types if (name := answers.text(one.get("id")))]

    def _status_call(self, body: Payload) -> Payload:
        try:
            return self._call("POST", STATUS_PATH, body)
        except RejectedError as error:
            msg = f"Creovai does not tell the status of what was sent ({error})."
            raise HaltError(msg) from None

    def _call(
        self,
        method: str,
        path: str,
        body: Payload | None = None,
        *,
        answer: bool = True,
        before_send: BeforeSend = _always,
    ) -> Payload:
        token = self._bearer()
        response = self._send(method, path, body, token, before_send)
        if response.status == HTTPStatus.UNAUTHORIZED:
            self._drop(token)
            response = self._send(method, path, body, self._bearer(), before_send)
        answers.check(response, path)
        if answer:
            return answers.json_object(response)
        answers.refuse_page(response)
        return {}

    def _send(
        self, method: str, path: str, body: Payload | None, token: str, before_send: BeforeSend
    ) -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        if body is None:
            return self._request(method, path, headers, before_send=before_send)
        headers["Content-Type"] = JSON
        return self._request(method, path, headers, encode(body), before_send)

    def _request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        data: bytes | None = None,
        before_send: BeforeSend = _always,
    ) -> Answer:
        self._set_ca_bundle()
        self._rate_limit.wait()
        attempt, answer = self._transport.request(method, path, before_send, headers, data)
        if isinstance(answer, Exception):
            raise answers.without_answer(attempt, answer)
        self.answered(path, answer.status, answer.seconds)
        self._server_date = answer.headers.get("date", "")
        return answer

    def _set_ca_bundle(self) -> None:
        if not self._ca_bundle_is_set and (bundle := ca_bundle()):
            self._transport.set_ca_bundle(bundle)
        self._ca_bundle_is_set = True

    # Token

    def _bearer(self) -> str:
        with self._lock:
            if self._token is None or self._clock() >= self._valid_until:
                self._token, seconds = self._log_in()
                self._valid_until = self._clock() + seconds - RENEW_BEFORE_SECONDS
            return self._token

    def _drop(self, token: str) -> None:
        with self._lock:
            if self._token == token:
                self._token = None

    def _log_in(self) -> tuple[str, float]:
        response = self._request("POST", TOKEN_PATH, FORM, self._credentials)
        if response.status in _LOGIN_REFUSED:
            msg = (
                f"Creovai refused the login (HTTP {response.status}): check api_user and "
                "api_password. A normal user's login does not work, only an API user that Creovai "
                "support created; its secret expires after 365 days."
            )
            raise HaltError(msg)
        answers.check(response, TOKEN_PATH)
        answer = answers.json_object(response)
        token, seconds = answer.get("access_token"), answers.seconds(answer.get("expires_in"))
        bearer = str(answer.get("token_type")).casefold() == "bearer"
        if not answers.is_token(token) or not bearer or seconds <= RENEW_BEFORE_SECONDS:
            msg = "Creovai's answer to the login holds no usable token: check api_url."
            raise HaltError(msg)
        return str(token), seconds


def connect(config: Mapping[str, Any]) -> CreovaiClient:
    """Return the client that the settings describe."""
    return CreovaiClient(
        api_url=config["api_url"],
        api_user=config["api_user"],
        api_password=config["api_password"],
        timeout_seconds=config["request_timeout_seconds"],
        workers=config["max_workers"],
        requests_per_second=config.get("requests_per_second"),
    )
