"""The parts of the page: what each is called, its pictures, and the tables behind them."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_creovai.outcomes import Outcome, in_general
from target_creovai.report.charts import lines, ranking, stacked
from target_creovai.report.known import name_of
from target_creovai.report.tables import Table, mean, span, written
from target_creovai.rows import parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from target_creovai.history import OfAgent, Run
    from target_creovai.report.html import Html
    from target_creovai.report.known import Known
    from target_creovai.report.sums import Sums
    from target_creovai.report.tables import Cell

NOT_KNOWN = "not known"
NOBODY = "no agent"
# Columns of words.
WHY = frozenset({"Kind", "Why", "Why it waits", "Why set aside"})
# So many are in a picture and in its table; the others are one line.
MOST_SHOWN, MOST_LISTED = 12, 50
RUNS_LISTED = 50
_UNITS = ((86_400, "days"), (3600, "h"), (60, "min"))
_FEW = 2  # of a unit, from which on times are told in it


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page. The table is folded away where there is a picture of it."""

    title: str
    text: str
    picture: Html | None
    tables: Sequence[Table]


def sections_of(known: Known) -> Iterator[Section]:
    """Yield all parts, in the order in which they are read."""
    yield _sent(known)
    yield _waiting(known)
    yield _set_aside(known)
    yield _lag(known)
    yield _channels(known)
    if known.with_agents:
        yield _agents(known)
    yield _messages(known)
    yield _requests(known)
    yield _day_by_day(known)
    yield _runs(known)


def _sent(known: Known) -> Section:
    series = _series(known, lambda sums, kind: sums.conversations[kind])
    updates = [sum(sums.updates.values()) for sums in known.steps]
    columns = [*map(name_of, known.kinds), "Changes of metadata"]
    return Section(
        "Sent",
        "Conversations that Creovai took. A case that changed and was sent again counts again.",
        stacked("Conversations sent", _labels(known), series) if any(updates) or series else None,
        [_by_step(known, "Conversations sent", columns, [*series.values(), updates])],
    )


def _waiting(known: Known) -> Section:
    series = _series(known, lambda sums, kind: _total(sums.waiting(kind)))
    return Section(
        "Waiting",
        "Conversations that were not ready to be sent when the last run of the day ended.",
        stacked("Conversations waiting", _labels(known), series) if series else None,
        [
            _now(known, "Waiting now", Outcome.WAITING),
            _by_step(known, "Conversations waiting", _kinds(known), series.values()),
        ],
    )


