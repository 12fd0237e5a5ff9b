"""What the parts of the page are made of: pictures over time, and tables with a row a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from target_creovai.kinds import heading_of
from target_creovai.report.markup.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from target_creovai.report.figures.data import ReportData
    from target_creovai.report.figures.sums import Sums
    from target_creovai.report.markup.html import Html
    from target_creovai.report.markup.tables import Cell

NOT_KNOWN = "not known"
# Columns of words.
WHY = frozenset({"Kind", "Why", "Why it waits", "Why set aside"})
# So many are in a table; the others are one line.
MOST_LISTED = 50


class Section(msgspec.Struct, frozen=True):
    """A part of the page.

    Tables are folded away where there is a picture of them, or `is_long`.
    """

    title: str
    text: str
    picture: Html | None
    tables: Sequence[Table]
    is_long: bool = False


def labels(data: ReportData) -> list[str]:
    """Return what stands below a picture over time."""
    return [step.label for step in data.period.steps]


def kinds_of(data: ReportData) -> list[str]:
    """Return what the kinds of conversations are called."""
    return [heading_of(kind) for kind in data.kinds]


def by_kind(
    data: ReportData, count: Callable[[Sums, str], int | None]
) -> dict[str, list[int | None]]:
    """Return a number of each step, by kind."""
    return {heading_of(kind): [count(sums, kind) for sums in data.steps] for kind in data.kinds}


def by_step(
    data: ReportData, caption: str, columns: Iterable[str], values: Iterable[Sequence[Cell]]
) -> Table:
    """Return a table with a row for each step, the latest first."""
    rows = [(str(step), *cells) for step, *cells in zip(data.period.steps, *values, strict=True)]
    return Table(caption, (data.period.word, *columns), rows[::-1])


def total(counts: Mapping[str, int] | None) -> int | None:
    """Return a sum, None where nothing is known."""
    return None if counts is None else sum(counts.values())
