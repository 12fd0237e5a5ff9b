"""The SDK's own suite for taps, against an org with a row in every stream.

The suite discovers the streams while pytest collects tests, so a server has to run then, too.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import get_tap_test_class

from tap_salesforce_chat.streams.declarations import STREAMS
from tap_salesforce_chat.tap import TapSalesforceChat
from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
from tests.fakes.salesforce.messaging import static_text
from tests.tap.support import catalog_of, settings

if TYPE_CHECKING:
    from collections.abc import Iterator


COUNTS = (
    "WaitTime",
    "ChatDuration",
    "Abandoned",
    "OperatorMessageCount",
    "VisitorMessageCount",
    "AverageResponseTimeOperator",
    "AverageResponseTimeVisitor",
    "MaxResponseTimeOperator",
    "MaxResponseTimeVisitor",
)


NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def busy_org() -> SalesforceOrg:
    """Return an org with a row in every stream, and a value wherever the suite looks for one.

    It looks for one of every integer, date-time and parent, and warns if there is none.
    """
    org = SalesforceOrg()
    org.now = lambda: NOON
    account = org.add("Account", Name="Acme")
    contact = org.add(
        "Contact", FirstName="Jo", LastName="Doe", Email="jo@example.test", AccountId=account
    )
    case = org.add(
        "Case",
        Subject="Parcel",
        Description="Where is it?",
        ContactId=contact,
        AccountId=account,
        RecordTypeId=org.add("RecordType", Name="Support"),
        **dict.fromkeys(("ClosedDate", "SlaStartDate", "SlaExitDate", "StopStartDate"), NOON),
    )
    org.add("CaseComment", ParentId=case, CommentBody="On its way", IsPublished=True)
    times = dict.fromkeys(("MessageDate", "FirstOpenedDate", "LastOpenedDate"), NOON)
    org.add("EmailMessage", ParentId=case, Subject="Parcel", TextBody="Thanks", **times)
    chat = _add_chat(org, CaseId=case, ContactId=contact, AccountId=account)
    org.add("LiveChatTranscriptEvent", LiveChatTranscriptId=chat, Type="Accept", Time=NOON)
    _add_session(org, CaseId=case, EndUserContactId=contact)
    return org


def _add_session(org: SalesforceOrg, **references: str) -> str:
    """Add a session that has ended, and what was said in it."""
    identifier = org.messaging.open()
    payload = static_text("Hi")
    org.messaging.add(identifier, NOON - HOUR, ("EndUser", "x"), payload, senderDisplayName="Jo")
    return org.add(
        "MessagingSession",
        Status="Ended",
        ConversationId=org.add("Conversation", ConversationIdentifier=identifier),
        MessagingEndUserId=org.add("MessagingEndUser", Name="Jo"),
        MessagingChannelId=org.add("MessagingChannel", MasterLabel="Web"),
        SystemModstamp=NOON - HOUR,
        **dict.fromkeys(("StartTime", "AcceptTime", "EndTime"), NOON - HOUR),
        **dict.fromkeys(("AgentMessageCount", "EndUserMessageCount"), 1),
        **references,
    )


def _add_chat(org: SalesforceOrg, **references: str) -> str:
    return org.add(
        "LiveChatTranscript",
        Body="Hi",
        LeadId=org.add("Lead", LastName="Doe"),
        LiveChatVisitorId=org.add("LiveChatVisitor", SessionKey="session"),
        LiveChatButtonId=org.add("LiveChatButton", MasterLabel="Help"),
        LiveChatDeploymentId=org.add("LiveChatDeployment", MasterLabel="Shop"),
        SkillId=org.add("Skill", MasterLabel="Parcels"),
        **references,
        **dict.fromkeys(("RequestTime", "StartTime", "EndTime"), NOON),
        **dict.fromkeys(COUNTS, 7),
    )


# One dictionary for all taps of the suite: its server's address changes after collection.
CONFIG: dict[str, Any] = {}

with SalesforceServer(busy_org()) as collection_server:
    CONFIG.update(settings(collection_server))
    Standard = get_tap_test_class(
        TapSalesforceChat,
        config=CONFIG,
        parse_env_config=False,
        # The suite reads all streams, those as well that are not selected by default.
        catalog=catalog_of(collection_server, *(stream.sobject for stream in STREAMS)),
    )


# The suite syncs once for all its tests: another worker, or a second time, would find no new rows.
@pytest.mark.xdist_group("standard")
class TestStandard(Standard):  # type: ignore[misc, valid-type] # a class made at run time
    """Every member of the suite."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def server(cls) -> Iterator[None]:
        with SalesforceServer(busy_org()) as server:
            CONFIG["login_url"] = server.url
            yield
