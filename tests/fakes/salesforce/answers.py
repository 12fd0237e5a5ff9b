"""What goes over the wire, free of sockets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.salesforce.errors import SalesforceError

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Request:
    """A request with its query or form decoded; header names in any case."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    form: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body and what headers it has of its own."""

    status: int
    body: bytes
    content_type: str = "application/json;charset=UTF-8"
    headers: tuple[tuple[str, str], ...] = ()


def make_request(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Request:
    """Take a request apart."""
    url = urlsplit(target)
    form = body.decode("utf-8", "replace")
    return Request(method, url.path, _pairs(url.query), headers, _pairs(form), body)


def json_answer(document: Any, status: int = 200) -> Answer:
    """Return a document as JSON."""
    return Answer(status, _encode(document))


def html_answer(status: int, text: str) -> Answer:
    """Return a page as a proxy in front of Salesforce sends one."""
    return Answer(status, text.encode(), "text/html;charset=UTF-8")


def refusal(error: SalesforceError) -> Answer:
    """REST refusals are a JSON array, always of one object."""
    return json_answer([{"message": error.message, "errorCode": error.code}], error.status)


def _pairs(text: str) -> dict[str, str]:
    return dict(parse_qsl(text, keep_blank_values=True))
