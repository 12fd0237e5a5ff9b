"""Which exception a network failure becomes.

The messages are the tap's own: those of the libraries below quote addresses, queries and headers.
"""

from __future__ import annotations

import re
import ssl
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests

from tap_salesforce_chat.errors import RetryLaterError, SalesforceError
from tap_salesforce_chat.http.errors.responses import ErrorResponse, proxy_login_error

if TYPE_CHECKING:
    from collections.abc import Iterator

_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_FORBIDDEN_BY_PROXY = frozenset({401, 403})
_TRANSIENT = (
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    TimeoutError,
    ConnectionError,
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
    """Return the error for an exception of requests, without its text, which quotes the URL."""
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
    if isinstance(exc, _TRANSIENT):
        return RetryLaterError(f"{subject}: no complete answer from Salesforce ({kind}).")
    return SalesforceError(f"{subject}: cannot send the request ({kind}). Check login_url.")


def _proxy_error(status: int, subject: str) -> SalesforceError | RetryLaterError:
    if status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return proxy_login_error(ErrorResponse(status, None, {}, subject))
    if status in _FORBIDDEN_BY_PROXY:
        return SalesforceError(
            f"{subject}: the proxy does not let this machine through ({status}). Have it allow the "
            "hosts of login_url and instance_url."
        )
    return RetryLaterError(f"{subject}: the proxy does not get through ({status}).", status=status)


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """Yield an exception and its causes; libraries chain them in different ways."""
    rest: list[Any] = [exc]
    seen: set[int] = set()
    while rest:
        cause = rest.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            rest += [cause.__cause__, cause.__context__, getattr(cause, "reason", None)]
            rest += cause.args
