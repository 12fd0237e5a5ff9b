"""Messages as they read after they were changed: what was redacted stays redacted."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from target_creovai.kinds.entries import UPDATE, is_of_type, role_of
from target_creovai.model.participants import Role
from target_creovai.parsers.messaging import decoded, member, member_key, message_ids, text_in
from target_creovai.salesforce.rows import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from target_creovai.model.rows import Row

    Timed = tuple[datetime, Row]

_NO_PARTICIPANTS = frozenset({Role.SYSTEM, Role.UNKNOWN})


def as_updated(timed: Sequence[Timed]) -> list[Timed]:
    """Return the messages of a session in order, each with the content of its last update.

    An entry `MessageUpdated` names the message that it replaces (`updatedMessage.id` in the
    schema of Salesforce's Interaction Service). Where nothing goes by that name it is the
    latest of the same sender, or of anybody where the sender is no participant: Salesforce
    masks what others wrote. Where there is none either, the update is a message itself.
    """
    messages = [pair for pair in timed if not is_of_type(pair[1], UPDATE)]
    updates = [pair for pair in timed if is_of_type(pair[1], UPDATE)]
    places = _Places(messages) if updates else None
    for at, update in updates:
        place = places.of(at, update) if places else None
        if place is None:
            messages.append((at, _with_content_of(update, update | {"EntryType": "Message"})))
        else:
            messages[place] = messages[place][0], _with_content_of(update, messages[place][1])
    return sorted(messages, key=lambda pair: pair[0])


class _Places:
    """The places of messages, by their identifiers and by who sent them."""

    def __init__(self, messages: Sequence[Timed]) -> None:
        self._named: dict[str, list[int]] = defaultdict(list)
        self._sent: dict[object, list[int]] = defaultdict(list)
        self._times = [at for at, _ in messages]
        self._senders = [_sender(entry) for _, entry in messages]
        for place, (_, entry) in enumerate(messages):
            self._sent[_sender(entry)].append(place)
            for name in {text_of(entry, "Id") or "", *message_ids(entry.get("Payload"))}:
                self._named[member_key(name)].append(place)

    def of(self, at: datetime, update: Row) -> int | None:
        """Return the place of what an update replaces: the sender's own, and sent before it."""
        sender, before = _sender(update), bisect_right(self._times, at)
        name = member_key(text_in(_replacement(update), "id"))
        named = self._named.get(name, []) if name else []
        own = [place for place in named if self._senders[place] == sender]
        places: Sequence[int] = own or named or self._sent.get(sender, [])
        if not places and role_of(update) in _NO_PARTICIPANTS:
            places = range(len(self._times))
        earlier = bisect_right(places, before - 1)
        return places[max(earlier - 1, 0)] if places else None


def _sender(entry: Row) -> tuple[str, str | None]:
    return member_key(entry.get("SenderRole")), text_of(entry, "SenderId")


def _replacement(update: Row) -> dict[str, Any]:
    content = decoded(update.get("Payload"))
    message = member(content, "updatedmessage") or member(content, "abstractmessage")
    return message if isinstance(message, dict) else {}


def _with_content_of(update: Row, entry: Row) -> Row:
    message = _replacement(update)
    payload = {"abstractMessage": message} if message else None
    return entry | {"Payload": payload, "MessageText": update.get("MessageText")}
