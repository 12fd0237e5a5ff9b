"""Networks of companies: a proxy that everything has to go through, and certificates of their own.

Nothing but the usual environment variables is needed, and certificates are always checked.
"""

from __future__ import annotations

import selectors
import socket
import socketserver
import ssl
from datetime import UTC, datetime
from threading import Thread
from typing import TYPE_CHECKING, cast

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
    """Takes CONNECT to any host and leads it to one local port, as if it were there.

    `refusals` are the status lines of the next answers that refuse.
    """

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.port = port
        self.asked: list[bytes] = []
        self.refusals: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Tunnel(socketserver.StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        self.server.asked.append(self.rfile.readline().split(b" HTTP/")[0])
        while self.rfile.readline().strip():
            pass
        if self.server.refusals:
            status = self.server.refusals.pop(0)
            self.wfile.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", self.server.port)) as far:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with selectors.DefaultSelector() as selector:
                selector.register(self.connection, selectors.EVENT_READ, far)
                selector.register(far, selectors.EVENT_READ, self.connection)
                while all(map(_moved, selector.select())):
                    pass


def _moved(ready: tuple[selectors.SelectorKey, int]) -> bool:
    """Move what there is to the other side; tell whether this side is still there."""
    near, far = cast("socket.socket", ready[0].fileobj), ready[0].data
    if data := near.recv(CHUNK):
        far.sendall(data)
    return bool(data)


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


@pytest.fixture(name="trusted")
def trust_authority(bundle: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it known to the tap."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)


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
    for name in (*VARIABLES, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
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


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (b"407 Proxy Authentication Required", "user:password@proxy"),
        (b"403 Forbidden", "allow the hosts"),
    ],
)
def test_a_proxy_that_refuses_is_named(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, waits: list[float], status: bytes, advice: str
) -> None:
    """Nothing at Salesforce is wrong, and waiting does not help."""
    monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("//", "//jo:hush@"))
    proxy.refusals += [status] * 9

    run = run_tap({"login_url": f"https://{HOST}", **CREDENTIALS})

    assert type(run.error) is SalesforceError
    assert f"the proxy {'wants' if b'407' in status else 'does not let'}" in str(run.error)
    assert advice in str(run.error)
    assert "hush" not in str(run.error)
    assert not waits


def test_a_proxy_that_gets_nowhere_for_a_moment_is_asked_again(
    proxy: Proxy, bundle: str, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    """A gateway's 502 and 504 pass, over CONNECT as well."""
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    proxy.refusals += [b"502 Bad Gateway", b"504 Gateway Timeout"]

    assert run_tap({"login_url": f"https://{HOST}", **CREDENTIALS}).error is None
    assert len(waits) == 2


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


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_private_authority_is_trusted_if_it_is_named(
    server: SalesforceServer, bundle: str, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """By the variable that requests, curl, or OpenSSL and most other tools look at."""
    monkeypatch.setenv(variable, bundle)

    assert run_tap(settings(server)).error is None


def test_the_variable_of_requests_comes_first(
    server: SalesforceServer, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the more special one."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/at/all.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)

    assert run_tap(settings(server)).error is None


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
@pytest.mark.parametrize("content", [None, b"", b"no certificate at all", b"\xff\xfe"])
def test_a_bundle_that_is_none_is_a_sentence(
    server: SalesforceServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    content: bytes | None,
) -> None:
    """Missing, empty, or something else: the message names the variable."""
    path = tmp_path / "bundle.pem"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv(variable, str(path))

    run = run_tap(settings(server))

    assert type(run.error) is SalesforceError
    assert f"the environment variable {variable} names no file of certificates" in str(run.error)
    assert not server.calls


def certificate_problem(server: SalesforceServer, waits: list[float]) -> str:
    """Return what a run says that no certificate lets through."""
    run = run_tap(settings(server))
    assert type(run.error) is SalesforceError
    assert not server.calls
    assert not waits
    return str(run.error)


def test_an_unknown_authority_is_not_trusted(server: SalesforceServer, waits: list[float]) -> None:
    """No retry will change that; the message names the variable, and no credential leaves."""
    problem = certificate_problem(server, waits)

    assert "an authority that this machine does not know" in problem
    assert "REQUESTS_CA_BUNDLE or SSL_CERT_FILE" in problem


@pytest.mark.parametrize(
    ("names", "year", "problem"),
    [
        ("127.0.0.1", 2020, "has expired"),
        (HOST, 2100, "is for another host"),
        ("127.0.0.2", 2100, "is for another host"),
    ],
)
@pytest.mark.usefixtures("trusted")
def test_what_is_wrong_with_a_certificate_is_told_apart(
    org: SalesforceOrg,
    authority: trustme.CA,
    waits: list[float],
    names: str,
    year: int,
    problem: str,
) -> None:
    """Each has another remedy, and none is to trust one more authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    until = datetime(year, 1, 1, tzinfo=UTC)
    authority.issue_cert(names, not_after=until).configure_cert(context)

    with SalesforceServer(org, ssl_context=context) as server:
        said = certificate_problem(server, waits)

    assert problem in said
    assert "authority" not in said


def test_a_server_that_speaks_no_tls_is_no_matter_of_certificates(
    org: SalesforceOrg, waits: list[float]
) -> None:
    """Such as a port that is open for http."""
    with SalesforceServer(org) as server:
        server.url = server.url.replace("http:", "https:")
        said = certificate_problem(server, waits)

    assert "no TLS connection comes about" in said
