"""What the parts of the page are made of: pictures over time, and tables with a row a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from target_creovai.report.known import name_of
from target_creovai.report.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from target_creovai.report.html import Html
    from target_creovai.report.known import Known
    from target_creovai.report.sums import Sums
    from target_creovai.report.tables import Cell

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


def labels(known: Known) -> list[str]:
    """Return what stands below a picture over time."""
    return [step.label for step in known.period.steps]


def kinds_of(known: Known) -> list[str]:
    """Return what the kinds of conversations are called."""
    return [name_of(kind) for kind in known.kinds]


def by_kind(known: Known, count: Callable[[Sums, str], int | None]) -> dict[str, list[int | None]]:
    """Return a number of each step, by kind."""
    return {name_of(kind): [count(sums, kind) for sums in known.steps] for kind in known.kinds}


def by_step(
    known: Known, caption: str, columns: Iterable[str], values: Iterable[Sequence[Cell]]
) -> Table:
    """Return a table with a row for each step, the latest first."""
    rows = [(str(step), *cells) for step, *cells in zip(known.period.steps, *values, strict=True)]
    return Table(caption, (known.period.word, *columns), rows[::-1])


def total(counts: Mapping[str, int] | None) -> int | None:
    """Return a sum, None where nothing is known."""
    return None if counts is None else sum(counts.values())
