"""Sends a request and reads its response: certificates are checked, time and size are limited."""

from __future__ import annotations

import logging
import os
import re
import ssl
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import requests

from tap_salesforce_chat.errors import SalesforceError
from tap_salesforce_chat.http.decoding import as_utf8
from tap_salesforce_chat.http.errors.network import network_error
from tap_salesforce_chat.http.timed_sockets import TimedAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# As many connections as a run may have requests in flight; more would be closed after each use.
_POOL_SIZE = 32
# Of a response, unpacked: more than a page of the longest texts, and less than a machine's memory.
MAX_RESPONSE_BYTES = 500_000_000
_CHUNK_BYTES = 2**20
# The first one that is set counts: requests reads the first two, OpenSSL and curl the last.
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")

# At debug level it would write each URL, and with it the query, to the log.
logging.getLogger("urllib3").setLevel(logging.INFO)


class Transport:
    """A pool of connections, for any number of threads.

    Args:
        timeout_seconds: How long a request may wait for bytes in all.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout = timeout_seconds
        self._pool = requests.Session()
        self._pool.headers["Accept-Encoding"] = "gzip"
        for scheme in ("https://", "http://"):
            self._pool.mount(scheme, TimedAdapter(pool_maxsize=_POOL_SIZE))
        self._bundle = next(filter(os.environ.get, _BUNDLES), None)
        if self._bundle:
            self._pool.verify = os.environ[self._bundle]

    def send(self, method: str, url: str, subject: str, **options: Any) -> requests.Response:
        """Send a request; the caller reads the response's body and closes it.

        Raises:
            SalesforceError: The request cannot be sent, or the connection is not safe.
            RetryLaterError: No response came.
        """
        if self._bundle and not self._bundle_is_readable:
            msg = (
                f"{subject}: the environment variable {self._bundle} names no file of certificates "
                "that can be read. Correct its path, or unset it."
            )
            raise SalesforceError(msg)
        try:
            return self._pool.request(
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


def read_body(response: requests.Response, subject: str) -> bytes:
    """Return the body of a response, as UTF-8.

    Raises:
        SalesforceError: It is larger than any page of rows.
        RetryLaterError: The connection broke before its end.
    """
    try:
        chunks = response.iter_content(_chunk_bytes(response.headers))
        return as_utf8(b"".join(size_limited(chunks, subject)))
    except (requests.RequestException, OSError) as exc:
        raise network_error(exc, subject) from None


def _chunk_bytes(headers: Mapping[str, str]) -> int | None:
    """Return how many bytes to read at once; None, all of them, where their number is known.

    To read a body whole takes half of the memory; a packed one may unpack to any size.
    """
    length = headers.get("Content-Length", "")
    known = re.fullmatch(r"[0-9]{1,9}", length) and "Content-Encoding" not in headers
    return None if known and int(length) <= MAX_RESPONSE_BYTES else _CHUNK_BYTES


def size_limited(chunks: Iterator[bytes], subject: str) -> Iterator[bytes]:
    """Yield the chunks of a body.

    Raises:
        SalesforceError: They are more than `MAX_RESPONSE_BYTES` in all.
    """
    left = MAX_RESPONSE_BYTES
    for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            msg = (
                f"{subject}: the answer has more than {MAX_RESPONSE_BYTES // 1_000_000} MB. Set "
                "page_size lower, and check login_url and the proxy if it is no answer of "
                "Salesforce's."
            )
            raise SalesforceError(msg)
        yield chunk
