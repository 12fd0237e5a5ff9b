"""Convert the entries of a conversation to rows of its sessions. Pure: values in, values out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from tap_salesforce_chat.ids import SHORT
from tap_salesforce_chat.soql import PRIMARY_KEY, REPLICATION_KEY
from tap_salesforce_chat.timestamps import canonical, format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Document = Mapping[str, Any]

# The type of the one row of a session without entries: it was read, and has none.
NO_ENTRIES = "NoEntries"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_TEXT = {"type": ["string", "null"]}
_INSTANT = {"type": ["string", "null"], "format": "date-time"}

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        PRIMARY_KEY: {"type": "string"},
        "MessagingSessionId": _TEXT,
        "ConversationIdentifier": _TEXT,
        "EntryType": _TEXT,
        "SenderRole": _TEXT,
        "SenderId": _TEXT,
        "SenderName": _TEXT,
        "ServerReceivedTimestamp": _INSTANT,
        "ClientTimestamp": _INSTANT,
        "MessageText": _TEXT,
        "Payload": {"type": ["object", "null"]},
        "SessionEntryCount": {"type": ["integer", "null"]},
        REPLICATION_KEY: _INSTANT,
    },
    "required": [PRIMARY_KEY],
}


@dataclass(frozen=True, slots=True)
class Session:
    """A messaging session; instants are milliseconds since 1970, None if unknown."""

    id: str
    conversation: str | None  # the Id of its Conversation
    identifier: str | None  # its `ConversationIdentifier`, by which the APIs find it
    modified: str
    began: int | None
    ended: int | None

    @classmethod
    def of(cls, row: Document) -> Session:
        """Return the session of a row of a query."""
        return cls(
            id=row[PRIMARY_KEY],
            conversation=row.get("ConversationId"),
            identifier=(row.get("Conversation") or {}).get("ConversationIdentifier"),
            modified=canonical(row[REPLICATION_KEY]),
            began=_milliseconds(row.get("StartTime")),
            ended=_milliseconds(row.get("EndTime")),
        )

    @property
    def key(self) -> str:
        """The Id that the sessions of one conversation share."""
        return self.conversation or self.id

    def distance(self, moment: int) -> int:
        """Return the milliseconds between an instant and the session, 0 within the session."""
        before = (self.began or 0) - moment
        after = 0 if self.ended is None else moment - self.ended
        return max(before, after, 0)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of either API; instants are milliseconds since 1970, 0 if missing."""

    id: str
    kind: str | None
    role: str | None
    sender: str | None
    name: str | None = field(repr=False)
    received: int
    client: int
    text: str | None = field(repr=False)
    payload: dict[str, Any] | None = field(repr=False)
    records: tuple[str, ...]  # Ids of its `relatedRecords`

    @classmethod
    def of(cls, document: Document) -> Entry:
        """Return the entry of a document of either API.

        Raises:
            KeyError: It has no identifier.
            ValueError: One of its instants is not a number.
        """
        sender = document.get("sender") or {}
        payload = _payload(document.get("entryPayload"))
        text = document.get("messageText") or _static_text(payload)
        client = int(document.get("clientTimestamp") or 0)
        received = document.get("serverReceivedTimestamp") or document.get("transcriptedTimestamp")
        return cls(
            id=document["identifier"],
            # Connect has no entry types; an entry with a text is a message.
            kind=document.get("entryType") or ("Message" if text else None),
            role=sender.get("role"),
            sender=sender.get("subject"),
            name=document.get("senderDisplayName"),
            received=int(received or client),
            client=client,
            text=text,
            payload=payload,
            records=tuple(document.get("relatedRecords") or ()),
        )


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Return each entry once, in the order in which Salesforce received them."""
    by_id = {entry.id: entry for entry in entries}
    return sorted(by_id.values(), key=lambda entry: (entry.received, entry.id))


def by_session_id(entries: Iterable[Entry], sessions: Sequence[Session]) -> dict[str, list[Entry]]:
    """Return the entries of each session of a conversation, by the session's Id.

    An entry that names a session belongs to it, even to a deleted one. Any other belongs to the
    session during which it was received; between two sessions, to the nearer one: the opening
    message of a chat comes a moment before its session begins.
    """
    found: dict[str, list[Entry]] = defaultdict(list)
    known = {session.id[:SHORT]: session.id for session in sessions}
    prefixes = tuple({session.id[:3] for session in sessions})
    latest_first = sorted(sessions, key=lambda session: session.began or 0, reverse=True)
    for entry in entries:
        named = [item for item in entry.records if item.startswith(prefixes)]
        owners = [known[item[:SHORT]] for item in named if item[:SHORT] in known] + named
        nearest = min(latest_first, key=lambda session: session.distance(entry.received))
        found[owners[0] if owners else nearest.id].append(entry)
    return found


def display_names(entries: Iterable[Entry]) -> dict[str, str]:
    """Return the display names of participants in the entries, by their subject."""
    names: dict[str, str] = {}
    for entry in entries:
        if entry.sender and entry.name:
            names[entry.sender] = entry.name
        for change in (entry.payload or {}).get("entries") or ():
            subject = (change.get("participant") or {}).get("subject")
            if subject and change.get("displayName"):
                names.setdefault(subject, change["displayName"])
    return names


def rows_of(
    session: Session, entries: Sequence[Entry], names: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the rows of a session: one for each entry, or one that says that there are none."""
    common = {
        "MessagingSessionId": session.id,
        "ConversationIdentifier": session.identifier,
        "SessionEntryCount": len(entries),
        REPLICATION_KEY: session.modified,
    }
    blank = dict.fromkeys(SCHEMA["properties"])
    if not entries:
        return [blank | common | {PRIMARY_KEY: session.id, "EntryType": NO_ENTRIES}]
    return [blank | common | _own_fields(entry, names) for entry in entries]


def _own_fields(entry: Entry, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        PRIMARY_KEY: entry.id,
        "EntryType": entry.kind,
        "SenderRole": entry.role,
        "SenderId": entry.sender,
        "SenderName": entry.name or names.get(entry.sender or ""),
        "ServerReceivedTimestamp": _instant(entry.received),
        "ClientTimestamp": _instant(entry.client),
        "MessageText": entry.text,
        "Payload": entry.payload,
    }


def _payload(value: Any) -> dict[str, Any] | None:
    """Return a payload, which is an object or the JSON text of one."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError:
            return None
    return value if isinstance(value, dict) else None


def _static_text(payload: dict[str, Any] | None) -> str | None:
    """Return the text of a message that is nothing but text, or text and something else."""
    content = ((payload or {}).get("abstractMessage") or {}).get("staticContent") or {}
    text = content.get("text")
    return text if isinstance(text, str) else None


def _milliseconds(text: str | None) -> int | None:
    return (parse_instant(text) - _EPOCH) // _MILLISECOND if text else None


def _instant(milliseconds: int) -> str | None:
    return format_instant(_EPOCH + milliseconds * _MILLISECOND) if milliseconds else None
