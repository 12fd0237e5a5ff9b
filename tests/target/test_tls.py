"""A server is what it says, or nothing goes there; and a sentence tells what to do."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from threading import Thread
from typing import TYPE_CHECKING

import pytest
import trustme

from target_creovai.errors import HaltError, LostAnswerError
from target_creovai.http.certificates import VARIABLES, tls_problem
from target_creovai.model.conversation import Interface
from tests.fakes.creovai import CreovaiServer
from tests.tap.test_proxy import Proxy
from tests.target.rows import chat, chat_id
from tests.target.test_client import PAYLOAD, client_of
from tests.target.test_wire import Listener, http

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.target.support import TargetRunner

HOST = "127.0.0.1"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let none of this machine's own count."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def authority() -> trustme.CA:
    """A private certificate authority."""
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> str:
    """The file that makes it known."""
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


def server_side(
    authority: trustme.CA, host: str = HOST, until: datetime | None = None
) -> ssl.SSLContext:
    """Return the TLS side of a server that an authority vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host, not_after=until).configure_cert(context)
    return context


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_private_authority_can_be_named(
    authority: trustme.CA, bundle: str, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Companies put proxies in between that sign with their own."""
    monkeypatch.setenv(variable, bundle)
    with CreovaiServer(ssl_context=server_side(authority)) as server:
        client_of(server).capture(Interface.CHAT, PAYLOAD)

        assert list(server.chats) == [chat_id()]


@pytest.mark.parametrize(
    ("host", "until", "variable", "says"),
    [
        pytest.param(HOST, None, "NOTHING", "in REQUESTS_CA_BUNDLE", id="unknown-authority"),
        pytest.param("other.example", None, VARIABLES[0], "another host's", id="other-host"),
        pytest.param(HOST, LONG_AGO, VARIABLES[0], "has expired", id="expired"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_told_apart(
    authority: trustme.CA,
    bundle: str,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    until: datetime | None,
    variable: str,
    says: str,
) -> None:
    """Customer text does not go to a stranger; the message names the way out."""
    monkeypatch.setenv(variable, bundle)
    with CreovaiServer(ssl_context=server_side(authority, host, until)) as server:
        with pytest.raises(HaltError, match=says):
            client_of(server).capture(Interface.CHAT, PAYLOAD)
        assert server.calls == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
@pytest.mark.parametrize(
    ("content", "says"), [(None, "is not there"), ("no PEM", "cannot be read as certificates")]
)
def test_a_bundle_that_is_none_is_a_sentence(
    run_target: TargetRunner,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    content: str | None,
    says: str,
) -> None:
    """It names the variable; no traceback."""
    path = run_target.folder / "ca.pem"
    if content:
        path.write_text(content)
    monkeypatch.setenv(variable, str(path))
    outcome = run_target(chat())

    assert outcome.exit_code == 1
    assert f"{variable} names a file that {says}" in outcome.says("STOPPED")[0]


def test_a_server_that_speaks_no_tls_is_a_sentence(creovai: CreovaiServer) -> None:
    """The port of http:// behind https:// is a common slip."""
    with pytest.raises(HaltError, match="TLS cannot be spoken"):
        client_of(creovai, url=creovai.url.replace("http:", "https:")).statuses(["a"])


def test_tls_that_breaks_off_behind_the_request_is_a_lost_answer(
    authority: trustme.CA, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request may have arrived: that it was TLS which broke does not make it any safer."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
    with Listener(answers=[http(200, TOKEN), b""], context=server_side(authority)) as listener:
        client = client_of(CreovaiServer(), url=f"https://{HOST}:{listener.port}")
        with pytest.raises(LostAnswerError):
            client.capture(Interface.CHAT, PAYLOAD)


TOKEN = b'{"access_token": "t", "token_type": "bearer", "expires_in": 1799}'


@pytest.fixture
def proxied(
    authority: trustme.CA, bundle: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[CreovaiServer, Proxy]]:
    """A Creovai that is reached through a proxy alone."""
    context = server_side(authority, "creovai.example")
    with CreovaiServer(ssl_context=context) as server:
        port = int(server.url.rpartition(":")[2])
        with Proxy(port) as proxy:
            Thread(target=proxy.serve_forever, daemon=True).start()
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            monkeypatch.setenv("REQUESTS_CA_BUNDLE", bundle)
            yield server, proxy
            proxy.shutdown()


def test_a_proxy_is_gone_through(proxied: tuple[CreovaiServer, Proxy]) -> None:
    """What is said to it is no request: the last look comes behind it."""
    server, proxy = proxied
    sent: list[int] = []

    def permit() -> None:
        sent.append(len(server.chats))

    client = client_of(server, url="https://creovai.example")
    client.capture(Interface.CHAT, PAYLOAD, permit)

    assert proxy.asked == [b"CONNECT creovai.example:443"]
    assert set(sent) == {0}
    assert list(server.chats) == [chat_id()]


def test_a_host_that_needs_no_proxy_is_asked_directly(
    creovai: CreovaiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens where the proxy should be."""
    monkeypatch.setenv("HTTP_PROXY", f"http://{HOST}:9")
    monkeypatch.setenv("NO_PROXY", HOST)
    client_of(creovai).capture(Interface.CHAT, PAYLOAD)

    assert list(creovai.chats) == [chat_id()]


def test_a_proxy_gets_whole_addresses_where_it_makes_no_tunnel(
    creovai: CreovaiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the login that its own address holds."""
    monkeypatch.setenv("HTTP_PROXY", creovai.url.replace("http://", "http://me:pass@"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(HaltError, match="no such address"):
        client_of(creovai, url="http://creovai.example").statuses(["a"])

    assert {call.path for call in creovai.calls} == {"http://creovai.example/Token"}
    assert creovai.calls[0].headers["Proxy-Authorization"].startswith("Basic ")


def test_a_proxy_that_asks_for_a_login_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody finds that out from "cannot be reached"."""
    with Listener(answers=[http(407, b"")]) as listener:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{HOST}:{listener.port}")
        with pytest.raises(
            HaltError, match=r"^The proxy in between asks for a login \(HTTP 407\).*HTTPS_PROXY\.$"
        ):
            client_of(CreovaiServer(), url="https://creovai.example").statuses(["a"])


def test_a_certificate_not_valid_yet_points_at_the_clock() -> None:
    """A machine without the right time trusts nobody."""
    error = ssl.SSLCertVerificationError()
    error.verify_code = 9
    assert "clock" in (tls_problem(error) or "")
