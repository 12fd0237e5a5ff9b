"""Read several windows at once, of one query and the next ones, and return their rows in order.

Each window in flight has a thread, which sends requests and decodes answers; everything else runs
in the thread that takes the rows. Threads read on until the buffer is full. The window whose rows
are taken next is exempt, which rules out a deadlock.

Queries whose turn comes later wait for the first answer, so that an org that is down or refuses
the login gets one request. Then they use the workers that the current query leaves idle, but never
the last one. Bytes that an earlier window is about to need count as used for a later one: rows that
are buffered long before their turn would otherwise block those that come first.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from itertools import takewhile
from threading import Condition, Thread
from typing import TYPE_CHECKING

from tap_salesforce_chat.reading.tasks import BUFFER_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_salesforce_chat.reading.tasks import Batch, WindowTask

# Bytes to expect of a query that has not been answered yet: a common size of a page.
_USUAL_BYTES = BUFFER_BYTES // 8


class _QueuedTask:
    """A task with its batches in memory, and the state of its thread."""

    def __init__(self, query: PrefetchedQuery, task: WindowTask, size: int = 0) -> None:
        self.query = query
        self.task = task
        self.size = size  # bytes to expect of its first batch, 0 if unknown
        self.batches: deque[Batch] = deque()
        self.started = False
        self.done = False
        self.error: BaseException | None = None
        self.at_end = False  # no more rows are expected
        self.requested = 0  # bytes to expect of the request in flight


class PrefetchedQuery:
    """A query in the prefetcher: its windows, in order.

    Args:
        task: Reads the whole query, or its first window, and enqueues the others.
    """

    def __init__(self, task: WindowTask) -> None:
        self.queue = [_QueuedTask(self, task)]
        self.largest = 0  # bytes of the largest batch so far, to be expected of the next one
        self.closed = False


class Prefetcher:
    """Reads the windows of queries, a few at a time.

    Args:
        workers: How many windows may be in flight.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._changed = Condition()
        self._queries: list[PrefetchedQuery] = []
        self._answered = False
        self._buffered = 0  # bytes in memory
        self._requested = 0  # bytes to expect of the requests in flight
        self._largest = _USUAL_BYTES  # bytes of the largest batch of any query

    def enqueue(self, task: WindowTask) -> PrefetchedQuery:
        """Have a query read when the queries before it leave a worker idle."""
        query = PrefetchedQuery(task)
        with self._changed:
            self._queries.append(query)
        return query

    def batches(self, query: PrefetchedQuery) -> Iterator[Batch]:
        """Yield all batches of a query, which is the current one from now on.

        Raises:
            Exception: What the task of a window raised, once the rows before it are taken.
        """
        try:
            self._put_first(query)
            while (batch := self._next(query)) is not None:
                size = batch.size
                try:
                    yield batch
                finally:
                    del batch
                    self._release(size)
        finally:
            self._close(query)

    def close(self) -> None:
        """Drop all queries."""
        for query in list(self._queries):
            self._close(query)

    def _put_first(self, query: PrefetchedQuery) -> None:
        with self._changed:
            self._queries.remove(query)
            self._queries.insert(0, query)
            self._start_threads()
            self._changed.notify_all()

    def _next(self, query: PrefetchedQuery) -> Batch | None:
        with self._changed:
            while query.queue:
                queued = query.queue[0]
                self._changed.wait_for(lambda queued=queued: queued.batches or queued.done)  # type: ignore[misc] # a default binds the loop's variable
                if queued.batches:
                    return queued.batches.popleft()
                if queued.error is not None:
                    raise queued.error
                query.queue.pop(0)
                self._start_threads()
                self._changed.notify_all()  # another task is next, and exempt from the limit
            return None

    def _release(self, size: int) -> None:
        with self._changed:
            self._buffered -= size
            self._changed.notify_all()

    def _close(self, query: PrefetchedQuery) -> None:
        with self._changed:
            query.closed = True
            self._buffered -= sum(batch.size for queued in query.queue for batch in queued.batches)
            query.queue.clear()
            if query in self._queries:
                self._queries.remove(query)
            self._changed.notify_all()

    # -- threads -------------------------------------------------------------------------------

    def _start_threads(self) -> None:
        """Start as many tasks as may be in flight, in the order in which their rows are taken."""
        running = sum(queued.started and not queued.done for queued in self._all_queued())
        for queued in self._all_queued():
            if queued.started:
                continue
            later = not self._is_current(queued)
            full = running >= self.workers - later
            if (full and not self._is_next(queued)) or (later and not self._answered):
                return
            queued.started, running = True, running + 1
            # A daemon: a request that hangs must not keep the process from ending.
            Thread(target=self._run, args=(queued,), daemon=True).start()

    def _all_queued(self) -> Iterator[_QueuedTask]:
        return (queued for query in self._queries for queued in query.queue)

    def _is_current(self, queued: _QueuedTask) -> bool:
        return queued.query is self._queries[0]

    def _is_next(self, queued: _QueuedTask) -> bool:
        return self._is_current(queued) and queued is queued.query.queue[0]

    def _run(self, queued: _QueuedTask) -> None:
        try:
            self._read(queued)
        except BaseException as exc:  # noqa: BLE001 - raised in the thread that takes the rows
            queued.error = exc
        with self._changed:
            queued.done = True
            if not queued.query.closed:
                self._start_threads()
            self._changed.notify_all()

    def _read(self, queued: _QueuedTask) -> None:
        batches = queued.task.read(partial(self._insert, queued))
        while self._reserve(queued):
            batch = None
            try:
                batch = next(batches, None)
            finally:
                self._store(queued, batch)
            if batch is None:
                return

    def _insert(self, queued: _QueuedTask, tasks: Iterable[WindowTask], size: int) -> None:
        queue = queued.query.queue
        with self._changed:
            if queued.query.closed:
                return
            self._record_size(queued.query, size)
            place = queue.index(queued) + 1
            queue[place:place] = [_QueuedTask(queued.query, task, size) for task in tasks]
            self._start_threads()

    # -- the buffer ----------------------------------------------------------------------------

    def _reserve(self, queued: _QueuedTask) -> bool:
        """Wait until the next batch fits; return False if its query was closed."""
        with self._changed:
            self._changed.wait_for(lambda: queued.query.closed or self._fits(queued))
            if queued.query.closed:
                return False
            queued.requested = self._expected(queued)
            self._requested += queued.requested
            return True

    def _expected(self, queued: _QueuedTask) -> int:
        """Return how many bytes to expect of the next batch of a task."""
        if queued.at_end or not queued.task.has_rows:
            return 0
        return queued.size or queued.query.largest or self._largest

    def _fits(self, queued: _QueuedTask) -> bool:
        expected = self._expected(queued)
        if not expected or (self._is_next(queued) and not queued.batches):
            return True
        used = self._buffered + self._requested + self._reserved_before(queued)
        return used + expected <= BUFFER_BYTES

    def _reserved_before(self, queued: _QueuedTask) -> int:
        """Return how many bytes earlier tasks will request next.

        For any batch but the first of a query, that is the whole buffer as long as the size of an
        earlier query is unknown.
        """
        earlier = list(takewhile(lambda other: other is not queued, self._all_queued()))
        if queued.query.largest and not all(other.query.largest for other in earlier):
            return BUFFER_BYTES
        return sum(
            0 if other.requested or other.done else self._expected(other) for other in earlier
        )

    def _store(self, queued: _QueuedTask, batch: Batch | None) -> None:
        with self._changed:
            self._requested -= queued.requested
            queued.requested = 0
            if batch is not None and not queued.query.closed:
                self._append(queued, batch)
            self._changed.notify_all()

    def _append(self, queued: _QueuedTask, batch: Batch) -> None:
        queued.batches.append(batch)
        queued.at_end, queued.size = batch.at_end, 0
        self._buffered += batch.size
        self._record_size(queued.query, batch.size)
        if not self._answered:
            self._answered = True
            self._start_threads()

    def _record_size(self, query: PrefetchedQuery, size: int) -> None:
        query.largest = max(query.largest, size)
        self._largest = max(self._largest, size)
