"""A request has one time limit, an answer a size; and a last look comes before the bytes."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
import zlib
from typing import TYPE_CHECKING, Any, Self

import pytest
import requests

from target_creovai.errors import LostAnswerError, RetryLaterError
from target_creovai.http import connection
from target_creovai.http.client import CreovaiClient
from target_creovai.model.conversation import Interface
from tests.target.support import PAUSE
from tests.target.test_client import PAYLOAD, client_of, paths

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Sequence

    from tests.fakes.creovai import CreovaiServer

HOST = "127.0.0.1"
STEP_SECONDS = 0.05


def http(status: int, body: bytes, *headers: str) -> bytes:
    """Return an answer as it goes over the wire."""
    head = [f"HTTP/1.1 {status} x", "Content-Type: application/json", *headers]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body


class Listener:
    """Reads requests and answers them with these bytes, whole, or one by one if it is `slow`.

    No bytes: it hangs up. The last answer is given for ever.
    """

    def __init__(
        self, answers: Sequence[bytes], context: ssl.SSLContext | None = None, *, slow: bool = False
    ) -> None:
        self._answers = list(answers)
        self._context = context
        self._slow = slow
        self._socket = socket.create_server((HOST, 0))
        self.port: int = self._socket.getsockname()[1]
        self.ended = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._socket.shutdown(socket.SHUT_RDWR)  # or `accept` would keep it open
        self._socket.close()

    def _serve(self) -> None:
        while not self.ended.is_set():
            try:
                connection, _ = self._socket.accept()
                if self._context:
                    connection = self._context.wrap_socket(connection, server_side=True)
                with connection:
                    self._answer(connection)
            except OSError:
                continue  # the client hung up

    def _answer(self, connection: socket.socket) -> None:
        while connection.recv(65_536):
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            if not answer:
                return
            for part in self._parts(answer):
                connection.sendall(part)

    def _parts(self, answer: bytes) -> Iterator[bytes]:
        if not self._slow:
            yield answer
            return
        for byte in answer:
            if self.ended.wait(STEP_SECONDS):
                return
            yield bytes([byte])


def asking(listener: Listener, seconds: float = 5) -> CreovaiClient:
    """Return a client of it that has a token."""
    client = CreovaiClient(
        api_url=f"http://{HOST}:{listener.port}",
        api_user="user",
        api_password="secret",
        timeout_seconds=1,
        workers=1,
    )
    client._token, client._valid_until = "token", float("inf")
    client._transport._timeout = seconds
    return client


@pytest.mark.parametrize(
    "answer",
    [http(200, b'{"id": "1"}'), b"HTTP/1.1 200 x\r\n" + b"X-Y: z\r\n" * 90],
    ids=["body", "headers"],
)
def test_an_answer_that_drips_ends_with_the_time_of_its_request(answer: bytes) -> None:
    """Each byte comes soon enough; all of them would take minutes."""
    with Listener([answer], slow=True) as listener:
        began = time.monotonic()
        with pytest.raises(LostAnswerError):
            asking(listener, 0.4).capture(Interface.CHAT, PAYLOAD)

    assert time.monotonic() - began < len(answer) * STEP_SECONDS


def test_a_request_that_nobody_reads_ends_as_well() -> None:
    """A body of megabytes into a full pipe is waited for only so long."""
    with socket.create_server((HOST, 0)) as deaf:
        listener = type("Deaf", (), {"port": deaf.getsockname()[1]})()
        payload = PAYLOAD | {"metadata": {"x": "y" * 30_000_000}}
        with pytest.raises(LostAnswerError):
            asking(listener, 0.4).capture(Interface.CHAT, payload)


BOMB = b"[" + b" " * 40_000_000 + b"]"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(http(200, BOMB), id="plain"),
        pytest.param(http(200, gzip.compress(BOMB), "Content-Encoding: gzip"), id="gzip"),
        pytest.param(http(200, zlib.compress(BOMB), "Content-Encoding: deflate"), id="deflate"),
    ],
)
def test_an_answer_has_a_size_limit_unpacked(answer: bytes) -> None:
    """Forty kilobytes may say forty megabytes, or forty gigabytes."""
    with Listener([answer]) as listener, pytest.raises(LostAnswerError, match="more than 16 MiB"):
        asking(listener).capture(Interface.CHAT, PAYLOAD)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(http(200, b'\xef\xbb\xbf{"id": "7"}'), id="byte-order-mark"),
        pytest.param(http(200, gzip.compress(b'{"id": "7"}'), "Content-Encoding: gzip"), id="gzip"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + http(200, b'{"id": "7"}'), id="continue"),
    ],
)
def test_an_answer_is_read_in_the_forms_that_it_may_have(answer: bytes) -> None:
    """A proxy or a server of another make is no reason to lose an answer."""
    with Listener([answer]) as listener:
        assert asking(listener).capture(Interface.CHAT, PAYLOAD) == "7"


@pytest.mark.parametrize("cut", [0, 20, -3])
def test_an_answer_that_breaks_off_is_lost(cut: int) -> None:
    """Wherever it does: the request has arrived."""
    with Listener([http(200, b'{"id": "7"}')[:cut]]) as listener:
        client = asking(listener, 0.5)
        with pytest.raises(LostAnswerError):
            client.capture(Interface.CHAT, PAYLOAD)


def test_what_never_left_is_not_lost() -> None:
    """Nobody listens there: there is nothing to look up."""
    with Listener([b""]) as listener:
        pass
    with pytest.raises(RetryLaterError, match="cannot be reached") as raised:
        asking(listener).capture(Interface.CHAT, PAYLOAD)
    assert not raised.value.lost


def test_the_last_look_comes_after_turn_login_and_connection(
    creovai: CreovaiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine may sleep in each of them, and wake up when its work is another's."""
    steps: list[str] = []
    client = client_of(creovai)
    monkeypatch.setattr(client._rate_limit, "wait", lambda: steps.append("turn"))
    connect = connection.Connection.connect

    def noted(self: connection.Connection) -> None:
        steps.append("connection")
        connect(self)

    monkeypatch.setattr(connection.Connection, "connect", noted)
    monkeypatch.setattr(connection, "LONGEST_IDLE_SECONDS", -1)  # each on a connection of its own
    client.capture(Interface.CHAT, PAYLOAD, lambda: steps.append("permit"))

    assert steps[:4] == ["turn", "connection", "turn", "connection"], "the first two: the login"
    assert set(steps[4:]) == {"permit"}


