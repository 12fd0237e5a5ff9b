"""The simulated Creovai merges late metadata, and purges what it is told to."""

from __future__ import annotations

import pytest

from tests.fakes.creovai import CreovaiServer
from tests.fakes.creovai.samples import (
    CASE,
    Client,
)


def test_metadata_is_merged_by_event_time(client: Client, server: CreovaiServer) -> None:
    """Per field the latest event stands, whatever came last over the wire."""
    client.case()
    for moment, metadata in [
        ("2024-05-09T00:00:00.0000001Z", {"Priority": "High", "Score": 5}),
        ("2024-05-09T00:00:00Z", {"Priority": "Medium", "Owner.Name": "Bo"}),
        ("2024-05-09T00:00:00.0000001Z", {"Score": 4}),
    ]:
        change = {"caseReferenceId": "case-1", "eventTime": moment, "metadata": metadata}
        assert client.post("/capture/v2/outofband/case", change).status_code == 200

    assert server.metadata("case-1") == {
        "Priority": "High",
        "Reason__c": "Billing",
        "Score": 4,
        "Owner.Name": "Bo",
    }
    assert [post.payload["metadata"].get("Score") for post in server.outofband] == [5, None, 4]


def test_an_event_without_a_time_happens_now(client: Client, server: CreovaiServer) -> None:
    """It beats what is past and yields to what is yet to come."""
    client.chat()
    for extra, value in [
        ({"eventTime": "2999-01-01T00:00:00Z"}, "future"),
        ({}, "now"),
        ({"eventTime": "2024-01-01T00:00:00Z"}, "past"),
    ]:
        field_name = "a" if value == "future" else "b"
        change = {"sessionId": "chat-1", "metadata": {"a": value, field_name: value}}
        client.post("/capture/v2/outofband/interaction", change | extra)

    merged = server.metadata("chat-1")
    assert (merged["a"], merged["b"]) == ("future", "now")


@pytest.mark.parametrize(
    ("scope", "key", "name", "concerned"),
    [
        ("interaction", "sessionId", "chat-1", ["chat-1"]),
        ("interaction", "sessionId", "case-1", []),
        ("case", "caseReferenceId", "case-1", ["case-1"]),
        ("case", "caseReferenceId", "chat-1", []),
        ("master", "masterId", "master-1", ["chat-1"]),
        ("collection", "collectionId", "collection-1", ["chat-1", "case-1"]),
    ],
)
def test_a_change_concerns_what_its_key_names(
    client: Client, scope: str, key: str, name: str, concerned: list[str]
) -> None:
    """Also when it comes before the conversation; the wrong kind of key reaches nobody."""
    server = client.server
    change = {key: name, "metadata": {"mark": 1}}
    client.post(f"/capture/v2/outofband/{scope}", change)
    client.chat()
    client.case(collectionId="collection-1")

    marked = [name for name in ("chat-1", "case-1") if "mark" in server.metadata(name)]

    assert marked == concerned
    assert server.posts[0] == server.outofband[0]
    assert server.post_count(name) == (1 if name in {"chat-1", "case-1"} else 0)


# --- purge -------------------------------------------------------------------------------------


def test_a_purged_conversation_is_gone(client: Client, server: CreovaiServer) -> None:
    """By either id; every item has a status of its own."""
    creovai_id = client.chat().json()["id"]
    client.case()

    by_id = client.post("/interactions/v2/purge", {"ids": [creovai_id, "unknown"]}).json()
    by_name = client.post("/interactions/v2/purge/sessions", {"ids": ["case-1"]}).json()

    assert [item["status"] for item in by_id["items"]] == ["Purging", "NotFound"]
    assert [item["sessionId"] for item in by_name["items"]] == ["case-1"]
    assert client.status("chat-1", "case-1") == ["NotFound", "NotFound"]
    assert (server.chats, server.cases) == ({}, {})


def test_a_conversation_in_progress_is_purged_only_if_told(
    client: Client, server: CreovaiServer
) -> None:
    """Without the flag the item says so, and the conversation stays."""
    client.chat()
    server.statuses["chat-1"] = "InProgress"

    def purge(*, incomplete_too: bool) -> str:
        body = {"ids": ["chat-1"], "allowIncompleteInteraction": incomplete_too}
        answer = client.post("/interactions/v2/purge/sessions", body).json()
        return str(answer["items"][0]["status"])

    assert (purge(incomplete_too=False), purge(incomplete_too=True)) == ("Error", "Purging")


def test_a_purge_by_customer_can_be_rehearsed(client: Client, server: CreovaiServer) -> None:
    """External participants only, their contacts to the letter; `whatIf` purges nothing."""
    client.chat()
    client.case(participants=[CASE["participants"][0]])
    path = "/interactions/v2/purge/customer"

    def items(query: str, **contacts: list[str]) -> list[tuple[str, str]]:
        answer = client.post(f"{path}{query}", contacts).json()["items"]
        return [(item["sessionId"], item["status"]) for item in answer]

    assert items("", emails=["bo@example.com"], phoneNumbers=["15550100"]) == []
    assert items("?whatIf=true", emails=["ada@example.com"]) == [
        ("chat-1", "WhatIf"),
        ("case-1", "WhatIf"),
    ]
    assert items("", phoneNumbers=["+1 555 0100"]) == [("chat-1", "Purging")]
    assert server.cases.keys() == {"case-1"}


def test_metadata_of_nobody_is_an_error() -> None:
    """An empty answer would let a test pass that looks at the wrong name."""
    with pytest.raises(KeyError):
        CreovaiServer().metadata("nobody")
