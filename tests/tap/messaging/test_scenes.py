"""The demo's enhanced chats, by both interfaces: every form of entry, session by session."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from tests.demo.messaging import SCENES, add_enhanced_chats
from tests.demo.people import hire, meet
from tests.tap.messaging.support import STREAM, YESTERDAY, by_data_api, read

if TYPE_CHECKING:
    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock


@pytest.fixture(name="ended")
def add_scenes(org: SalesforceOrg, clock: Clock) -> list[str]:
    """All scenes, and a chat that goes on; days later."""
    ended = add_enhanced_chats(org, hire(org), meet(org), YESTERDAY)
    clock.tick(7 * 86_400)
    return ended


def by_session(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return rows by session."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["MessagingSessionId"]].append(row)
    return found


@pytest.mark.parametrize("by", ["connect", "conversation_data"])
def test_every_session_that_ended_is_complete(
    server: SalesforceServer, ended: list[str], by: str
) -> None:
    """With as many rows as each of them says, in the order of time."""
    run = read(server, **(by_data_api(server) if by == "conversation_data" else {}))

    found = by_session(run.rows(STREAM))
    assert found.keys() == set(ended)
    for rows in found.values():
        assert {row["SessionEntryCount"] for row in rows} <= {len(rows), 0}
        times = [row["ServerReceivedTimestamp"] or "" for row in rows]
        assert times == sorted(times)
    assert [row["EntryType"] for row in found[ended[-1]]] == ["NoEntries"]


def test_the_data_api_brings_every_entry(server: SalesforceServer, ended: list[str]) -> None:
    """Of every type, whoever it is from, with the names of all who came."""
    rows = read(server, **by_data_api(server)).rows(STREAM)

    played = Counter(payload["entryType"] for scene in SCENES.values() for *_, payload in scene)
    assert Counter(row["EntryType"] for row in rows) == played | Counter({"NoEntries": 1})
    assert {row["SenderRole"] for row in rows} == {
        *("EndUser", "Chatbot", "Agent", "Supervisor", "System", None)
    }
    assert {row["SenderName"] for row in rows if row["SenderRole"] == "Agent"} == {
        *("Ada Brandt", "Luis Ferreira", "Mei O'Neill", "Jean-Luc Moreau", "Priya Nair")
    }


def test_connect_brings_the_words_and_no_more(server: SalesforceServer, ended: list[str]) -> None:
    """Menus and files are there as messages without a text."""
    rows = read(server).rows(STREAM)

    plain = [
        payload["abstractMessage"]["staticContent"]["text"]
        for scene in SCENES.values()
        for *_, payload in scene
        if payload["entryType"] == "Message"
        and payload["abstractMessage"].get("staticContent", {}).get("formatType") == "Text"
    ]
    assert Counter(row["MessageText"] for row in rows if row["MessageText"]) == Counter(plain)
    assert not any(row["Payload"] for row in rows)


def test_a_customer_who_comes_back_has_two_sessions(
    server: SalesforceServer, ended: list[str]
) -> None:
    """The line that opens the second one is in the second one."""
    found = by_session(read(server).rows(STREAM))

    texts = [[row["MessageText"] for row in found[session]] for session in ended[-3:-1]]
    assert texts == [
        ["My lamp flickers.", "Try another bulb."],
        ["Still me: the new bulb flickers, too.", "Then we replace the lamp."],
    ]
