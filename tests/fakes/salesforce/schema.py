"""The objects of a Service Cloud org, as tables that `fields.parse_fields` reads.

All fields that the object reference documents for the four conversation
objects are here, also those that depend on a feature: hide what an org in a
test is not to have. Key prefixes of the lesser objects are conventional.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.fakes.salesforce.fields import SObject, parse_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNDELETABLE = """
Id id required
CreatedById reference required ->User
CreatedDate datetime required
LastModifiedById reference required ->User
LastModifiedDate datetime required
SystemModstamp datetime required
"""
_SYSTEM = _UNDELETABLE + "IsDeleted boolean"
_VIEWED = """
LastViewedDate datetime
LastReferencedDate datetime
CurrencyIsoCode picklist(3) restricted values=USD|EUR
"""
_LABELLED = """
DeveloperName string(80) idlookup
MasterLabel string(80) name
Language picklist restricted
"""
_NAMED = "Name string name"

_LIVE_CHAT_TRANSCRIPT = """
Name string auto name idlookup
OwnerId reference required ->Group,User
AccountId reference ->Account
CaseId reference ->Case
ContactId reference ->Contact
LeadId reference ->Lead
LiveChatVisitorId reference required ->LiveChatVisitor
LiveChatButtonId reference ->LiveChatButton
LiveChatDeploymentId reference ->LiveChatDeployment
SkillId reference ->Skill
Body textarea(131072) ns
SupervisorTranscriptBody textarea(131072) ns
Status picklist restricted values=Completed|Missed|Blocked|Waiting|InProgress|Dropped
EndedBy picklist restricted values=Agent|Visitor|System
ChatKey string(200) idlookup
RequestTime datetime
StartTime datetime
EndTime datetime
WaitTime int
ChatDuration int
Abandoned int
IsChatbotSession boolean
OperatorMessageCount int
VisitorMessageCount int
AverageResponseTimeOperator int
AverageResponseTimeVisitor int
MaxResponseTimeOperator int
MaxResponseTimeVisitor int
Browser string(200)
BrowserLanguage string(200)
Platform string(200)
UserAgent string(200)
ScreenResolution string(200)
ReferrerUri string(200)
VisitorNetwork string(200)
Location string(200)
IpAddress string(39)
"""

_LIVE_CHAT_TRANSCRIPT_EVENT = """
Name string auto name idlookup
LiveChatTranscriptId reference required ->LiveChatTranscript
AgentId reference ->User
Type picklist restricted values=ChatRequest|Accept|Transfer|EndAgent|EndVisitor|Other
Time datetime
Detail string
"""

_CASE = """
CaseNumber string(30) auto name idlookup
Subject string
Description textarea(32000) ns
Comments textarea(4000) nofilter
SuppliedName string
SuppliedCompany string
SuppliedEmail email
SuppliedPhone string(40)
CreatorName string
CreatorFullPhotoUrl string
CreatorSmallPhotoUrl string
Status picklist default=New values=New|Working|Escalated|Closed
Priority picklist values=High|Medium|Low
Origin picklist values=Email|Phone|Web|Chat
Reason picklist values=Installation|Performance|Breakdown|Other
Type picklist values=Question|Problem|Feedback
Language picklist restricted values=en_US|de|fr
AccountId reference ->Account
ContactId reference ->Contact
OwnerId reference required ->Group,User
ParentId reference ->Case
MasterRecordId reference ->Case
AssetId reference ->Asset
AssetWarrantyId reference ->AssetWarranty
BusinessHoursId reference ->BusinessHours
CommunityId reference ->Community
EntitlementId reference ->Entitlement
ProductId reference ->Product2
QuestionId reference ->Question
RecordTypeId reference nosort ->RecordType
ServiceContractId reference ->ServiceContract
SourceId reference ->EmailMessage,SocialPost
FeedItemId reference nofilter ->FeedItem
IsClosed boolean
IsClosedOnCreate boolean
IsEscalated boolean
IsStopped boolean
IsSelfServiceClosed boolean
IsVisibleInSelfService boolean
HasCommentsUnreadByOwner boolean
HasSelfServiceComments boolean
ContactEmail email of=ContactId.Email
ContactPhone phone of=ContactId.Phone
ContactMobile phone of=ContactId.MobilePhone
ContactFax phone of=ContactId.Fax
ClosedDate datetime
SlaStartDate datetime
SlaExitDate datetime
StopStartDate datetime
"""

_CASE_COMMENT = """
ParentId reference required ->Case
CommentBody textarea(4000)
CommentBodyRichtext textarea(131072) ns
IsPublished boolean
IsNotificationSelected boolean ns null
CreatorName string
CreatorFullPhotoUrl string
CreatorSmallPhotoUrl string
ConnectionReceivedId reference ->PartnerNetworkConnection
ConnectionSentId reference ->PartnerNetworkConnection
"""

_EMAIL_MESSAGE = """
Name string
ParentId reference ->Case
RelatedToId reference ->Account,Case,Contact,Lead
ActivityId reference ->Task
Incoming boolean
Status picklist restricted required default=0 values=0|1|2|3|4|5
MessageDate datetime
Subject string(3000) name
TextBody textarea(131072) ns
HtmlBody textarea(131072) ns
Headers textarea(32000) ns
FromAddress email(1000)
FromName string(1000)
FromId reference ->Account,Contact,Lead,User
ValidatedFromAddress picklist
ToAddress string(4000)
CcAddress string(4000)
BccAddress string(4000)
ToIds junctionidlist ns ->Contact,Lead,User
CcIds junctionidlist ns ->Contact,Lead,User
BccIds junctionidlist ns ->Contact,Lead,User
ContentDocumentIds junctionidlist ns ->ContentDocument
AttachmentIds string(32768) ns
HasAttachment boolean
MessageIdentifier string(765) idlookup
ThreadIdentifier string(765) idlookup
ClientThreadIdentifier string(765)
ReplyToEmailMessageId reference ->EmailMessage
EmailTemplateId reference ->EmailTemplate
EmailRoutingAddressId reference ->EmailServicesAddress
IsExternallyVisible boolean
IsPrivateDraft boolean
IsClientManaged boolean
IsTracked boolean
IsOpened boolean
IsBounced boolean
FirstOpenedDate datetime
LastOpenedDate datetime
AutomationType picklist restricted values=AiAssisted|AiAutomated
Source picklist
Division picklist restricted
CurrencyIsoCode picklist(3) restricted values=USD|EUR
IsDeleted boolean nosort
"""

_USER = """
Name string(121) name
FirstName string(40)
LastName string(80) required
Email email(128) idlookup required
Username string(80) idlookup required
Alias string(8)
CompanyName string(80)
Title string(80)
Phone phone
UserType picklist restricted default=Standard \
values=Standard|PowerPartner|CspLitePortal|CustomerSuccess|PowerCustomerSuccess|CsnOnly|Guest
IsActive boolean default=true
ContactId reference ->Contact
AccountId reference ->Account
ProfileId reference ->Profile
UserRoleId reference ->UserRole
TimeZoneSidKey picklist restricted default=GMT
"""

_GROUP = """
Name string(40) name required
DeveloperName string(80)
Email email
Type picklist restricted default=Queue values=Queue|Regular
"""

_CONTACT = """
Name string(121) name
FirstName string(40)
LastName string(80) required
Salutation picklist
Title string(128)
Email email idlookup
Phone phone
MobilePhone phone
Fax phone
MailingStreet textarea
MailingCity string(40)
MailingCountry string(80)
AccountId reference ->Account
OwnerId reference required ->User
MasterRecordId reference ->Contact
Description textarea(32000) ns
"""

_LEAD = """
Name string(121) name
FirstName string(40)
LastName string(80) required
Company string
Email email idlookup
Phone phone
Status picklist default=Open values=Open|Converted
OwnerId reference required ->Group,User
MasterRecordId reference ->Lead
"""

_ACCOUNT = """
Name string name required
AccountNumber string(40)
Industry picklist
Phone phone
Website url
AnnualRevenue currency
NumberOfEmployees int
OwnerId reference required ->User
ParentId reference ->Account
MasterRecordId reference ->Account
Description textarea(32000) ns
"""

_RECORD_TYPE = """
Name string(80) name required
DeveloperName string(80)
SobjectType picklist restricted
Description string
IsActive boolean default=true
"""

_LIVE_CHAT_VISITOR = """
Name string auto name
SessionKey string(36) idlookup
"""

_ORGANIZATION = """
Name string(80) name
OrganizationType picklist restricted
InstanceName picklist
IsSandbox boolean
NamespacePrefix string(15)
TimeZoneSidKey picklist restricted default=GMT
DefaultLocaleSidKey picklist restricted
"""

_MESSAGING_SESSION = """
Name string auto name
OwnerId reference required ->Group,User
CaseId reference ->Case
LeadId reference ->Lead
EndUserAccountId reference ->Account
EndUserContactId reference ->Contact
Status picklist restricted values=New|Active|Waiting|Consent|Paused|Inactive|Ended|Error
OpportunityId reference ->Opportunity
Origin picklist restricted values=InboundInitiated|AgentInitiated|TriggeredOutbound
AgentType picklist restricted values=Agent|Bot|BotToAgent|System
ChannelType picklist restricted values=EmbeddedMessaging|Text|WhatsApp
ChannelName string(80)
ChannelKey string(150)
ChannelGroup string
ChannelIntent string
ChannelLocale string
ChannelEndUserFormula string
ConversationId reference ->Conversation
MessagingChannelId reference ->MessagingChannel
MessagingEndUserId reference required ->MessagingEndUser
TargetUserId reference ->User
EndUserLanguage picklist
SessionKey string(36) idlookup
PreviewDetails string ns
StartTime datetime
AcceptTime datetime
EndTime datetime
EndedByType picklist restricted values=Agent|Bot|EndUser|System
AgentMessageCount int ns
EndUserMessageCount int ns
"""

_MESSAGING_END_USER = """
Name string name
ContactId reference ->Contact
AccountId reference ->Account
LeadId reference ->Lead
MessagingChannelId reference ->MessagingChannel
MessageType picklist restricted values=EmbeddedMessaging|Text|WhatsApp
MessagingPlatformKey string
MessagingConsentStatus picklist
Locale string
IsoCountryCode string(3)
"""

_MESSAGING_CHANNEL = """
MessageType picklist restricted values=EmbeddedMessaging|Text|WhatsApp
MessagingPlatformKey string
IsActive boolean default=true
"""

# The documentation knows no SystemModstamp of it.
_CONVERSATION = """
Id id required
Name string auto name
ConversationIdentifier string idlookup
ConversationChannelId reference ->MessagingChannel
StartTime datetime
EndTime datetime
CreatedById reference required ->User
CreatedDate datetime required
LastModifiedById reference required ->User
LastModifiedDate datetime required
IsDeleted boolean
"""

# Object reference, FeedItem: it cannot be filtered by SystemModstamp, in no version.
_FEED_ITEM = """
Id id required
ParentId reference required ->Case,Account,Contact,User
Type picklist restricted values=TextPost|QuestionPost|ContentPost|LinkPost|CaseCommentPost
Visibility picklist restricted default=InternalUsers values=AllUsers|InternalUsers
Status picklist restricted default=Published values=Published|PendingReview|Isolated
Body textarea(10000) ns
Title string
IsRichText boolean
CommentCount int
InsertedById reference ->User
LastEditDate datetime
CreatedById reference required ->User
CreatedDate datetime required
LastModifiedDate datetime required
SystemModstamp datetime required nofilter nosort
IsDeleted boolean
"""

_FEED_COMMENT = """
Id id required
FeedItemId reference required ->FeedItem
ParentId reference required ->Case,Account,Contact,User
CommentBody textarea(10000) ns
CommentType picklist restricted values=TextComment|ContentComment
Status picklist restricted default=Published values=Published|PendingReview|Isolated
IsRichText boolean
InsertedById reference ->User
CreatedById reference required ->User
CreatedDate datetime required
LastModifiedDate datetime required
SystemModstamp datetime required nosort
IsDeleted boolean
"""

# One row: what the API user may do.
_USER_PERMISSION_ACCESS = """
Id id required
LastCacheUpdate datetime
PermissionsApiEnabled boolean default=true
PermissionsViewAllData boolean default=true
"""

# What SOQL sees of a User or a Group through a polymorphic reference.
_NAME = """
Id id required
Name string name
FirstName string(40)
LastName string(80)
NameOrAlias string(80)
Alias string(8)
Email email
IsActive boolean
Phone phone
Title string(80)
Type picklist
Username string(80)
UserRoleId reference ->UserRole
ProfileId reference ->Profile
"""

_TABLES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "LiveChatTranscript": ("570", (_SYSTEM, _VIEWED, _LIVE_CHAT_TRANSCRIPT)),
        "LiveChatTranscriptEvent": ("574", (_SYSTEM, _VIEWED, _LIVE_CHAT_TRANSCRIPT_EVENT)),
        "Case": ("500", (_SYSTEM, _VIEWED, _CASE)),
        "CaseComment": ("00a", (_SYSTEM, _CASE_COMMENT)),
        "EmailMessage": ("02s", (_SYSTEM, _EMAIL_MESSAGE)),
        "User": ("005", (_UNDELETABLE, _USER)),
        "Group": ("00G", (_UNDELETABLE, _GROUP)),
        "Contact": ("003", (_SYSTEM, _VIEWED, _CONTACT)),
        "Lead": ("00Q", (_SYSTEM, _VIEWED, _LEAD)),
        "Account": ("001", (_SYSTEM, _VIEWED, _ACCOUNT)),
        "RecordType": ("012", (_UNDELETABLE, _RECORD_TYPE)),
        "LiveChatVisitor": ("571", (_SYSTEM, _LIVE_CHAT_VISITOR)),
        "LiveChatButton": ("573", (_SYSTEM, _LABELLED)),
        "LiveChatDeployment": ("572", (_SYSTEM, _LABELLED)),
        "Skill": ("0C5", (_UNDELETABLE, _LABELLED)),
        "MessagingSession": ("0Mw", (_SYSTEM, _VIEWED, _MESSAGING_SESSION)),
        "MessagingEndUser": ("0PA", (_SYSTEM, _MESSAGING_END_USER)),
        "MessagingChannel": ("0Mj", (_UNDELETABLE, _LABELLED, _MESSAGING_CHANNEL)),
        "Conversation": ("0dw", (_CONVERSATION,)),
        "FeedItem": ("0D5", (_FEED_ITEM,)),
        "FeedComment": ("0D7", (_FEED_COMMENT,)),
        "UserPermissionAccess": ("10y", (_USER_PERMISSION_ACCESS,)),
        "Organization": ("00D", (_UNDELETABLE, _ORGANIZATION)),
        "Profile": ("00e", (_UNDELETABLE, _NAMED)),
        "UserRole": ("00E", (_UNDELETABLE, _NAMED)),
        "Asset": ("02i", (_SYSTEM, _NAMED)),
        "Product2": ("01t", (_SYSTEM, _NAMED)),
        "BusinessHours": ("01m", (_UNDELETABLE, _NAMED)),
        "Entitlement": ("550", (_SYSTEM, _NAMED)),
        "ServiceContract": ("810", (_SYSTEM, _NAMED)),
        "EmailTemplate": ("00X", (_UNDELETABLE, _NAMED)),
        "Task": ("00T", (_SYSTEM, "Subject string name")),
    }
)


def standard_objects() -> dict[str, SObject]:
    """Return every object by its API name, the pseudo-object `Name` included."""
    objects = {
        name: SObject(name, prefix, parse_fields(*tables))
        for name, (prefix, tables) in _TABLES.items()
    }
    objects["Name"] = SObject("Name", "", parse_fields(_NAME), queryable=False)
    return objects
