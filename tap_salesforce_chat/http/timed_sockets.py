"""Sockets that limit the total time of a response, not only the time between two of its bytes."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, Any, cast

from requests.adapters import HTTPAdapter
from typing_extensions import override
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    import socket

    from typing_extensions import Buffer
    from urllib3.poolmanager import PoolManager


class TimedAdapter(HTTPAdapter):
    """Applies a request's time-out to all of its waiting for bytes taken together."""

    @override
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        _use_timed_pools(self.poolmanager)

    @override
    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        # The pools of a SOCKS proxy connect in their own way; these would bypass it.
        return manager if proxy.lower().startswith("socks") else _use_timed_pools(manager)


class _TimedReader(io.RawIOBase):
    """Reads a response from a socket until its time is up, however slowly the bytes come.

    Only the time spent in reads counts, not the caller's between two of them.
    """

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock = sock
        self._file = sock.makefile("rb", buffering=0)
        self._seconds_left = seconds

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int | None:
        if self._seconds_left <= 0:
            raise TimeoutError
        self._sock.settimeout(self._seconds_left)
        began = time.monotonic()
        try:
            return self._file.readinto(buffer)
        finally:
            self._seconds_left -= time.monotonic() - began

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
        """Return the file that a response is read from."""
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


def _use_timed_pools(manager: PoolManager) -> PoolManager:
    manager.pool_classes_by_scheme = {"http": _TimedPool, "https": _TimedTlsPool}
    return manager
