"""The way to Creovai: token, requests, and what each answer means to us.

Every method raises one of the three families of `errors.CreovaiError`. Response
bodies never get into them: a refusal may quote the customer.
"""

from __future__ import annotations

import threading
import time
from http import HTTPStatus
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from target_creovai.assemble import DISTRIBUTION
from target_creovai.clock import uptime
from target_creovai.errors import (
    HaltError,
    LostAnswerError,
    RejectedError,
)
from target_creovai.http import answers
from target_creovai.http.certificates import authorities
from target_creovai.http.wire import Wire
from target_creovai.model.conversation import Interface
from target_creovai.payload.encoding import encode
from target_creovai.settings.addresses import host_root

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from target_creovai.http.wire import Answer
    from target_creovai.payload.payload import Payload

    Permit = Callable[[], None]

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
# What a session's `status` says.
STATUS_EXCLUDED = "Excluded"
ABSENT = frozenset({"NotFound", "Unknown", ""})
PURGED = frozenset({"NotFound", "Purging"})

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
    """Let everything go."""


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
        """Prepare the client; nothing is asked before the first call."""
        self._credentials = urlencode(
            {
                "grant_type": "client_credentials",
                "client_id": api_user,
                "client_secret": api_password,
            }
        ).encode()
        self._clock = clock
        self._pace = Pace(requests_per_second, clock)
        self._wire = Wire(host_root(api_url), workers, timeout_seconds, USER_AGENT)
        self._trusts = False
        self._lock = threading.Lock()
        self._token: str | None = None
        self._valid_until = 0.0
        self.server_time: datetime | None = None
        """What Creovai's last answer said the time is."""
        self.answered: Callable[[str, int, float], None] = lambda *_: None
        """Is told of every answer: path, status, seconds."""

    @property
    def logged_in(self) -> bool:
        """Tell whether Creovai has accepted the secret."""
        return self._token is not None

    def log_in(self) -> None:
        """Get a token, if there is none that is valid."""
        self._bearer()

    def capture(self, interface: Interface, payload: Payload, permit: Permit = _always) -> str:
        """Post a chat or a case; return Creovai's id of it.

        Args:
            interface: Which of the two it is.
            payload: What Creovai gets.
            permit: Is called right before bytes are sent; nothing is sent if it raises.

        Raises:
            LostAnswerError: It may have arrived, which only `statuses` can tell.
        """
        answer = self._call("POST", CAPTURE_PATHS[interface], payload, permit=permit)
        if not (creovai_id := str(answer.get("id") or "")):
            msg = "the answer held no id"
            raise LostAnswerError(msg)
        return creovai_id

    def append_metadata(
        self, interface: Interface, body: Payload, permit: Permit = _always
    ) -> None:
        """Post changed metadata of something that Creovai has."""
        self._call("POST", OUTOFBAND_PATHS[interface], body, answer=False, permit=permit)

    def statuses(self, session_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Return what Creovai knows of these sessions; those it does not know are left out."""
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(session_ids), IDS_PER_LOOK_UP):
            body = {"sessionIds": list(session_ids[start : start + IDS_PER_LOOK_UP])}
            for session in answers.objects(self._status_call(body), "sessions"):
                if answers.text(session.get("status")) not in ABSENT:
                    found[answers.text(session.get("sessionId"))] = session
        return found

    def exclude(self, session_ids: Sequence[str]) -> set[str]:
        """Keep sessions out of all analysis; return those that are, which is all of them."""
        if session_ids:
            self._call("POST", EXCLUDE_PATH, {"sessionIds": list(session_ids)}, answer=False)
        return set(session_ids)

    def purge(self, session_ids: Sequence[str]) -> set[str]:
        """Delete up to 100 sessions; return those that are being deleted, or are gone already."""
        if not session_ids:
            return set()
        answer = self._call("POST", PURGE_PATH, {"ids": list(session_ids)})
        items = answers.objects(answer, "items")
        return {
            answers.text(it.get("sessionId"))
            for it in items
            if answers.text(it.get("status")) in PURGED
        }

    def monitor(self, heartbeat: Payload) -> None:
        """Say how this run is."""
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
        permit: Permit = _always,
    ) -> Payload:
        token = self._bearer()
        response = self._send(method, path, body, token, permit)
        if response.status == HTTPStatus.UNAUTHORIZED:
            self._drop(token)
            response = self._send(method, path, body, self._bearer(), permit)
        answers.check(response, path)
        if answer:
            return answers.json_object(response)
        answers.refuse_page(response)
        return {}

    def _send(
        self, method: str, path: str, body: Payload | None, token: str, permit: Permit
    ) -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        if body is None:
            return self._request(method, path, headers, permit=permit)
        headers["Content-Type"] = JSON
        return self._request(method, path, headers, encode(body), permit)

    def _request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        data: bytes | None = None,
        permit: Permit = _always,
    ) -> Answer:
        self._trust()
        self._pace.wait()
        attempt, answer = self._wire.request(method, path, permit, headers, data)
        if isinstance(answer, Exception):
            raise answers.no_answer(attempt, answer)
        self.answered(path, answer.status, answer.seconds)
        self.server_time = answers.http_date(answer.headers.get("date", ""))
        return answer

    def _trust(self) -> None:
        if not self._trusts and (bundle := authorities()):
            self._wire.trust(bundle)
        self._trusts = True

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


class Pace:
    """Hands out turns, so many a second over all threads."""

    def __init__(self, per_second: int | None, clock: Callable[[], float]) -> None:
        self._gap = 1 / per_second if per_second else 0.0
        self._clock = clock
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Return when it is this caller's turn."""
        if not self._gap:
            return
        with self._lock:
            turn = max(self._next, self._clock())
            self._next = turn + self._gap
        time.sleep(max(0.0, turn - self._clock()))
