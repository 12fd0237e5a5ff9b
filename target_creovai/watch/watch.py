"""A run, watched from a thread of its own: heartbeats, metrics and progress.

It reads what the run counts anyway, and goes on while the run itself waits for rows or for an
answer.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

import msgspec

from target_creovai.watch.heartbeat import Health, health_of
from target_creovai.watch.summary_log import is_without_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from target_creovai.delivery.loop import DeliveryLoop
    from target_creovai.watch.heartbeat import Heartbeat
    from target_creovai.watch.metrics import Metrics
    from target_creovai.watch.progress import Progress
    from target_creovai.watch.summary import Summary

SECONDS_BETWEEN_LOOKS = 1.0
# Creovai's own service sends heartbeats at this pace; the SDK's meters log at it.
SECONDS_BETWEEN_HEARTBEATS = 60.0
SECONDS_BETWEEN_METRICS = 60.0
SECONDS_BETWEEN_LINES = 30.0


class _Task(msgspec.Struct):
    seconds: float
    do: Callable[[], None]
    done_at: float


class Watch:
    """Watches a run for as long as its `with` block lasts."""

    def __init__(
        self,
        summary: Summary,
        metrics: Metrics,
        progress: Progress,
        heartbeat: Heartbeat | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._summary = summary
        self._metrics = metrics
        self._progress = progress
        self._heartbeat = heartbeat
        self._clock = clock
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._tasks = [
            _Task(seconds, do, clock())
            for seconds, do in (
                (0.0, progress.draw),
                (SECONDS_BETWEEN_LINES, progress.log),
                (SECONDS_BETWEEN_METRICS, metrics.log),
                (SECONDS_BETWEEN_HEARTBEATS, self._beat),
            )
        ]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Send a last heartbeat if an error ended the run; a signal does not wait for that."""
        if isinstance(error, Exception):
            self._end(Health.ERROR)
        self._ended.set()

    @contextmanager
    def delivery(self, loop: DeliveryLoop) -> Iterator[None]:
        """Watch the delivery, which is a run's last part; then send the last heartbeat."""
        with self._progress.of(loop):
            yield
        self._end(health_of(self._summary))

    def look(self) -> None:
        """Do the tasks whose time has come."""
        now = self._clock()
        for task in self._tasks:
            if now - task.done_at >= task.seconds:
                task.done_at = now
                task.do()

    def _beat(self, status: Health | None = None) -> None:
        if self._heartbeat:
            self._heartbeat.beat(status or health_of(self._summary))

    def _end(self, status: Health) -> None:
        if self._ended.is_set():  # sent already: the input broke off, and the rest was delivered
            return
        self._ended.set()
        if self._thread.ident is not None:  # the SDK's tests end what they never let begin
            self._thread.join()
        self._metrics.log(logging.DEBUG if is_without_changes(self._summary) else logging.INFO)
        self._beat(status)

    def _run(self) -> None:
        self._beat()
        while not self._ended.wait(SECONDS_BETWEEN_LOOKS):
            self.look()
