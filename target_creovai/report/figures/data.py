"""The data of a report, read from the store and the settings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from target_creovai.kinds import KINDS
from target_creovai.report.figures.period import Period
from target_creovai.report.figures.sums import Sums, sums_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from target_creovai.model.history import Lag, OfAgent, OfDay, Run
    from target_creovai.report.figures.period import Step
    from target_creovai.report.figures.problems import OutcomeCount, Problem


@dataclass(frozen=True)
class ReportData:
    """All that a page says. `runs` are the last first, `by_agent` of the page's days alone.

    `outcomes` are those of now, `where` is the store, with Meltano's environment.
    """

    where: str
    made_at: datetime
    days: int
    runs: Sequence[Run]
    delivered: Sequence[OfDay]
    by_agent: Sequence[OfAgent]
    lags: Sequence[Lag]
    outcomes: Sequence[OutcomeCount]
    problems: list[Problem]
    with_agents: bool

    @cached_property
    def period(self) -> Period:
        """The days that it covers."""
        return Period.until(self.made_at.date(), self.days)

    @cached_property
    def kinds(self) -> list[str]:
        """The kinds of conversations that there are, in one order."""
        seen = {line.kind for line in self.delivered} | {one.kind for one in self.outcomes}
        return [kind for kind in KINDS if kind in seen]

    @cached_property
    def steps(self) -> list[Sums]:
        """What happened in each step of the period."""
        found = [Sums() for _ in self.period.steps]
        for line in self.delivered:
            if (step := self.period.step_of(line.day)) is not None:
                found[step].add(line)
        for lag in self.lags:
            if (step := self.period.step_of(lag.day)) is not None:
                found[step].add_lag(lag)
        for run in self.runs:
            if (step := self.period.step_of(run.began_at)) is not None:
                found[step].add_run(run)
        return found

    def between(self, step: Step) -> Sums:
        """Return what happened in some days, whether the period has them or not."""
        first, last = str(step.first), str(step.last)
        return sums_of(
            (line for line in self.delivered if first <= line.day <= last),
            (lag for lag in self.lags if first <= lag.day <= last),
            (run for run in self.runs if first <= run.began_at[:10] <= last),
        )
