"""The entries of enhanced chats, the two interfaces to them, and what each refuses.

Neither SOQL nor Bulk shows them. Connect and the Conversation Data API have limits of their own,
and each of their calls makes a conversation count as active for half an hour: an org may have so
many active ones, chats that are live included. `live` says how many are. Calls beyond a limit are
refused and counted in `refused`.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.fakes.salesforce.answers import Answer, json_answer
from tests.fakes.salesforce.errors import Code, SalesforceError, not_found

if TYPE_CHECKING:
    from tests.fakes.salesforce.answers import Request
    from tests.fakes.salesforce.org import SalesforceOrg

DATA_BASE = "/platform/engagement/v1.0"
DATA_SCOPE = "sfap_api"

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_MARKED_FOR = timedelta(minutes=30)
_CONNECT_DEFAULT, _CONNECT_MOST = 25, 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Window:
    """Calls in a sliding period, and the most that there ever were."""

    most: int
    period: timedelta
    peak: int = 0
    _calls: deque[datetime] = field(default_factory=deque)

    def is_full(self, now: datetime) -> bool:
        while self._calls and self._calls[0] <= now - self.period:
            self._calls.popleft()
        return len(self._calls) >= self.most

    def record(self, now: datetime) -> None:
        self._calls.append(now)
        self.peak = max(self.peak, len(self._calls))


class Engagement:
    """The limits of an org's conversations: who may call, and how many are active."""

    def __init__(self) -> None:
        self.connect = Window(1000, _HOUR)
        self.data = Window(90, _MINUTE)
        self.max_active = 11_000
        self.live = 0
        self.peak_active = 0
        self.refused = 0
        self.called = 0
        self._marked: dict[str, datetime] = {}  # when, the oldest first
        self._lock = Lock()

    def enter(self, window: Window, identifier: str, now: datetime) -> bool:
        """Count a call for a conversation; tell whether all limits let it pass."""
        with self._lock:
            active = self._active(now) + (identifier not in self._marked)
            if window.is_full(now) or active > self.max_active:
                self.refused += 1
                return False
            window.record(now)
            self.called += 1
            self._marked.pop(identifier, None)
            self._marked[identifier] = now
            self.peak_active = max(self.peak_active, active)
            return True

    def _active(self, now: datetime) -> int:
        for identifier in list(self._marked):
            if self._marked[identifier] > now - _MARKED_FOR:
                break
            del self._marked[identifier]
        return self.live + len(self._marked)


