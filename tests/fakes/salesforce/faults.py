"""Failures on demand: what goes wrong between a client and Salesforce."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.fakes.salesforce.answers import Answer, html_answer, refusal
from tests.fakes.salesforce.errors import Code, SalesforceError
from tests.fakes.salesforce.oauth import OAuthRefusal, refused_login

if TYPE_CHECKING:
    from collections.abc import Mapping

_HTML = "<html><head><title>Error</title></head><body><h1>Service not available</h1></body></html>"
_REASONS: Mapping[str, tuple[int, Code, str]] = MappingProxyType(
    {
        "401": (401, Code.INVALID_SESSION_ID, "Session expired or invalid"),
        "420": (420, Code.UNKNOWN_EXCEPTION, "No routing information for this request"),
        "500": (
            500,
            Code.UNKNOWN_EXCEPTION,
            "An unexpected error occurred. Please include this ErrorId",
        ),
        "lock_row": (
            400,
            Code.UNABLE_TO_LOCK_ROW,
            "unable to obtain exclusive access to this record or 1 records",
        ),
        "server_unavailable": (400, Code.SERVER_UNAVAILABLE, "server too busy"),
        "other_user": (400, Code.API_ERROR, "The job belongs to another user."),
        "hidden_job": (403, Code.INSUFFICIENT_ACCESS, "insufficient access rights"),
        "lost_locator": (400, Code.INVALID_QUERY_LOCATOR, "invalid query locator"),
        "query_timeout": (400, Code.QUERY_TIMEOUT, "Your query request was running for too long."),
        "too_complicated": (400, Code.QUERY_TOO_COMPLICATED, "Query is too complicated."),
        "request_limit": (403, Code.REQUEST_LIMIT_EXCEEDED, "TotalRequests Limit exceeded."),
        "concurrent_limit": (
            403,
            Code.REQUEST_LIMIT_EXCEEDED,
            "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        ),
        "txn_security": (
            403,
            Code.TXN_SECURITY_NO_ACCESS,
            "The operation you requested isn't allowed due to a security policy.",
        ),
    }
)
# Refused logins that pass by themselves.
_LOGIN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "unknown": ("unknown_error", "retry your request"),
        "rate": ("invalid_grant", "login rate exceeded"),
        "busy": ("invalid_grant", "token request is already being processed"),
        "limit": ("rate_limit_exceeded", "too many requests"),
    }
)

FAULT_ANSWERS: Mapping[str, Answer] = MappingProxyType(
    {
        kind: refusal(SalesforceError(code, message, status=status))
        for kind, (status, code, message) in _REASONS.items()
    }
    | {f"login_{kind}": refused_login(OAuthRefusal(*words)) for kind, words in _LOGIN.items()}
    | {
        "302": Answer(302, b"", headers=(("Location", "https://elsewhere.example/"),)),
        "404_html": html_answer(404, _HTML),
        "406": html_answer(406, _HTML),
        "407": html_answer(407, _HTML),
        "502": html_answer(502, _HTML),
        "503_html": html_answer(503, _HTML),
        "504": html_answer(504, _HTML),
    }
)
# These are done to the connection, whatever the answer.
WIRE_FAULTS = frozenset({"drop", "hang", "truncate"})


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure that strikes requests whose path contains `path`.

    The first `after` of them pass, the next `times` are struck.
    """

    kind: str
    path: str = "/query"
    times: int = 1
    after: int = 0

    def __post_init__(self) -> None:
        if self.kind not in WIRE_FAULTS | FAULT_ANSWERS.keys():
            msg = f"No fault {self.kind}"
            raise ValueError(msg)


@dataclass(slots=True)
class _Pending:
    """A fault with the number of requests that it has let pass or struck."""

    fault: Fault
    seen: int = 0

    def matches(self, path: str) -> bool:
        """Tell whether the fault still has a say about a path."""
        spent = self.seen == self.fault.after + self.fault.times
        return not spent and self.fault.path in path


class Faults:
    """The failures to come; those added first strike first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pending: list[_Pending] = []

    def add(self, fault: Fault) -> None:
        """Let a failure come."""
        with self._lock:
            self._pending.append(_Pending(fault))

    def strike(self, path: str) -> str | None:
        """Count a request in, and return the kind of the fault that strikes it."""
        with self._lock:
            for pending in self._pending:
                if pending.matches(path):
                    pending.seen += 1
                    if pending.seen > pending.fault.after:
                        return pending.fault.kind
        return None
