"""Salesforce rows as our tap emits them, and the Singer lines that carry them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from target_creovai.kinds import KIND_OF_STREAM
from target_creovai.salesforce.streams import object_of

if TYPE_CHECKING:
    from collections.abc import Collection

DAY = "2024-05-06"

CUSTOMER = {
    "FirstName": "Ada",
    "LastName": "Quill",
    "Name": "Ada Quill",
    "Email": "Ada@Example.com",
    "Phone": "+1 555 0100",
}
AGENT = {
    "FirstName": "Nora",
    "LastName": "Vance",
    "Name": "Nora Vance",
    "Email": "nora@desk.example",
    "Username": "nora@desk.example.prod",
}
AGENT_ID = "005000000000001AAA"
CONTACT_ID = "003000000000001AAA"

KEY_PREFIXES = {
    "Case": "500",
    "CaseComment": "00a",
    "EmailMessage": "02s",
    "LiveChatTranscript": "570",
    "MessagingSession": "0Mw",
}


class Record(NamedTuple):
    """A row and the stream it travels in."""

    stream: str
    row: dict[str, Any]


class State(NamedTuple):
    """The value of a STATE message."""

    value: dict[str, Any]


class Schema(NamedTuple):
    """The SCHEMA messages of a stream, and of those that belong to the same conversations."""

    stream: str


STARTED = State({"sync_started_at": "2024-05-07T00:00:00Z", "bookmarks": {}})
COMPLETED = State(
    {
        "sync_started_at": "2024-05-07T00:00:00Z",
        "sync_completed_at": "2024-05-07T00:01:00Z",
        "bookmarks": {"Case": {"replication_key_value": "2024-05-06T18:00:00Z"}},
    }
)


def sf_id(stream: str, number: int) -> str:
    """Return the Id of a stream's row of that number."""
    return f"{KEY_PREFIXES[stream]}{number:012d}AAA"


def case_id(number: int = 1) -> str:
    """Return the Id of a case."""
    return sf_id("Case", number)


def chat_id(number: int = 1) -> str:
    """Return the Id of a chat."""
    return sf_id("LiveChatTranscript", number)


def at(clock: str) -> str:
    """Return a date-time of the day on which all of this happens."""
    return f"{DAY}T{clock if clock.count(':') > 1 else clock + ':00'}Z"


def deleted(record: Record, clock: str = "20:00") -> Record:
    """Return the row as it arrives from the recycle bin."""
    return Record(record.stream, {**record.row, "IsDeleted": True, "SystemModstamp": at(clock)})


def case(number: int = 1, **fields: Any) -> Record:
    """Return a closed case that says nothing by itself."""
    row = {
        "Id": case_id(number),
        "CaseNumber": f"0000{number}",
        "Status": "Closed",
        "IsClosed": True,
        "IsDeleted": False,
        "Origin": "Phone",
        "Description": None,
        "CreatedDate": at("10:00"),
        "ClosedDate": at("18:00"),
        "SystemModstamp": at("18:00"),
        "ContactId": CONTACT_ID,
        "Contact": CUSTOMER,
        "CreatedById": AGENT_ID,
        "CreatedBy": AGENT | {"UserType": "Standard"},
        "OwnerId": AGENT_ID,
        "Owner": AGENT | {"Type": "User"},
    }
    return Record("Case", row | fields)


def comment(number: int = 1, case: int = 1, **fields: Any) -> Record:
    """Return a published comment that an agent made."""
    row = {
        "Id": sf_id("CaseComment", number),
        "ParentId": case_id(case),
        "CommentBody": f"comment {number}",
        "IsPublished": True,
        "IsDeleted": False,
        "CreatedDate": at("12:00"),
        "SystemModstamp": at("12:00"),
        "CreatedById": AGENT_ID,
        "CreatedBy": AGENT | {"UserType": "Standard"},
    }
    return Record("CaseComment", row | fields)


