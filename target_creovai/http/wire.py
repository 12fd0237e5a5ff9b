"""One request over HTTP: within one time limit, and only if it still may go at the last moment."""

from __future__ import annotations

import io
import threading
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec
import requests
import urllib3
from requests.adapters import HTTPAdapter
from typing_extensions import override
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from target_creovai.clock import uptime
from target_creovai.errors import LostAnswerError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import Buffer

# Creovai's answers are a few lines; a hundred statuses have some ten kilobytes.
LARGEST_ANSWER_BYTES = 16 * 1024 * 1024
LONGEST_CONNECT_SECONDS = 30.0
# Servers and load balancers cut what is idle for a minute: a request sent into that is lost.
LONGEST_IDLE_SECONDS = 20.0
_UNPACKS_GZIP_AND_DEFLATE = zlib.MAX_WBITS | 32


class Attempt(msgspec.Struct):
    """A request under way. `sent`: some of it has left, so that it may have arrived."""

    permit: Callable[[], None]
    ends_at: float
    sent: bool = False

    @property
    def left(self) -> float:
        """How many seconds are left.

        Raises:
            TimeoutError: None is.
        """
        left = self.ends_at - uptime()
        if left <= 0:
            raise TimeoutError
        return left


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, unpacked. `request_bytes` is how much was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float = 0.0
    request_bytes: int = field(default=0, kw_only=True)


NoAnswer = requests.RequestException | urllib3.exceptions.HTTPError
"""Why there is no answer."""

_current = threading.local()  # urllib3 offers no way from a call to its connection


def _attempt() -> Attempt:
    attempt: Attempt = _current.attempt
    return attempt


