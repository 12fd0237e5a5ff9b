"""What goes over the wire: requests, answers, and the log of both."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from email.message import Message

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `path` is percent-encoded as sent and comes without the query."""

    method: str
    path: str
    query: str
    headers: Message
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; status 0 is a connection closed without one, at once or after a hang."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    hangs: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came, with the status it got (0: none).

    `path` has the query; `headers` are looked up in any case, and a missing one is None.
    """

    method: str
    path: str
    status: int
    headers: Message
    body: bytes


class RefusedError(Exception):
    """The request ends here, with this answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"refused with {answer.status}")
        self.answer = answer


def json_answer(status: int, value: Any) -> Answer:
    """Return an answer that holds a value as JSON."""
    return Answer(status, json.dumps(value).encode())


def refused(status: int, title: str, **members: Any) -> RefusedError:
    """Return a refusal whose JSON body has a title and more members."""
    return RefusedError(json_answer(status, {"title": title, "status": status, **members}))
