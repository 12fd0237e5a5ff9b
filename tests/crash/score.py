"""What a campaign tried, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Self


@dataclass(slots=True)
class Score:
    """What was tried, and what went wrong: a line for each failure, with all to repeat it."""

    worlds: int = 0
    boundaries: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    duplicates: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def __iadd__(self, other: Score) -> Self:
        self.worlds += other.worlds
        self.boundaries += other.boundaries
        self.kills += other.kills
        self.duplicates += other.duplicates
        self.losses += other.losses
        self.others += other.others
        return self

    @property
    def failures(self) -> list[str]:
        return [*self.duplicates, *self.losses, *self.others]

    def __str__(self) -> str:
        return (
            f"worlds={self.worlds} boundaries={self.boundaries} kills={self.kills.total()} "
            f"duplicates={len(self.duplicates)} losses={len(self.losses)} "
            f"other failures={len(self.others)} ("
            + ", ".join(f"{number} {name}" for name, number in sorted(self.kills.items()))
            + ")"
        )
