"""Several windows in flight, their rows in order, and never much in memory.

Each window in flight is a lane with a thread, which sends requests and decodes answers; all else
happens in the thread that iterates. A lane reads ahead as long as there is room. The first one,
whose rows are due, always gets on, so that nothing can be stuck.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from threading import Condition, Thread
from typing import TYPE_CHECKING

from tap_salesforce_chat.reading.windows import ROOM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_salesforce_chat.reading.windows import Batch, Window

    HandOver = Callable[[Iterable[Window], int], None]
    Read = Callable[[Window, HandOver], Iterator[Batch]]


class _Lane:
    def __init__(self, window: Window) -> None:
        self.window = window
        self.batches: deque[Batch] = deque()
        self.started = False
        self.done = False
        self.error: BaseException | None = None


class Lanes:
    """Reads windows, a few at a time, and gives their batches out in order.

    Args:
        read: Reads one window. It may hand over windows, which are read next after it, and tells
            how many bytes to expect of a batch of them.
        first: The window that all others come from.
        workers: How many windows may be in flight.
    """

    def __init__(self, read: Read, first: Window, workers: int) -> None:
        self._read = read
        self._workers = workers
        self._changed = Condition()
        self._lanes = [_Lane(first)]
        self._closed = False
        self._waiting = 0  # bytes that are here
        self._asking = 0  # requests in flight
        self._largest = 0  # bytes of the largest batch so far, as what the next may have

    def __iter__(self) -> Iterator[Batch]:
        """Yield all batches.

        Raises:
            Exception: What the reading of a window ended with, when it is the window's turn.
        """
        try:
            with self._changed:
                self._start_lanes()
            while (batch := self._next()) is not None:
                size = batch.size
                yield batch
                del batch
                with self._changed:
                    self._waiting -= size
                    self._changed.notify_all()
        finally:
            with self._changed:
                self._closed = True
                self._changed.notify_all()

    def _next(self) -> Batch | None:
        with self._changed:
            while self._lanes:
                lane = self._lanes[0]
                self._changed.wait_for(lambda lane=lane: lane.batches or lane.done)  # type: ignore[misc] # a default binds the loop's variable
                if lane.batches:
                    return lane.batches.popleft()
                if lane.error is not None:
                    raise lane.error
                self._lanes.pop(0)
                self._changed.notify_all()
            return None

    def _start_lanes(self) -> None:
        running = sum(lane.started and not lane.done for lane in self._lanes)
        waiting = [lane for lane in self._lanes if not lane.started]
        for lane in waiting[: self._workers - running]:
            lane.started = True
            # A daemon: a request that hangs must not keep the process from ending.
            Thread(target=self._run, args=(lane,), daemon=True).start()

    def _run(self, lane: _Lane) -> None:
        try:
            self._read_ahead(lane)
        except BaseException as exc:  # noqa: BLE001 - raised where the rows are wanted
            lane.error = exc
        with self._changed:
            lane.done = True
            if not self._closed:
                self._start_lanes()
            self._changed.notify_all()

    def _read_ahead(self, lane: _Lane) -> None:
        batches = self._read(lane.window, partial(self._insert, lane))
        while self._enter(lane):
            batch = None
            try:
                batch = next(batches, None)
            finally:
                self._leave(lane, batch)
            if batch is None:
                return

    def _enter(self, lane: _Lane) -> bool:
        """Wait for room; return False when there is nobody left to read for."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._has_room(lane))
            self._asking += 1
            return not self._closed

    def _has_room(self, lane: _Lane) -> bool:
        if lane is self._lanes[0] and not lane.batches:
            return True
        return self._waiting + (self._asking + 1) * self._largest <= ROOM

    def _leave(self, lane: _Lane, batch: Batch | None) -> None:
        with self._changed:
            self._asking -= 1
            if batch is not None:
                lane.batches.append(batch)
                self._waiting += batch.size
                self._largest = max(self._largest, batch.size)
            self._changed.notify_all()

    def _insert(self, lane: _Lane, windows: Iterable[Window], size: int) -> None:
        with self._changed:
            self._largest = max(self._largest, size)
            place = self._lanes.index(lane) + 1
            self._lanes[place:place] = map(_Lane, windows)
            self._start_lanes()
