"""Networks of companies: a proxy that everything has to go through, and certificates of their own.

Nothing but the usual environment variables is needed, and certificates are always checked.
"""

from __future__ import annotations

import select
import socket
import socketserver
import ssl
from threading import Thread
from typing import TYPE_CHECKING

import pytest
import trustme

from tap_salesforce_chat.errors import RetryLaterError, SalesforceError
from tests.fakes.salesforce import SalesforceServer
from tests.tap.support import CREDENTIALS, add_cases, run_tap, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.salesforce import SalesforceOrg
    from tests.tap.support import Clock

HOST = "acme.my.salesforce.com"
VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")
CHUNK = 65_536


class Proxy(socketserver.ThreadingTCPServer):
    """Takes CONNECT to any host and leads it to one local port, as if it were there."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.port = port
        self.asked: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Tunnel(socketserver.StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        self.server.asked.append(self.rfile.readline().split(b" HTTP/")[0])
        while self.rfile.readline().strip():
            pass
        with socket.create_connection(("127.0.0.1", self.server.port)) as far:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            while self._pump(far):
                pass

    def _pump(self, far: socket.socket) -> bool:
        """Move what there is in either direction; tell whether both sides are still there."""
        near: socket.socket = self.connection
        for ready in select.select([near, far], [], [])[0]:
            data = ready.recv(CHUNK)
            if not data:
                return False
            (far if ready is near else near).sendall(data)
        return True


@pytest.fixture(name="authority", scope="module")
def make_authority() -> trustme.CA:
    """A certificate authority that nobody else knows."""
    return trustme.CA()


@pytest.fixture(name="bundle")
def make_bundle(authority: trustme.CA, tmp_path: Path) -> str:
    """The file that makes it known."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def server(org: SalesforceOrg, authority: trustme.CA) -> Iterator[SalesforceServer]:
    """A server that says it is the org's My Domain host, behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST, "127.0.0.1").configure_cert(context)
    with SalesforceServer(org, page_size=2, ssl_context=context) as server:
        yield server


@pytest.fixture(name="proxy")
def make_proxy(server: SalesforceServer) -> Iterator[Proxy]:
    """The proxy in front of it; only it knows where the host is."""
    port = int(server.url.rpartition(":")[2])
    server.url = f"https://{HOST}"
    with Proxy(port) as proxy:
        thread = Thread(target=proxy.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield proxy
        server.stop()
        proxy.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*VARIABLES, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_everything_goes_through_the_proxy(
    org: SalesforceOrg,
    clock: Clock,
    proxy: Proxy,
    bundle: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Login and rows, to a host whose name this machine cannot even look up."""
    ids = add_cases(org, clock, 5)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)

    run = run_tap({"login_url": f"https://{HOST}", **CREDENTIALS})

    assert run.error is None
    assert run.column("Id") == ids
    assert set(proxy.asked) == {f"CONNECT {HOST}:443".encode()}


def test_a_proxy_that_is_down_is_asked_again(
    bundle: str, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    """It is restarted now and then, like any other host; nothing goes around it."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{unused.getsockname()[1]}")

        run = run_tap({"login_url": f"https://{HOST}", **CREDENTIALS})

    assert isinstance(run.error, RetryLaterError)
    assert len(waits) == 6


def test_a_private_authority_is_trusted_if_it_is_named(
    server: SalesforceServer, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the variable that requests, and most of Python's tools, look at."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)

    assert run_tap(settings(server)).error is None


def test_an_unknown_authority_is_not_trusted(server: SalesforceServer, waits: list[float]) -> None:
    """No retry will change that; the message names the variable, and no credential leaves."""
    run = run_tap(settings(server))

    assert type(run.error) is SalesforceError
    assert "REQUESTS_CA_BUNDLE" in str(run.error)
    assert not server.calls
    assert not waits
