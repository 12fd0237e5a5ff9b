"""How far a run has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import logging
import math
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from target_creovai import LOGGER_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_creovai.delivery.loop import DeliveryLoop
    from target_creovai.watch.bar import Bar
    from target_creovai.watch.summary import Summary

logger = logging.getLogger(LOGGER_NAME)


class Progress:
    """How many conversations are due, and how many of them are done.

    While rows are read, their number is not known, and the tap writes to the same terminal: there
    is no bar before delivery.
    """

    def __init__(self, summary: Summary, clock: Callable[[], float] = time.monotonic) -> None:
        self._summary = summary
        self._clock = clock
        self._due: int | None = None
        self._done_before = 0
        self._began = 0.0
        self._bar: Bar | None = None

    @contextmanager
    def of(self, loop: DeliveryLoop) -> Iterator[None]:
        """Measure the delivery that goes on meanwhile."""
        self._done_before, self._began = self._summary.assemblies, self._clock()
        self._due = loop.count_due()
        if sys.stderr is None or not sys.stderr.isatty():
            yield
            return
        from target_creovai.watch.bar import bar_of  # noqa: PLC0415 -- for terminals alone

        with bar_of(self._due) as bar:
            self._bar = bar
            try:
                yield
            finally:
                self._bar = None

    def draw(self) -> None:
        """Move the bar, if there is one."""
        if bar := self._bar:
            bar.n = self._done
            bar.refresh()

    def log(self) -> None:
        """Log a line, unless there is a bar."""
        if not self._bar:
            logger.info(self._reading() if self._due is None else self._delivering(self._due))

    @property
    def _done(self) -> int:
        # What other runs release is assembled once more.
        return min(self._summary.assemblies - self._done_before, self._due or 0)

    def _reading(self) -> str:
        rows, sent = self._summary.rows.total(), self._summary.sent.total()
        return f"{rows:,} rows staged, {sent:,} conversations sent so far"

    def _delivering(self, due: int) -> str:
        done, seconds = self._done, self._clock() - self._began
        text = f"{done:,} of {due:,} due conversations done"
        if not done or not seconds:
            return text
        rate = done / seconds
        minutes = math.ceil((due - done) / rate / 60)
        return f"{text}, {rate:,.1f}/s, about {minutes:,} min left"
