"""What was measured, beside its goal: printed line by line, and together at the end."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass
class Table:
    """The lines of all that was measured."""

    lines: list[str] = field(default_factory=list)

    def add(self, work: str, measured: str, goal: str, *, met: bool) -> None:
        """Add a line, and print it at once."""
        self._add(work, measured, goal, "met" if met else "MISSED")

    def add_time(
        self, work: str, measured: float, goal: float, unit: str, *, slow: float, more: str = ""
    ) -> None:
        """Add a line for a time, whose goal is for the machine that `slowness` compares with."""
        at_its_pace = measured / slow
        told = f"{measured:.2f} {unit}{more}; {at_its_pace:.2f} where the goal is from"
        self._add(work, told, f"{goal:.2f} {unit}", judged(measured, at_its_pace, goal))

    def _add(self, work: str, measured: str, goal: str, verdict: str) -> None:
        line = f"| {work} | {measured} | {goal} | {verdict} |"
        self.lines.append(line)
        print(line, flush=True)

    def show(self) -> None:
        """Print all lines once more."""
        print("\n| work | measured | goal | |\n|---|---|---|---|", *self.lines, sep="\n")


def judged(measured: float, at_its_pace: float, goal: float) -> str:
    """Say whether a time meets its goal; a slower machine proves nothing but that it is met."""
    if max(measured, at_its_pace) <= goal:
        return "met"
    return "UNPROVEN" if at_its_pace <= goal else "MISSED"


def exponent(sizes: tuple[int, int], costs: tuple[float, float]) -> float:
    """Return how cost grows with size: 0 if it does not, 1 in proportion, 2 with the square."""
    return math.log(costs[1] / costs[0]) / math.log(sizes[1] / sizes[0])
