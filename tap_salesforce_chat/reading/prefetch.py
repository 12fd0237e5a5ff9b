"""Many windows in flight, of one stream and the next ones, their rows in order.

Each window in flight is a lane with a thread, which sends requests and decodes answers; all else
happens in the thread that takes the rows. A lane reads ahead as long as there is room. The one
whose rows are due always gets on, so that nothing can be stuck.

Queries that are due later wait until the first answer is there, so that an org that is down or
refuses the login is asked once. Then they get what the query whose turn it is leaves to them, but
never the last worker. Room that an earlier lane is going to need is not there for a later one:
rows that come long before they are due would keep those from coming that are due before them.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from itertools import takewhile
from threading import Condition, Thread
from typing import TYPE_CHECKING

from tap_salesforce_chat.reading.windows import BUFFER_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tap_salesforce_chat.reading.windows import Batch, Window

    Enqueue = Callable[[Iterable[Window], int], None]
    Read = Callable[[Window, Enqueue], Iterator[Batch]]

# Bytes to expect of a query that has not answered yet: what a page takes as a rule.
_UNKNOWN = BUFFER_BYTES // 8


class _Lane:
    """A window: its batches that are here, and what became of it."""

    def __init__(self, reading: Reading, window: Window, size: int = 0) -> None:
        self.reading = reading
        self.window = window
        self.size = size  # bytes to expect of its first batch, 0 if that is not known
        self.batches: deque[Batch] = deque()
        self.started = False
        self.done = False
        self.error: BaseException | None = None
        self.at_end = False  # no more rows are to be expected
        self.asking = 0  # bytes to expect of the request in flight


class Reading:
    """A query on its way through the prefetcher.

    Args:
        read: Reads one window. It may hand over windows, which are read next after it, and tells
            how many bytes to expect of a batch of them.
        first: The window that all others come from.
    """

    def __init__(self, read: Read, first: Window) -> None:
        self.read = read
        self.prefetcher = [_Lane(self, first)]
        self.largest = 0  # bytes of the largest batch so far, as what the next may have
        self.closed = False


class Prefetcher:
    """Reads the windows of queries, a few at a time.

    Args:
        workers: How many windows may be in flight.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._changed = Condition()
        self._readings: list[Reading] = []
        self._answered = False
        self._waiting = 0  # bytes that are here
        self._asking = 0  # bytes to expect of the requests in flight
        self._largest = _UNKNOWN  # bytes of the largest batch of any query

    def open(self, read: Read, first: Window) -> Reading:
        """Have a query read when the ones before it leave time for it."""
        reading = Reading(read, first)
        with self._changed:
            self._readings.append(reading)
        return reading

    def batches(self, reading: Reading) -> Iterator[Batch]:
        """Yield all batches of a query, whose turn it is now.

        Raises:
            Exception: What the reading of a window ended with, when it is the window's turn.
        """
        try:
            self._put_first(reading)
            while (batch := self._next(reading)) is not None:
                size = batch.size
                try:
                    yield batch
                finally:
                    del batch
                    self._make_room(size)
        finally:
            self._close(reading)

    def close(self) -> None:
        """Leave all queries that are open."""
        for reading in list(self._readings):
            self._close(reading)

    def _put_first(self, reading: Reading) -> None:
        with self._changed:
            self._readings.remove(reading)
            self._readings.insert(0, reading)
            self._start_lanes()
            self._changed.notify_all()

    def _next(self, reading: Reading) -> Batch | None:
        with self._changed:
            while reading.prefetcher:
                lane = reading.prefetcher[0]
                self._changed.wait_for(lambda lane=lane: lane.batches or lane.done)  # type: ignore[misc] # a default binds the loop's variable
                if lane.batches:
                    return lane.batches.popleft()
                if lane.error is not None:
                    raise lane.error
                reading.prefetcher.pop(0)
                self._start_lanes()
                self._changed.notify_all()  # another lane is due, room or not
            return None

    def _make_room(self, size: int) -> None:
        with self._changed:
            self._waiting -= size
            self._changed.notify_all()

    def _close(self, reading: Reading) -> None:
        with self._changed:
            reading.closed = True
            self._waiting -= sum(
                batch.size for lane in reading.prefetcher for batch in lane.batches
            )
            reading.prefetcher.clear()
            if reading in self._readings:
                self._readings.remove(reading)
            self._changed.notify_all()

    # -- what is in flight ---------------------------------------------------------------------

    def _start_lanes(self) -> None:
        """Start what may be in flight, in the order in which it is due."""
        running = sum(lane.started and not lane.done for lane in self._all_lanes())
        for lane in self._all_lanes():
            if lane.started:
                continue
            later = not self._has_turn(lane)
            full = running >= self.workers - later
            if (full and not self._is_due(lane)) or (later and not self._answered):
                return
            lane.started, running = True, running + 1
            # A daemon: a request that hangs must not keep the process from ending.
            Thread(target=self._run, args=(lane,), daemon=True).start()

    def _all_lanes(self) -> Iterator[_Lane]:
        return (lane for reading in self._readings for lane in reading.prefetcher)

    def _has_turn(self, lane: _Lane) -> bool:
        return lane.reading is self._readings[0]

    def _is_due(self, lane: _Lane) -> bool:
        return self._has_turn(lane) and lane is lane.reading.prefetcher[0]

    def _run(self, lane: _Lane) -> None:
        try:
            self._read_ahead(lane)
        except BaseException as exc:  # noqa: BLE001 - raised where the rows are wanted
            lane.error = exc
        with self._changed:
            lane.done = True
            if not lane.reading.closed:
                self._start_lanes()
            self._changed.notify_all()

    def _read_ahead(self, lane: _Lane) -> None:
        batches = lane.reading.read(lane.window, partial(self._insert, lane))
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
            self._changed.wait_for(lambda: lane.reading.closed or self._has_room(lane))
            if lane.reading.closed:
                return False
            lane.asking = self._coming(lane)
            self._asking += lane.asking
            return True

    def _coming(self, lane: _Lane) -> int:
        """Return how many bytes to expect of a lane's next batch."""
        no_rows = lane.at_end or lane.window.proof
        return 0 if no_rows else lane.size or lane.reading.largest or self._largest

    def _has_room(self, lane: _Lane) -> bool:
        coming = self._coming(lane)
        if not coming or (self._is_due(lane) and not lane.batches):
            return True
        return self._waiting + self._asking + self._promised_before(lane) + coming <= BUFFER_BYTES

    def _promised_before(self, lane: _Lane) -> int:
        """Return how many bytes prefetcher that are due earlier will ask for next.

        All there is for more than a first batch, while an earlier query has not told what it has.
        """
        earlier = list(takewhile(lambda other: other is not lane, self._all_lanes()))
        if lane.reading.largest and not all(other.reading.largest for other in earlier):
            return BUFFER_BYTES
        return sum(0 if other.asking or other.done else self._coming(other) for other in earlier)

    def _leave(self, lane: _Lane, batch: Batch | None) -> None:
        with self._changed:
            self._asking -= lane.asking
            lane.asking = 0
            if batch is not None and not lane.reading.closed:
                self._take(lane, batch)
            self._changed.notify_all()

    def _take(self, lane: _Lane, batch: Batch) -> None:
        lane.batches.append(batch)
        lane.at_end, lane.size = batch.at_end, 0
        self._waiting += batch.size
        self._note_size(lane.reading, batch.size)
        if not self._answered:
            self._answered = True
            self._start_lanes()

    def _note_size(self, reading: Reading, size: int) -> None:
        reading.largest = max(reading.largest, size)
        self._largest = max(self._largest, size)

    def _insert(self, lane: _Lane, windows: Iterable[Window], size: int) -> None:
        prefetcher = lane.reading.prefetcher
        with self._changed:
            if lane.reading.closed:
                return
            self._note_size(lane.reading, size)
            place = prefetcher.index(lane) + 1
            prefetcher[place:place] = [_Lane(lane.reading, window, size) for window in windows]
            self._start_lanes()
