"""The days that a report covers, one by one or by weeks. All are UTC's."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

# More bars than this are too thin to tell apart: from then on, one stands for a week.
MOST_DAYS_ONE_BY_ONE = 92
WEEK = timedelta(days=7)


class Step(msgspec.Struct, frozen=True):
    """A day, or the part of a week that the report covers; `last` belongs to it."""

    first: date
    last: date

    @property
    def label(self) -> str:
        """What stands below a picture."""
        return f"{self.first:%b %d}"

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


class Period(msgspec.Struct, frozen=True):
    """Steps without a gap between them, the last of which ends today."""

    first: date
    today: date
    days_a_step: int

    @classmethod
    def until(cls, today: date, days: int) -> Period:
        """Return the period of so many days that ends with today."""
        first = today - timedelta(days=days - 1)
        if days <= MOST_DAYS_ONE_BY_ONE:
            return cls(first, today, 1)
        return cls(first - timedelta(days=first.weekday()), today, 7)

    @property
    def steps(self) -> list[Step]:
        """All of them, the first one first."""
        count = (self.today - self.first).days // self.days_a_step + 1
        begins = [self.first + timedelta(days=n * self.days_a_step) for n in range(count)]
        length = timedelta(days=self.days_a_step - 1)
        return [Step(begin, min(begin + length, self.today)) for begin in begins]

    @property
    def word(self) -> str:
        """What a step is."""
        return "Day" if self.days_a_step == 1 else "Week"

    def step_of(self, moment: str) -> int | None:
        """Return the place of the step of a day or a moment, None outside of the period."""
        day = date.fromisoformat(moment[:10])
        inside = self.first <= day <= self.today
        return (day - self.first).days // self.days_a_step if inside else None

    def week(self, ago: int = 0) -> Step:
        """Return the last seven days that are over, or those before."""
        last = self.today - timedelta(days=1) - ago * WEEK
        return Step(last - WEEK + timedelta(days=1), last)
