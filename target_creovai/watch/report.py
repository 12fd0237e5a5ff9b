"""The report at a run's end as log events: one for programs and people, then lines with levels."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from target_creovai.watch.logs import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from target_creovai.outcomes import Reason
    from target_creovai.summary import Queue, Summary, Trouble
    from target_creovai.watch.metrics import Metrics, Traffic

logger = logging.getLogger(NAME)

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


class Report:
    """Tells how a run ended: the whole of it in one event first, what to do last."""

    def __init__(self, summary: Summary, metrics: Metrics) -> None:
        self._summary = summary
        self._metrics = metrics
        self._began = time.monotonic()

    def tell(self) -> None:
        """Log how a run came to its end.

        One that brought no news is the event alone; its other lines are for debug level.
        """
        self._log(self._summary.exit_code, logging.NOTSET)

    def tell_cut_off(self, exit_code: int) -> None:
        """Log how far a run came that a signal ended, and what it could not use."""
        self._log(exit_code, logging.WARNING)

    def _log(self, exit_code: int, least: int) -> None:
        lines = list(_lines(self._summary))
        traffic, seconds = self._metrics.traffic, time.monotonic() - self._began
        fields = in_fields(self._summary, traffic) | {
            "exit_code": exit_code,
            "duration_seconds": round(seconds, 1),
        }
        usual = logging.WARNING if exit_code else logging.INFO
        logger.log(
            max([usual, *(level for level, _ in lines)]),
            "run ended  exit code %d after %.1f s: %s",
            exit_code,
            seconds,
            _in_words(self._summary, traffic),
            extra={"summary": fields},
        )
        for level, line in lines:
            if level >= least:
                logger.log(level, "%s", line)


def _lines(summary: Summary) -> Iterator[tuple[int, str]]:
    usual = logging.DEBUG if is_without_news(summary) else logging.INFO
    worst = usual
    for line in summary.lines():
        word = line[:_WORD_WIDTH].rstrip()
        level = worst if word == _TO_DO else _LEVELS.get(word, usual)
        worst = max(worst, level)
        yield level, line


def is_without_news(summary: Summary) -> bool:
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


def in_fields(summary: Summary, traffic: Traffic) -> dict[str, Any]:
    """Return the run in numbers, as JSON takes them: counts, kinds, streams and codes only."""
    return {
        "rows": dict(summary.rows),
        "changed_rows": dict(summary.changed_rows),
        "ignored_rows": dict(summary.ignored),
        "unusable_rows": len(summary.unusable_rows),
        "sent": dict(summary.sent),
        "metadata_sent": dict(summary.metadata_sent),
        "written": dict(summary.written),
        "found_at_creovai": dict(summary.adopted),
        "unchanged": dict(summary.unchanged),
        "held": dict(summary.held),
        "waiting": [_queue(*found) for found in summary.waiting.items()],
        "skipped": list(_counts(summary.skipped)),
        "set_aside": list(_counts(_by_reason(summary.set_aside))),
        "pending": list(_counts(_by_reason(summary.pending.values()))),
        "input_ended_well": not summary.input_broke_off,
        "stopped": summary.halted or summary.broken or summary.state_lost,
        "requests": traffic.requests,
        "retries": traffic.retries,
    }


def _queue(key: tuple[str, Reason], queue: Queue) -> dict[str, Any]:
    kind, reason = key
    return {"kind": kind, "reason": reason.code, "count": queue.count, "oldest": queue.oldest}


def _by_reason(troubles: Iterable[Trouble]) -> Counter[tuple[str, Reason]]:
    return Counter((trouble.kind, trouble.reason) for trouble in troubles)


def _counts(found: Mapping[tuple[str, Reason], int]) -> Iterator[dict[str, Any]]:
    """Yield one entry for each kind and code: reasons of one code may differ in their words."""
    codes: Counter[tuple[str, str]] = Counter()
    for (kind, reason), count in found.items():
        codes[kind, reason.code] += count
    for (kind, code), count in codes.items():
        yield {"kind": kind, "reason": code, "count": count}


def _in_words(summary: Summary, traffic: Traffic) -> str:
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
        "requests": traffic.requests,
        "requests retried": traffic.retries,
    }
    rows = f"{summary.rows.total():,} rows, {summary.changed_rows.total():,} new or changed"
    return ", ".join([rows, *(f"{number:,} {what}" for what, number in numbers.items() if number)])
