"""The parts of the page: what each is called, its picture, and the tables behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.kinds import heading_of
from target_creovai.model.outcomes import Outcome
from target_creovai.report.markup.charts import lines, stacked
from target_creovai.report.markup.tables import Table, mean, span
from target_creovai.report.parts.ranks import agents, channels
from target_creovai.report.parts.runs import day_by_day, last_runs, requests
from target_creovai.report.parts.section import (
    MOST_LISTED,
    NOT_KNOWN,
    WHY,
    Section,
    by_kind,
    by_step,
    kinds_of,
    labels,
    total,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from target_creovai.report.figures.data import ReportData
    from target_creovai.report.figures.sums import Sums
    from target_creovai.report.markup.tables import Cell

_UNITS = ((86_400, "days"), (3600, "h"), (60, "min"))
_FEW = 2  # of a unit, from which on times are written in it


def sections_of(data: ReportData) -> Iterator[Section]:
    """Yield all parts, in the order in which they are read."""
    yield _sent(data)
    yield _waiting(data)
    yield _set_aside(data)
    yield _lag(data)
    yield channels(data)
    if data.with_agents:
        yield agents(data)
    yield _messages(data)
    yield requests(data)
    yield day_by_day(data)
    yield last_runs(data)


def _sent(data: ReportData) -> Section:
    counts = by_kind(data, lambda sums, kind: sums.conversations[kind])
    updates = [sum(sums.updates.values()) for sums in data.steps]
    columns = [*map(heading_of, data.kinds), "Changes of metadata"]
    return Section(
        "Sent",
        "Conversations that Creovai took. A case that changed and was sent again counts again.",
        stacked("Conversations sent", labels(data), counts) if counts else None,
        [by_step(data, "Conversations sent", columns, [*counts.values(), updates])],
    )


def _waiting(data: ReportData) -> Section:
    return _undelivered(
        data,
        Outcome.WAITING,
        "Waiting",
        "Conversations that were not ready to be sent when the last run of the day ended.",
        lambda sums, kind: total(sums.waiting(kind)),
    )


def _set_aside(data: ReportData) -> Section:
    return _undelivered(
        data,
        Outcome.SET_ASIDE,
        "Set aside",
        "Conversations that could not be sent as they are: each counts in the run that found it.",
        lambda sums, kind: total(sums.set_aside_of(kind)),
    )


def _undelivered(
    data: ReportData,
    outcome: Outcome,
    title: str,
    text: str,
    count: Callable[[Sums, str], int | None],
) -> Section:
    counts = by_kind(data, count)
    caption = f"Conversations {title.lower()}"
    return Section(
        title,
        text,
        stacked(caption, labels(data), counts) if counts else None,
        [
            _now(data, f"{title} now", outcome),
            by_step(data, caption, kinds_of(data), counts.values()),
        ],
    )


def _now(data: ReportData, caption: str, outcome: Outcome) -> Table:
    """Return why conversations stand where they stand, the most of them first."""
    all_of_them = [one for one in data.outcomes if one.outcome == outcome]
    all_of_them.sort(key=lambda one: -one.number)
    rows: list[Sequence[Cell]] = [
        (heading_of(one.kind), str(one.reason or NOT_KNOWN), one.number, _day(one.oldest))
        for one in all_of_them[:MOST_LISTED]
    ]
    if others := all_of_them[MOST_LISTED:]:
        rest = sum(one.number for one in others)
        rows.append(("All kinds", f"{len(others):,} other reasons", rest, None))
    return Table(caption, ("Kind", "Why", "Conversations", "Oldest changed"), rows, WHY)


def _lag(data: ReportData) -> Section:
    shares = {"median": 50, "95th percentile": 95}
    seconds = {name: [sums.lag(percent) for sums in data.steps] for name, percent in shares.items()}
    unit, word = _unit(value for values in seconds.values() for value in values)
    drawn = {
        name: [None if value is None else value / unit for value in values]
        for name, values in seconds.items()
    }
    columns = [
        (f"{heading_of(kind)}, {name}", [span(sums.lag(percent, kind)) for sums in data.steps])
        for kind in data.kinds
        for name, percent in shares.items()
    ]
    return Section(
        "From Salesforce to Creovai",
        "Time from the last change of a conversation in Salesforce until Creovai had it, right to "
        "5 %. Old conversations that are read for the first time show their age.",
        lines("Time to arrive", labels(data), drawn, f"{{:,.4g}} {word}".format)
        if data.lags
        else None,
        [
            by_step(
                data,
                "Time to arrive",
                [*(f"All, {name}" for name in shares), *(name for name, _ in columns)],
                [
                    *([span(value) for value in values] for values in seconds.values()),
                    *(values for _, values in columns),
                ],
            )
        ],
    )


def _messages(data: ReportData) -> Section:
    means = {
        heading_of(kind): [
            sums.messages[kind] / sums.conversations[kind] if sums.conversations[kind] else None
            for sums in data.steps
        ]
        for kind in data.kinds
    }
    means_in_words = [
        [mean(sums.messages[kind], sums.conversations[kind]) for sums in data.steps]
        for kind in data.kinds
    ]
    any_known = any(value is not None for values in means.values() for value in values)
    return Section(
        "Messages a conversation",
        "The mean of what was sent. A sudden fall may mean that parts are not read any more.",
        lines("Messages a conversation", labels(data), means, lambda value: f"{value:.1f}")
        if any_known
        else None,
        [by_step(data, "Messages a conversation", kinds_of(data), means_in_words)],
    )


def _day(moment: str | None) -> str | None:
    return moment and moment[:10]


def _unit(seconds: Iterable[float | None]) -> tuple[int, str]:
    """Return the unit of time, in seconds, in which the longest of these has few digits."""
    longest = max(filter(None, seconds), default=0.0)
    return next(unit for unit in _UNITS if longest >= _FEW * unit[0] or unit is _UNITS[-1])
