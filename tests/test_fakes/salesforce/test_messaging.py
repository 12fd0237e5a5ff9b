"""What was said in enhanced chats: where it is, where it is not, and what each call costs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.salesforce.client import V62
from tests.fakes.salesforce.messaging import message

if TYPE_CHECKING:
    import requests

    from tests.fakes.salesforce.client import Client

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
MILLISECONDS = int(NOON.timestamp() * 1000)
CUSTOMER = ("EndUser", "visitor")


@pytest.fixture
def identifier(client: Client) -> str:
    """A conversation of forty lines, at noon by the org's clock."""
    client.org.now = lambda: NOON
    identifier = client.org.messaging.open()
    for number in range(40):
        client.org.messaging.say(identifier, NOON + number * SECOND, CUSTOMER, f"{number}")
    return identifier


def connect(client: Client, identifier: str, **query: Any) -> requests.Response:
    """Ask Connect."""
    return client.get(f"{V62}/connect/conversation/{identifier}/entries", params=query)


def data(client: Client, identifier: str, **query: str) -> requests.Response:
    """Ask the Conversation Data API, with a token for it."""
    token = client.server._tokens.issue("api sfap_api")
    return client.get(
        "/platform/engagement/v1.0/conversation-entries",
        params={"conversationIdentifier": identifier, **query},
        headers={"Authorization": f"Bearer {token}"},
    )


def texts(response: requests.Response) -> list[int]:
    """Return the lines of an answer as they came."""
    return [int(item["messageText"]) for item in response.json()["conversationEntries"]]


def test_queries_show_sessions_and_not_what_was_said(client: Client) -> None:
    """The session leads to the identifier under which the interfaces know its conversation."""
    conversation = client.org.add("Conversation", ConversationIdentifier="uuid")
    client.org.add("MessagingSession", ConversationId=conversation, Status="Ended")

    session = client.query("SELECT Conversation.ConversationIdentifier FROM MessagingSession")
    entry = client.query("SELECT Message FROM ConversationEntry")

    (row,) = session.json()["records"]
    assert row["Conversation"]["ConversationIdentifier"] == "uuid"
    assert entry.json()[0]["errorCode"] == "INVALID_TYPE"


def test_conversations_have_no_system_modstamp(client: Client) -> None:
    """Their documentation lists none."""
    response = client.query("SELECT SystemModstamp FROM Conversation")

    assert response.json()[0]["errorCode"] == "INVALID_FIELD"


def test_connect_gives_the_last_25_unless_asked_otherwise(client: Client, identifier: str) -> None:
    """In no order; from the start, from and up to an instant, both included."""
    start, end = MILLISECONDS + 5_000, MILLISECONDS + 9_000

    by_default = texts(connect(client, identifier))
    first = texts(connect(client, identifier, queryDirection="FromStart", recordLimit=10))
    between = texts(connect(client, identifier, startTimestamp=start, endTimestamp=end))

    assert sorted(by_default) == list(range(15, 40))
    assert by_default != sorted(by_default)
    assert sorted(first) == list(range(10))
    assert sorted(between) == [5, 6, 7, 8, 9]


@pytest.mark.parametrize("query", [{"recordLimit": 1001}, {"queryDirection": "Backwards"}])
def test_connect_refuses_what_it_does_not_know(
    client: Client, identifier: str, query: dict[str, Any]
) -> None:
    """Limits are documented."""
    assert connect(client, identifier, **query).status_code == 400


def test_connect_has_the_text_of_plain_messages_only(client: Client, identifier: str) -> None:
    """Menus are there without a word, and what is no message is not there."""
    org = client.org.messaging
    menu = org.add(identifier, NOON + MINUTE, CUSTOMER, message("ChoicesMessage", choices={}))
    org.add(identifier, NOON + MINUTE, ("System", "s"), {"entryType": "RoutingResult"})

    entries = connect(client, identifier, recordLimit=1000).json()["conversationEntries"]

    assert len(entries) == 41
    (found,) = [item for item in entries if item["identifier"] == menu]
    assert "messageText" not in found
    assert "entryPayload" not in found


@pytest.mark.parametrize("ask", [connect, data])
def test_a_conversation_that_is_not_there_is_not_found(client: Client, ask: Any) -> None:
    """By either interface."""
    assert ask(client, "nobody").status_code == 404


def test_the_data_api_gives_all_of_it_in_pages(client: Client, identifier: str) -> None:
    """Each page but the last names the next."""
    client.org.messaging.data_page_size = 15
    client.org.messaging.add(identifier, NOON, ("System", "s"), {"entryType": "RoutingResult"})
    pages = [data(client, identifier).json()]
    while "nextPageToken" in pages[-1]:
        pages.append(data(client, identifier, pageToken=pages[-1]["nextPageToken"]).json())

    kinds = Counter(item["entryType"] for page in pages for item in page["conversationEntries"])
    assert [len(page["conversationEntries"]) for page in pages] == [15, 15, 11]
    assert kinds == {"Message": 40, "RoutingResult": 1}


def test_the_data_api_wants_the_scope_of_an_app(client: Client, identifier: str) -> None:
    """Only the app's own login brings it, and only if the app has it."""
    client.server.app_scopes = "api sfap_api"
    asked = {"params": {"conversationIdentifier": identifier}}
    path = "/platform/engagement/v1.0/conversation-entries"

    scopes = [
        client.login().json()["scope"],
        client.login(grant_type="client_credentials").json()["scope"],
    ]

    assert scopes == ["api", "api sfap_api"]
    assert client.get(path, **asked).status_code == 401
    assert data(client, identifier).status_code == 200


@pytest.mark.parametrize(
    ("ask", "window", "status"), [(connect, "connect", 503), (data, "data", 429)]
)
def test_calls_beyond_a_limit_are_refused(
    client: Client, identifier: str, ask: Any, window: str, status: int
) -> None:
    """Until the period has passed."""
    limit = getattr(client.org.messaging.limits, window)
    limit.most = 3
    statuses = [ask(client, identifier).status_code for _ in range(4)]
    client.org.now = lambda: NOON + limit.period
    later = ask(client, identifier).status_code

    assert statuses == [200, 200, 200, status]
    assert later == 200
    assert client.org.messaging.limits.refused == 1


def test_a_call_makes_a_conversation_active_for_half_an_hour(client: Client) -> None:
    """Once, however often it is called; live chats count, too."""
    limits = client.org.messaging.limits
    limits.live, limits.max_active = 7, 9
    first, second, third = (client.org.messaging.open() for _ in range(3))
    client.org.now = lambda: NOON

    statuses = [connect(client, name).status_code for name in (first, first, second, third)]
    client.org.now = lambda: NOON + 30 * MINUTE
    later = connect(client, third).status_code

    assert statuses == [200, 200, 200, 503]
    assert later == 200
    assert limits.peak_active == 9


@pytest.mark.parametrize("attribute", ["enabled", "permitted"])
@pytest.mark.parametrize("ask", [connect, data])
def test_a_feature_that_is_off_is_refused(
    client: Client, identifier: str, ask: Any, attribute: str
) -> None:
    """For the org, or for the user."""
    setattr(client.org.messaging, attribute, False)

    assert ask(client, identifier).status_code == 403
