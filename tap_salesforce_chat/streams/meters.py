"""What is counted of a stream: METRIC lines where it brought news, and its rows for the summary."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from singer_sdk.metrics import Counter, Tag, Timer, get_metrics_logger
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable


class NewsLogger(logging.LoggerAdapter[logging.Logger]):
    """Logs METRIC lines; those of a stream without news are for debug level.

    Every sync reads the last rows of a stream again. An hourly one would write two lines a stream
    to say so, and the summary says it too.
    """

    def __init__(self, stream: str, has_news: Callable[[], bool]) -> None:
        super().__init__(get_metrics_logger(), {})
        self._stream = stream
        self._has_news = has_news

    @override
    def info(self, msg: object, *args: object, **kwargs: Any) -> None:
        level = logging.INFO if self._has_news() else logging.DEBUG
        # Meltano's console drops the tags of a metric, and shows what is beside it.
        self.logger.log(level, msg, *args, extra={Tag.STREAM.value: self._stream})


class RecordCounter(Counter):
    """A counter of a stream's rows that remembers their sum."""

    total = 0

    @override
    def increment(self, value: int = 1) -> None:
        self.total += value
        super().increment(value)


def told_with_news(meter: Counter | Timer, stream: str, has_news: Callable[[], bool]) -> None:
    """Have a meter log at INFO only what brought news."""
    meter.logger = NewsLogger(stream, has_news)  # type: ignore[assignment] # of a logger it needs this
