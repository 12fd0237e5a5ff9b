"""Sums over a stretch of days: of what was delivered, and of what the runs in it say."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import msgspec

from target_creovai.model.history import share_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from target_creovai.model.history import Lag, OfDay, Run

_REFUSED = 400  # of an answer's status, from here on


class Sums(msgspec.Struct):
    """What happened in a stretch of days, by kind of conversation where that makes a difference.

    `last` is the last run of it that ended.
    """

    conversations: Counter[str] = msgspec.field(default_factory=Counter)
    messages: Counter[str] = msgspec.field(default_factory=Counter)
    updates: Counter[str] = msgspec.field(default_factory=Counter)
    lags: defaultdict[str, Counter[int]] = msgspec.field(
        default_factory=lambda: defaultdict(Counter)
    )
    set_aside: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    runs: list[Run] = msgspec.field(default_factory=list)
    last: Run | None = None

    def add(self, delivered: OfDay) -> None:
        """Count what was delivered."""
        self.conversations[delivered.kind] += delivered.conversations
        self.messages[delivered.kind] += delivered.messages
        self.updates[delivered.kind] += delivered.updates

    def add_lag(self, lag: Lag) -> None:
        """Count how long it took."""
        self.lags[lag.kind][lag.bucket] += lag.conversations

    def add_run(self, run: Run) -> None:
        """Count a run."""
        self.runs.append(run)
        for kind, codes in run.facts.set_aside.items():
            self.set_aside.update({(kind, code): number for code, number in codes.items()})
        if run.ended_at and (not self.last or run.began_at > self.last.began_at):
            self.last = run

    # What follows from it

    def lag(self, percent: int, kind: str | None = None) -> float | None:
        """Return the seconds within which so many percent were sent, of one kind or of all."""
        buckets: Counter[int] = Counter()
        for of_kind, counts in self.lags.items():
            if kind in {None, of_kind}:
                buckets.update(counts)
        return share_of(buckets, percent)

    def waiting(self, kind: str) -> Mapping[str, int] | None:
        """Return what waited when the last run ended, by code; None: no run says."""
        return None if self.last is None else self.last.facts.waiting.get(kind, {})

    def set_aside_of(self, kind: str) -> dict[str, int]:
        """Return what was set aside of a kind, by code."""
        return {
            code: number for (of_kind, code), number in self.set_aside.items() if of_kind == kind
        }

    @property
    def requests(self) -> int:
        """How many answers Creovai gave."""
        return sum(_answers(run) for run in self.runs)

    @property
    def refused(self) -> int:
        """How many of them said no, or not now."""
        return sum(_answers(run, _REFUSED) for run in self.runs)

    @property
    def retries(self) -> int:
        """How many requests were made again."""
        return sum(run.facts.retries for run in self.runs)

    @property
    def salesforce_requests(self) -> int | None:
        """How many requests the tap made, as far as it said so; None: it never did."""
        all_runs = [run.facts.salesforce_requests for run in self.runs]
        known = [number for number in all_runs if number is not None]
        return sum(known) if known else None

    @property
    def silent_runs(self) -> int:
        """Of how many runs the tap did not say what they asked of Salesforce."""
        return sum(run.facts.salesforce_requests is None for run in self.runs)

    @property
    def failed_runs(self) -> int:
        """How many runs stopped, failed or never ended."""
        return sum(run.exit_code in {None, 1} for run in self.runs)


def sums_of(delivered: Iterable[OfDay], lags: Iterable[Lag], runs: Iterable[Run]) -> Sums:
    """Return the sums of all of it."""
    sums = Sums()
    for line in delivered:
        sums.add(line)
    for lag in lags:
        sums.add_lag(lag)
    for run in runs:
        sums.add_run(run)
    return sums


def _answers(run: Run, least: int = 0) -> int:
    return sum(
        number
        for statuses in run.facts.requests.values()
        for status, number in statuses.items()
        if status >= least
    )
