"""The SDK's own suite for taps, against an org with a row in every stream.

The suite discovers the streams while pytest collects tests, so a server has to run then, too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import get_tap_test_class

from tap_salesforce_chat.tap import TapSalesforceChat
from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
from tests.tap.support import settings

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


def busy_org() -> SalesforceOrg:
    """Return an org with a row in every stream."""
    org = SalesforceOrg()
    org.now = lambda: datetime(2024, 5, 1, 12, tzinfo=UTC)
    contact = org.add("Contact", FirstName="Jo", LastName="Doe", Email="jo@example.test")
    case = org.add("Case", Subject="Parcel", ContactId=contact, Description="Where is it?")
    org.add("CaseComment", ParentId=case, CommentBody="On its way", IsPublished=True)
    org.add("EmailMessage", ParentId=case, Subject="Parcel", TextBody="Thanks", Incoming=True)
    visitor = org.add("LiveChatVisitor", SessionKey="session")
    # The suite wants to see a value of every integer.
    counts = dict.fromkeys(COUNTS, 7)
    org.add("LiveChatTranscript", LiveChatVisitorId=visitor, CaseId=case, Body="Hi", **counts)
    return org


# One dictionary for all taps of the suite: its server's address changes after collection.
CONFIG: dict[str, Any] = {}

with SalesforceServer(busy_org()) as collection_server:
    CONFIG.update(settings(collection_server))
    Standard = get_tap_test_class(TapSalesforceChat, config=CONFIG, parse_env_config=False)


class TestStandard(Standard):  # type: ignore[misc, valid-type] # a class made at run time
    """Every member of the suite."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def server(cls) -> Iterator[None]:
        with SalesforceServer(busy_org()) as server:
            CONFIG["login_url"] = server.url
            yield
