"""Small worlds, one for each seed: an org that changes from run to run, and what goes wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from tests.fakes.creovai import Fault
from tests.target.rows import Record, case, case_id, chat, comment, mail, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from target_creovai.model.rows import Row

RUNS = 3
BEGIN = datetime(2024, 5, 7, 12, tzinfo=UTC)
BETWEEN_RUNS = timedelta(hours=6)
ROWS_PER_STATE = 4
LOOKBACK_ROWS = 2
LOST = ("drop_before", "drop_after", "500_after", "503")
STREAMS = ("Case", "CaseComment", "EmailMessage", "LiveChatTranscript")
# Shorter than the doubt that such worlds have.
LAGS_SECONDS = (0.0, 60.0, 600.0)
DOUBT_MINUTES = 15


@dataclass(frozen=True, slots=True)
class Run:
    """What a run finds: the time, the rows that have changed, the answers that get lost.

    `poison` are conversations that Creovai answers with 500 as long as there are faults.
    """

    now: datetime
    records: tuple[Record, ...]
    faults: tuple[Fault, ...]
    poison: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class World:
    """A few runs of one job. Creovai's status lags behind by `lag_seconds`."""

    seed: int
    settings: dict[str, Any]
    lag_seconds: float
    rows_per_commit: int
    runs: tuple[Run, ...]

    def lines(self, number: int, position: int) -> Iterator[bytes]:
        """Yield what a tap writes in a run that starts from the state of an earlier one.

        Args:
            number: The run, from 0 on.
            position: How many rows, over all runs, the last STATE that came out spoke of.
        """
        rows = [record for run in self.runs[: number + 1] for record in run.records]
        start = max(0, position - LOOKBACK_ROWS)
        yield _state(position)
        for stream in STREAMS:
            yield _line(schema(stream))
        for done, (stream, row) in enumerate(rows[start:], start=start + 1):
            yield _line({"type": "RECORD", "stream": stream, "record": row})
            if done % ROWS_PER_STATE == 0 and done > position:
                yield _state(done)
        yield _state(len(rows), sync_completed_at="2024-05-07T00:01:00Z")


def make_world(seed: int) -> World:
    """Return the world of a seed, always the same."""
    random = Random(seed)  # noqa: S311 -- no secret rests on it
    org = _Org(random)
    runs = []
    for number in range(RUNS):
        now = BEGIN + number * BETWEEN_RUNS
        faults = tuple(_faults(random)) if random.random() < 0.4 else ()
        records = org.changes(now, first=number == 0)
        poison = tuple(_poison(random, records)) if random.random() < 0.4 else ()
        runs.append(Run(now, records, faults, poison))
    doubtful = random.random() < 0.5
    settings = {
        "doubt_minutes": DOUBT_MINUTES if doubtful else 0,
        "max_workers": random.choice([1, 1, 2, 3]),
        "on_delete": random.choice(["ignore", "exclude", "purge"]),
        "case_delivery": random.choice(["closed", "all"]),
        # Runs of a world with doubts are further apart than what settles meanwhile.
        "settle_minutes": 0 if doubtful else random.choice([0, 0, 90]),
    }
    lag = random.choice(LAGS_SECONDS) if doubtful else 0.0
    return World(seed, settings, lag, random.choice([3, 7, 1000]), tuple(runs))


def _poison(random: Random, records: Sequence[Record]) -> Iterator[str]:
    roots = [row["Id"] for stream, row in records if stream in {"Case", "LiveChatTranscript"}]
    yield from random.sample(roots, min(2, len(roots)))


def _faults(random: Random) -> Iterator[Fault]:
    for path in random.sample(["/capture/v2/case", "/capture/v2/chat", "/capture"], 2):
        yield Fault(random.choice(LOST), path=path, after=random.randrange(3))


def _state(position: int, **more: str) -> bytes:
    value = {"sync_started_at": "2024-05-07T00:00:00Z", "position": position, "bookmarks": {}}
    return _line({"type": "STATE", "value": value | more})


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


class _Org:
    """Salesforce's side: the newest version of each row, and what changes it."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._rows: dict[tuple[str, str], Row] = {}
        self._changed: list[Record] = []
        self._now = BEGIN
        self._number = 0

    def changes(self, now: datetime, *, first: bool) -> tuple[Record, ...]:
        """Let things happen; return the rows that a tap then reads, in an order of its own."""
        self._now, self._changed = now - timedelta(hours=3), []
        steps: list[Callable[[], None]] = [self._open_case, self._chat]
        if first:
            steps += [self._open_case, self._chat]
        steps += self._random.choices(self._events(), k=2 if first else 4)
        for step in steps:
            # The last may be too fresh for `settle_minutes`.
            self._now += timedelta(minutes=25)
            step()
        self._random.shuffle(self._changed)
        return tuple(self._changed)

    def _events(self) -> list[Callable[[], None]]:
        return [
            self._say,
            self._say,
            self._retract,
            self._relabel,
            self._relabel,
            self._close,
            self._delete,
            self._merge,
            self._repeat,
        ]

    def _put(self, record: Record) -> None:
        row = record.row | {"SystemModstamp": f"{self._now:%Y-%m-%dT%H:%M:%SZ}"}
        self._rows[record.stream, row["Id"]] = row
        self._changed.append(Record(record.stream, row))

    def _change(self, stream: str, **fields: Any) -> None:
        alive = [row for (of, _), row in self._rows.items() if of == stream]
        alive = [row for row in alive if not row["IsDeleted"]]
        if alive:
            self._put(Record(stream, self._random.choice(alive) | fields))

    def _next(self) -> int:
        self._number += 1
        return self._number

    # What happens

    def _open_case(self) -> None:
        number = self._next()
        closed = self._random.random() < 0.7
        more = {} if closed else {"IsClosed": False, "Status": "New", "ClosedDate": None}
        self._put(case(number, Description=f"words {number}", **more))
        for _ in range(self._random.randrange(3)):
            self._say(number)

    def _say(self, number: int | None = None) -> None:
        cases = [row["Id"] for (of, _), row in self._rows.items() if of == "Case"]
        parent = case_id(number) if number else self._random.choice(cases)
        make = self._random.choice([comment, mail])
        self._put(make(self._next(), ParentId=parent))

    def _chat(self) -> None:
        status = self._random.choice(["Completed", "Completed", "Missed", "InProgress"])
        number = self._next()
        self._put(chat(number, Status=status, CaseId=self._random.choice([None, case_id(1)])))

    def _relabel(self) -> None:
        stream = self._random.choice(["Case", "LiveChatTranscript"])
        self._change(stream, Label__c=f"label {self._next()}")

    def _close(self) -> None:
        self._change("Case", IsClosed=True, Status="Closed", ClosedDate="2024-05-06T20:00:00Z")
        self._change("LiveChatTranscript", Status="Completed")

    def _retract(self) -> None:
        self._change(self._random.choice(["CaseComment", "EmailMessage"]), IsDeleted=True)

    def _delete(self) -> None:
        self._change(self._random.choice(["Case", "LiveChatTranscript"]), IsDeleted=True)

    def _merge(self) -> None:
        cases = [row["Id"] for (of, _), row in self._rows.items() if of == "Case"]
        winner, loser = self._random.sample(cases, 2)
        if not (self._rows["Case", winner]["IsDeleted"] or self._rows["Case", loser]["IsDeleted"]):
            gone = {"IsDeleted": True, "MasterRecordId": winner}
            self._put(Record("Case", self._rows["Case", loser] | gone))

    def _repeat(self) -> None:
        """An old version of a row comes once more, late."""
        self._changed.append(self._random.choice(self._changed))
