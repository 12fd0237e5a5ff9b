"""The simulated Creovai lets in who may come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import time_machine

from tests.fakes.creovai.samples import (
    CASE,
    CHAT,
    TIMEOUT_SECONDS,
    Client,
)

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer


def test_a_token_is_granted_for_client_credentials(client: Client, server: CreovaiServer) -> None:
    """The answer has the three members that the real one has."""
    server.token_seconds = 77

    granted = client.log_in().json()

    assert granted.keys() == {"access_token", "token_type", "expires_in"}
    assert (granted["token_type"], granted["expires_in"]) == ("bearer", 77)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"client_secret": "guess"}, 401),
        ({"client_id": "guess"}, 401),
        ({"grant_type": "password"}, 400),
    ],
)
def test_a_wrong_login_is_refused_without_an_echo(
    server: CreovaiServer, changes: dict[str, str], status: int
) -> None:
    """No word of the credentials comes back, right or wrong."""
    answer = Client(server).log_in(**changes)

    assert answer.status_code == status
    assert not any(word in answer.text for word in ("guess", "demo-user", "demo-secret"))


def test_a_login_as_json_is_refused(server: CreovaiServer) -> None:
    """The token endpoint takes a form and nothing else."""
    assert Client(server).post("/Token", {"client_id": "demo-user"}).status_code == 415


@pytest.mark.parametrize("header", [None, "Bearer guess", "bearer {}", "{}"])
def test_everything_but_the_login_wants_a_good_token(
    client: Client, server: CreovaiServer, header: str | None
) -> None:
    """Missing, unknown or in the wrong form, it is a 401, and nothing is kept."""
    token = str(client.session.headers.pop("Authorization")).removeprefix("Bearer ")
    if header is not None:
        client.session.headers["Authorization"] = header.format(token)

    assert client.chat().status_code == 401
    assert client.get("/capture/v2/status/chat-1").status_code == 401
    assert server.posts == []


def test_tokens_end(client: Client, server: CreovaiServer) -> None:
    """After their seconds, or at once when they are revoked; a new one helps."""
    with time_machine.travel("2024-01-01T00:00:00Z", tick=False) as clock:
        client.log_in()
        clock.shift(server.token_seconds - 1)
        assert client.chat().status_code == 200
        clock.shift(1)
        assert client.chat().status_code == 401
        client.log_in()
        assert client.chat().status_code == 200
        server.expire_tokens()
        assert client.chat().status_code == 401


@pytest.mark.parametrize(
    ("switch", "path", "payload"),
    [
        ("chat_enabled", "/capture/v2/chat", CHAT),
        ("case_enabled", "/capture/v2/case", CASE),
        (
            "async_metadata_enabled",
            "/capture/v2/outofband/master",
            {"masterId": "m", "metadata": {"a": 1}},
        ),
    ],
)
def test_what_is_not_enabled_is_forbidden(
    client: Client, server: CreovaiServer, switch: str, path: str, payload: dict[str, Any]
) -> None:
    """Creovai support enables chats, cases and out-of-band metadata one by one."""
    setattr(server, switch, False)
    forbidden = client.post(path, payload)
    setattr(server, switch, True)

    assert (forbidden.status_code, client.post(path, payload).status_code) == (403, 200)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/token"),
        ("GET", "/Token"),
        ("POST", "/capture/v2/chat/"),
        ("POST", "/Capture/v2/chat"),
        ("PUT", "/capture/v2/chat"),
        ("DELETE", "/capture/v2/status/chat-1"),
        ("GET", "/capture/v2/status/"),
        ("POST", "/capture/v2/outofband/session"),
        ("POST", "/chatCapture/v1"),
        ("GET", "/"),
    ],
)
def test_there_is_nothing_elsewhere(client: Client, method: str, path: str) -> None:
    """Paths count to the letter, and so does the method."""
    answer = client.session.request(method, f"{client.server.url}{path}", timeout=TIMEOUT_SECONDS)

    assert answer.status_code == 404
