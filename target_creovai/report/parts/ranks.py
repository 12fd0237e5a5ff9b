"""Channels and agents: whose conversations are the most."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from target_creovai.kinds import heading_of
from target_creovai.report.markup.charts import ranking
from target_creovai.report.markup.tables import Table, mean
from target_creovai.report.parts.section import MOST_LISTED, NOT_KNOWN, Section, kinds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_creovai.model.history import OfAgent
    from target_creovai.report.figures.data import ReportData
    from target_creovai.report.markup.tables import Cell

NOBODY = "no agent"
MOST_SHOWN = 12  # in the picture


def channels(data: ReportData) -> Section:
    """Return by which way conversations came."""
    return _ranked(
        data,
        "Channels",
        "By which way conversations came: a case's Origin, a messaging session's ChannelType.",
        lambda line: line.channel or NOT_KNOWN,
    )


def agents(data: ReportData) -> Section:
    """Return who wrote most of them."""
    return _ranked(
        data,
        "Agents",
        "Each conversation counts for the agent who wrote most of it. --no-agents leaves it out.",
        lambda line: line.agent or NOBODY,
    )


def _ranked(data: ReportData, title: str, text: str, key: Callable[[OfAgent], str]) -> Section:
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    messages: Counter[str] = Counter()
    for line in data.by_agent:
        if line.conversations:
            counts[key(line)][line.kind] += line.conversations
            messages[key(line)] += line.messages
    ranks = sorted(counts, key=lambda name: (-counts[name].total(), name))
    shown = ranks[:MOST_SHOWN]
    series = {heading_of(kind): [counts[name][kind] for name in shown] for kind in data.kinds}
    rows: list[Sequence[Cell]] = [
        _rank(data, name, counts[name], messages[name]) for name in ranks[:MOST_LISTED]
    ]
    if others := ranks[MOST_LISTED:]:
        rest = sum((counts[name] for name in others), Counter())
        their_messages = sum(messages[name] for name in others)
        rows.append(_rank(data, f"{len(others)} others", rest, their_messages))
    columns = (title.removesuffix("s"), *kinds_of(data), "Together", "Messages each")
    return Section(
        title,
        text,
        ranking(f"Conversations by {title.lower()}", shown, series) if shown else None,
        [Table(f"Conversations by {title.lower()}", columns, rows)],
    )


def _rank(data: ReportData, name: str, counts: Counter[str], messages: int) -> Sequence[Cell]:
    total = counts.total()
    return name, *(counts[kind] for kind in data.kinds), total, mean(messages, total)
