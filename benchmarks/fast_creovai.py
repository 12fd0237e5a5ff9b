"""A Creovai that costs next to nothing: it looks at no payload and takes all of them.

Run as `python -m benchmarks.fast_creovai LATENCY_MS`; prints its port. `GET /pace` returns how many
conversations have come since it was asked last, and the seconds from the first to the last answer.
"""

from __future__ import annotations

import json
import re
import socketserver
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TYPES = {"types": [{"id": name} for name in ("Agent", "Customer", "Bot")]}
TOKEN = {"access_token": "x", "token_type": "bearer", "expires_in": 1799}


class Pace:
    """When conversations came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count, self._first, self._last = 0, 0.0, 0.0

    def record(self, began: float) -> None:
        with self._lock:
            self._first = self._first if self._count else began
            self._count, self._last = self._count + 1, time.monotonic()

    def report(self) -> dict[str, float]:
        with self._lock:
            found = {"posts": self._count, "seconds": self._last - self._first}
            self._count = 0
            return found


class Server(socketserver.ThreadingTCPServer):
    """A thread for each connection, so that answers that wait do so together."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, latency: float) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.latency, self.pace = latency, Pace()

    def answer(self, path: bytes) -> object:
        """Answer one request, as late as a conversation's has to be."""
        if path == b"/Token":
            return TOKEN
        if path == b"/processing/v2/ParticipantRefTypes":
            return TYPES
        if path == b"/pace":
            return self.pace.report()
        began = time.monotonic()
        time.sleep(self.latency)
        self.pace.record(began)
        return {"id": "taken"}


class Connection(socketserver.StreamRequestHandler):
    """Reads no more of a request than where it ends."""

    disable_nagle_algorithm = True
    server: Server

    def handle(self) -> None:
        while head := b"".join(self._lines_of_head()):
            length = LENGTH.search(head)
            self.rfile.read(int(length[1]) if length else 0)
            body = json.dumps(self.server.answer(head.split(b" ", 2)[1])).encode()
            start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
            self.wfile.write(start + b"%d\r\n\r\n" % len(body) + body)

    def _lines_of_head(self) -> Iterator[bytes]:
        while (line := self.rfile.readline()) not in {b"\r\n", b""}:  # empty: the connection ended
            yield line


if __name__ == "__main__":
    with Server(int(sys.argv[1]) / 1000) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
