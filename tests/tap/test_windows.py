"""How queries are cut, and how many of their rows are buffered in memory."""

from __future__ import annotations

from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

import pytest

from tap_salesforce_chat.reading.prefetch import Prefetcher
from tap_salesforce_chat.reading.tasks import BUFFER_BYTES, Batch, WindowTask
from tap_salesforce_chat.reading.windows import after_timeout, cut, window_count
from tap_salesforce_chat.soql import Query
from tests.tap.support import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_salesforce_chat.reading.tasks import Enqueue

ALL = Query("Case", ("Id",))
HOUR, KB, MB = timedelta(hours=1), 1_000, 1_000_000


@pytest.mark.parametrize("parts", [1, 2, 3, 7, 4000])
def test_windows_meet(parts: int) -> None:
    """Where one ends the next begins, and the ends stay open."""
    windows = cut(ALL, NOON - HOUR, NOON, parts)

    assert [window.until for window in windows[:-1]] == [window.since for window in windows[1:]]
    assert (windows[0].since, windows[-1].until) == (None, None)
    assert len(windows) == min(parts, 3600)


@pytest.mark.parametrize(
    ("pages_left", "size", "workers", "is_part", "parts"),
    [
        pytest.param(0.5, MB, 8, False, 1, id="small"),
        pytest.param(1, MB, 8, False, 1, id="one-more-page"),
        pytest.param(3, MB, 8, False, 4, id="few-pages"),
        pytest.param(5, 20 * MB, 8, False, 6, id="few-large-pages"),
        pytest.param(80, KB, 8, False, 8, id="shared"),
        pytest.param(800, KB, 8, False, 80, id="not-too-large"),
        pytest.param(80, 4 * MB, 8, False, 24, id="large-pages"),
        pytest.param(80, KB, 1, False, 8, id="one-worker"),
        pytest.param(20, KB, 8, True, 1, id="part"),
        pytest.param(80, KB, 8, True, 8, id="part-far-too-large"),
    ],
)
def test_windows_fit_the_backlog(
    *, pages_left: float, size: int, workers: int, is_part: bool, parts: int
) -> None:
    """Few for little, so that each request brings rows; small ones, so that many fit."""
    assert window_count(pages_left, size, workers, is_part=is_part) == parts


def test_a_timeout_halves_what_is_over_and_leaves_the_present_alone() -> None:
    """Down to a minute, which is read by Id."""
    halves = after_timeout(ALL, NOON - HOUR, NOON)
    last = after_timeout(ALL, NOON - timedelta(seconds=50), NOON)

    assert [window.query.since for window in halves] == [NOON - HOUR, NOON - HOUR / 2, NOON]
    assert [window.by_id for window in halves] == [False, False, False]
    assert [window.by_id for window in last] == [True, False]


@pytest.mark.parametrize("size", [BUFFER_BYTES // 10, BUFFER_BYTES // 2, 2 * BUFFER_BYTES])
def test_prefetched_batches_fit_into_the_buffer(size: int) -> None:
    """Except for the batch that is taken next: waiting for it would be a deadlock."""
    made, lock, most, taken = [0], Lock(), 0, 0

    def first(enqueue: Enqueue) -> Iterator[Batch]:
        enqueue([WindowTask(one, read) for one in cut(ALL, NOON - HOUR, NOON, 20)], size)
        return read(enqueue)

    def read(enqueue: Enqueue) -> Iterator[Batch]:
        for _ in range(5):
            with lock:
                made[0] += 1
            yield Batch([], None, None, in_order=True, size=size)

    prefetcher = Prefetcher(8)
    for _ in prefetcher.batches(prefetcher.enqueue(WindowTask(ALL, first))):
        most, taken = max(most, made[0] - taken), taken + 1

    assert taken == 21 * 5
    assert most * size <= max(BUFFER_BYTES, size) + size