def _set_aside(known: Known) -> Section:
    series = _series(known, lambda sums, kind: _total(sums.set_aside_of(kind)))
    return Section(
        "Set aside",
        "Conversations that could not be sent as they are: each counts in the run that found it.",
        stacked("Conversations set aside", _labels(known), series) if series else None,
        [
            _now(known, "Set aside now", Outcome.SET_ASIDE),
            _by_step(known, "Conversations set aside", _kinds(known), series.values()),
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
        lines("Time to arrive", _labels(known), drawn, f"{{:,.4g}} {word}".format)
        if known.lags
        else None,
        [
            _by_step(
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


def _channels(known: Known) -> Section:
    return _ranked(
        known,
        "Channels",
        "By which way conversations came: a case's Origin, a messaging session's ChannelType.",
        lambda line: line.channel or NOT_KNOWN,
    )


def _agents(known: Known) -> Section:
    return _ranked(
        known,
        "Agents",
        "Each conversation counts for the agent who wrote most of it. --no-agents leaves it out.",
        lambda line: line.agent or NOBODY,
    )


def _ranked(known: Known, title: str, text: str, key: Callable[[OfAgent], str]) -> Section:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    messages: Counter[str] = Counter()
    for line in known.by_agent:
        if line.conversations:
            counts[key(line)][line.kind] += line.conversations
            messages[key(line)] += line.messages
    ranks = sorted(counts, key=lambda name: (-counts[name].total(), name))
    shown = ranks[:MOST_SHOWN]
    series = {name_of(kind): [counts[name][kind] for name in shown] for kind in known.kinds}
    rows: list[Sequence[Cell]] = [
        _rank(known, name, counts[name], messages[name]) for name in ranks[:MOST_LISTED]
    ]
    if others := ranks[MOST_LISTED:]:
        rest = sum((counts[name] for name in others), Counter())
        told = sum(messages[name] for name in others)
        rows.append(_rank(known, f"{len(others)} others", rest, told))
    columns = (title.removesuffix("s"), *_kinds(known), "Together", "Messages each")
    return Section(
        title,
        text,
        ranking(f"Conversations by {title.lower()}", shown, series) if shown else None,
        [Table(f"Conversations by {title.lower()}", columns, rows)],
    )


def _rank(known: Known, name: str, counts: Counter[str], messages: int) -> Sequence[Cell]:
    total = counts.total()
    return name, *(counts[kind] for kind in known.kinds), total, mean(messages, total)


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
        lines("Messages a conversation", _labels(known), means, lambda value: f"{value:.1f}")
        if any_known
        else None,
        [_by_step(known, "Messages a conversation", _kinds(known), told)],
    )


def _requests(known: Known) -> Section:
    steps = known.steps
    series = {
        "Creovai": [sums.requests for sums in steps],
        "Salesforce": [sums.salesforce_requests or 0 for sums in steps],
    }
    columns = ("Answers of Creovai", "of them refusals", "Made again", "Asked of Salesforce")
    return Section(
        "Requests",
        "What both sides were asked, but for heartbeats and Salesforce's logins. What Salesforce "
        "was asked is known of syncs of tap-salesforce-chat that came to their end.",
        stacked("Requests", _labels(known), series) if known.runs else None,
        [
            _by_step(
                known,
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


def _day_by_day(known: Known) -> Section:
    columns = (
        known.period.word,
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
            name_of(kind),
            sums.conversations[kind],
            _total(sums.waiting(kind)),
            _why(sums.waiting(kind) or {}),
            _total(sums.set_aside_of(kind)),
            _why(sums.set_aside_of(kind)),
        )
        for step, sums in _latest_first(known)
        for kind in known.kinds
        if sums.runs or sums.conversations[kind]
    ]
    return Section(
        f"{known.period.word} by {known.period.word.lower()}",
        "All of it, with the reasons, the latest first. Days are UTC's.",
        None,
        [Table(f"{known.period.word} by {known.period.word.lower()}", columns, rows, WHY)],
    )


def _runs(known: Known) -> Section:
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
        [Table("The last runs", columns, [_run(run) for run in known.runs[:RUNS_LISTED]])],
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


# What they share


def _labels(known: Known) -> list[str]:
    return [step.label for step in known.period.steps]


def _kinds(known: Known) -> list[str]:
    return [name_of(kind) for kind in known.kinds]


def _series(known: Known, count: Callable[[Sums, str], int | None]) -> dict[str, list[int | None]]:
    return {name_of(kind): [count(sums, kind) for sums in known.steps] for kind in known.kinds}


def _by_step(
    known: Known, caption: str, columns: Iterable[str], values: Iterable[Sequence[Cell]]
) -> Table:
    """Return a table with a row for each step, the latest first."""
    rows = [(str(step), *cells) for step, *cells in zip(known.period.steps, *values, strict=True)]
    return Table(caption, (known.period.word, *columns), rows[::-1])


def _latest_first(known: Known) -> Iterator[tuple[object, Sums]]:
    return reversed(list(zip(known.period.steps, known.steps, strict=True)))


def _total(counts: Mapping[str, int] | None) -> int | None:
    return None if counts is None else sum(counts.values())


def _why(counts: Mapping[str, int]) -> str:
    return "; ".join(
        f"{in_general(code)}: {written(number)}" for code, number in sorted(counts.items())
    )


def _day(moment: str | None) -> str | None:
    return moment and moment[:10]


def _unit(seconds: Iterable[float | None]) -> tuple[int, str]:
    """Return the unit of time, in seconds, in which the longest of these has few digits."""
    longest = max(filter(None, seconds), default=0.0)
    return next(unit for unit in _UNITS if longest >= _FEW * unit[0] or unit is _UNITS[-1])
