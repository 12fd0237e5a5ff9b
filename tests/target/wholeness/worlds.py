"""An org whose cases grow, and a tap that reads it as docs/wholeness.md says, or dies half-way.

Times are minutes. The tap is a model of ours, of its STATE and its order of rows alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from target_creovai.assemble import Ready
from tests.target.rows import Record, Schema, State, case, case_id, comment, mail
from tests.target.support import texts, verdict_on
from tests.target.wholeness.syncs import CASES, ORG, without

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BASE = datetime(2024, 5, 1, tzinfo=UTC)
LOOKBACK = 3
BODIES = ("TextBody", "HtmlBody")
DATED = {"Case": 1, "CaseComment": 100, "EmailMessage": 200}


def moment(minute: int) -> str:
    """Return a minute of the world's as Salesforce writes it."""
    return (BASE + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(slots=True)
class World:
    """Every version that any row has had, with the minute from which on it is there."""

    clock: int = 10
    versions: list[tuple[int, Record]] = field(default_factory=list)
    cases: int = 0

    def open_case(self, _: int = 0) -> None:
        """Let someone write a case, which is closed at once."""
        self.cases += 1
        self._add(case(self.cases, Description=f"case {self.cases}", CreatedDate=self._now))

    def say(self, number: int) -> None:
        """Let someone add a comment or a mail to one of the cases."""
        if self.cases:
            make = comment if number % 2 else mail
            row = make(len(self.versions) + 1, case=1 + number % self.cases, CreatedDate=self._now)
            body = {"MessageDate": self._now} if make is mail else {}
            self._add(row._replace(row=row.row | body))

    def touch(self, number: int) -> None:
        """Let a case change by itself."""
        if self.cases:
            key = case_id(1 + number % self.cases)
            self._add(next(row for _, row in self.versions if row.row["Id"] == key))

    def _add(self, record: Record) -> None:
        self.clock += 1
        changed = record._replace(row=record.row | {"SystemModstamp": moment(self.clock)})
        self.versions.append((self.clock, changed))

    @property
    def _now(self) -> str:
        return moment(self.clock + 1)

    def rows(self, until: int) -> dict[tuple[str, str], tuple[int, Record]]:
        """Return the newest version of each row as of a minute."""
        return {(r.stream, r.row["Id"]): (at, r) for at, r in self.versions if at <= until}

    def history(self, number: int) -> set[tuple[str, ...]]:
        """Return all that a case has ever been, whole."""
        found = set()
        for until, _ in self.versions:
            own = [row for _, row in self.rows(until).values() if of_case(row) == case_id(number)]
            if own and (own := sorted(own, key=lambda row: row.stream))[0].stream == "Case":
                verdict = verdict_on(*own)
                assert isinstance(verdict, Ready)
                found.add(tuple(texts(verdict.payload)))
        return found


def of_case(record: Record) -> str:
    """Return the Id of the case that a row belongs to."""
    row: dict[str, str] = record.row
    return row["Id"] if record.stream == "Case" else row["ParentId"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one sync goes: from which first minute on, of which streams, and how it ends.

    `dies_after` so many rows; `meanwhile` is what happens in the org between two streams.
    """

    start: int | None = None
    whole_cases: bool = True
    streams: tuple[str, ...] = CASES
    hidden: bool = False
    dies_after: int | None = None
    meanwhile: Callable[[World], None] | None = None


class Tap:
    """Reads a world; what it says is all in the messages that it returns."""

    def __init__(self, world: World, plan: Plan, state: dict[str, Any]) -> None:
        self._world, self._plan = world, plan
        known = state.get("bookmarks", {})
        self._marks = {name: dict(known[name]) for name in known}
        self._reads: dict[str, Any] = {}

    def messages(self) -> list[Record | State | Schema]:
        """Return the sync, as far as it comes."""
        left = self._plan.dies_after
        found: list[Record | State | Schema] = []
        for message in self._all():
            if isinstance(message, Record):
                if left == 0:
                    return [*found, self._state()]
                left = None if left is None else left - 1
            found.append(message)
        return found

    def _all(self) -> Iterator[Record | State | Schema]:
        for stream in self._plan.streams:
            self._begin(stream)
        yield self._state()
        for stream in self._plan.streams:
            yield Schema(stream)
            yield from self._rows(stream)
            if self._plan.meanwhile:
                self._plan.meanwhile(self._world)
        yield from self._older_rows()
        yield self._state(sync_completed_at=moment(self._world.clock))

    def _begin(self, stream: str) -> None:
        mark = self._marks.setdefault(stream, {})
        if "minute" in mark:
            since = mark["minute"] - LOOKBACK
        else:
            mark["start"] = since = self._plan.start
        hides = self._plan.hidden and stream == "EmailMessage"
        if not hides and "without_since" in mark:
            since = _earlier(since, mark.pop("without_since"))
        if hides:
            mark["without_since"] = _earlier(since, mark.get("without_since", since))
        self._reads[stream] = {"since": None if since is None else moment(since), "from": since}

    def _rows(self, stream: str) -> Iterator[Record]:
        clock, since = self._world.clock, self._reads[stream]["from"] or 0
        found = [each for each in self._world.rows(clock).values() if each[1].stream == stream]
        for minute, row in sorted(found, key=lambda each: each[0]):
            if minute >= since:
                self._marks[stream]["minute"] = max(minute, self._marks[stream].get("minute", 0))
                yield self._shown(row)
        self._reads[stream]["until"] = moment(clock + 1)

    def _older_rows(self) -> Iterator[Record]:
        if not self._plan.whole_cases or self._plan.streams != CASES:
            return
        rows = self._world.rows(self._world.clock).values()
        starts = {stream: self._marks[stream].get("start") or 0 for stream in CASES}
        touched = {of_case(row) for minute, row in rows if minute >= starts[row.stream]}
        for minute, row in rows:
            if minute < starts[row.stream] and of_case(row) in touched:
                yield self._shown(row)
        for stream, start in starts.items():
            if start:
                self._reads[stream]["whole_before"] = moment(start)

    def _shown(self, row: Record) -> Record:
        hides = self._plan.hidden and row.stream == "EmailMessage"
        return without(row, *BODIES) if hides else row

    def _state(self, **more: str) -> State:
        reads = {
            stream: {key: value for key, value in entry.items() if key != "from"}
            for stream, entry in self._reads.items()
        }
        return State(
            {
                "sync_started_at": moment(0),
                "organization_id": ORG,
                "sync_reads": reads,
                "bookmarks": {name: _bookmark(mark) for name, mark in self._marks.items()},
                **more,
            }
        )


def _earlier(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else min(one, other)


def _bookmark(mark: dict[str, Any]) -> dict[str, Any]:
    """Return a stream's part of STATE, with the model's own memory in it."""
    own = dict(mark)
    if "minute" in mark:
        own |= {
            "replication_key": "SystemModstamp",
            "replication_key_value": moment(mark["minute"]),
        }
    if "start" in mark:
        own["read_since"] = None if mark["start"] is None else moment(mark["start"])
    return own
