"""What changed since last week: the last seven days that are over, beside those before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.kinds import heading_of
from target_creovai.model.outcomes import in_general
from target_creovai.report.markup.tables import Table, mean, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_creovai.report.figures.data import ReportData
    from target_creovai.report.figures.sums import Sums
    from target_creovai.report.markup.tables import Cell

_SHARES = {"Time to arrive, median": 50, "Time to arrive, 95th percentile": 95}


def weeks_table(data: ReportData) -> Table:
    """Return both weeks side by side."""
    last, before = data.period.week(), data.period.week(1)
    columns = ("What", f"{last}", f"{before}", "Change")
    this, that = data.between(last), data.between(before)
    return Table("Last week and the week before", columns, list(_rows(data, this, that)))


def _rows(data: ReportData, this: Sums, that: Sums) -> Iterator[tuple[Cell, ...]]:
    for kind in data.kinds:
        counts = this.conversations[kind], that.conversations[kind]
        yield f"{heading_of(kind)} sent", *counts, _change(*counts)
    for kind in data.kinds:
        numbers = _waiting(this, kind), _waiting(that, kind)
        yield f"{heading_of(kind)} waiting at the end", *numbers, _change(*numbers)
    for code in sorted({code for sums in (this, that) for _, code in sums.set_aside}):
        numbers = _set_aside(this, code), _set_aside(that, code)
        yield f"Set aside: {in_general(code)}", *numbers, _change(*numbers)
    for name, percent in _SHARES.items():
        seconds = this.lag(percent), that.lag(percent)
        yield name, *map(span, seconds), _change(*seconds)
    for kind in data.kinds:
        means = [mean(sums.messages[kind], sums.conversations[kind]) for sums in (this, that)]
        yield f"Messages, {heading_of(kind)}", *means, None
    for name, numbers in {
        "Runs": (len(this.runs), len(that.runs)),
        "Runs that stopped, failed or did not end": (this.failed_runs, that.failed_runs),
        "Answers of Creovai": (this.requests, that.requests),
        "Requests made again": (this.retries, that.retries),
        "Asked of Salesforce": (this.salesforce_requests, that.salesforce_requests),
    }.items():
        yield name, *numbers, _change(*numbers)


def _waiting(sums: Sums, kind: str) -> int | None:
    waiting = sums.waiting(kind)
    return None if waiting is None else sum(waiting.values())


def _set_aside(sums: Sums, code: str) -> int:
    return sum(number for (_, of_code), number in sums.set_aside.items() if of_code == code)


def _change(now: float | None, before: float | None) -> str | None:
    """Return by how much it changed: `+20 %`, `new` where there was none before."""
    if now is None or before is None or now == before:
        return None
    if not before:
        return "new"
    percent = round((now - before) / before * 100)
    return f"{percent:+} %" if percent else "less than 1 %"
