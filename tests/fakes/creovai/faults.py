"""Failures on demand: what a network, a proxy or a bad day at Creovai does to a request."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from tests.fakes.creovai.messages import Answer

_PLAIN_STATUSES = ("500", "503", "429", "408", "401", "403", "404", "413")
_DROPPED = Answer(status=0)
_ANSWERS = {kind: Answer(int(kind), b'{"title": "Fault"}') for kind in _PLAIN_STATUSES} | {
    "302": Answer(302),
    "html_200": Answer(200, b"<html><body>Please sign in.</body></html>", "text/html"),
    "no_id": Answer(200, b"{}"),
    "drop_before": _DROPPED,
    "drop_after": _DROPPED,
    "500_after": Answer(500, b'{"title": "Fault"}'),
    "hang": Answer(status=0, hangs=True),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A failure of the next `times` requests below `path`, once `after` of them went well.

    A request that meets a fault changes nothing, except for `drop_after` and `500_after`,
    which handle it in full and then spoil the answer. The target of a `302` is the same path
    below `/redirected`, which does not exist, so a client that follows shows up in the calls.
    """

    kind: str
    path: str = "/capture"
    times: int = 1
    after: int = 0
    retry_after: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in _ANSWERS:
            msg = f"No such fault: {self.kind}. There are {', '.join(sorted(_ANSWERS))}."
            raise ValueError(msg)

    @property
    def is_after_the_fact(self) -> bool:
        """Whether the request is handled in full before its answer is spoilt."""
        return self.kind.endswith("_after")

    def answer(self, path: str) -> Answer:
        """Return what the client gets to see instead of the real answer."""
        plain = _ANSWERS[self.kind]
        headers = [("Location", f"/redirected{path}")] if self.kind == "302" else []
        if self.retry_after is not None:
            headers.append(("Retry-After", str(self.retry_after)))
        return Answer(plain.status, plain.body, plain.content_type, tuple(headers), plain.hangs)


@dataclass(slots=True)
class _Armed:
    fault: Fault
    seen: int = 0
    struck: int = 0

    @property
    def is_due(self) -> bool:
        return self.seen > self.fault.after and self.struck < self.fault.times


class Faults:
    """The failures that are still to come, in the order in which they were added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []

    def add(self, fault: Fault) -> None:
        """Arm a fault. Where several are due at once, the one added first strikes."""
        with self._lock:
            self._armed.append(_Armed(fault))

    def clear(self) -> None:
        """Disarm all that is left."""
        with self._lock:
            self._armed.clear()

    def strike(self, path: str) -> Fault | None:
        """Count a request, and return the fault that it meets."""
        with self._lock:
            concerned = [armed for armed in self._armed if path.startswith(armed.fault.path)]
            for armed in concerned:
                armed.seen += 1
            due = next((armed for armed in concerned if armed.is_due), None)
            if due is None:
                return None
            due.struck += 1
            return due.fault
