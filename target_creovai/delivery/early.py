"""Delivery that goes on while the tap still sends rows."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from target_creovai.delivery.deliver import Delivery


class EarlyDelivery:
    """A thread that delivers, after each commit, what is complete by then."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._news = threading.Event()
        self._ended = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def news(self) -> None:
        """Say that more rows are committed; the first call starts the thread."""
        self._news.set()
        if self._thread.ident is None:
            self._thread.start()

    def stop(self, exit_code: int) -> None:
        """Ask for an end at the next safe point; may be called by a signal handler."""
        self._delivery.stop(exit_code)
        self._ended = True
        self._news.set()

    def end(self, seconds: float | None = None) -> None:
        """Let what is under way come to its end, for so long at most.

        Raises:
            Exception: What the thread came upon, such as a store that cannot be written.
        """
        self._ended = True
        self._news.set()
        if self._thread.ident is not None:
            self._thread.join(seconds)
        if isinstance(self._error, Exception):
            raise self._error

    def _more_to_come(self) -> bool:
        self._news.wait()
        self._news.clear()
        return not self._ended

    def _run(self) -> None:
        try:
            self._delivery.run_early(self._more_to_come)
        except BaseException as error:  # noqa: BLE001 -- whoever ends it gets it
            self._error = error
