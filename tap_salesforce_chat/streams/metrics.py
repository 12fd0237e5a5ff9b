"""METRIC log lines of a stream, and its number of rows for the summary."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from singer_sdk.metrics import Counter, Tag, Timer, get_metrics_logger
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable


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


def log_new_rows_only(
    meter: Counter | Timer, stream: str, has_new_rows: Callable[[], bool]
) -> None:
    """Have a metric logged at INFO only if the stream has new rows."""
    meter.logger = MetricLogger(stream, has_new_rows)  # type: ignore[assignment] # of a logger it needs this
