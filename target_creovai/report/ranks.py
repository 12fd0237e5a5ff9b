"""Channels and agents: whose conversations are the most."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from target_creovai.report.charts import ranking
from target_creovai.report.known import name_of
from target_creovai.report.section import MOST_LISTED, NOT_KNOWN, Section, kinds_of
from target_creovai.report.tables import Table, mean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_creovai.model.history import OfAgent
    from target_creovai.report.known import Known
    from target_creovai.report.tables import Cell

NOBODY = "no agent"
MOST_SHOWN = 12  # in the picture


def channels(known: Known) -> Section:
    """Return by which way conversations came."""
    return _ranked(
        known,
        "Channels",
        "By which way conversations came: a case's Origin, a messaging session's ChannelType.",
        lambda line: line.channel or NOT_KNOWN,
    )


def agents(known: Known) -> Section:
    """Return who wrote most of them."""
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
    columns = (title.removesuffix("s"), *kinds_of(known), "Together", "Messages each")
    return Section(
        title,
        text,
        ranking(f"Conversations by {title.lower()}", shown, series) if shown else None,
        [Table(f"Conversations by {title.lower()}", columns, rows)],
    )


def _rank(known: Known, name: str, counts: Counter[str], messages: int) -> Sequence[Cell]:
    total = counts.total()
    return name, *(counts[kind] for kind in known.kinds), total, mean(messages, total)
