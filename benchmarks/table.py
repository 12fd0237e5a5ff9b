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
        line = f"| {work} | {measured} | {goal} | {'met' if met else 'MISSED'} |"
        self.lines.append(line)
        print(line, flush=True)

    def add_time(
        self, work: str, measured: float, goal: float, unit: str, *, slow: float, more: str = ""
    ) -> None:
        """Add a line for a time, whose goal is for the machine that `slowness` compares with."""
        at_its_pace = measured / slow
        told = f"{measured:.2f} {unit}{more}; {at_its_pace:.2f} where the goal is from"
        self.add(work, told, f"{goal:.2f} {unit}", met=at_its_pace <= goal)

    def show(self) -> None:
        """Print all lines once more."""
        print("\n| work | measured | goal | |\n|---|---|---|---|", *self.lines, sep="\n")


def exponent(sizes: tuple[int, int], costs: tuple[float, float]) -> float:
    """Return how cost grows with size: 0 if it does not, 1 in proportion, 2 with the square."""
    return math.log(costs[1] / costs[0]) / math.log(sizes[1] / sizes[0])
