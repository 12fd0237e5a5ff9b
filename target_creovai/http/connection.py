"""Connections that keep to a request's time limit, and call `before_send` before its bytes."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

import msgspec
from requests.adapters import HTTPAdapter
from typing_extensions import override
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from target_creovai.clock import uptime
from target_creovai.http.response import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import Buffer

# Servers and load balancers cut what is idle for a minute: a request sent into that is lost.
LONGEST_IDLE_SECONDS = 20.0
# More than this is not worth a copy, to save a call.
LARGEST_PIECE_BYTES = 64 * 1024
# To set a socket's time-out releases the interpreter to other threads: not for less than this.
TIMEOUT_STEP_SECONDS = 0.05


class Attempt(msgspec.Struct):
    """A request in flight. `sent`: some of its bytes were sent, so that it may have arrived."""

    before_send: Callable[[], None]
    ends_at: float
    sent: bool = False

    @property
    def left(self) -> float:
        """The seconds left until its time limit.

        Raises:
            TimeoutError: It is over.
        """
        left = self.ends_at - uptime()
        if left <= 0:
            raise TimeoutError
        return left


_current = threading.local()  # urllib3 passes no argument of a call to its connection


def begin(attempt: Attempt) -> None:
    """Make an attempt the one that connections of this thread belong to."""
    _current.attempt = attempt


def _attempt() -> Attempt:
    attempt: Attempt = _current.attempt
    return attempt


class _Limits:
    """A connection that calls `before_send` right before bytes are sent, within a time limit."""

    sock: Any
    _tunnelling = False
    idle_since = 0.0

    def request(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> None:
        """Send a request; in one piece, unless its body is large."""
        head, body = _head(method, url, headers or {}, body), body or b""
        if len(body) <= LARGEST_PIECE_BYTES:
            self.send(head + body)
        else:
            self.send(head)
            self.send(body)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined] # of the class beside this one
        attempt = _attempt()
        self._set_timeout(attempt)
        attempt.before_send()
        attempt.sent = attempt.sent or not self._tunnelling
        self.sock.sendall(data)

    def _tunnel(self) -> None:
        """Open a tunnel through a proxy: what is sent to it is not yet the request."""
        self._tunnelling = True
        try:
            super()._tunnel()  # type: ignore[misc] # the same
        finally:
            self._tunnelling = False

    def response_class(self, *_: Any, **__: Any) -> Response:
        """Make an answer that is read from this connection."""
        return Response(self._receive)

    def getresponse(self) -> Response:
        """Return the answer, whose body is to be read."""
        response = self.response_class()
        response.begin()
        return response

    def _receive(self, buffer: Buffer) -> int:
        self._set_timeout(_attempt())
        received: int = self.sock.recv_into(buffer)
        return received

    def _set_timeout(self, attempt: Attempt) -> None:
        left, now = attempt.left, self.sock.gettimeout()
        if now is None or not 0 <= now - left <= TIMEOUT_STEP_SECONDS:
            self.sock.settimeout(left)


_ENDS_A_LINE = re.compile("[\r\n\0]").search


def _head(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> bytes:
    fields = [f"{name}: {value}" for name, value in headers.items()]
    if body is not None:
        fields.append(f"Content-Length: {len(body)}")
    lines = [f"{method} {url} HTTP/1.1", *fields]
    if any(map(_ENDS_A_LINE, lines)):
        raise ValueError  # without the text, which may hold the token
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Connection(_Limits, HTTPConnection):  # type: ignore[misc] # other types of answers
    """A connection without TLS."""


class SecureConnection(_Limits, HTTPSConnection):  # type: ignore[misc] # the same
    """A connection with TLS."""


class _Pool(HTTPConnectionPool):
    """Keeps connections open, but none that the other end may have closed by now."""

    ConnectionCls: Any = Connection

    @override
    def _get_conn(self, timeout: float | None = None) -> Any:
        connection: Any = super()._get_conn(timeout)
        if uptime() - connection.idle_since > LONGEST_IDLE_SECONDS:
            connection.close()
        return connection

    def give_back(self, connection: Any, *, reusable: bool) -> None:
        """Take a connection whose answer was read; one that is not `reusable` is closed."""
        if not reusable:
            connection.close()
        connection.idle_since = uptime()
        self._put_conn(connection)


class _SecurePool(_Pool, HTTPSConnectionPool):
    ConnectionCls: Any = SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class Adapter(HTTPAdapter):
    """Lets the pools of `requests` make such connections."""

    @override
    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    @override
    def proxy_manager_for(self, proxy: Any, **named: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **named)
        manager.pool_classes_by_scheme = _POOLS
        return manager
