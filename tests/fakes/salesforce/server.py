"""The API on a loopback socket: HTTP/1.1 with keep-alive, a log of calls, faults on demand."""

from __future__ import annotations

import gzip
import socket
import sys
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any, Self

from requests.structures import CaseInsensitiveDict

from tests.fakes.salesforce.answers import Answer, make_request, refusal
from tests.fakes.salesforce.api import RestApi
from tests.fakes.salesforce.cursors import MAX_PAGE
from tests.fakes.salesforce.errors import Code, SalesforceError
from tests.fakes.salesforce.faults import FAULT_ANSWERS, Faults
from tests.fakes.salesforce.oauth import Credentials

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    from tests.fakes.salesforce.org import SalesforceOrg

MAX_URI_BYTES = 16_384
MIN_GZIP_BYTES = 2_048
_GZIP_LEVEL = 1
_POLL_SECONDS = 0.02
_BACKLOG = 128


# Mutable: a call is logged when it arrives, and its answer when there is one.
@dataclass(slots=True)
class Call:
    """One request; header names in any case. `status` is 0 while, or if, it has no answer."""

    method: str
    path: str
    query: dict[str, str]
    status: int
    headers: CaseInsensitiveDict[str]


class SalesforceServer(RestApi):
    """A simulated Salesforce, for `with`: login host and instance in one.

    `page_size` cuts pages shorter than a client may ask for, to make it page.
    Further keywords are the fields of `oauth.Credentials`.
    """

    def __init__(
        self,
        org: SalesforceOrg,
        *,
        page_size: int = MAX_PAGE,
        ssl_context: ssl.SSLContext | None = None,
        **credentials: str,
    ) -> None:
        super().__init__(org, Credentials(**credentials), page_size=page_size)
        self.faults = Faults()
        self.calls: list[Call] = []
        self.latency_seconds = 0.0  # of each answer
        self.max_uri_bytes = MAX_URI_BYTES
        self.hanging = Event()  # set once a request hangs
        self._ssl_context = ssl_context
        self._gate = Event()
        self._http: _HttpServer | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen on a free port; `url` is known from here on."""
        self._gate = Event()
        self._http = _HttpServer(self, self._ssl_context)
        scheme = "http" if self._ssl_context is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._http.server_port}"
        Thread(target=self._http.serve_forever, args=(_POLL_SECONDS,), daemon=True).start()

    def stop(self) -> None:
        """Close the port and all connections, and wait for their threads."""
        if self._http is not None:
            self._http.shutdown()
            self.release()
            self._gate.set()  # also for a request that arrives only now
            self._http.hang_up()
            self._http.server_close()
            self._http = None

    def release(self) -> None:
        """Let all requests go that hang."""
        gate, self._gate = self._gate, Event()
        gate.set()

    def delay(self) -> None:
        """Let an answer take its time."""
        if self.latency_seconds:
            self._gate.wait(self.latency_seconds)

    def hang(self) -> None:
        """Wait for the next `release`."""
        self.hanging.set()
        self._gate.wait()


class _HttpServer(ThreadingHTTPServer):
    request_queue_size = _BACKLOG
    # Waited for at the end, so that no thread or socket outlives a test.
    daemon_threads = False

    def __init__(self, api: SalesforceServer, ssl_context: ssl.SSLContext | None) -> None:
        self.api = api
        self._ssl_context = ssl_context
        self._lock = Lock()
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._ssl_context is not None:
            # The handshake comes with the first read, in the connection's own thread.
            connection = self._ssl_context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        with self._lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep alive."""
        with self._lock:
            for connection in self._open:
                _shut(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # Clients go away in the middle, some of them on purpose.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _HttpServer

    def _serve(self) -> None:
        api = self.server.api
        body = self._body()
        headers = CaseInsensitiveDict(self.headers.items())
        request = make_request(self.command, self.path, headers, body)
        call = Call(request.method, request.path, request.query, 0, headers)
        api.calls.append(call)
        fault = api.faults.strike(request.path)
        if fault == "drop":
            self.close_connection = True
            return
        if fault == "hang":
            api.hang()
        api.delay()
        answer = FAULT_ANSWERS.get(fault or "") or self._too_long() or api.handle(request)
        call.status = answer.status
        self._send(answer, cut=fault == "truncate")

    def _body(self) -> bytes:
        """Read the body, in one piece or in chunks: Node's clients send no length."""
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0] or b"0", 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(parts)

    # The names that the standard library looks for.
    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815 - see above

    def _too_long(self) -> Answer | None:
        uri, most = len(self.path), self.server.api.max_uri_bytes
        if uri > most:
            return refusal(SalesforceError(Code.URI_TOO_LONG, "The URI is too long", status=414))
        if uri + len(self.headers.as_bytes()) > most:
            message = "The URI and the headers are too long"
            return refusal(SalesforceError(Code.HEADERS_TOO_LONG, message, status=431))
        return None

    def _send(self, answer: Answer, *, cut: bool) -> None:
        api = self.server.api
        body = answer.body
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Sforce-Limit-Info", f"api-usage={api.daily_used}/{api.daily_limit}")
        if len(body) > MIN_GZIP_BYTES and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, _GZIP_LEVEL)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The org's clock, not this machine's."""
        return super().date_time_string(timestamp or self.server.api.org.now().timestamp())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing: `calls` is the log."""


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the client was faster
