"""The parts of the page: what each is called, its picture, and the tables behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.model.outcomes import Outcome
from target_creovai.report.charts import lines, stacked
from target_creovai.report.known import name_of
from target_creovai.report.ranks import agents, channels
from target_creovai.report.runs import day_by_day, last_runs, requests
from target_creovai.report.section import (
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
from target_creovai.report.tables import Table, mean, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from target_creovai.report.known import Known
    from target_creovai.report.tables import Cell

_UNITS = ((86_400, "days"), (3600, "h"), (60, "min"))
_FEW = 2  # of a unit, from which on times are told in it


def sections_of(known: Known) -> Iterator[Section]:
    """Yield all parts, in the order in which they are read."""
    yield _sent(known)
    yield _waiting(known)
    yield _set_aside(known)
    yield _lag(known)
    yield channels(known)
    if known.with_agents:
        yield agents(known)
    yield _messages(known)
    yield requests(known)
    yield day_by_day(known)
    yield last_runs(known)


def _sent(known: Known) -> Section:
    counts = by_kind(known, lambda sums, kind: sums.conversations[kind])
    updates = [sum(sums.updates.values()) for sums in known.steps]
    columns = [*map(name_of, known.kinds), "Changes of metadata"]
    return Section(
        "Sent",
        "Conversations that Creovai took. A case that changed and was sent again counts again.",
        stacked("Conversations sent", labels(known), counts) if counts else None,
        [by_step(known, "Conversations sent", columns, [*counts.values(), updates])],
    )


def _waiting(known: Known) -> Section:
    counts = by_kind(known, lambda sums, kind: total(sums.waiting(kind)))
    return Section(
        "Waiting",
        "Conversations that were not ready to be sent when the last run of the day ended.",
        stacked("Conversations waiting", labels(known), counts) if counts else None,
        [
            _now(known, "Waiting now", Outcome.WAITING),
            by_step(known, "Conversations waiting", kinds_of(known), counts.values()),
        ],
    )


def _set_aside(known: Known) -> Section:
    counts = by_kind(known, lambda sums, kind: total(sums.set_aside_of(kind)))
    return Section(
        "Set aside",
        "Conversations that could not be sent as they are: each counts in the run that found it.",
        stacked("Conversations set aside", labels(known), counts) if counts else None,
        [
            _now(known, "Set aside now", Outcome.SET_ASIDE),
            by_step(known, "Conversations set aside", kinds_of(known), counts.values()),
        ],
    )


def _now(known: Known, caption: str, outcome: Outcome) -> Table:
    """Return why conversations stand where they stand, the most of them first."""
    all_of_them = [at for at in known.standings if at.outcome == outcome]
    all_of_them.sort(key=lambda at: -at.number)
    rows: list[Sequence[Cell]] = [
        (name_of(at.kind), str(at.reason or NOT_KNOWN), at.number, _day(at.oldest))
        for at in all_of_them[:MOST_LISTED]
    ]
    if others := all_of_them[MOST_LISTED:]:
        rest = sum(at.number for at in others)
        rows.append(("All kinds", f"{len(others):,} other reasons", rest, None))
    return Table(caption, ("Kind", "Why", "Conversations", "Oldest changed"), rows, WHY)


def _lag(known: Known) -> Section:
    shares = {"median": 50, "95th percentile": 95}
    seconds = {
        name: [sums.lag(percent) for sums in known.steps] for name, percent in shares.items()
    }
    unit, word = _unit(value for values in seconds.values() for value in values)
    drawn = {
        name: [None if value is None else value / unit for value in values]
        for name, values in seconds.items()
    }
    columns = [
        (f"{name_of(kind)}, {name}", [span(sums.lag(percent, kind)) for sums in known.steps])
        for kind in known.kinds
        for name, percent in shares.items()
    ]
    return Section(
        "From Salesforce to Creovai",
        "Time from the last change of a conversation in Salesforce until Creovai had it, right to "
        "5 %. Old conversations that are read for the first time show their age.",
        lines("Time to arrive", labels(known), drawn, f"{{:,.4g}} {word}".format)
        if known.lags
        else None,
        [
            by_step(
                known,
                "Time to arrive",
                [*(f"All, {name}" for name in shares), *(name for name, _ in columns)],
                [
                    *([span(value) for value in values] for values in seconds.values()),
                    *(values for _, values in columns),
                ],
            )
        ],
    )


def _messages(known: Known) -> Section:
    means = {
        name_of(kind): [
            sums.messages[kind] / sums.conversations[kind] if sums.conversations[kind] else None
            for sums in known.steps
        ]
        for kind in known.kinds
    }
    told = [
        [mean(sums.messages[kind], sums.conversations[kind]) for sums in known.steps]
        for kind in known.kinds
    ]
    any_known = any(value is not None for values in means.values() for value in values)
    return Section(
        "Messages a conversation",
        "The mean of what was sent. A sudden fall may mean that parts are not read any more.",
        lines("Messages a conversation", labels(known), means, lambda value: f"{value:.1f}")
        if any_known
        else None,
        [by_step(known, "Messages a conversation", kinds_of(known), told)],
    )


def _day(moment: str | None) -> str | None:
    return moment and moment[:10]


def _unit(seconds: Iterable[float | None]) -> tuple[int, str]:
    """Return the unit of time, in seconds, in which the longest of these has few digits."""
    longest = max(filter(None, seconds), default=0.0)
    return next(unit for unit in _UNITS if longest >= _FEW * unit[0] or unit is _UNITS[-1])
