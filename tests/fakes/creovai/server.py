"""The tenant on a socket: threads, keep-alive, TLS, and connections that break on demand."""

from __future__ import annotations

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from tests.fakes.creovai import api
from tests.fakes.creovai.faults import Faults
from tests.fakes.creovai.messages import Answer, Call, RefusedError, Request, refused
from tests.fakes.creovai.tenant import Tenant
from tests.fakes.interceptors import Interceptors

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

HOST = "127.0.0.1"
POLL_SECONDS = 0.02  # how long `stop` may have to wait for the accepting thread
JOIN_SECONDS = 5


class CreovaiServer(Tenant):
    """A Creovai tenant that listens on loopback while its `with` block lasts.

    It may be stopped and started again: it comes back on the same port and has forgotten
    nothing.
    """

    def __init__(
        self,
        api_user: str = "demo-user",
        api_password: str = "demo-secret",  # noqa: S107 -- it opens nothing
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(api_user, api_password)
        self.faults = Faults()
        self.interceptors: Interceptors[Request, Answer] = Interceptors()
        self.calls: list[Call] = []
        self.latency_seconds = 0.0
        self._at_work = _AtWork()
        self._ssl_context = ssl_context
        self._port = 0
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._released = threading.Event()

    @property
    def url(self) -> str:
        """The base URL; known once the server has been started."""
        if not self._port:
            msg = "The server has not been started."
            raise RuntimeError(msg)
        return f"{'http' if self._ssl_context is None else 'https'}://{HOST}:{self._port}"

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._listener._open) if self._listener else 0

    @property
    def most_at_once(self) -> int:
        """How many answers were under way at a time, at most."""
        return self._at_work.most

    def start(self) -> None:
        """Listen, and return at once."""
        self._stopping.clear()
        self._listener = _Listener(self, self._port, self._ssl_context)
        self._port = self._listener.server_port
        self._thread = threading.Thread(
            target=self._listener.serve_forever,
            args=(POLL_SECONDS,),
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and cut all connections, those that hang included."""
        if self._listener is None or self._thread is None:
            return
        self._stopping.set()
        self.release()
        self._listener.shutdown()
        self._thread.join(JOIN_SECONDS)
        self._listener.cut_connections()
        self._listener.server_close()
        self._listener = self._thread = None

    def release(self) -> None:
        """Close the connections of all requests that hang; they get no answer."""
        released, self._released = self._released, threading.Event()
        released.set()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def respond(self, request: Request) -> Answer:
        """Return the answer to a request, the way that interceptors let it go."""
        return self.interceptors.answer(request, self._answer)

    def _answer(self, request: Request) -> Answer:
        """Answer a request, spoilt by the fault that is due, if any."""
        fault = self.faults.strike(request.path)
        if fault is None:
            return api.answer(self, request)
        if fault.is_after_the_fact:
            api.answer(self, request)
        return fault.answer(request.path)

    def log_and_delay(self, call: Call, answer: Answer) -> None:
        """Note a call, then wait as long as its answer has to."""
        with self._at_work:
            self._hold(call, answer)

    def _hold(self, call: Call, answer: Answer) -> None:
        released = self._released
        self.calls.append(call)  # before the answer: who has read it finds the call here
        if answer.hangs and not self._stopping.is_set():
            released.wait()
        if self.latency_seconds and call.path.startswith("/capture"):
            self._stopping.wait(self.latency_seconds)


class _AtWork:
    """Counts what goes on at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self.most = 0

    def __enter__(self) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._now -= 1


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # more clients at once than the default of 5

    def __init__(
        self,
        owner: CreovaiServer,
        port: int,
        ssl_context: ssl.SSLContext | None,
    ) -> None:
        super().__init__((HOST, port), _Handler)
        self.owner = owner
        self._open: dict[Any, threading.Thread] = {}
        if ssl_context is not None:
            # The handshake is left to the connection's own thread, so that a client that is
            # slow at it holds up nobody else.
            self.socket = ssl_context.wrap_socket(
                self.socket,
                server_side=True,
                do_handshake_on_connect=False,
            )

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection, known to `cut_connections` for as long as it lasts."""
        self._open[request] = threading.current_thread()
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.pop(request, None)

    def cut_connections(self) -> None:
        """End all connections, so that no client that kept one alive is served any more."""
        for connection, thread in list(self._open.items()):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the client was faster
            thread.join(JOIN_SECONDS)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over clients that hang up or fail the handshake; print everything else."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"  # keep-alive
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body of an answer leave together

    def _serve(self) -> None:
        owner = self.server.owner
        request = self._read()
        try:
            self._insist_on_length()
            answer = owner.respond(request)
        except RefusedError as error:
            answer = error.answer
        call = Call(self.command, self.path, answer.status, self.headers, request.body)
        owner.log_and_delay(call, answer)
        if answer.status:
            self._send(answer)
        else:
            self.close_connection = True

    # The names that http.server looks up.
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 -- see above

    def _read(self) -> Request:
        length = self.headers.get("Content-Length", "0")
        body = self.rfile.read(int(length)) if length.isdecimal() else b""
        path, _, query = self.path.partition("?")
        return Request(self.command, path, query, self.headers, body)

    def _insist_on_length(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.close_connection = True  # where the body ends is anyone's guess
            raise refused(411, "The body's length must be given.")

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base's name
        """Keep silent: `calls` is the log."""