def mail(number: int = 1, case: int = 1, **fields: Any) -> Record:
    """Return a mail that the customer sent."""
    row = {
        "Id": sf_id("EmailMessage", number),
        "ParentId": case_id(case),
        "TextBody": f"mail {number}",
        "HtmlBody": None,
        "Incoming": True,
        "Status": "1",
        "IsDeleted": False,
        "FromAddress": "ada@example.com",
        "FromName": "Ada Quill",
        "MessageDate": at("11:00"),
        "CreatedDate": at("11:01"),
        "SystemModstamp": at("11:01"),
        "CreatedById": AGENT_ID,
        "CreatedBy": AGENT | {"UserType": "Standard"},
    }
    return Record("EmailMessage", row | fields)


def reply(number: int = 2, case: int = 1, **fields: Any) -> Record:
    """Return a mail that an agent sent from a shared mailbox."""
    fields = {
        "Incoming": False,
        "Status": "3",
        "FromAddress": "support@desk.example",
        "FromName": "Support",
    } | fields
    return mail(number, case, **fields)


def chat(number: int = 1, **fields: Any) -> Record:
    """Return a completed chat in which the customer and an agent say a word each."""
    row = {
        "Id": chat_id(number),
        "Status": "Completed",
        "IsDeleted": False,
        "Body": transcript("( 7s ) Nora V: Good day", f"( 31s ) Ada Quill: question {number}"),
        "StartTime": at("10:00"),
        "EndTime": at("10:05"),
        "RequestTime": at("09:59"),
        "CreatedDate": at("09:59"),
        "SystemModstamp": at("10:06"),
        "CaseId": None,
        "ContactId": CONTACT_ID,
        "Contact": CUSTOMER,
        "LiveChatVisitorId": "5710000000000001AAA",
        "OwnerId": AGENT_ID,
        "Owner": AGENT | {"Type": "User"},
    }
    return Record("LiveChatTranscript", row | fields)


def transcript(*entries: str, agent: str | None = "Nora V") -> str:
    """Return a Body as Salesforce writes it; an entry is like `( 7s ) Nora V: Good day`."""
    head = ["Chat Started: Monday, May 06, 2024, 10:00:00 (+0000)", "Chat Origin: Web"]
    head += [f"Agent {agent}"] if agent else []
    notices = "".join(f'<p align="center">{notice}</p>' for notice in head)
    return notices + "".join(f"{entry}<br>" for entry in entries)


UNANSWERED: dict[str, Any] = {
    "Status": "Missed",
    "Body": transcript("( 7s ) Ada Quill: hello?", agent=None),
}
"""The fields of a chat that nobody took."""


def singer(*items: Record | State | Schema) -> bytes:
    """Return the lines that a tap would write for these rows and states."""
    lines: list[dict[str, Any]] = []
    announced: set[str] = set()
    objects = {object_of(item.stream, ()) for item in items if not isinstance(item, State)}
    for item in items:
        if isinstance(item, State):
            lines.append({"type": "STATE", "value": item.value})
            continue
        # A tap announces all its streams, whether or not they have rows.
        for stream in [item.stream, *streams_beside(item.stream, objects)]:
            if stream not in announced:
                announced.add(stream)
                lines.append(schema(stream))
        if isinstance(item, Record):
            lines.append({"type": "RECORD", "stream": item.stream, "record": item.row})
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def streams_beside(stream: str, objects: Collection[str | None]) -> list[str]:
    """Return the streams of the kind of conversation that one belongs to, but for these."""
    kind = KIND_OF_STREAM.get(object_of(stream, ()) or "")
    return [other for other in kind.streams if other not in objects] if kind else []


def schema(stream: str) -> dict[str, Any]:
    """Return a SCHEMA message; the target goes by the stream's name."""
    properties = {"Id": {"type": "string"}, "SystemModstamp": {"type": ["null", "string"]}}
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"properties": properties},
        "key_properties": ["Id"],
    }
