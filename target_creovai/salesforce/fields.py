"""The fields that are read of each stream, and the form that each should have.

The names are those of Salesforce's object reference. A new field that the assembly reads
is one word here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.salesforce.forms import (
    BOOLEAN,
    IDENTIFIER,
    INSTANT,
    MAIL_STATUS_CODE,
    NUMBER,
    TEXT,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_creovai.salesforce.forms import Form

Fields = dict[str, "Form"]


_FORMS = {"ids": IDENTIFIER, "flags": BOOLEAN, "times": INSTANT, "texts": TEXT, "counts": NUMBER}


def _fields(**names: str) -> Fields:
    return {name: _FORMS[form] for form, listed in names.items() for name in listed.split()}


def _metadata(**names: str) -> Fields:
    forms = {form: _FORMS[form].where_it_can_be() for form in names}
    return {name: forms[form] for form, listed in names.items() for name in listed.split()}


_SYSTEM = _fields(
    ids="Id CreatedById LastModifiedById",
    flags="IsDeleted",
    times="CreatedDate LastModifiedDate SystemModstamp",
)
_NAMES = "FirstName LastName Name Email"

# What the assembly reads. A value in a form that is not understood costs the row.
_READ: Mapping[str, Fields] = {
    "Case": _SYSTEM
    | _fields(
        ids="OwnerId ContactId AccountId ParentId MasterRecordId RecordTypeId",
        flags="IsClosed",
        times="ClosedDate",
        texts="Description Origin ContactEmail ContactPhone "
        "SuppliedEmail SuppliedName SuppliedPhone",
    ),
    "CaseComment": _SYSTEM | _fields(ids="ParentId", flags="IsPublished", texts="CommentBody"),
    "EmailMessage": _SYSTEM
    | _fields(
        ids="ParentId",
        flags="Incoming HasAttachment",
        times="MessageDate",
        texts="TextBody HtmlBody Subject Headers FromAddress FromName MessageIdentifier "
        "AutomationType",
    )
    | {"Status": MAIL_STATUS_CODE},
    "LiveChatTranscript": _SYSTEM
    | _fields(
        ids="OwnerId CaseId ContactId LeadId AccountId LiveChatVisitorId",
        flags="IsChatbotSession",
        times="RequestTime StartTime EndTime",
        texts="Status Body",
    )
    | _metadata(counts="OperatorMessageCount VisitorMessageCount ChatDuration"),
    "MessagingSession": _SYSTEM
    | _fields(
        ids="OwnerId CaseId LeadId EndUserContactId MessagingEndUserId ConversationId",
        times="StartTime AcceptTime EndTime",
        texts="Status AgentType",
    )
    | _metadata(counts="AgentMessageCount EndUserMessageCount"),
    "ConversationEntry": _fields(
        ids="Id MessagingSessionId SenderId",
        flags="IsDeleted",
        times="ServerReceivedTimestamp SystemModstamp LastModifiedDate CreatedDate",
        texts="EntryType SenderRole SenderName MessageText ConversationIdentifier",
        counts="SessionEntryCount",
    ),
    "User": _SYSTEM | _fields(texts=f"{_NAMES} Username UserType"),
    "Contact": _SYSTEM | _fields(texts=f"{_NAMES} Phone"),
}

# What is sent as metadata, if it is; its form is made right where that can be.
_METADATA: Mapping[str, Fields] = {
    "Case": _metadata(
        ids="AssetId AssetWarrantyId BusinessHoursId CommunityId EntitlementId ProductId "
        "QuestionId ServiceContractId SourceId FeedItemId",
        flags="IsClosedOnCreate IsEscalated IsStopped IsSelfServiceClosed "
        "IsVisibleInSelfService HasCommentsUnreadByOwner HasSelfServiceComments",
        times="SlaStartDate SlaExitDate StopStartDate LastViewedDate LastReferencedDate",
        texts="CaseNumber Subject Status Priority Reason Type Language Comments CurrencyIsoCode "
        "SuppliedCompany ContactMobile ContactFax CreatorName CreatorFullPhotoUrl "
        "CreatorSmallPhotoUrl MilestoneStatus",
    ),
    "LiveChatTranscript": _metadata(
        ids="LiveChatButtonId LiveChatDeploymentId SkillId",
        times="LastViewedDate LastReferencedDate",
        texts="Name EndedBy ChatKey Browser BrowserLanguage Platform UserAgent ScreenResolution "
        "ReferrerUri VisitorNetwork Location IpAddress CurrencyIsoCode SupervisorTranscriptBody",
        counts="WaitTime Abandoned AverageResponseTimeOperator AverageResponseTimeVisitor "
        "MaxResponseTimeOperator MaxResponseTimeVisitor",
    ),
    "MessagingSession": _metadata(
        ids="EndUserAccountId MessagingChannelId OpportunityId TargetUserId CampaignId",
        times="LastViewedDate LastReferencedDate",
        texts="Name Origin ChannelType ChannelName ChannelKey ChannelGroup ChannelIntent "
        "ChannelLocale ChannelEndUserFormula EndUserLanguage EndedByType PreviewDetails "
        "SessionKey CurrencyIsoCode",
    ),
    "ConversationEntry": _metadata(times="ClientTimestamp"),
}
FIELDS: Mapping[str, Fields] = {
    stream: fields | _METADATA.get(stream, {}) for stream, fields in _READ.items()
}

# Parents that travel inside a row, and their fields.
_PARENTS = {
    "Case": "CreatedBy Owner Contact Account RecordType LastModifiedBy",
    "CaseComment": "CreatedBy",
    "EmailMessage": "CreatedBy",
    "LiveChatTranscript": "Owner Contact Account Lead LiveChatVisitor LiveChatButton "
    "LiveChatDeployment Skill CreatedBy Case",
    "MessagingSession": "Owner Conversation MessagingEndUser MessagingChannel EndUserContact "
    "EndUserAccount Lead CreatedBy Case",
}
# An object or its JSON, whichever: it is read with its own care.
_WITHOUT_FORM = ("Payload",)
_PARENT_FIELDS = (
    f"Id {_NAMES} Username UserType Type Phone Alias SessionKey MasterLabel DeveloperName "
    "ConversationIdentifier MessageType CaseNumber"
)


# Of a name that may be one of these, with a schema or a parent before it. Others are not looked at.
LONGEST_NAME = 255


def spelling_key(name: str) -> str:
    """Return what the spellings of a name have in common: its letters and digits."""
    return "".join(filter(str.isalnum, name)).casefold()


def _by_key(names: str) -> dict[str, str]:
    return {spelling_key(name): name for name in names.split()}


PARENTS: Mapping[str, Mapping[str, str]] = {
    stream: _by_key(_PARENTS.get(stream, "")) for stream in FIELDS
}
PARENT_FIELDS: Mapping[str, str] = _by_key(_PARENT_FIELDS)
NAMES: Mapping[str, Mapping[str, str]] = {
    stream: {
        **_by_key(" ".join([*fields, *_WITHOUT_FORM])),
        **PARENTS[stream],
    }
    for stream, fields in FIELDS.items()
}
