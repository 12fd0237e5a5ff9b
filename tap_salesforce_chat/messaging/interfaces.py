"""The two APIs that return the entries of a conversation: one class each, and a table of them.

A class builds the requests and follows the pages; `EntryReader` adds rate limits and retries.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from typing_extensions import override

from tap_salesforce_chat.errors import UnreadableConversationError
from tap_salesforce_chat.login.flows import ConversationDataFlow
from tap_salesforce_chat.messaging.entries import Entry
from tap_salesforce_chat.messaging.quiet_hours import QuietHours
from tap_salesforce_chat.messaging.rate_limits import Limit, RateLimits

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tap_salesforce_chat.login.flows import AuthFlow

# Sends a GET request for a path with parameters, and returns the decoded answer.
Get = Callable[[str, dict[str, str]], dict[str, Any]]

_CONNECT_PAGE = 1000  # the maximum


class Interface(abc.ABC):
    """An API that returns the entries of a conversation."""

    limits: ClassVar[tuple[Limit, ...]] = ()  # beyond those of the settings
    login: ClassVar[type[AuthFlow] | None] = None  # None: the org's
    advice: ClassVar[str]  # what to change if it refuses

    @staticmethod
    @abc.abstractmethod
    def pages(get: Get, identifier: str, since: int) -> Iterator[list[Entry]]:
        """Yield the entries of a conversation, in no order, some perhaps twice.

        Args:
            get: Sends the requests.
            identifier: The conversation's `ConversationIdentifier`.
            since: Milliseconds since 1970; older entries are not needed.

        Raises:
            NotFoundError: The API does not have the conversation.
            UnreadableConversationError: The answer is malformed.
        """


class ConnectEntries(Interface):
    """Connect REST: static text only, 1,000 calls per app, user and hour.

    https://developer.salesforce.com/docs/atlas.en-us.chatterapi.meta/chatterapi/connect_resources_conversation_entries.htm
    has no page token: the next page begins at the last instant of the one before.
    """

    advice = (
        "The Connect interface for conversation entries needs an org with enhanced Messaging, and "
        "an integration user with the permission 'Access Conversation Entries' and Read on "
        "Conversation, Messaging Session and Messaging User; see docs/enhanced_chat.md. Or "
        "deselect the stream ConversationEntry."
    )

    @override
    @staticmethod
    def pages(get: Get, identifier: str, since: int) -> Iterator[list[Entry]]:
        path = f"connect/conversation/{quote(identifier, safe='')}/entries"
        seen: set[str] = set()
        while True:
            params = {
                "startTimestamp": str(since),
                "queryDirection": "FromStart",
                "recordLimit": str(_CONNECT_PAGE),
            }
            page = _entries(get(path, params))
            yield page
            if len(page) < _CONNECT_PAGE:
                return
            since = max(entry.received for entry in page)
            known, seen = len(seen), seen | {entry.id for entry in page}
            if len(seen) == known:
                msg = "Conversation entries: more of them in one millisecond than Salesforce gives."
                raise UnreadableConversationError(msg)


class ConversationData(Interface):
    """Conversation Data API: all kinds of entries, 90 calls per user and minute.

    https://developer.salesforce.com/docs/service/conversation-data-api/guide/rate-limits.html
    """

    limits = (Limit(90, timedelta(minutes=1), "Conversation Data API's calls per minute"),)
    login = ConversationDataFlow
    advice = (
        "The Conversation Data API needs Setup > Conversation Service API switched on, and an "
        "external client app (client_id, client_secret) with the scope sfap_api, the Client "
        "Credentials Flow with an API-only Run As user, and JWT-based access tokens for named "
        "users; see docs/enhanced_chat.md. Or set messaging_api to connect."
    )

    @override
    @staticmethod
    def pages(get: Get, identifier: str, since: int) -> Iterator[list[Entry]]:
        params, tokens = {"conversationIdentifier": identifier}, set[str]()
        while True:
            answer = get("/conversation-entries", params)
            yield _entries(answer)
            token = answer.get("nextPageToken")
            if not token:
                return
            if token in tokens:
                msg = (
                    "Conversation entries: Salesforce's answer has a nextPageToken that leads back."
                )
                raise UnreadableConversationError(msg)
            tokens.add(token)
            params = {"conversationIdentifier": identifier, "pageToken": str(token)}


INTERFACES: dict[str, type[Interface]] = {
    "connect": ConnectEntries,
    "conversation_data": ConversationData,
}


def rate_limits_for(
    config: Mapping[str, Any], calls: Mapping[str, int], blocked_until: datetime | None = None
) -> RateLimits:
    """Return the rate limits of the settings, against which the calls of earlier runs count."""
    limits = (
        Limit(config["messaging_calls_per_hour"], timedelta(hours=1), "messaging_calls_per_hour"),
        Limit(config["messaging_max_active"], timedelta(minutes=30), "messaging_max_active"),
        *INTERFACES[config["messaging_api"]].limits,
    )
    quiet_hours = QuietHours.parse(config["messaging_pause"], config.get("messaging_time_zone"))
    return RateLimits(limits, quiet_hours, calls, blocked_until)


def _entries(answer: dict[str, Any]) -> list[Entry]:
    try:
        return [Entry.of(document) for document in answer["conversationEntries"]]
    except (AttributeError, KeyError, TypeError, ValueError) as exc:
        msg = f"Conversation entries: the answer is not as expected ({type(exc).__name__})."
        raise UnreadableConversationError(msg) from None
