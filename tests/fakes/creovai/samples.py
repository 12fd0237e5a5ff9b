"""A valid chat, a valid case, and the simplest client there is: to try the fake with."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

from tests.fakes.creovai.server import CreovaiServer

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT_SECONDS = 5
SECRET_WORDS = "my card is 4111 — Grüße"  # what a leak test would look for

CHAT: dict[str, Any] = {
    "sessionId": "chat-1",
    "caseReferenceId": "case-1",
    "masterId": "master-1",
    "collectionId": "collection-1",
    "utcStart": "2024-05-06T07:08:09Z",
    "utcEnd": "2024-05-06T07:28:09.5Z",
    "participants": [
        {
            "referenceId": "003A",
            "type": "Customer",
            "firstName": "Ada",
            "lastName": "Quill",
            "email": "ada@example.com",
            "phoneNumber": "+1 555 0100",
            "messages": [
                {
                    "content": SECRET_WORDS,
                    "utcTimestamp": "2024-05-06T07:08:09Z",
                    "customEvents": [{"id": "e1", "source": "widget"}],
                },
            ],
        },
        {
            "referenceId": "bo@example.com",
            "type": "Agent",
            "email": "bo@example.com",
            "messages": [
                {"content": "Hello", "utcTimestamp": "2024-05-06T07:28:09.5Z", "customEvents": []},
            ],
        },
    ],
    "metadata": {"Status": "Completed", "Wait": 12, "Nothing": None},
}
CASE: dict[str, Any] = {
    "sessionId": "case-1",
    "utcStart": "2024-05-06T07:00:00Z",
    "utcEnd": "2024-05-07T07:00:00Z",
    "messages": [
        {
            "utcTimestamp": "2024-05-06T07:00:00.1234567Z",
            "senderReferenceId": "003A",
            "channel": "Web",
            "content": SECRET_WORDS,
        },
    ],
    "participants": [
        {"referenceId": "003A", "type": "Customer", "email": "ada@example.com"},
        {"referenceId": "bo@example.com", "type": "Agent"},
    ],
    "metadata": {"Priority": "Low", "Reason__c": "Billing"},
}
PAYLOADS = {"chat": CHAT, "case": CASE}
GONE = object()  # stands for a member taken out


@dataclass(slots=True)
class Client:
    """The simplest client there is: a token and a session."""

    server: CreovaiServer
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        # A proxy or CA bundle of the environment would win over what a test sets.
        self.session.trust_env = False

    def log_in(self, **changes: str) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": "demo-user",
            "client_secret": "demo-secret",
        }
        answer = self.session.post(
            f"{self.server.url}/Token",
            data=form | changes,
            timeout=TIMEOUT_SECONDS,
        )
        if answer.ok:
            token = answer.json()["access_token"]
            self.session.headers["Authorization"] = f"Bearer {token}"
        return answer

    def post(self, path: str, payload: Any = None, **options: Any) -> requests.Response:
        options = {"timeout": TIMEOUT_SECONDS, "allow_redirects": False} | options
        return self.session.post(f"{self.server.url}{path}", json=payload, **options)

    def post_raw(self, path: str, body: bytes, content_type: str) -> requests.Response:
        return self.session.post(
            f"{self.server.url}{path}",
            data=body,
            headers={"Content-Type": content_type},
            timeout=TIMEOUT_SECONDS,
        )

    def get(self, path: str) -> requests.Response:
        return self.session.get(f"{self.server.url}{path}", timeout=TIMEOUT_SECONDS)

    def chat(self, session_id: str = "chat-1", **changes: Any) -> requests.Response:
        return self.post("/capture/v2/chat", CHAT | {"sessionId": session_id} | changes)

    def case(self, session_id: str = "case-1", **changes: Any) -> requests.Response:
        return self.post("/capture/v2/case", CASE | {"sessionId": session_id} | changes)

    def status(self, *session_ids: str) -> list[str]:
        answer = self.post("/capture/v2/status", {"sessionIds": session_ids})
        return [session["status"] for session in answer.json()["sessions"]]


@contextmanager
def connected() -> Iterator[Client]:
    """Run a server for a client that has just logged in; the log of calls is still empty."""
    with CreovaiServer() as server, requests.Session() as session:
        client = Client(server, session)
        client.log_in()
        server.calls.clear()
        yield client


def changed(payload: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy with one member set, or taken out; `path` is like `messages.0.content`."""
    result = copy.deepcopy(payload)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    inner: Any = result
    for step in steps:
        inner = inner[step]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    return result
