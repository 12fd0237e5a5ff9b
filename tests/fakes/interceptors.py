"""What a test lets happen around the answers of a simulated server."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Request = TypeVar("Request")
Answer = TypeVar("Answer")

ALWAYS = 1_000_000


def _nothing() -> None:
    return None


# Mutable: it counts the requests that it has met.
@dataclass(slots=True)
class _Interceptor(Generic[Request, Answer]):
    matches: Callable[[Request], bool]
    before: Callable[[], object]
    change: Callable[[Answer], Answer]
    after: Callable[[], object]
    skip: int
    times: int
    met: int = 0

    def meets(self, request: Request) -> bool:
        """Count a request, and return whether this interceptor takes part in it."""
        if not self.matches(request):
            return False
        self.met += 1
        return self.skip < self.met <= self.skip + self.times


class Interceptors(Generic[Request, Answer]):
    """The interceptors of one server; those added last are nearest to the client."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._added: list[_Interceptor[Request, Answer]] = []

    def add(
        self,
        matches: Callable[[Request], bool],
        *,
        before: Callable[[], object] = _nothing,
        change: Callable[[Answer], Answer] = lambda answer: answer,
        after: Callable[[], object] = _nothing,
        skip: int = 0,
        times: int = ALWAYS,
    ) -> None:
        """Intercept the requests that match: all but the first `skip`, and at most `times`.

        `before` is called before the request is answered, `after` when it is and the answer has
        not left. `change` turns the answer into the one that is sent.
        """
        added = _Interceptor(matches, before, change, after, skip, times)
        with self._lock:
            self._added.append(added)

    def clear(self) -> None:
        """Remove all of them."""
        with self._lock:
            self._added.clear()

    def answer(self, request: Request, answer: Callable[[Request], Answer]) -> Answer:
        """Return what the client gets to see of the answer to a request."""
        with self._lock:
            concerned = [each for each in self._added if each.meets(request)]
        for each in concerned:
            each.before()
        sent = answer(request)
        for each in concerned:
            sent = each.change(sent)
            each.after()
        return sent
