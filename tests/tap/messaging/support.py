"""What the tests of enhanced chats share: chats in an org, and runs of their two streams."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import ConfigValidationError

from tests.tap.support import NOON, run_tap, settings

if TYPE_CHECKING:
    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Run

STREAM = "ConversationEntry"
CUSTOMER, BOT, AGENT = ("EndUser", "visitor-1"), ("Chatbot", "bot-1"), ("Agent", "agent-1")
# What a discovery gives, without the time that it takes.
CATALOG: dict[str, Any] = {
    "streams": [json.loads((Path(__file__).parents[1] / f"data/catalog/{STREAM}.json").read_text())]
}
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
YESTERDAY = NOON - 24 * HOUR


@dataclass(frozen=True, slots=True)
class Chat:
    """A session that has ended, with its conversation."""

    session: str
    conversation: str
    identifier: str


def open_conversation(org: SalesforceOrg) -> tuple[str, str]:
    """Add a conversation; return its Id and its identifier."""
    identifier = org.messaging.open()
    return org.add("Conversation", ConversationIdentifier=identifier), identifier


def add_session(
    org: SalesforceOrg, conversation: str | None, began: datetime, **values: Any
) -> str:
    """Add a session that took ten minutes, or what `values` say; return its Id."""
    ended = began + 10 * MINUTE
    fields = {
        "Status": "Ended",
        "StartTime": began,
        "EndTime": ended,
        "SystemModstamp": ended,
        "MessagingEndUserId": org.add("MessagingEndUser", Name="Jo"),
        "ConversationId": conversation,
    }
    return org.add("MessagingSession", **fields | values)


def add_chat(org: SalesforceOrg, *texts: str, began: datetime = YESTERDAY, **values: Any) -> Chat:
    """Add a chat of one session; customer and agent take turns, a line a minute."""
    conversation, identifier = open_conversation(org)
    for place, text in enumerate(texts):
        sender = AGENT if place % 2 else CUSTOMER
        org.messaging.say(identifier, began + place * MINUTE, sender, text)
    return Chat(add_session(org, conversation, began, **values), conversation, identifier)


def add_chats(org: SalesforceOrg, count: int, *, apart: timedelta = MINUTE) -> list[Chat]:
    """Add chats of one line each."""
    return [add_chat(org, f"Line {n}", began=YESTERDAY + n * apart) for n in range(count)]


def read(
    server: SalesforceServer,
    state: dict[str, Any] | None = None,
    *,
    fails: bool = False,
    **more: Any,
) -> Run:
    """Sync the entries alone."""
    run = run_tap(settings(server, **more), CATALOG, state)
    assert (run.error is not None) is fails, run.error
    return run


def by_data_api(server: SalesforceServer, **more: Any) -> dict[str, Any]:
    """Return the settings of the other interface, and let the server's app use it."""
    server.app_scopes = "api sfap_api"
    url = f"{server.url}/platform/engagement/v1.0"
    return {"messaging_api": "conversation_data", "conversation_data_url": url, **more}


def errors_of(run: Run) -> str:
    """Return what is wrong with the settings of a run."""
    assert isinstance(run.error, ConfigValidationError)
    return " ".join(run.error.errors)


def entries_asked(server: SalesforceServer) -> list[str]:
    """Return the conversations that were asked for, by either interface, in order."""
    return [
        call.query.get("conversationIdentifier") or call.path.split("/")[-2]
        for call in server.calls
        if call.path.endswith(("/entries", "/conversation-entries"))
    ]
