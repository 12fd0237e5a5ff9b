"""The simulated Creovai keeps the promises that the tests of the target lean on."""

from __future__ import annotations

import json
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests
import trustme

from tests.fakes.creovai import CreovaiServer
from tests.fakes.creovai.samples import (
    CHAT,
    PAYLOADS,
    TIMEOUT_SECONDS,
    Client,
    changed,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", ["chat", "case"])
def test_a_complete_conversation_is_accepted(
    client: Client, server: CreovaiServer, kind: str
) -> None:
    """Every member in use at once is fine, and the answer holds Creovai's id."""
    answer = client.post(f"/capture/v2/{kind}", PAYLOADS[kind])

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    (post,) = server.posts
    assert (post.path, post.payload) == (f"/capture/v2/{kind}", PAYLOADS[kind])
    assert answer.json() == {"id": post.id}
    assert {"chat": server.chats, "case": server.cases}[kind] == {
        f"{kind}-1": PAYLOADS[kind],
    }


@pytest.mark.parametrize("html", [False, True])
def test_a_conversation_can_be_refused_on_demand(
    client: Client, server: CreovaiServer, *, html: bool
) -> None:
    """That one only, with the wanted status, all of its text quoted, until it is taken back."""
    server.refuse("case-1", 422, html=html)

    refused, other = client.case(), client.case("case-2")
    metadata = client.post(
        "/capture/v2/outofband/case", {"caseReferenceId": "case-1", "metadata": {"a": "b"}}
    )
    server.accept("case-1")

    assert (refused.status_code, other.status_code, metadata.status_code) == (422, 200, 422)
    assert ("text/html" in refused.headers["Content-Type"]) is html
    assert "4111" in refused.text
    assert client.case().status_code == 200


@pytest.mark.parametrize(("first", "second"), [("chat", "case"), ("case", "chat")])
def test_a_session_id_is_unique_over_kinds(
    client: Client, server: CreovaiServer, first: str, second: str
) -> None:
    """A chat and a case may not share a name, whichever came first, unless the first is lost."""
    client.post(f"/capture/v2/{first}", PAYLOADS[first] | {"sessionId": "same"})
    payload = PAYLOADS[second] | {"sessionId": "same"}

    clash = client.post(f"/capture/v2/{second}", payload)
    server.lose("same")
    alone = client.post(f"/capture/v2/{second}", payload)

    assert (clash.status_code, alone.status_code) == (400, 200)


def test_a_type_counts_once_the_tenant_has_it(client: Client, server: CreovaiServer) -> None:
    """Types are the tenant's choice, and the preflight tells them."""
    server.participant_types.add("System")

    accepted = client.post("/capture/v2/chat", changed(CHAT, "participants.1.type", "System"))
    types = client.get("/processing/v2/ParticipantRefTypes").json()["types"]

    assert accepted.status_code == 200
    assert [kind["id"] for kind in types] == ["Agent", "Bot", "Customer", "System"]


def test_a_body_over_the_limit_is_refused(client: Client, server: CreovaiServer) -> None:
    """The limit is the server's to set, and counts bytes."""
    body = json.dumps(CHAT).encode()
    server.max_body_bytes = len(body) - 1
    too_large = client.post_raw("/capture/v2/chat", body, "application/json")
    server.max_body_bytes = len(body)
    just_right = client.post_raw("/capture/v2/chat", body, "application/json")

    assert (too_large.status_code, just_right.status_code) == (413, 200)


# --- sending again, status ---------------------------------------------------------------------


def test_a_chat_sent_twice_is_noted(client: Client, server: CreovaiServer) -> None:
    """What it means is not public: it counts as one more chat, and the last one stands."""
    first, second = client.chat(), client.chat(metadata={"again": True})

    assert first.json()["id"] != second.json()["id"]
    assert (server.duplicate_chats, server.post_count("chat-1")) == (["chat-1"], 2)
    assert server.chats["chat-1"]["metadata"] == {"again": True}


def test_a_case_sent_twice_is_one_case(client: Client, server: CreovaiServer) -> None:
    """Creating and updating a case is the same call."""
    first, second = client.case(), client.case(metadata={"again": True})

    assert first.json() == second.json()
    assert (server.duplicate_chats, server.post_count("case-1")) == ([], 2)
    assert server.cases["case-1"]["metadata"] == {"again": True}


def test_status_is_told_one_by_one_and_in_bulk(client: Client, server: CreovaiServer) -> None:
    """Every name asked for is answered in order; alone, an unknown one is a 404."""
    creovai_id = client.chat().json()["id"]
    server.statuses["by-hand"] = "Complete"

    one = client.get("/capture/v2/status/chat%2D1").json()

    assert one == {
        "sessionId": "chat-1",
        "status": "Concluded",
        "id": creovai_id,
        "durationSec": 1200,
    }
    assert client.status("nobody", "chat-1", "by-hand") == ["NotFound", "Concluded", "Complete"]
    assert client.get("/capture/v2/status/nobody").status_code == 404


def test_a_fresh_conversation_may_stay_hidden(client: Client, server: CreovaiServer) -> None:
    """Look-ups of either form count, and an update does not hide what was visible."""
    server.hide_for(2)
    client.case()

    looks = [client.status("case-1")[0], client.get("/capture/v2/status/case-1").status_code]
    assert [*looks, *client.status("case-1")] == ["NotFound", 404, "Concluded"]
    client.case()
    assert client.status("case-1") == ["Concluded"]


def test_a_lost_conversation_is_as_good_as_never_sent(
    client: Client, server: CreovaiServer
) -> None:
    """It is not found, and sending it again makes no duplicate."""
    client.chat()
    server.lose("chat-1")

    assert client.status("chat-1") == ["NotFound"]
    assert client.chat().status_code == 200
    assert (server.duplicate_chats, server.post_count("chat-1")) == ([], 2)


def test_conversations_are_excluded_alone_or_together(client: Client) -> None:
    """The bodyless form and the list do the same, and pass over unknown names."""
    client.chat()
    client.case()

    alone = client.post("/capture/v2/status/exclude/chat-1")
    together = client.post("/capture/v2/status/exclude", {"sessionIds": ["case-1", "nobody"]})

    assert (alone.status_code, together.status_code) == (200, 200)
    assert client.status("chat-1", "case-1", "nobody") == ["Excluded", "Excluded", "NotFound"]


def test_a_heartbeat_is_taken(client: Client, server: CreovaiServer) -> None:
    """And kept, with the numeric offset that .NET writes."""
    beat = {"status": "Healthy", "timeStamp": "2024-01-02T03:04:05+00:00", "name": "n"}

    assert client.post("/capture/v2/status/monitor", beat).status_code == 200
    assert server.heartbeats == [beat]


# --- transport ---------------------------------------------------------------------------------


def test_every_call_is_logged(client: Client, server: CreovaiServer) -> None:
    """As it came over the wire, refused ones included."""
    client.post("/interactions/v2/purge/customer?whatIf=true", {"emails": ["a@b"]})
    client.post_raw("/capture/v2/chat", b"{", "application/json")

    assert [(call.method, call.path, call.status) for call in server.calls] == [
        ("POST", "/interactions/v2/purge/customer?whatIf=true", 200),
        ("POST", "/capture/v2/chat", 400),
    ]
    assert server.calls[1].body == b"{"
    assert server.calls[1].headers["content-type"] == "application/json"


def test_a_body_of_unknown_length_is_refused(client: Client) -> None:
    """Chunks are not read, so the connection ends there and the next request is sound."""
    chunks = iter([json.dumps(CHAT).encode()])
    answer = client.session.post(
        f"{client.server.url}/capture/v2/chat",
        data=chunks,
        headers={"Content-Type": "application/json"},
        timeout=TIMEOUT_SECONDS,
    )

    assert (answer.status_code, client.chat().status_code) == (411, 200)


def test_many_clients_are_served_at_once(server: CreovaiServer) -> None:
    """32 posts from 8 threads all arrive, once, and each gets the id of its own."""
    start_together = threading.Barrier(8)

    def send(thread: int) -> dict[str, str]:
        client = Client(server)
        client.log_in()
        start_together.wait(TIMEOUT_SECONDS)
        with client.session:
            names = [f"chat-{thread}-{number}" for number in range(4)]
            return {name: client.chat(name).json()["id"] for name in names}

    with ThreadPoolExecutor(8) as pool:
        ids = {name: own for sent in pool.map(send, range(8)) for name, own in sent.items()}

    assert len(ids) == len(set(ids.values())) == 32
    assert {post.payload["sessionId"]: post.id for post in server.posts} == ids
    assert server.duplicate_chats == []
    assert len(server.calls) == 8 + 32


def test_latency_is_for_capture_calls(client: Client, server: CreovaiServer) -> None:
    """A capture call takes at least that long; the others don't wait."""
    server.latency_seconds = TIMEOUT_SECONDS
    assert client.get("/processing/v2/ParticipantRefTypes").status_code == 200

    server.latency_seconds = 0.05
    assert client.chat().elapsed.total_seconds() >= 0.05


def test_a_stopped_server_serves_nobody_until_it_is_back(
    client: Client, server: CreovaiServer
) -> None:
    """Not even connections kept alive; then it has its old port and all that it knew."""
    client.chat()
    url = server.url
    server.stop()
    with pytest.raises(requests.ConnectionError):
        client.chat("chat-2")
    server.start()

    assert server.url == url
    assert client.status("chat-1", "chat-2") == ["Concluded", "NotFound"]


def test_it_speaks_tls(tmp_path: Path) -> None:
    """To clients that know the authority, and to no others."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(bundle)

    with CreovaiServer(ssl_context=context) as server, requests.Session() as session:
        client = Client(server, session)
        with pytest.raises(requests.exceptions.SSLError):
            client.log_in()
        session.verify = str(bundle)
        client.log_in()

        assert server.url.startswith("https://127.0.0.1:")
        assert client.chat().status_code == 200


def test_an_address_before_the_start_is_an_error() -> None:
    """There is none yet, and a made-up one would hide the mistake."""
    with pytest.raises(RuntimeError, match="not been started"):
        _ = CreovaiServer().url