class NoError(Exception):
    """The permit was refused."""


def test_what_is_refused_at_the_last_look_does_not_leave(creovai: CreovaiServer) -> None:
    """Not even its headers; and the connection is not left half-used."""
    client = client_of(creovai)

    def refuse() -> None:
        raise NoError

    with pytest.raises(NoError):
        client.capture(Interface.CHAT, PAYLOAD, refuse)
    client.capture(Interface.CHAT, PAYLOAD)

    assert paths(creovai)["/capture/v2/chat"] == 1
    assert len(creovai.chats) == 1


def test_a_connection_that_rested_is_not_used_again(
    creovai: CreovaiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load balancer may have cut it, and what is sent into that is lost."""
    now = 1000.0
    monkeypatch.setattr(connection, "uptime", lambda: now)
    client = client_of(creovai)
    client.statuses(["a"])
    client.statuses(["a"])
    assert creovai.connections == 1
    now += 21
    client.statuses(["a"])
    _wait_for_one(creovai)


def _wait_for_one(creovai: CreovaiServer) -> None:
    for _ in range(500):
        if creovai.connections == 1:
            return
        PAUSE(0.01)
    pytest.fail("the old connection is still open")


def test_what_the_environment_says_of_the_way_is_looked_at_once(
    creovai: CreovaiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proxies and authorities are the same for all requests; to look takes longer than to ask."""
    looks = 0
    look = requests.Session.merge_environment_settings

    def noted(self: requests.Session, *arguments: Any) -> Any:
        nonlocal looks
        looks += 1
        return look(self, *arguments)

    monkeypatch.setattr(requests.Session, "merge_environment_settings", noted)
    client = client_of(creovai)
    for _ in range(3):
        client.statuses(["a"])

    assert looks == 1


def test_it_says_who_asks(creovai: CreovaiServer) -> None:
    """Product and version: Creovai's support asks for both."""
    client_of(creovai).statuses(["a"])

    agents = {call.headers["User-Agent"] for call in creovai.calls}
    assert len(agents) == 1
    product, version = agents.pop().split("/")
    assert product == "target-creovai"
    assert version[0].isdecimal()


@pytest.mark.parametrize("token", ["a\nb", "a b", "ключ", "", None, 7])
def test_a_token_that_is_none_is_quoted_by_nobody(token: object) -> None:
    """Libraries print the whole of a header that they cannot send."""
    answer = {"access_token": token, "token_type": "bearer", "expires_in": 1799}
    with Listener([http(200, json.dumps(answer).encode())]) as listener:
        client = asking(listener)
        client._token = None
        with pytest.raises(Exception, match="no usable token") as raised:
            client.statuses(["a"])
    assert not token or str(token) not in str(raised.value)
