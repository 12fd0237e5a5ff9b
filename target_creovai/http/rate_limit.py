"""The rate limit over all threads of a client."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class RateLimit:
    """Lets at most so many requests a second begin, over all threads."""

    def __init__(self, per_second: int | None, clock: Callable[[], float]) -> None:
        self._gap = 1 / per_second if per_second else 0.0
        self._clock = clock
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Wait until the caller's request may begin."""
        if not self._gap:
            return
        with self._lock:
            begins = max(self._next, self._clock())
            self._next = begins + self._gap
        time.sleep(max(0.0, begins - self._clock()))
