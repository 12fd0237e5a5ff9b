"""One request over HTTP: within one time limit, and only if `before_send` allows it."""

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
"""The errors that stand for an answer that did not come."""


class Transport:
    """Requests to one host; safe to share among threads."""

    def __init__(
        self, root: str, connections: int, timeout_seconds: float, user_agent: str
    ) -> None:
        """Prepare it. `root` is scheme and host, `connections` how many are kept open."""
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

    def set_ca_bundle(self, bundle: str) -> None:
        """Verify certificates by the authorities of a file or a folder; not after a request."""
        self._session.verify = bundle

    def request(
        self,
        method: str,
        path: str,
        before_send: Callable[[], None],
        headers: Mapping[str, str],
        data: bytes | None,
    ) -> tuple[Attempt, Answer | NoAnswer]:
        """Make a request; return its answer, or the error in its place, and whether it was sent.

        What `before_send` raises is raised here: nothing of the request was sent then.

        Raises:
            LostAnswerError: The answer cannot be read to its end, or is too large.
        """
        began = uptime()
        attempt = Attempt(before_send, began + self._timeout)
        begin(attempt)
        times = urllib3.Timeout(min(LONGEST_CONNECT_SECONDS, self._timeout), self._timeout)
        try:
            pool, before_path, host = self._route
            response = pool.urlopen(
                method,
                before_path + path,
                body=data,
                headers={"Host": host, **self._headers, **headers},
                timeout=times,
                retries=False,
                redirect=False,
                assert_same_host=False,  # for a request through a proxy, the pool is the proxy's
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
    def _route(self) -> tuple[Any, str, str]:
        """The connection pool that `requests` would use, what precedes the path on it, the host.

        Proxies and authorities of the environment are the same for all requests: to look them up
        for each takes longer than the request.
        """
        # Not by a session: it would replace our token by an entry of .netrc for the host.
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
    """Read a body within the size limit, which holds for it unpacked as well."""
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
