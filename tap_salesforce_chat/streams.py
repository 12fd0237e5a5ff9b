"""The streams: an object's name, and the parents whose fields travel inside its rows."""

from __future__ import annotations

from typing import ClassVar

from tap_salesforce_chat.client import SalesforceStream
from tap_salesforce_chat.describe import Parent

_PERSON = ("FirstName", "LastName", "Name", "Email")

# Users and queues own rows; only users create them.
OWNER = Parent("Owner", "Name", (*_PERSON, "Username", "Type"))
CREATED_BY = Parent("CreatedBy", "User", (*_PERSON, "Username", "UserType"))
CONTACT = Parent("Contact", "Contact", (*_PERSON, "Phone"))
ACCOUNT = Parent("Account", "Account", ("Name",))
LEAD = Parent("Lead", "Lead", _PERSON)


class Case(SalesforceStream):
    """Cases; their messages are in the two streams below, and in `Description`."""

    sobject = "Case"
    parents: ClassVar = (
        CONTACT,
        OWNER,
        CREATED_BY,
        ACCOUNT,
        Parent("RecordType", "RecordType", ("Name",)),
    )


class CaseComment(SalesforceStream):
    """Comments on cases, internal ones included."""

    sobject = "CaseComment"
    parents: ClassVar = (CREATED_BY,)


class EmailMessage(SalesforceStream):
    """Mails, of cases and of other objects."""

    sobject = "EmailMessage"
    parents: ClassVar = (CREATED_BY,)


class LiveChatTranscript(SalesforceStream):
    """Chats; `Body` holds the whole dialogue as HTML."""

    sobject = "LiveChatTranscript"
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


STREAMS: tuple[type[SalesforceStream], ...] = (
    Case,
    CaseComment,
    EmailMessage,
    LiveChatTranscript,
)
