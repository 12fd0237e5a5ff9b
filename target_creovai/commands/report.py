"""`report`: how it went, on a page that is a file of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from target_creovai.assemble import fingerprint
from target_creovai.commands.support.command import (
    Settings,
    open_store,
    operator_command,
    whereabouts,
)
from target_creovai.commands.support.files import write_private
from target_creovai.commands.support.store_status import status_of
from target_creovai.model.history import KEPT_DAYS
from target_creovai.report.figures.data import ReportData
from target_creovai.report.figures.period import WEEK, Period
from target_creovai.report.figures.problems import (
    problems_of_runs,
    problems_of_store,
    problems_of_weeks,
)
from target_creovai.report.page import page_of
from target_creovai.settings.checks import assembly_settings
from target_creovai.shell import Shell, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_creovai.report.figures.problems import Problem
    from target_creovai.store.operator.store import OperatorStore

SHORTEST, USUAL = 7, 35


def report_data(
    store: OperatorStore,
    settings: Settings,
    *,
    now: datetime,
    days: int = USUAL,
    with_agents: bool = True,
) -> ReportData:
    """Read all that the page shows from the store."""
    since, where = f"{_oldest(now.date(), days)}", whereabouts(settings)
    data = ReportData(
        where=f"{where.store}, {where.environment}" if where.environment else where.store,
        made_at=now,
        days=days,
        runs=store.history.runs(since) or store.history.runs(limit=1),
        delivered=store.history.delivered_by_day(since),
        by_agent=store.history.delivered_by_agent(f"{Period.until(now.date(), days).first}"),
        lags=store.history.lags(since),
        outcomes=store.ledger.outcome_counts(),
        problems=[],
        with_agents=with_agents,
    )
    data.problems.extend(_problems(store, settings, data))
    return data


def _problems(store: OperatorStore, settings: Settings, data: ReportData) -> Iterator[Problem]:
    """Yield what needs an eye, the grave first, with commands as they are typed here."""
    status = status_of(store, fingerprint(assembly_settings(settings)))
    week, before = (data.between(data.period.week(ago)) for ago in (0, 1))
    found = chain(
        problems_of_runs(data.runs, data.made_at),
        problems_of_store(data.outcomes, status.gaps, status.to_do),
        problems_of_weeks(week, before),
    )
    typed = Shell.here().typed
    for problem in sorted(found, key=lambda problem: not problem.grave):
        yield replace(problem, text=typed(problem.text), what_to_do=typed(problem.what_to_do))


def _oldest(today: date, days: int) -> date:
    """Return the first day to ask for: that of the page, or of the week before last week."""
    two_weeks = today - 2 * WEEK - timedelta(days=1)
    return min(Period.until(today, days).first, two_weeks)


@operator_command()
@click.option(
    "--output",
    "file",
    type=click.Path(path_type=Path),
    required=True,
    help="The page to write, such as report.html.",
)
@click.option(
    "--days",
    type=click.IntRange(SHORTEST, KEPT_DAYS),
    default=USUAL,
    show_default=True,
    help="How many days to look back; many are shown by weeks.",
)
@click.option(
    "--agents/--no-agents", default=True, help="Whether agents are named.", show_default=True
)
def report(settings: Settings, *, file: Path, days: int, agents: bool) -> None:
    """Write a page on how it went: what needs an eye, what was sent, what waits, and why.

    It holds no customer's words, loads nothing and sends nothing. Agents are named, unless
    --no-agents: only you may read the file.
    """
    with open_store(settings) as store:
        data = report_data(store, settings, now=datetime.now(UTC), days=days, with_agents=agents)
    write_private(file, page_of(data))
    say(f"Needs an eye: {len(data.problems)}. Runs: {len(data.runs)}. {file}")
