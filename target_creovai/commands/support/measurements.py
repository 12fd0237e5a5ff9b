"""What `status --format prometheus` measures, from the same store as the report for people."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from target_creovai.model.history import share_of
from target_creovai.salesforce.rows import parse_time
from target_creovai.watch.prometheus import Gauge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from target_creovai.commands.support.store_status import StatusCount, StoreStatus
    from target_creovai.model.history import Lag, Run
    from target_creovai.store.operator.store import OperatorStore

PREFIX = "target_creovai_"
# Exit codes of runs that went to their end: nothing more to do, or something needs an eye.
SUCCESS, COMPLETION = (0,), (0, 3)
# Runs that were killed have no end; before the last one that has there are few of them.
_RUNS_LOOKED_AT = 100
# Lags are kept by day; those of less than one would be too few at night.
_DAYS_OF_LAGS = 1
_PERCENTS = (50, 95)


class Measurements(msgspec.Struct, frozen=True):
    """Values that only monitoring reads from the store; `None` for never.

    `ended` is the last run that ended by itself, `last_success` and `last_completion` are when
    the last one ended with such an exit code.
    """

    newest_row: str | None
    ended: Run | None
    last_success: str | None
    last_completion: str | None
    lags: list[Lag]

    @classmethod
    def of(cls, store: OperatorStore, now: datetime) -> Measurements:
        """Read them from the store; `now` is in UTC."""
        since = f"{(now - timedelta(days=_DAYS_OF_LAGS)).date()}"
        return cls(
            newest_row=store.coverage.newest_moment,
            ended=next(
                (run for run in store.history.runs(limit=_RUNS_LOOKED_AT) if run.ended_at), None
            ),
            last_success=store.history.last_end(SUCCESS),
            last_completion=store.history.last_end(COMPLETION),
            lags=store.history.lags(since),
        )


def gauges(status: StoreStatus, measured: Measurements) -> Iterator[Gauge]:
    """Yield all that is measured; what is not known yet has no sample."""
    yield from _of_runs(status, measured)
    yield Gauge.of(
        f"{PREFIX}last_input_ended_well",
        "Whether the tap of the last run read to its end.",
        status.last_input_ended_well if status.last_run else None,
    )
    yield _conversations(status.conversations)
    oldest = status.oldest_waiting
    yield _moment(
        "oldest_waiting",
        "Last change in Salesforce of the conversation that waits longest.",
        oldest.modified if oldest else None,
    )
    yield Gauge.of(
        f"{PREFIX}gaps", "Periods and streams of which rows were never read.", len(status.gaps)
    )
    yield _moment(
        "newest_row", "Newest SystemModstamp of any row that arrived.", measured.newest_row
    )
    yield _lags(measured.lags)


def _of_runs(status: StoreStatus, measured: Measurements) -> Iterator[Gauge]:
    ended, last = measured.ended, status.last_run
    yield _moment("last_run_start", "Start of the last run.", last["began_at"] if last else None)
    yield _moment(
        "last_run_end",
        "End of the last run that ended by itself.",
        ended.ended_at if ended else None,
    )
    yield _moment("last_success", "End of the last run with exit code 0.", measured.last_success)
    yield _moment(
        "last_completion",
        "End of the last run that delivered all it could: exit code 0, or 3 where something needs "
        "an eye.",
        measured.last_completion,
    )
    yield Gauge.of(
        f"{PREFIX}last_run_exit_code",
        "Exit code of the last run that ended by itself.",
        ended.exit_code if ended else None,
    )
    counts = ended.facts.counts if ended else {}
    yield Gauge(
        f"{PREFIX}last_run_results",
        "What the last run that ended by itself did, by what is counted.",
        [({"of": name}, count) for name, count in sorted(counts.items())],
    )


def _moment(name: str, text: str, moment: str | None) -> Gauge:
    parsed = parse_time(moment)
    seconds = parsed.timestamp() if parsed else None
    return Gauge.of(f"{PREFIX}{name}_timestamp_seconds", text, seconds)


def _conversations(counted: Iterable[StatusCount]) -> Gauge:
    """Reasons of one code may differ in what they name: that would make a series of each."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for one in counted:
        counts[one.kind, one.outcome, one.code or ""] += one.count
    return Gauge(
        f"{PREFIX}conversations",
        "Conversations by kind, outcome and code of the reason.",
        [
            ({"kind": kind, "outcome": outcome, "reason": code}, count)
            for (kind, outcome, code), count in sorted(counts.items())
        ],
    )


def _lags(lags: Iterable[Lag]) -> Gauge:
    by_kind: dict[str, Counter[int]] = {}
    for lag in lags:
        by_kind.setdefault(lag.kind, Counter())[lag.bucket] += lag.conversations
    samples = [
        ({"kind": kind, "percent": str(percent)}, share_of(buckets, percent))
        for kind, buckets in sorted(by_kind.items())
        for percent in _PERCENTS
    ]
    return Gauge(
        f"{PREFIX}delivery_lag_seconds",
        "Within what time so many percent were sent after their last change in Salesforce, since "
        "yesterday (UTC).",
        [(labels, seconds) for labels, seconds in samples if seconds is not None],
    )
