"""How requests travel: certificates are checked, each has a total time, and each answer a size.

What fails on the way is told in words of our own: the exceptions of the libraries below quote
addresses, queries and headers.
"""

from __future__ import annotations

import io
import logging
import os
import re
import ssl
import time
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import requests
from requests.adapters import HTTPAdapter
from typing_extensions import override
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from tap_salesforce_chat.errors import (
    ErrorResponse,
    RetryLaterError,
    SalesforceError,
    proxy_wants_login,
)
from tap_salesforce_chat.http.decoding import as_utf8

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping

    from typing_extensions import Buffer
    from urllib3.poolmanager import PoolManager

# As many connections as a run may have requests in flight; more would be closed after each use.
_POOL_SIZE = 32
# Of an answer, unpacked: more than a page of the longest texts, and less than a machine's memory.
MAX_RESPONSE_BYTES = 500_000_000
_CHUNK_BYTES = 2**20
# Which of them counts; the first two as requests has it, the last as OpenSSL and curl do.
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")

# At debug level it would write each URL, and with it the query, to the log.
logging.getLogger("urllib3").setLevel(logging.INFO)


class Transport:
    """A session for any number of threads.

    Args:
        timeout_seconds: How long a request may wait for bytes in all.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout = timeout_seconds
        self._session = requests.Session()
        self._session.headers["Accept-Encoding"] = "gzip"
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _TimedAdapter(pool_maxsize=_POOL_SIZE))
        self._bundle = next(filter(os.environ.get, _BUNDLES), None)
        if self._bundle:
            self._session.verify = os.environ[self._bundle]

    def send(self, method: str, url: str, subject: str, **options: Any) -> requests.Response:
        """Send a request; the answer's body is still to be read, and the answer to be closed.

        Raises:
            SalesforceError: It cannot be sent, or the way there is not safe.
            RetryLaterError: There is no answer for now.
        """
        if self._bundle and not self._bundle_is_readable:
            msg = (
                f"{subject}: the environment variable {self._bundle} names no file of certificates "
                "that can be read. Correct its path, or unset it."
            )
            raise SalesforceError(msg)
        try:
            return self._session.request(
                method, url, timeout=self._timeout, allow_redirects=False, stream=True, **options
            )
        except (requests.RequestException, OSError, ValueError) as exc:
            raise network_error(exc, subject) from None

    @cached_property
    def _bundle_is_readable(self) -> bool:
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            path = Path(os.environ[cast("str", self._bundle)])
            context.load_verify_locations(**{"capath" if path.is_dir() else "cafile": str(path)})
        except (OSError, ValueError):
            return False
        return True


def content(response: requests.Response, subject: str) -> bytes:
    """Return the body of an answer.

    Raises:
        SalesforceError: It is larger than any page of rows.
        RetryLaterError: It broke off.
    """
    try:
        parts = response.iter_content(_piece(response.headers))
        return as_utf8(b"".join(limited(parts, subject)))
    except (requests.RequestException, OSError) as exc:
        raise network_error(exc, subject) from None


def _piece(headers: Mapping[str, str]) -> int | None:
    """Return how many bytes to read at once; None, all of them, where their number is known.

    In one piece they take half of the memory, but packed ones may be any number.
    """
    length = headers.get("Content-Length", "")
    known = re.fullmatch(r"[0-9]{1,9}", length) and "Content-Encoding" not in headers
    return None if known and int(length) <= MAX_RESPONSE_BYTES else _CHUNK_BYTES


def limited(parts: Iterator[bytes], subject: str) -> Iterator[bytes]:
    """Yield parts of an answer, as long as they are no more than an answer may have."""
    left = MAX_RESPONSE_BYTES
    for part in parts:
        left -= len(part)
        if left < 0:
            msg = (
                f"{subject}: the answer has more than {MAX_RESPONSE_BYTES // 1_000_000} MB. Set "
                "page_size lower, and check login_url and the proxy if it is no answer of "
                "Salesforce's."
            )
            raise SalesforceError(msg)
        yield part


# -- a total time --------------------------------------------------------------------------------


class _TimedReader(io.RawIOBase):
    """Reads an answer from a socket while there is time left, whatever the pace of its bytes.

    The time that a reader takes between two reads is its own.
    """

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)
        self._left = seconds

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int | None:
        if self._left <= 0:
            raise TimeoutError
        self._sock.settimeout(self._left)
        began = time.monotonic()
        try:
            return self._file.readinto(buffer)
        finally:
            self._left -= time.monotonic() - began

    @override
    def close(self) -> None:
        self._file.close()
        super().close()


class _TimedSocket:
    """A socket whose files are read by `_TimedReader`, with the socket's time-out as total time."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def makefile(self, *arguments: Any, **options: Any) -> Any:
        """Return the file that an answer is read from."""
        seconds = self._sock.gettimeout()
        if seconds is None:
            return self._sock.makefile(*arguments, **options)
        return io.BufferedReader(_TimedReader(self._sock, seconds))


