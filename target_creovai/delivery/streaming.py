"""Delivery that goes on while the tap still sends rows."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_creovai.delivery.deliver import Delivery


# More changes than these are not kept by name while Creovai is slower than the tap.
MOST_NAMED = 10_000


class Changes:
    """Which conversations, by kind and Id, have changed since they were last taken."""

    def __init__(self) -> None:
        self._named: set[tuple[str, str]] = set()
        self._all = True  # what earlier runs have left is delivered first
        self._lock = threading.Lock()

    def add(self, changed: Iterable[tuple[str, str]]) -> None:
        """Add changes."""
        with self._lock:
            self._named.update(changed)
            if len(self._named) > MOST_NAMED:
                self._named, self._all = set(), True

    def pop_all(self) -> set[tuple[str, str]] | None:
        """Return and forget them; None if there are none, an empty set for all that is due."""
        with self._lock:
            if not self._named and not self._all:
                return None
            named = set() if self._all else self._named
            self._named, self._all = set(), False
            return named


class StreamingDelivery:
    """A thread that delivers, after each commit of rows, the conversations that are complete."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._woken = threading.Event()
        self._changes = Changes()
        self._ended = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def add(self, changed: Iterable[tuple[str, str]]) -> None:
        """Add the conversations that a commit has changed; the first call starts the thread."""
        self._changes.add(changed)
        self._woken.set()
        if self._thread.ident is None:
            self._thread.start()

    def stop(self, exit_code: int) -> None:
        """Ask for an end at the next safe point; may be called by a signal handler."""
        self._delivery.stop(exit_code)
        self._ended = True
        self._woken.set()

    def end(self, seconds: float | None = None) -> None:
        """Wait until requests in flight have ended, for so many seconds at most.

        Raises:
            Exception: The error that ended the thread, such as a store that cannot be written.
        """
        self._ended = True
        self._woken.set()
        if self._thread.ident is not None:
            self._thread.join(seconds)
        if isinstance(self._error, Exception):
            raise self._error

    def _next(self) -> set[tuple[str, str]] | None:
        """Wait for changes, and return them; None: there are no more to come."""
        while True:
            self._woken.wait()
            self._woken.clear()
            if self._ended:
                return None
            if (changed := self._changes.pop_all()) is not None:
                return changed

    def _run(self) -> None:
        try:
            self._delivery.run_streaming(self._next)
        except BaseException as error:  # noqa: BLE001 -- `end` raises it
            self._error = error
