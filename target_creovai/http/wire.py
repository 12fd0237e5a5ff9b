"""One request over HTTP: within one time limit, and only if it still may go at the last moment."""

from __future__ import annotations

import http.client
import zlib
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
import requests
import urllib3

from target_creovai.clock import uptime
from target_creovai.errors import LostAnswerError
from target_creovai.http.connection import Adapter, Attempt, begin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_creovai.http.response import Response

# Creovai's answers are a few lines; a hundred statuses have some ten kilobytes.
LARGEST_ANSWER_BYTES = 16 * 1024 * 1024
LONGEST_CONNECT_SECONDS = 30.0
_UNPACKS_GZIP_AND_DEFLATE = zlib.MAX_WBITS | 32


class Answer(msgspec.Struct, frozen=True):
    """What came back, unpacked. `request_bytes` is how much was sent.

    The names of `headers` are in lower case.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float = 0.0
    request_bytes: int = 0


NoAnswer = requests.RequestException | urllib3.exceptions.HTTPError
"""Why there is no answer."""


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
            adapter = Adapter(pool_maxsize=connections, pool_connections=connections)
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
        attempt = Attempt(permit, began + self._timeout)
        begin(attempt)
        times = urllib3.Timeout(min(LONGEST_CONNECT_SECONDS, self._timeout), self._timeout)
        try:
            pool, before_path, host = self._way
            response = pool.urlopen(
                method,
                before_path + path,
                body=data,
                headers={"Host": host, **self._headers, **headers},
                timeout=times,
                retries=False,
                redirect=False,
                assert_same_host=False,  # where a proxy is asked, the pool is the proxy's
                preload_content=False,
                decode_content=False,
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            return attempt, error
        reusable = False
        try:
            body = _unpacked(response)
            reusable = response.isclosed() and not response.will_close
        finally:
            pool.give_back(response._connection, reusable=reusable)  # noqa: SLF001 -- urllib3 sets it
        seconds, size = uptime() - began, len(data or b"")
        answer = Answer(response.status, response.fields, body, seconds, request_bytes=size)
        return attempt, answer

    @cached_property
    def _way(self) -> tuple[Any, str, str]:
        """The connections that requests would take, what precedes the path on them, and the host.

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
        before_path = adapter.request_url(request, proxies).removesuffix("/")
        return pool, before_path, urlsplit(url).netloc


def _unpacked(response: Response) -> bytes:
    """Read a body; packed, it may say that it is small and be as large as it likes."""
    try:
        packed = body = response.read_to_end(LARGEST_ANSWER_BYTES + 1)
        if response.fields.get("content-encoding", "identity") in {"gzip", "deflate"}:
            unpacker = zlib.decompressobj(_UNPACKS_GZIP_AND_DEFLATE)
            body = unpacker.decompress(packed, LARGEST_ANSWER_BYTES + 1)
    except (http.client.HTTPException, OSError, zlib.error) as error:
        msg = f"the answer broke off ({type(error).__name__})"
        raise LostAnswerError(msg) from None
    if max(len(packed), len(body)) > LARGEST_ANSWER_BYTES:
        msg = f"the answer has more than {LARGEST_ANSWER_BYTES >> 20} MiB"
        raise LostAnswerError(msg)
    return body
