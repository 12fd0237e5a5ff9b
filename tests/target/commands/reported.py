"""The page of `report` as a program reads it, and what it may be made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from selectolax.lexbor import LexborHTMLParser

from target_creovai.model.history import Run, RunFacts
from target_creovai.report.figures.data import ReportData
from target_creovai.report.markup.tables import NOTHING

if TYPE_CHECKING:
    from tests.target.commands.conftest import Operator

NOW = datetime(2024, 6, 20, 12, tzinfo=UTC)


def first(node: Any, selector: str) -> Any:
    """Return the first that a selector finds."""
    found = node.css_first(selector)
    assert found is not None, selector
    return found


class Page:
    """A page as a program reads it."""

    def __init__(self, content: bytes) -> None:
        self.text = content.decode()
        self.tree = LexborHTMLParser(self.text)

    def table(self, caption: str) -> list[dict[str, str]]:
        """Return the rows of a table, by the names of its columns."""
        (table,) = (
            table for table in self.tree.css("table") if first(table, "caption").text() == caption
        )
        names = [head.text() for head in table.css("thead th")]
        rows = [[cell.text() for cell in row.css("th, td")] for row in table.css("tbody tr")]
        return [dict(zip(names, row, strict=True)) for row in rows]

    @property
    def glance(self) -> dict[str, str]:
        """What is told at a glance, by name."""
        tiles = self.tree.css(".tiles > div")
        return {first(tile, "dt").text(): first(tile, "dd").text() for tile in tiles}

    @property
    def problems(self) -> list[str]:
        """What needs an eye."""
        return [problem.text() for problem in self.tree.css(".problems li")]

    @property
    def commands(self) -> list[str]:
        """What to type for it."""
        return [command.text() for command in self.tree.css(".problems code")]


def report(operator: Operator, *options: str, **changes: Any) -> Page:
    """Write a page and read it."""
    file = operator.target.folder / "report.html"
    result = operator("report", "--output", str(file), *options, **changes)
    assert result.exit_code == 0, result.output
    return Page(file.read_bytes())


def known(**given: Any) -> ReportData:
    """Return what a page is made of, of a store that holds nothing else."""
    nothing: dict[str, Any] = {
        "runs": [],
        "delivered": [],
        "by_agent": [],
        "lags": [],
        "outcomes": [],
        "problems": [],
        "days": 35,
        "with_agents": True,
    }
    return ReportData(where="a store", made_at=NOW, **nothing | given)


def run_at(moment: datetime, **facts: Any) -> Run:
    """Return a run of a minute that ended well."""
    ended = moment + timedelta(minutes=1)
    return Run(f"{moment:%Y-%m-%dT%H:%M:%SZ}", f"{ended:%Y-%m-%dT%H:%M:%SZ}", 0, RunFacts(**facts))


def number(text: str) -> int:
    """Return what a cell says, 0 where it says nothing."""
    return 0 if text == NOTHING else int(text.replace(",", ""))
