"""The streams: the name of an object, its needed fields, and the parents in its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from tap_salesforce_chat.discovery.describe import Parent
from tap_salesforce_chat.soql import PRIMARY_KEY
from tap_salesforce_chat.streams.conversation_entry import ConversationEntry
from tap_salesforce_chat.streams.deletions import DeletableStream
from tap_salesforce_chat.streams.query_stream import QueryStream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_salesforce_chat.streams.base import SalesforceStream

_PERSON = ("FirstName", "LastName", "Name", "Email")

# Users and queues own rows; only users create them.
OWNER = Parent("Owner", "Name", (*_PERSON, "Username", "Type"))
CREATED_BY = Parent("CreatedBy", "User", (*_PERSON, "Username", "UserType"))
CONTACT = Parent("Contact", "Contact", (*_PERSON, "Phone"))
ACCOUNT = Parent("Account", "Account", ("Name",))
LEAD = Parent("Lead", "Lead", _PERSON)


class Case(DeletableStream):
    """Cases; their messages are in CaseComment, EmailMessage, and `Description`."""

    sobject = "Case"
    case_field = PRIMARY_KEY
    needed = ("CreatedDate", "IsClosed", "Description")
    shown = (
        *("CaseNumber", "Subject", "Status", "Origin", "ClosedDate"),
        *("ContactId", "OwnerId", "CreatedById"),
    )
    parents: ClassVar = (
        CONTACT,
        OWNER,
        CREATED_BY,
        ACCOUNT,
        Parent("RecordType", "RecordType", ("Name",)),
    )


class CaseComment(DeletableStream):
    """Comments on cases, internal ones included."""

    sobject = "CaseComment"
    case_field = "ParentId"
    needed = ("ParentId", "CommentBody", "IsPublished", "CreatedBy.UserType")
    shown = ("CreatedById", "CreatedDate")
    parents: ClassVar = (CREATED_BY,)


class EmailMessage(DeletableStream):
    """Mails, of cases and of other objects."""

    sobject = "EmailMessage"
    case_field = "ParentId"
    needed = ("ParentId", "Incoming", "Status", "TextBody", "HtmlBody")
    shown = ("Subject", "FromName", "FromAddress", "MessageDate", "CreatedById", "CreatedDate")
    parents: ClassVar = (CREATED_BY,)

    @override
    @classmethod
    def scope(cls, config: Mapping[str, Any]) -> dict[str, str]:
        """Leave out mail that belongs to no case, unless `mail_without_case` is set."""
        field = cls.case_field
        return {} if config["mail_without_case"] else {field: f"{field} != null"}


class LiveChatTranscript(DeletableStream):
    """Chats; `Body` holds the whole dialogue as HTML."""

    sobject = "LiveChatTranscript"
    needed = ("Status", "Body")
    shown = (
        *("StartTime", "EndTime", "CaseId", "ContactId", "OwnerId"),
        *("LiveChatVisitorId", "CreatedDate"),
    )
    parents: ClassVar = (
        OWNER,
        CONTACT,
        ACCOUNT,
        LEAD,
        Parent("LiveChatVisitor", "LiveChatVisitor", ("SessionKey",)),
        Parent("LiveChatButton", "LiveChatButton", ("MasterLabel",)),
        Parent("LiveChatDeployment", "LiveChatDeployment", ("MasterLabel",)),
        Parent("Skill", "Skill", ("MasterLabel",)),
    )


class MessagingSession(DeletableStream):
    """Enhanced chats and sessions of other channels; their messages are in ConversationEntry."""

    sobject = "MessagingSession"
    needed = ("Status", "EndTime")
    shown = (
        *("StartTime", "ConversationId", "MessagingEndUserId"),
        *("EndUserContactId", "CaseId", "OwnerId", "CreatedDate"),
    )
    optional = True
    parents: ClassVar = (
        Parent("Conversation", "Conversation", ("ConversationIdentifier",)),
        Parent("MessagingEndUser", "MessagingEndUser", ("Name", "MessageType")),
        Parent("MessagingChannel", "MessagingChannel", ("MasterLabel", "DeveloperName")),
        OWNER,
        Parent("EndUserContact", "Contact", CONTACT.fields),
        Parent("Case", "Case", ("CaseNumber",)),
    )


class LiveChatTranscriptEvent(DeletableStream):
    """Events of chats: requests, transfers, idle times; no message text."""

    sobject = "LiveChatTranscriptEvent"


class User(QueryStream):
    """People who log in: agents, and customers of a portal. Users cannot be deleted."""

    sobject = "User"


class Contact(DeletableStream):
    """Customers; a row merged into another one is deleted and names it in `MasterRecordId`."""

    sobject = "Contact"
    parents: ClassVar = (ACCOUNT,)


STREAMS: tuple[type[SalesforceStream], ...] = (
    Case,
    CaseComment,
    EmailMessage,
    LiveChatTranscript,
    MessagingSession,
    ConversationEntry,
    LiveChatTranscriptEvent,
    User,
    Contact,
)

QUERY_STREAMS = tuple(stream for stream in STREAMS if issubclass(stream, QueryStream))
# Entries are read by session, so a condition on sessions is one on entries too.
FILTERABLE = [stream.sobject for stream in QUERY_STREAMS]
