"""The state of a Creovai tenant: credentials, tokens, conversations and their metadata."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import NAMESPACE_URL, uuid5

from tests.fakes.creovai.rules import OUT_OF_BAND_KEYS, TICKS_PER_SECOND, ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Kind = Literal["chat", "case"]
    JsonObject = dict[str, Any]

NOT_FOUND = "NotFound"
FRESH_STATUS = "Concluded"  # ended, and still being processed
DEFAULT_TOKEN_SECONDS = 1799


@dataclass(frozen=True, slots=True)
class Post:
    """An accepted chat, case or out-of-band change; only the first two have an id."""

    path: str
    payload: JsonObject
    id: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a test wants one conversation refused."""

    status: int
    html: bool


@dataclass(frozen=True, slots=True)
class _Change:
    scope: str
    key: str
    event_ticks: int
    metadata: JsonObject


class Tenant:
    """The state behind the API, with the knobs that tests turn. Safe to share by threads."""

    def __init__(self, api_user: str, api_password: str) -> None:
        self.api_user = api_user
        self.api_password = api_password
        self.token_seconds = DEFAULT_TOKEN_SECONDS
        self.participant_types = {"Agent", "Customer", "Bot"}
        self.chat_enabled = True
        self.case_enabled = True
        self.async_metadata_enabled = True
        self.monitor_enabled = True
        self.max_body_bytes: int | None = None
        self.chats: dict[str, JsonObject] = {}
        self.cases: dict[str, JsonObject] = {}
        self.statuses: dict[str, str] = {}
        self.posts: list[Post] = []
        self.heartbeats: list[JsonObject] = []
        self.duplicate_chats: list[str] = []
        self.refusals: dict[str, Refusal] = {}
        self._lock = threading.RLock()
        self._tokens: dict[str, float] = {}
        self._ids: dict[str, str] = {}
        self._post_counts: Counter[str] = Counter()
        self._changes: list[_Change] = []
        self.clock: Callable[[], float] = time.time
        self.status_lag_seconds = 0.0
        self._arrivals: dict[str, float] = {}
        self._looks_hidden = 0
        self._hidden: dict[str, int] = {}

    # --- tokens

    def issue_token(self) -> str:
        """Return a new token, good for `token_seconds` from now."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[token] = time.time() + self.token_seconds
        return token

    def token_is_good(self, token: str) -> bool:
        """Tell whether this tenant issued the token and it has not expired."""
        with self._lock:
            return time.time() < self._tokens.get(token, 0.0)

    def expire_tokens(self) -> None:
        """Make every token issued so far worthless, as a revoked session does."""
        with self._lock:
            self._tokens.clear()

    # --- conversations

    def store(self, kind: Kind, payload: JsonObject) -> str | None:
        """Keep a conversation and return its Creovai id; None if the other kind has its name."""
        session_id: str = payload["sessionId"]
        own, other = (self.chats, self.cases) if kind == "chat" else (self.cases, self.chats)
        with self._lock:
            if session_id in other:
                return None
            self._record_arrival(kind, session_id, known=session_id in own)
            own[session_id] = payload
            creovai_id = self._ids[session_id]
            self.posts.append(Post(f"/capture/v2/{kind}", payload, creovai_id))
            return creovai_id

    def _record_arrival(self, kind: Kind, session_id: str, *, known: bool) -> None:
        self._post_counts[session_id] += 1
        # A case sent again is an update of the same one; a chat sent again is one more chat.
        version = self._post_counts[session_id] if kind == "chat" else 1
        self._ids[session_id] = str(uuid5(NAMESPACE_URL, f"creovai:{session_id}:{version}"))
        self.statuses.setdefault(session_id, FRESH_STATUS)
        if not known:
            self._hidden[session_id] = self._looks_hidden
            self._arrivals[session_id] = self.clock()
        elif kind == "chat" and session_id not in self.duplicate_chats:
            self.duplicate_chats.append(session_id)

    def post_count(self, session_id: str) -> int:
        """Return how often a chat or case of this name was accepted, lost ones included."""
        with self._lock:
            return self._post_counts[session_id]

    def lose(self, session_id: str) -> None:
        """Forget an accepted conversation, as if it had never arrived."""
        with self._lock:
            for known in (self.chats, self.cases, self.statuses, self._ids):
                known.pop(session_id, None)

    def refuse(self, session_id: str, status: int = 400, *, html: bool = False) -> None:
        """Refuse this conversation and its metadata from now on, quoting all of the body."""
        self.refusals[session_id] = Refusal(status, html)

    def accept(self, session_id: str) -> None:
        """Take back `refuse`."""
        self.refusals.pop(session_id, None)

    def payload(self, session_id: str) -> JsonObject | None:
        """Return the last accepted payload of a conversation of either kind."""
        with self._lock:
            return self.chats.get(session_id) or self.cases.get(session_id)

    # --- status

    def hide_for(self, looks: int) -> None:
        """Let conversations that arrive from now on be found only after so many look-ups."""
        with self._lock:
            self._looks_hidden = looks

    def hide(self, session_id: str, looks: int) -> None:
        """Let one conversation be found only after so many look-ups."""
        with self._lock:
            self._hidden[session_id] = looks

    def show_all(self) -> None:
        """Let all conversations be found."""
        with self._lock:
            self._hidden.clear()

    def look_up(self, session_id: str) -> JsonObject:
        """Return the session object of a name, counting the look if the session is hidden.

        A first post is hidden for `status_lag_seconds`, too, by this tenant's `clock`.
        """
        with self._lock:
            hidden = self._hidden.get(session_id, 0)
            if hidden:
                self._hidden[session_id] = hidden - 1
            fresh = self.clock() < self._arrivals.get(session_id, 0.0) + self.status_lag_seconds
            hidden_now = hidden or fresh
            status = NOT_FOUND if hidden_now else self.statuses.get(session_id, NOT_FOUND)
            found = status != NOT_FOUND
            return {
                "sessionId": session_id,
                "status": status,
                "id": self._ids.get(session_id) if found else None,
                "durationSec": self._duration(session_id) if found else None,
            }

    def _duration(self, session_id: str) -> int | None:
        payload = self.payload(session_id)
        if payload is None:
            return None
        return (ticks(payload["utcEnd"]) - ticks(payload["utcStart"])) // TICKS_PER_SECOND

    def exclude(self, session_id: str) -> None:
        """Mark a conversation as excluded; a name that is not known is passed over."""
        with self._lock:
            if session_id in self.statuses:
                self.statuses[session_id] = "Excluded"

    # --- metadata

    @property
    def outofband(self) -> list[Post]:
        """The accepted out-of-band changes, in order of arrival."""
        with self._lock:
            return [post for post in self.posts if "/outofband/" in post.path]

    def append_metadata(self, scope: str, payload: JsonObject) -> None:
        """Keep an out-of-band change, even one that arrives before what it is about."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        when = ticks(payload.get("eventTime", now))
        change = _Change(scope, payload[OUT_OF_BAND_KEYS[scope]], when, payload["metadata"])
        with self._lock:
            self._changes.append(change)
            self.posts.append(Post(f"/capture/v2/outofband/{scope}", payload, ""))

    def metadata(self, session_id: str) -> JsonObject:
        """Return metadata as sent, with the out-of-band changes laid over it by event time.

        Of several values for a field the one with the latest event time stands, and of equal
        times the one that arrived last. What was sent with the conversation is older than any.

        Raises:
            KeyError: No such conversation was accepted.
        """
        with self._lock:
            payload = self.payload(session_id)
            if payload is None:
                raise KeyError(session_id)
            merged = dict(payload.get("metadata", {}))
            names = set(self._names(session_id, payload))
            changes = [change for change in self._changes if (change.scope, change.key) in names]
            for change in sorted(changes, key=lambda change: change.event_ticks):
                merged |= change.metadata
            return merged

    def _names(self, session_id: str, payload: JsonObject) -> Iterator[tuple[str, str]]:
        """Yield the (scope, key) pairs by which a change may name a conversation.

        What a change of a case does to its member chats is not public: here, nothing.
        """
        yield ("case" if session_id in self.cases else "interaction", session_id)
        for scope in ("master", "collection"):
            if key := payload.get(OUT_OF_BAND_KEYS[scope]):
                yield (scope, key)

    # --- purge

    def session_of(self, creovai_id: str) -> str | None:
        """Return the name of the conversation that has a Creovai id."""
        with self._lock:
            return next((name for name, own in self._ids.items() if own == creovai_id), None)

    def sessions_of_customer(self, contacts: set[str]) -> list[str]:
        """Return the names of conversations with one of these e-mails or phones, to the letter.

        Only external participants count.
        """
        with self._lock:
            return [
                session_id
                for session_id, payload in [*self.chats.items(), *self.cases.items()]
                if any(_is_one_of(contacts, who) for who in payload["participants"])
            ]


def _is_one_of(contacts: set[str], who: JsonObject) -> bool:
    own = {who.get("email"), who.get("phoneNumber")}
    return not is_internal(who["type"]) and not contacts.isdisjoint(own)


def is_internal(participant_type: str) -> bool:
    """Tell whether a participant type is on the company's side."""
    return participant_type != "Customer"