class _TimedConnection(HTTPConnection):
    @override
    def connect(self) -> None:
        super().connect()
        self.sock = cast("socket.socket", _TimedSocket(self.sock))


class _TimedTlsConnection(HTTPSConnection):
    @override
    def connect(self) -> None:
        super().connect()
        self.sock = cast("socket.socket", _TimedSocket(cast("socket.socket", self.sock)))


class _TimedPool(HTTPConnectionPool):
    ConnectionCls = _TimedConnection


class _TimedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _TimedTlsConnection


class _TimedAdapter(HTTPAdapter):
    @override
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        _make_timed(self.poolmanager)

    @override
    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        # That of SOCKS has pools of its own, which know the way.
        return manager if proxy.lower().startswith("socks") else _make_timed(manager)


def _make_timed(manager: PoolManager) -> PoolManager:
    manager.pool_classes_by_scheme = {"http": _TimedPool, "https": _TimedTlsPool}
    return manager


# -- what fails on the way -----------------------------------------------------------------------

_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_FORBIDDEN_BY_PROXY = frozenset({401, 403})
_PASSING = (
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
_UNKNOWN_AUTHORITY = (
    "is from an authority that this machine does not know. Check login_url and the proxy; for a "
    "certificate authority of your own, set REQUESTS_CA_BUNDLE or SSL_CERT_FILE to its file."
)
_OTHER_HOST = "is for another host. Check login_url, instance_url and the proxy."
# OpenSSL's codes of what is wrong with a certificate (X509_V_ERR_...).
_CERTIFICATE_PROBLEMS = {
    9: "is not valid yet. Check this machine's clock.",
    10: "has expired. Whoever runs the server, or the proxy, has to renew it; check this "
    "machine's clock.",
    62: _OTHER_HOST,
    64: _OTHER_HOST,
}


def network_error(exc: Exception, subject: str) -> SalesforceError | RetryLaterError:
    """Return what a failure on the way means, without its text, which quotes the URL."""
    kind, causes = type(exc).__name__, list(_causes(exc))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            problem = _CERTIFICATE_PROBLEMS.get(cause.verify_code, _UNKNOWN_AUTHORITY)
            return SalesforceError(f"{subject}: the server's TLS certificate {problem}")
        if tunnel := _TUNNEL.search(str(cause)):
            return _proxy_error(int(tunnel[1]), subject)
    broken_off = any(isinstance(cause, ssl.SSLEOFError | ConnectionError) for cause in causes)
    if isinstance(exc, requests.exceptions.SSLError) and not broken_off:
        msg = f"{subject}: no TLS connection comes about ({kind}). Check login_url and the proxy."
        return SalesforceError(msg)
    if isinstance(exc, (*_PASSING, TimeoutError, ConnectionError)):
        return RetryLaterError(f"{subject}: no complete answer from Salesforce ({kind}).")
    return SalesforceError(f"{subject}: cannot send the request ({kind}). Check login_url.")


def _proxy_error(status: int, subject: str) -> SalesforceError | RetryLaterError:
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return proxy_wants_login(ErrorResponse(status, None, {}, subject))
    if status in _FORBIDDEN_BY_PROXY:
        return SalesforceError(
            f"{subject}: the proxy does not let this machine through ({status}). Have it allow the "
            "hosts of login_url and instance_url."
        )
    return RetryLaterError(f"{subject}: the proxy does not get through ({status}).", status=status)


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that it was made of, as libraries wrap them in different ways."""
    rest: list[Any] = [exc]
    seen: set[int] = set()
    while rest:
        cause = rest.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            rest += [cause.__cause__, cause.__context__, getattr(cause, "reason", None)]
            rest += cause.args
