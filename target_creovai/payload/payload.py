"""Conversations in the JSON that Creovai's interfaces take."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from target_creovai.encoding import json_hash
from target_creovai.model.conversation import Interface
from target_creovai.model.timestamps import utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_creovai.model.conversation import Conversation, Message
    from target_creovai.model.participants import Participant
    from target_creovai.model.settings import AssemblySettings

Payload = dict[str, Any]

# What a conversation belongs to, and its metadata, are not its content: a collection
# that began later, or a new priority, is no second version of a chat.
NO_CONTENT = frozenset({"metadata", "collectionId"})

# These change with every save: a change of these alone is not sent.
BOOKKEEPING = frozenset({"SystemModstamp", "LastModifiedDate", "LastModifiedById"})


# Salesforce's own times are of whole seconds.
EVENT_STEP = timedelta(seconds=1)


def build_payload(conversation: Conversation, settings: AssemblySettings) -> Payload:
    """Return the body of `POST /capture/v2/chat` or `/capture/v2/case`."""
    payload: Payload = {
        "sessionId": conversation.session_id,
        "caseReferenceId": conversation.case_reference_id,
        "masterId": conversation.master_id,
        "collectionId": conversation.collection_id,
        "utcStart": utc(conversation.start),
        "utcEnd": utc(conversation.end),
        **_SHAPES[conversation.interface](conversation, settings),
        "metadata": dict(conversation.metadata),
    }
    return _without_empty(payload)


def in_payload_order(conversation: Conversation) -> Iterable[Message]:
    """Return the messages in the order in which the payload holds them."""
    if conversation.interface is Interface.CASE:
        return conversation.messages
    people, messages = conversation.participants, conversation.messages
    return (message for person in people for message in _sent_by(person, messages))


def build_outofband(
    interface: Interface, session_id: str, when: datetime, changed: Payload
) -> Payload:
    """Return the body of `POST /capture/v2/outofband/interaction` (chat) or `/case`."""
    return {_KEYS[interface]: session_id, "eventTime": utc(when), "metadata": changed}


def event_after(last: str | None, modified: datetime) -> datetime:
    """Return an `eventTime`: the record's own time, and later than the last one.

    Creovai lets the last eventTime win, field by field. Formula fields and those of parents
    change without the record; of two events at the same time either could win.
    """
    if last is None:
        return modified
    return max(modified, datetime.fromisoformat(last) + EVENT_STEP)


def build_heartbeat(status: str, now: datetime, name: str, version: str) -> Payload:
    """Return the body of `POST /capture/v2/status/monitor`."""
    return {"status": status, "timeStamp": utc(now), "name": name, "softwareVersion": version}


def changed_metadata(sent: Mapping[str, Any], now: Mapping[str, Any]) -> Payload:
    """Return the fields whose value Creovai does not have yet.

    Fields that became empty are not among them: how Creovai removes a field is
    not public.
    """
    changed = {name: value for name, value in now.items() if sent.get(name) != value}
    return changed if changed.keys() - BOOKKEEPING else {}


def content_hash(payload: Payload) -> str:
    """Return the hash of the messages, their senders and times."""
    return json_hash({name: value for name, value in payload.items() if name not in NO_CONTENT})


def _chat(conversation: Conversation, settings: AssemblySettings) -> Payload:
    return {
        "participants": [
            _participant(person, settings)
            | {
                "messages": [
                    _chat_message(message) for message in _sent_by(person, conversation.messages)
                ]
            }
            for person in conversation.participants
        ]
    }


def _case(conversation: Conversation, settings: AssemblySettings) -> Payload:
    return {
        "messages": [_case_message(message) for message in conversation.messages],
        "participants": [_participant(person, settings) for person in conversation.participants],
    }


_SHAPES = {Interface.CHAT: _chat, Interface.CASE: _case}
_KEYS = {Interface.CHAT: "sessionId", Interface.CASE: "caseReferenceId"}  # out-of-band


def _sent_by(person: Participant, messages: Iterable[Message]) -> Iterable[Message]:
    return (message for message in messages if message.sender is person)


def _chat_message(message: Message) -> Payload:
    return {"content": message.text, "utcTimestamp": utc(message.at)}


def _case_message(message: Message) -> Payload:
    return {
        "utcTimestamp": utc(message.at),
        "senderReferenceId": message.sender.reference_id,
        "channel": message.channel,
        "content": message.text,
    }


def _participant(person: Participant, settings: AssemblySettings) -> Payload:
    return _without_empty(
        {
            "referenceId": person.reference_id,
            "type": settings.participant_types[person.role],
            "firstName": person.first_name,
            "lastName": person.last_name,
            "email": person.email,
            "phoneNumber": person.phone,
        }
    )


def _without_empty(members: Payload) -> Payload:
    """Creovai's own client omits what is null; empty ids and metadata go the same way."""
    return {
        name: value
        for name, value in members.items()
        if value or value not in (None, "", {})  # most have one: then that is all to ask
    }
