"""What needs an eye today, and the command that helps."""

from __future__ import annotations

from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

import msgspec

from target_creovai.kinds import heading_of
from target_creovai.model.outcomes import Outcome
from target_creovai.report.markup.tables import span
from target_creovai.salesforce.rows import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from typing import Protocol

    from target_creovai.model.history import Run
    from target_creovai.model.outcomes import Reason
    from target_creovai.report.figures.sums import Sums

    class OutcomeCount(Protocol):
        """How many conversations of a kind have an outcome for the same reason."""

        @property
        def kind(self) -> str:
            """The kind."""

        @property
        def outcome(self) -> str:
            """Their outcome."""

        @property
        def reason(self) -> Reason | None:
            """Why."""

        @property
        def number(self) -> int:
            """How many."""

        @property
        def oldest(self) -> str | None:
            """When the first of them changed."""


# A schedule of one run a day, and a few hours late.
LONGEST_PAUSE = timedelta(hours=26)
# What is left unfinished for so long is not at work any more.
LONGEST_RUN = timedelta(hours=12)
# One is at work, one may have been killed by chance; of three in a row somebody should know.
_MANY_UNENDED = 3
# How much longer half of the conversations take than the week before, and how long at least.
_SLOWER, _SLOW_SECONDS = 2, 3600
# So many reasons are listed one by one.
_MOST_REASONS = 10
_STATUS = "`target-creovai status` says more."
_SET_ASIDE = (
    "Mend the record, or the setting that the reason names. `target-creovai preview --outcome "
    '"set aside" --output set-aside.html` shows them.'
)
_ENDED = {
    0: None,
    1: "stopped or failed",
    3: "came to its end, and something needs an eye",
}


class Problem(msgspec.Struct, frozen=True):
    """Something that needs an eye. `grave`: delivery stands still, or text may be missing.

    `what_to_do` has what is to be typed between backticks.
    """

    text: str
    what_to_do: str
    grave: bool = False


def problems_of_runs(runs: Sequence[Run], now: datetime) -> Iterator[Problem]:
    """Yield what is wrong with the runs as such; the last comes first."""
    if not runs:
        yield Problem("No run yet.", f"Is store_url the right one? {_STATUS}")
        return
    pause = now - (parse_time(runs[0].began_at) or now)
    if pause > LONGEST_PAUSE:
        text = f"The last run began {span(pause.total_seconds())} ago."
        yield Problem(text, "Look at what starts the runs: its schedule, its log.", grave=True)
    unended = list(takewhile(lambda run: run.ended_at is None, runs))
    yield from _unended(unended, pause)
    if len(unended) < len(runs):
        yield from _ended(runs[len(unended)], which="that ended " if unended else "")


def _unended(runs: Sequence[Run], pause: timedelta) -> Iterator[Problem]:
    """Yield what is wrong with the last runs, of which none has ended; one may be at work."""
    if len(runs) >= _MANY_UNENDED:
        text = (
            f"The last {len(runs):,} runs have not ended, from {runs[-1].began_at} on: they were "
            "killed, or they are at work side by side."
        )
        yield Problem(text, f"Look for what ends them: memory, a time limit. {_STATUS}", grave=True)
    elif runs and pause > LONGEST_RUN:
        text = (
            f"The run that began at {runs[0].began_at} has not ended: it was killed, or it hangs."
        )
        yield Problem(text, "Run again: what is left is delivered then.", grave=True)


def _ended(run: Run, which: str) -> Iterator[Problem]:
    """Yield what is wrong with the last run that came to an end of its own."""
    if run.exit_code is not None and (how := _ENDED.get(run.exit_code)):
        why = f": {run.facts.stopped}" if run.facts.stopped else "."
        yield Problem(f"The last run {which}{how}{why}", _STATUS, grave=run.exit_code == 1)


def problems_of_store(
    outcomes: Sequence[OutcomeCount], gaps: Sequence[str], to_do: Sequence[str]
) -> Iterator[Problem]:
    """Yield what is set aside, and what was never read; `to_do` are sentences and commands."""
    aside = [one for one in outcomes if one.outcome == Outcome.SET_ASIDE]
    aside.sort(key=lambda one: -one.number)
    for one in aside[:_MOST_REASONS]:
        yield Problem(f"{heading_of(one.kind)} set aside: {one.number:,}. {one.reason}", _SET_ASIDE)
    if others := aside[_MOST_REASONS:]:
        rest = sum(one.number for one in others)
        yield Problem(f"Set aside for {len(others):,} other reasons: {rest:,}.", _SET_ASIDE)
    for gap in gaps:
        yield Problem(f"Missing: {gap}", _STATUS, grave=True)
    for step in to_do:
        yield Problem("A part of some conversations was not read.", step, grave=True)


def problems_of_weeks(this: Sums, before: Sums) -> Iterator[Problem]:
    """Yield what became worse since the week before."""
    now, then = this.lag(50), before.lag(50)
    if now and then and now > max(_SLOWER * then, _SLOW_SECONDS):
        text = f"Half of what was sent last week took {span(now)} and more; before, {span(then)}."
        yield Problem(text, "Look at how often runs start, at settle_minutes, and at retries.")