class Messaging:
    """The conversations of an org.

    `enabled` and `permitted` are the feature and the user's permission for it; `payload_as_text`
    makes payloads JSON text, as one of Salesforce's own interfaces does.
    """

    def __init__(self, org: SalesforceOrg) -> None:
        self.limits = Engagement()
        self.enabled = True
        self.permitted = True
        self.payload_as_text = False
        self.data_page_size = 100
        self.retry_after = 60  # seconds
        self._org = org
        self.entries: dict[str, list[dict[str, Any]]] = {}
        self._numbers = Random(7)  # noqa: S311 - made-up data

    def open(self, identifier: str | None = None) -> str:
        """Begin a conversation without entries; return its identifier."""
        identifier = identifier or self._uuid()
        self.entries[identifier] = []
        return identifier

    def close(self, identifier: str) -> None:
        """Forget a conversation, as after a request to delete a customer's data."""
        del self.entries[identifier]

    def add(
        self,
        identifier: str,
        moment: datetime,
        sender: tuple[str, str],
        payload: dict[str, Any],
        **more: Any,
    ) -> str:
        """Add an entry and return its identifier.

        Args:
            identifier: The conversation's.
            moment: When it was received.
            sender: Role and subject.
            payload: The entry's content; `entryType` in it is the entry's too.
            more: Further fields of an entry, such as `relatedRecords`.
        """
        received = (moment - _EPOCH) // timedelta(milliseconds=1)
        role, subject = sender
        entry = {
            "identifier": self._uuid(),
            "entryType": payload.get("entryType", "Message"),
            "entryPayload": payload,
            "sender": {"appType": role.lower(), "role": role, "subject": subject},
            "relatedRecords": [],
            "clientTimestamp": received - 120,
            "serverReceivedTimestamp": received,
        }
        self.entries[identifier].append(entry | more)
        return str((entry | more)["identifier"])

    def say(self, identifier: str, moment: datetime, sender: tuple[str, str], text: str) -> str:
        """Add a message that is plain text."""
        return self.add(identifier, moment, sender, static_text(text))

    # -- Connect -------------------------------------------------------------------------------

    def connect(self, identifier: str, query: dict[str, str]) -> Answer:
        """Answer `connect/conversation/{identifier}/entries`.

        Raises:
            SalesforceError: Connect would refuse.
        """
        if not self.enabled:
            message = "This feature is not currently enabled for this user."
            raise SalesforceError(Code.FUNCTIONALITY_NOT_ENABLED, message, status=403)
        if not self.permitted:
            message = "You do not have the level of access necessary to perform the operation."
            raise SalesforceError(Code.INSUFFICIENT_ACCESS, message, status=403)
        entries = self.entries.get(identifier)
        if not self.limits.enter(self.limits.connect, identifier, self._org.now()):
            message = "Request limit has been exceeded."
            raise SalesforceError(Code.REQUEST_LIMIT_EXCEEDED, message, status=503)
        if entries is None:
            raise not_found()
        found = _slice([entry for entry in entries if entry["entryType"] == "Message"], query)
        Random(identifier).shuffle(found)  # noqa: S311 - no order is promised
        return json_answer({"conversationEntries": [_as_connect(entry) for entry in found]})

    # -- Conversation Data API -----------------------------------------------------------------

    def data(self, request: Request, scopes: str) -> Answer:
        """Answer `conversation-entries`; `scopes` are those of the token, empty without one."""
        if DATA_SCOPE not in scopes.split():
            return json_answer({"error": "invalid_token"}, 401)
        if not (self.enabled and self.permitted):
            return json_answer({"error": "access denied"}, 403)
        identifier = request.query.get("conversationIdentifier", "")
        if not self.limits.enter(self.limits.data, identifier, self._org.now()):
            answer = json_answer({"error": "rate limit exceeded"}, 429)
            return Answer(
                answer.status, answer.body, headers=(("Retry-After", str(self.retry_after)),)
            )
        entries = self.entries.get(identifier)
        if entries is None:
            return json_answer({"error": "conversation not found"}, 404)
        return self._data_page(entries, request.query.get("pageToken"))

    def _data_page(self, entries: list[dict[str, Any]], token: str | None) -> Answer:
        start = int(urlsafe_b64decode(token)) if token else 0
        end = start + self.data_page_size
        page: dict[str, Any] = {
            "conversationEntries": [self._as_data(entry) for entry in entries[start:end]]
        }
        if end < len(entries):
            page["nextPageToken"] = urlsafe_b64encode(str(end).encode()).decode()
        return json_answer(page)

    def _as_data(self, entry: dict[str, Any]) -> dict[str, Any]:
        if self.payload_as_text:
            return entry | {"entryPayload": json.dumps(entry["entryPayload"])}
        return entry

    def _uuid(self) -> str:
        return str(UUID(int=self._numbers.getrandbits(128), version=4))


def static_text(text: str) -> dict[str, Any]:
    """Return the payload of a message that is plain text."""
    return message(staticContent={"formatType": "Text", "text": text})


def message(kind: str = "StaticContentMessage", **content: Any) -> dict[str, Any]:
    """Return the payload of a message."""
    return {"entryType": "Message", "abstractMessage": {"messageType": kind, **content}}


def _slice(entries: list[dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
    limit = int(query.get("recordLimit", _CONNECT_DEFAULT))
    direction = query.get("queryDirection", "FromEnd")
    if not 1 <= limit <= _CONNECT_MOST or direction not in {"FromEnd", "FromStart"}:
        message = "recordLimit or queryDirection is not valid"
        raise SalesforceError(Code.INVALID_PARAMETER, message)
    start, end = int(query.get("startTimestamp", 0)), int(query.get("endTimestamp", 2**62))
    found = [entry for entry in entries if start <= entry["serverReceivedTimestamp"] <= end]
    found.sort(key=lambda entry: entry["serverReceivedTimestamp"])
    return found[:limit] if direction == "FromStart" else found[-limit:]


def _as_connect(entry: dict[str, Any]) -> dict[str, Any]:
    """Connect shows who and when of a message, and what only if it is nothing but text."""
    shown = ("clientTimestamp", "identifier", "relatedRecords", "sender", "serverReceivedTimestamp")
    seen = {"clientDuration": 0} | {name: entry[name] for name in shown}
    content = entry["entryPayload"]["abstractMessage"].get("staticContent", {})
    if content.get("formatType") == "Text":
        seen["messageText"] = content["text"]
    return seen
