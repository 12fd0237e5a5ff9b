"""METRIC log lines of a stream, and its number of rows for the summary."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

from singer_sdk.metrics import Counter, Metric, Tag, Timer, get_metrics_logger
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable

_Meter = TypeVar("_Meter", bound=Counter | Timer)


class MetricLogger(logging.LoggerAdapter[logging.Logger]):
    """Logs METRIC lines; at debug level for a stream without new rows.

    Every sync reads the last rows of a stream again. An hourly one would log two lines a stream
    that say no more than the summary.
    """

    def __init__(self, stream: str, has_new_rows: Callable[[], bool]) -> None:
        super().__init__(get_metrics_logger(), {})
        self._stream = stream
        self._has_new_rows = has_new_rows

    @override
    def info(self, msg: object, *args: object, **kwargs: Any) -> None:
        level = logging.INFO if self._has_new_rows() else logging.DEBUG
        # Meltano's console drops the tags of a metric, and shows the extra fields.
        self.logger.log(level, msg, *args, extra={Tag.STREAM.value: self._stream})


class RecordCounter(Counter):
    """A counter of a stream's records that keeps their sum."""

    total = 0

    @override
    def increment(self, value: int = 1) -> None:
        self.total += value
        super().increment(value)


class StreamMetrics:
    """The metrics of one stream, logged at INFO only if it has new rows.

    Args:
        stream: The stream's name.
        bookmark: Returns the stream's bookmark.
    """

    def __init__(self, stream: str, bookmark: Callable[[], str | None]) -> None:
        self._stream = stream
        self._bookmark = bookmark
        self._bookmark_before: str | None = None
        self._counters: list[RecordCounter] = []

    def begin(self) -> None:
        """Keep the bookmark of the start: rows are new if it moves."""
        self._bookmark_before = self._bookmark()

    @property
    def rows_emitted(self) -> int:
        """The number of rows emitted so far."""
        return sum(counter.total for counter in self._counters)

    def counter(self, endpoint: str | None, log_interval: float) -> RecordCounter:
        """Return a counter of rows."""
        tags = {Tag.STREAM: self._stream} | ({Tag.ENDPOINT: endpoint} if endpoint else {})
        counter = self.logged(RecordCounter(Metric.RECORD_COUNT, tags, log_interval))
        self._counters.append(counter)
        return counter

    def logged(self, meter: _Meter) -> _Meter:
        """Return a counter or timer whose log lines depend on new rows."""
        meter.logger = MetricLogger(self._stream, self._has_new_rows)  # type: ignore[assignment] # of a logger it needs this
        return meter

    def _has_new_rows(self) -> bool:
        """Return whether rows came that no earlier sync had."""
        before = self._bookmark_before
        return self.rows_emitted > 0 and (before is None or self._bookmark() != before)
