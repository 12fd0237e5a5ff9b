"""Tables of numbers, and how numbers are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from target_creovai.report.markup.html import Html, element

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    Cell = str | int | None
    """What a cell says; None: not known, or nothing to say."""

NOTHING = "–"  # noqa: RUF001 -- a dash, as people write it
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


class Table(msgspec.Struct, frozen=True):
    """A table. The first column names what a row is about; `words` are other columns of text."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    words: Collection[str] = ()

    def html(self) -> Html:
        """Return it as HTML, in a frame that scrolls where it is too wide."""
        classes = [None, *("text" if name in self.words else "number" for name in self.columns[1:])]
        named = zip(self.columns, classes, strict=True)
        heads = (element("th", name, scope="col", class_=kind) for name, kind in named)
        table = element(
            "table",
            element("caption", self.caption),
            element("thead", element("tr", *heads)),
            element("tbody", *(_row(cells, classes) for cells in self.rows)),
        )
        return element(
            "div", table, class_="wide", role="region", tabindex=0, aria_label=self.caption
        )


def _row(cells: Sequence[Cell], classes: Sequence[str | None]) -> Html:
    first, *others = cells
    values = zip(others, classes[1:], strict=True)
    return element(
        "tr",
        element("th", written(first), scope="row"),
        *(element("td", written(value), class_=kind) for value, kind in values),
    )


def written(value: Cell) -> str:
    """Return what a cell says."""
    if value is None:
        return NOTHING
    return value if isinstance(value, str) else f"{value:,}"


def span(seconds: float | None) -> str | None:
    """Return how long something took, as precisely as it is known: `12 min`, `3.5 h`, `2 days`."""
    if seconds is None:
        return None
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    if seconds < 2 * _DAY:
        return f"{seconds / _HOUR:.1f} h"
    return f"{seconds / _DAY:,.0f} days"


def mean(total: int, number: int) -> str | None:
    """Return a mean with one decimal, None of nothing."""
    return f"{total / number:,.1f}" if number else None