class Wire:
    """Requests to one host; safe to share among threads."""

    def __init__(
        self, root: str, connections: int, timeout_seconds: float, user_agent: str
    ) -> None:
        """Prepare it. `root` is scheme and host."""
        self._root = root
        self._timeout = timeout_seconds
        self._session = requests.Session()
        self._headers = {
            "User-Agent": user_agent,
            "Accept-Encoding": "identity",
            "Accept": "*/*",
            "Connection": "keep-alive",
        }
        for scheme in ("https://", "http://"):
            adapter = _Adapter(pool_maxsize=connections, pool_connections=connections)
            self._session.mount(scheme, adapter)

    def trust(self, bundle: str) -> None:
        """Verify certificates by the authorities of a file or a folder; before any request."""
        self._session.verify = bundle

    def request(
        self,
        method: str,
        path: str,
        permit: Callable[[], None],
        headers: Mapping[str, str],
        data: bytes | None,
    ) -> tuple[Attempt, Answer | NoAnswer]:
        """Make a request; return its answer, or why none came, and whether it has left.

        Whatever `permit` raises goes through: then nothing of the request has left.

        Raises:
            LostAnswerError: The answer cannot be read to its end, or is too large.
        """
        began = uptime()
        attempt = _current.attempt = Attempt(permit, began + self._timeout)
        times = urllib3.Timeout(min(LONGEST_CONNECT_SECONDS, self._timeout), self._timeout)
        try:
            pool, before_path = self._way
            response = pool.urlopen(
                method,
                before_path + path,
                body=data,
                headers={**self._headers, **headers},
                timeout=times,
                retries=False,
                redirect=False,
                assert_same_host=False,  # where a proxy is asked, the pool is the proxy's
                preload_content=False,
                decode_content=False,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            return attempt, error
        try:
            body = _unpacked(response)
        finally:
            response.close()
            response.release_conn()
        seconds, size = uptime() - began, len(data or b"")
        answer = Answer(response.status, response.headers, body, seconds, request_bytes=size)
        return attempt, answer

    @cached_property
    def _way(self) -> tuple[HTTPConnectionPool, str]:
        """The connections that requests would take, and what precedes the path on them.

        What the environment says of proxies and authorities is the same for all requests: to
        ask anew for each takes longer than the request.
        """
        # Made by no session: it would put a .netrc entry for the host in place of our token.
        request = requests.Request("POST", self._root).prepare()
        url = request.url or self._root
        settings = self._session.merge_environment_settings(url, {}, None, None, None)
        verify, proxies = settings["verify"], settings["proxies"]
        adapter: Any = self._session.get_adapter(url)
        pool = adapter.get_connection_with_tls_context(request, verify, proxies=proxies)
        adapter.cert_verify(pool, url, verify, None)
        return pool, adapter.request_url(request, proxies).removesuffix("/")


def _unpacked(response: urllib3.BaseHTTPResponse) -> bytes:
    """Read a body; packed, it may say that it is small and be as large as it likes."""
    try:
        packed = body = _read(response)
        if response.headers.get("Content-Encoding", "identity") in {"gzip", "deflate"}:
            unpacker = zlib.decompressobj(_UNPACKS_GZIP_AND_DEFLATE)
            body = unpacker.decompress(packed, LARGEST_ANSWER_BYTES + 1)
    except (urllib3.exceptions.HTTPError, OSError, zlib.error) as error:
        msg = f"the answer broke off ({type(error).__name__})"
        raise LostAnswerError(msg) from None
    if max(len(packed), len(body)) > LARGEST_ANSWER_BYTES:
        msg = f"the answer has more than {LARGEST_ANSWER_BYTES >> 20} MiB"
        raise LostAnswerError(msg)
    return body


def _read(response: urllib3.BaseHTTPResponse) -> bytes:
    """Read to the end, which alone tells whether all came that was promised."""
    read = b""
    while len(read) <= LARGEST_ANSWER_BYTES:
        part = response.read(LARGEST_ANSWER_BYTES + 1 - len(read), decode_content=False)
        if not part:
            break
        read += part
    return read


class _TimedSocket(io.RawIOBase):
    """Reads what is left of an answer, in what is left of its time."""

    def __init__(self, raw: io.RawIOBase, sock: Any, attempt: Attempt) -> None:
        self._raw, self._sock, self._attempt = raw, sock, attempt

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int | None:
        self._sock.settimeout(self._attempt.left)
        return self._raw.readinto(buffer)

    @override
    def close(self) -> None:
        self._raw.close()
        super().close()


class _Limits:
    """A connection that asks, right before bytes leave, whether they may; within its time."""

    sock: Any
    _tunnelling = False
    idle_since = 0.0

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined] # of the class beside this one
        attempt = _attempt()
        self.sock.settimeout(attempt.left)
        attempt.permit()
        attempt.sent = attempt.sent or not self._tunnelling
        super().send(data)  # type: ignore[misc] # the same

    def _tunnel(self) -> None:
        """Ask a proxy for its way: nothing that is said to it is the request."""
        self._tunnelling = True
        try:
            super()._tunnel()  # type: ignore[misc] # the same
        finally:
            self._tunnelling = False

    def response_class(self, sock: Any, *arguments: Any, **named: Any) -> Any:
        """Make an answer of http.client's, which reads line by line."""
        answer = HTTPConnection.response_class(sock, *arguments, **named)
        raw = answer.fp.detach()
        answer.fp = io.BufferedReader(_TimedSocket(raw, sock, _attempt()))
        return answer


class _Connection(_Limits, HTTPConnection):  # type: ignore[misc] # a method makes it as well
    pass


class _SecureConnection(_Limits, HTTPSConnection):  # type: ignore[misc] # the same
    pass


class _Pool(HTTPConnectionPool):
    """Keeps connections, but none that may have been cut at the other end."""

    ConnectionCls: Any = _Connection

    @override
    def _get_conn(self, timeout: float | None = None) -> Any:
        connection: Any = super()._get_conn(timeout)
        if uptime() - connection.idle_since > LONGEST_IDLE_SECONDS:
            connection.close()
        return connection

    @override
    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.idle_since = uptime()
        super()._put_conn(conn)


class _SecurePool(_Pool, HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class _Adapter(HTTPAdapter):
    @override
    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    @override
    def proxy_manager_for(self, proxy: Any, **named: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **named)
        manager.pool_classes_by_scheme = _POOLS
        return manager
