"""The key figures at the top of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.model.outcomes import Outcome
from target_creovai.report.markup.tables import span
from target_creovai.salesforce.rows import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_creovai.model.history import Run
    from target_creovai.report.figures.data import ReportData
    from target_creovai.report.markup.tables import Cell


def at_a_glance(data: ReportData) -> Iterator[tuple[str, Cell]]:
    """Yield names and values."""
    week = data.between(data.period.week())
    last = data.runs[0] if data.runs else None
    yield "Last run began (UTC)", _moment(last.began_at) if last else None
    yield "It ended with", _end_of(last) if last else None
    yield "Sent last week", week.conversations.total()
    yield "Median time to arrive", span(week.lag(50))
    yield "Waiting now", _count(data, Outcome.WAITING)
    yield "Set aside now", _count(data, Outcome.SET_ASIDE)


def _end_of(run: Run) -> str:
    return "has not ended" if run.ended_at is None else f"exit code {run.exit_code}"


def _moment(text: str) -> str | None:
    moment = parse_time(text)
    return f"{moment:%b %d, %H:%M}" if moment else None


def _count(data: ReportData, outcome: Outcome) -> int:
    return sum(one.number for one in data.outcomes if one.outcome == outcome)
