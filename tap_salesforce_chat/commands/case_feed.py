"""Whether customers write in the feeds of cases, which no stream reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_salesforce_chat.errors import LoginError, SalesforceError, SessionExpiredError
from tap_salesforce_chat.reading.query_client import QueryClient
from tap_salesforce_chat.soql import PRIMARY_KEY, Query, one_of

if TYPE_CHECKING:
    from tap_salesforce_chat.http.client import SalesforceClient

# What customers see and write in the feed of a case and no other object holds: posts with text,
# and comments on any post. Feeds have no COUNT(), so the first row is read instead.
_OF_CASES = "Parent.Type = 'Case'"
_TEXTS = one_of("Type", ("ContentPost", "LinkPost", "QuestionPost", "TextPost"))
_PROBES = (
    Query(
        "FeedItem",
        (PRIMARY_KEY,),
        condition=f"{_OF_CASES} AND {_TEXTS} AND Visibility = 'AllUsers'",
    ),
    Query("FeedComment", (PRIMARY_KEY,), condition=_OF_CASES),
)


def has_case_feed(client: SalesforceClient) -> bool | None:
    """Return whether cases have posts or comments; None if the user cannot read feeds.

    Feeds cannot be read without Chatter, nor by a user without View All Data.
    """
    query_client = QueryClient(client, "query", subject="Query of the case feed")
    try:
        return any(page.rows for probe in _PROBES for page in query_client.pages(probe.any_one()))
    except (LoginError, SessionExpiredError):
        raise
    except SalesforceError:
        return None
