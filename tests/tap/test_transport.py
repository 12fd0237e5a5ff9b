"""No answer holds a run up for ever, and none fills its memory."""

from __future__ import annotations

import gzip
import io
import socket
import socketserver
from threading import Event, Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import requests

from tap_salesforce_chat.errors import (
    RetryLaterError,
    SalesforceError,
)
from tap_salesforce_chat.http import timed_sockets, transport
from tap_salesforce_chat.http.errors.network import network_error
from tap_salesforce_chat.http.transport import Transport, read_body

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PAUSE = 0.02  # between two bytes, many times shorter than the time-out of the tests


class Drip(socketserver.ThreadingTCPServer):
    """Answers with some bytes at once, and then with one now and then, to no end."""

    daemon_threads = True

    def __init__(self, at_once: bytes, byte: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Dripping)
        self.at_once = at_once
        self.byte = byte
        self.over = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Dripping(socketserver.StreamRequestHandler):
    server: Drip

    def handle(self) -> None:
        try:
            self.wfile.write(self.server.at_once)
            while not self.server.over.wait(PAUSE):
                self.wfile.write(self.server.byte)
        except OSError:
            pass


@pytest.fixture(
    name="drip",
    params=[
        (HEAD, b"x"),
        (CHUNKED, b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"", b"H"),
    ],
    ids=["body", "chunks", "headers", "status"],
)
def dripping(request: pytest.FixtureRequest) -> Iterator[Drip]:
    """A server that never falls silent for long, and never comes to an end."""
    with Drip(*request.param) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("proxied", [False, True])
def test_a_request_has_one_time_for_all_of_its_answer(
    drip: Drip, monkeypatch: pytest.MonkeyPatch, *, proxied: bool
) -> None:
    """A byte now and then is no sign of life: what takes too long is asked for again."""
    if proxied:
        monkeypatch.setenv("HTTP_PROXY", drip.url)
        monkeypatch.setenv("NO_PROXY", "")
    url = "http://elsewhere.test/" if proxied else drip.url

    with pytest.raises(RetryLaterError, match="no complete answer"):
        read_body(Transport(0.4).send("GET", url, "Query of Case"), "Query of Case")


def test_the_time_of_the_reader_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of a large answer leave while it is read, and a target may be slow."""
    now = [0.0]
    monkeypatch.setattr(timed_sockets, "time", SimpleNamespace(monotonic=lambda: now[0]))
    near, far = socket.socketpair()
    with near, far:
        near.settimeout(60)
        far.sendall(b"first")
        file = timed_sockets._TimedSocket(near).makefile("rb")
        assert file.read(5) == b"first"
        now[0] += 1_000
        far.sendall(b"later")
        assert file.read(5) == b"later"
        file.close()


@pytest.mark.parametrize(
    ("proxy", "timed"), [("socks5h://proxy:1080", False), ("http://proxy:8080", True)]
)
def test_a_socks_proxy_keeps_its_own_way(
    monkeypatch: pytest.MonkeyPatch, proxy: str, *, timed: bool
) -> None:
    """Other pools than its own would go past the proxy."""
    own = {"http": object(), "https": object()}
    manager = SimpleNamespace(pool_classes_by_scheme=own)
    monkeypatch.setattr(requests.adapters.HTTPAdapter, "proxy_manager_for", lambda *_: manager)

    found = timed_sockets.TimedAdapter().proxy_manager_for(proxy).pool_classes_by_scheme

    assert (found is not own) == timed


def packed(unpacked: int) -> requests.Response:
    """Return an answer that is much larger than what travelled."""
    body = gzip.compress(b" " * unpacked)
    response = requests.Response()
    response.status_code = 200
    response.raw = _Raw(body)
    return response


class _Raw(io.BytesIO):
    """What requests reads, unpacked as it would be."""

    def stream(self, size: int, *, decode_content: bool) -> Iterator[bytes]:
        assert decode_content
        with gzip.open(self) as file:
            yield from iter(lambda: file.read(size), b"")


def test_an_answer_has_a_largest_size_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few KB may hold more than the machine's memory."""
    monkeypatch.setattr(transport, "MAX_RESPONSE_BYTES", 3_000_000)

    assert len(read_body(packed(3_000_000), "Query of Case")) == 3_000_000
    with pytest.raises(SalesforceError, match="more than 3 MB") as caught:
        read_body(packed(3_000_001), "Query of Case")
    assert "page_size" in str(caught.value)


@pytest.mark.parametrize(
    ("exc", "kind"),
    [
        (requests.exceptions.InvalidHeader("Bearer hush"), SalesforceError),
        (requests.exceptions.InvalidURL("https://hush"), SalesforceError),
        (UnicodeEncodeError("latin-1", "hush", 0, 1, "hush"), SalesforceError),
        (ValueError("hush"), SalesforceError),
        (OSError("hush"), SalesforceError),
        (ConnectionResetError("hush"), RetryLaterError),
        (TimeoutError("hush"), RetryLaterError),
        (requests.exceptions.ReadTimeout("hush"), RetryLaterError),
    ],
)
def test_no_librarys_message_goes_on(exc: Exception, kind: type[Exception]) -> None:
    """It quotes addresses, queries and headers."""
    error = network_error(exc, "Login")

    assert type(error) is kind
    assert "hush" not in str(error)
    assert str(error).startswith("Login: ")


def test_a_token_that_no_header_takes_is_not_printed() -> None:
    """Whatever gets past the check of the settings."""
    with pytest.raises(SalesforceError) as caught:
        Transport(1).send("GET", "http://127.0.0.1:1/", "Login", headers={"X": "hush\N{EURO SIGN}"})

    assert "hush" not in str(caught.value)
