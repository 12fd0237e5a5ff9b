"""Messaging sessions and their entries as our tap emits them."""

from __future__ import annotations

from typing import Any

from tests.target.rows import AGENT, AGENT_ID, CONTACT_ID, CUSTOMER, Record, at, sf_id

# Fields of an entry that a bot sent, types of all roles, fields of a session without a contact.
BOT: dict[str, Any] = {"SenderRole": "Chatbot", "SenderId": "0Xx1", "SenderName": "Robi"}
ALL_TYPES = {"agent": "Agent", "customer": "Customer", "bot": "Bot", "system": "System"}
NO_CONTACT: dict[str, Any] = {"EndUserContactId": None, "EndUserContact": None}


def session_id(number: int = 1) -> str:
    """Return the Id of a messaging session."""
    return sf_id("MessagingSession", number)


def session(number: int = 1, **fields: Any) -> Record:
    """Return an ended messaging session; each is a conversation of its own."""
    row = {
        "Id": session_id(number),
        "Name": f"0000{number}",
        "Status": "Ended",
        "IsDeleted": False,
        "Origin": "InboundInitiated",
        "AgentType": "BotToAgent",
        "ChannelType": "EmbeddedMessaging",
        "EndUserLanguage": "en_US",
        "StartTime": at("10:00"),
        "AcceptTime": at("10:01"),
        "EndTime": at("10:10"),
        "CreatedDate": at("10:00"),
        "SystemModstamp": at("10:11"),
        "CaseId": None,
        "LeadId": None,
        "EndUserContactId": CONTACT_ID,
        "EndUserContact": CUSTOMER,
        "MessagingEndUserId": "0PA000000000001AAA",
        "MessagingEndUser": {"Name": "Ada from the web", "MessageType": "EmbeddedMessaging"},
        "MessagingChannel": {"MasterLabel": "Shop", "DeveloperName": "Shop"},
        "ConversationId": f"0dw{number:012d}AAA",
        "Conversation": {"ConversationIdentifier": f"conversation-{number}"},
        "OwnerId": AGENT_ID,
        "Owner": AGENT | {"Type": "User"},
    }
    return Record("MessagingSession", row | fields)


def entry(number: int = 1, session: int = 1, **fields: Any) -> Record:
    """Return what the customer said, without a count of entries: see `entries`."""
    row = {
        "Id": f"{number:08d}-0000-4000-8000-{session:012d}",
        "MessagingSessionId": session_id(session),
        "ConversationIdentifier": f"conversation-{session}",
        "EntryType": "Message",
        "SenderRole": "EndUser",
        "SenderId": "v2/iamessage/UNAUTH/NA/uid:1",
        "SenderName": "Guest",
        "ServerReceivedTimestamp": at(f"10:{number // 60:02d}:{number % 60:02d}"),
        "ClientTimestamp": None,
        "MessageText": None,
        "Payload": says(f"words {number}"),
        "SystemModstamp": at("10:11"),
    }
    return Record("ConversationEntry", row | fields)


def answer(number: int = 2, session: int = 1, **fields: Any) -> Record:
    """Return what the session's owner said."""
    fields = {"SenderRole": "Agent", "SenderId": AGENT_ID, "SenderName": "Nora"} | fields
    return entry(number, session, **fields)


def entries(*records: Record, **fields: Any) -> list[Record]:
    """Return entries as our tap emits them: each says how many were read together."""
    together = {"SessionEntryCount": len(records), **fields}
    return [Record(stream, row | together) for stream, row in records]


def enhanced(number: int = 1, **fields: Any) -> list[Record]:
    """Return a session in which the customer and its owner say a word each."""
    return [session(number, **fields), *entries(entry(1, number), answer(2, number))]


def message(kind: str, **content: Any) -> dict[str, Any]:
    """Return the payload of a message of a type."""
    return {"entryType": "Message", "abstractMessage": {"messageType": kind, **content}}


def says(text: str) -> dict[str, Any]:
    """Return the payload of a plain message."""
    content = {"formatType": "Text", "text": text}
    return message("StaticContentMessage", staticContent=content)


def talk(*said: Record, **fields: Any) -> list[Record]:
    """Return a session with these entries, as our tap emits them."""
    return [session(**fields), *entries(*said)]


def joined(number: int, subject: str, name: str) -> Record:
    """Return the entry that says under which name someone joined."""
    participant = {"role": "Agent", "subject": subject}
    change = {"operation": "add", "participant": participant, "displayName": name}
    kind = "PARTICIPANT_CHANGED"
    return entry(number, EntryType=kind, Payload={"entryType": kind, "entries": [change]})
