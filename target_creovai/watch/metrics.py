"""Measurements of a run as Singer METRIC lines: counts, kinds and streams, nothing else."""

from __future__ import annotations

import logging
import os
from collections import Counter, defaultdict, deque
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from singer_sdk.metrics import Metric, Point, Tag, get_metrics_logger

from target_creovai import LOGGER_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_creovai.sending.retry_budget import RetryBudget
    from target_creovai.watch.summary import Summary

logger = logging.getLogger(LOGGER_NAME)


class Measure(StrEnum):
    """What only this target measures; the SDK's names serve for the rest."""

    CONVERSATIONS_SENT = "conversations_sent"
    METADATA_SENT = "metadata_sent"
    CONVERSATIONS_SET_ASIDE = "conversations_set_aside"
    REQUESTS_RETRIED = "requests_retried"


# What the summary counts: by which tag, and how to read it.
_COUNTED: dict[Measure | Metric, tuple[str, Callable[[Summary], Counter[str]]]] = {
    Metric.RECORD_COUNT: (Tag.STREAM.value, lambda summary: summary.rows + summary.ignored),
    Measure.CONVERSATIONS_SENT: ("kind", lambda summary: summary.sent),
    Measure.METADATA_SENT: ("kind", lambda summary: summary.metadata_sent),
    Measure.CONVERSATIONS_SET_ASIDE: (
        "kind",
        lambda summary: Counter(one.kind for one in tuple(summary.set_aside)),
    ),
}


_Key = tuple[Measure | Metric, tuple[tuple[str, Any], ...]]
"""A metric and its tags."""


class Metrics:
    """Logs what happened since the last call of `log`, as the SDK's own meters do.

    Counters are read from the run's summary. Answers are gathered: a line for each of a backfill's
    requests would be too many.
    """

    def __init__(self, summary: Summary, retry_budget: RetryBudget) -> None:
        self._summary = summary
        self._retry_budget = retry_budget
        self._logged: Counter[_Key] = Counter()
        self._requests: Counter[_Key] = Counter()
        self._answers: deque[tuple[str, int, float]] = deque()  # threads append without a lock

    def answered(self, path: str, status: int, seconds: float) -> None:
        """Count an answer of Creovai; safe to call from any thread."""
        logger.debug("%s: HTTP %d, %.3f s", path, status, seconds)
        self._answers.append((path, status, seconds))

    def log(self, level: int = logging.INFO) -> None:
        """Log one line for each counter that moved, and one timer for each path."""
        timers = list(self._timers())
        counts = self._counts()
        for (metric, key), number in (counts - self._logged).items():
            _log(level, "counter", metric, number, dict(key))
        self._logged = counts
        for seconds, tags in timers:
            _log(level, "timer", Metric.HTTP_REQUEST_DURATION, seconds, tags)

    @property
    def retries(self) -> int:
        """How many requests were made again."""
        return self._retry_budget.retries

    def requests(self) -> dict[str, dict[int, int]]:
        """Return how often each path was answered with which status, as of the last `log`."""
        found: dict[str, dict[int, int]] = {}
        for (_, tags), number in self._requests.items():
            (_, path), (_, status) = tags
            found.setdefault(path, {})[status] = number
        return found

    def _counts(self) -> Counter[_Key]:
        counts = Counter(self._requests)
        counts[Measure.REQUESTS_RETRIED, ()] = self.retries
        for measure, (tag, count) in _COUNTED.items():
            for value, number in tuple(count(self._summary).items()):
                counts[measure, ((tag, value),)] = number
        return counts

    def _timers(self) -> Iterator[tuple[float, dict[str, Any]]]:
        """Yield the mean of each path's answers, with what a mean hides as tags; in seconds."""
        taken: defaultdict[str, list[float]] = defaultdict(list)
        while self._answers:
            path, status, seconds = self._answers.popleft()
            taken[path].append(seconds)
            key = ((Tag.ENDPOINT.value, path), (Tag.HTTP_STATUS_CODE.value, status))
            self._requests[Metric.HTTP_REQUEST_COUNT, key] += 1
        for path, times in taken.items():
            times.sort()
            tags = {
                Tag.ENDPOINT.value: path,
                "count": len(times),
                "p50": _share(times, 50),
                "p95": _share(times, 95),
                "max": times[-1],
            }
            yield sum(times) / len(times), tags


def _share(times: list[float], percent: int) -> float:
    """Return the time within which so many percent of the answers came; `times` is sorted."""
    return times[(len(times) * percent - 1) // 100]


def _log(
    level: int, kind: str, metric: Measure | Metric, value: float, tags: dict[str, Any]
) -> None:
    # The SDK types `metric` as its own list of names, and takes any enumeration's value.
    point = Point(kind, cast("Metric", metric), value, tags | {Tag.PID.value: os.getpid()})
    # The message by which the SDK's formatter recognizes a metric. Meltano's console drops the tags
    # of one, and shows what is beside it.
    get_metrics_logger().log(level, "METRIC: %s", point, extra=tags)
