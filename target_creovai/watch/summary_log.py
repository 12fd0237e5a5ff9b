"""A run's summary as log events: one for programs and people, then lines with levels."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import msgspec

from target_creovai import LOGGER_NAME
from target_creovai.shell import Shell
from target_creovai.watch.summary_text import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_creovai.model.history import RunFacts
    from target_creovai.watch.summary import Summary

logger = logging.getLogger(LOGGER_NAME)

# By the word that a line of the summary begins with; all other words are information.
_LEVELS = {
    "INCOMPLETE": logging.WARNING,
    "MISSING": logging.WARNING,
    "UNUSABLE": logging.WARNING,
    "SET ASIDE": logging.WARNING,
    "PENDING": logging.WARNING,
    "HELD": logging.ERROR,
    "BROKEN OFF": logging.ERROR,
    "BROKEN": logging.ERROR,
    "NO STATE": logging.ERROR,
    "STOPPED": logging.ERROR,
}
_WORD_WIDTH = 10
_TO_DO = "TO DO"


class SummaryLog:
    """Logs how a run ended: the whole of it in one event first, what to do last."""

    def __init__(self, summary: Summary) -> None:
        self._summary = summary
        self._began = time.monotonic()

    def log(self, facts: RunFacts) -> None:
        """Log how a run ended.

        A run without changes is the event alone; its other lines are for debug level.
        """
        self._log(facts, self._summary.exit_code, logging.NOTSET)

    def log_cut_off(self, facts: RunFacts, exit_code: int) -> None:
        """Log how far a run came that a signal ended, and what it could not use."""
        self._log(facts, exit_code, logging.WARNING)

    def _log(self, facts: RunFacts, exit_code: int, least: int) -> None:
        lines = list(_lines(self._summary))
        seconds = time.monotonic() - self._began
        usual = logging.WARNING if exit_code else logging.INFO
        logger.log(
            max([usual, *(level for level, _ in lines)]),
            "run ended  exit code %d after %.1f s: %s",
            exit_code,
            seconds,
            _in_words(self._summary, facts),
            extra={"summary": _in_fields(self._summary, facts, exit_code, seconds)},
        )
        for level, line in lines:
            if level >= least:
                logger.log(level, "%s", line)


def _lines(summary: Summary) -> Iterator[tuple[int, str]]:
    usual = logging.DEBUG if is_without_changes(summary) else logging.INFO
    worst = usual
    for line in map(Shell.here().typed, lines_of(summary)):
        word = line[:_WORD_WIDTH].rstrip()
        level = worst if word == _TO_DO else _LEVELS.get(word, usual)
        worst = max(worst, level)
        yield level, line


def is_without_changes(summary: Summary) -> bool:
    """Tell whether nothing came, nothing went, and nothing needs an eye."""
    done = (
        summary.changed_rows,
        summary.ignored,
        summary.sent,
        summary.metadata_sent,
        summary.written,
        summary.adopted,
        summary.erased,
        summary.skipped,
        summary.texts_dropped,
    )
    return summary.exit_code == 0 and not any(counter.total() for counter in done)


def _in_fields(summary: Summary, facts: RunFacts, exit_code: int, seconds: float) -> dict[str, Any]:
    """Return the run in numbers, as JSON takes them: counts, kinds, streams and codes only."""
    fields: dict[str, Any] = msgspec.to_builtins(facts, str_keys=True)
    return fields | {
        "exit_code": exit_code,
        "duration_seconds": round(seconds, 1),
        "input_ended_well": not summary.input_broke_off,
        "stopped": facts.stopped,
    }


def _in_words(summary: Summary, facts: RunFacts) -> str:
    requests = sum(number for answers in facts.requests.values() for number in answers.values())
    dated = [queue for queue in summary.waiting.values() if queue.oldest]
    oldest = min(dated, key=lambda queue: queue.oldest or "", default=None)
    waiting = sum(queue.count for queue in summary.waiting.values())
    numbers = {
        "sent": summary.sent.total(),
        "metadata sent": summary.metadata_sent.total(),
        "written": summary.written.total(),
        "set aside": len(summary.set_aside),
        "pending": len(summary.pending),
        "held": summary.held.total(),
        f"waiting{oldest.age if oldest else ''}": waiting,
        "unchanged": summary.unchanged.total(),
        "requests": requests,
        "requests retried": facts.retries,
    }
    rows = f"{summary.rows.total():,} rows, {summary.changed_rows.total():,} new or changed"
    return ", ".join([rows, *(f"{number:,} {what}" for what, number in numbers.items() if number)])
