"""Runs: what they asked of both sides, and what they did day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.kinds import heading_of
from target_creovai.model.outcomes import in_general
from target_creovai.report.markup.charts import stacked
from target_creovai.report.markup.tables import Table, span, written
from target_creovai.report.parts.section import NOT_KNOWN, WHY, Section, by_step, labels, total
from target_creovai.salesforce.rows import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from target_creovai.model.history import Run
    from target_creovai.report.figures.data import ReportData
    from target_creovai.report.figures.sums import Sums
    from target_creovai.report.markup.tables import Cell

RUNS_LISTED = 50


def requests(data: ReportData) -> Section:
    """Return what both sides were asked."""
    steps = data.steps
    series: dict[str, list[int | None]] = {"Creovai": [sums.requests for sums in steps]}
    asked = [sums.salesforce_requests for sums in steps]
    if any(number is not None for number in asked):
        series["Salesforce"] = asked
    columns = ("Answers of Creovai", "of them refusals", "Made again", "Asked of Salesforce")
    return Section(
        "Requests",
        "What both sides were asked, but for heartbeats and Salesforce's logins. What Salesforce "
        "was asked is known of syncs of tap-salesforce-chat that came to their end.",
        stacked("Requests", labels(data), series) if data.runs else None,
        [
            by_step(
                data,
                "Requests",
                columns,
                [
                    series["Creovai"],
                    [sums.refused for sums in steps],
                    [sums.retries for sums in steps],
                    [_salesforce(sums) for sums in steps],
                ],
            )
        ],
    )


def _salesforce(sums: Sums) -> Cell:
    """Return what Salesforce was asked, and of how many runs that is not known."""
    asked, silent = sums.salesforce_requests, sums.silent_runs
    if asked is None:
        return NOT_KNOWN if sums.runs else None
    return f"{asked:,}, and {silent} runs not known" if silent else asked


def day_by_day(data: ReportData) -> Section:
    """Return all of it in one table."""
    columns = (
        data.period.word,
        "Kind",
        "Sent",
        "Waiting",
        "Why it waits",
        "Set aside",
        "Why set aside",
    )
    rows = [
        (
            str(step),
            heading_of(kind),
            sums.conversations[kind],
            total(sums.waiting(kind)),
            _why(sums.waiting(kind) or {}),
            total(sums.set_aside_of(kind)),
            _why(sums.set_aside_of(kind)),
        )
        for step, sums in _latest_first(data)
        for kind in data.kinds
        if sums.conversations[kind] or total(sums.waiting(kind)) or sums.set_aside_of(kind)
    ]
    return Section(
        f"{data.period.word} by {data.period.word.lower()}",
        "All of it, with the reasons, the latest first. Days are UTC's.",
        None,
        [Table(f"{data.period.word} by {data.period.word.lower()}", columns, rows, WHY)],
        is_long=True,
    )


def last_runs(data: ReportData) -> Section:
    """Return the last runs, one by one."""
    columns = (
        "Began (UTC)",
        "Took",
        "Exit code",
        "Rows",
        "New or changed",
        "Sent",
        "Set aside",
        "Answers of Creovai",
        "Made again",
        "Asked of Salesforce",
    )
    return Section(
        "Runs",
        f"The last {RUNS_LISTED}, the latest first.",
        None,
        [Table("The last runs", columns, [_run(run) for run in data.runs[:RUNS_LISTED]])],
    )


def _run(run: Run) -> Sequence[Cell]:
    facts = run.facts
    began, ended = parse_time(run.began_at), parse_time(run.ended_at)
    counts = facts.counts if run.ended_at else {}
    answers = sum(sum(statuses.values()) for statuses in facts.requests.values())
    return (
        run.began_at[:16].replace("T", " "),
        span((ended - began).total_seconds()) if began and ended else "has not ended",
        run.exit_code,
        counts.get("rows"),
        counts.get("changed_rows"),
        counts.get("sent"),
        counts.get("set_aside"),
        answers if run.ended_at else None,
        facts.retries if run.ended_at else None,
        facts.salesforce_requests,
    )


def _latest_first(data: ReportData) -> Iterator[tuple[object, Sums]]:
    return reversed(list(zip(data.period.steps, data.steps, strict=True)))


def _why(counts: Mapping[str, int]) -> str:
    return "; ".join(
        f"{in_general(code)}: {written(number)}" for code, number in sorted(counts.items())
    )
