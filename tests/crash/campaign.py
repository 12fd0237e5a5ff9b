"""A world, killed at every boundary of every run, and recovered each time."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from datetime import timedelta
from itertools import count, pairwise
from random import Random
from typing import TYPE_CHECKING, Any, Self

import msgspec

from tests.crash.oracle import Expected, Oracle, told
from tests.crash.places import left_open
from tests.crash.score import Score
from tests.crash.zygote import End, Order
from tests.target.support import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.crash.places import Place
    from tests.crash.worlds import World
    from tests.fakes.creovai import CreovaiServer

KILLED = -9
# What a tenant knows, without its locks and its settings.
MEMORY = (
    "chats",
    "cases",
    "statuses",
    "posts",
    "duplicate_chats",
    "_ids",
    "_post_counts",
    "_changes",
    "_hidden",
    "_arrivals",
)
# How many recoveries are killed as well, and how many are made once more for nothing.
TWICE, AGAIN = 0.2, 0.2
# A recovery begins so much later than what it recovers; with doubts, when they are over.
LATER, MUCH_LATER = timedelta(seconds=10), timedelta(minutes=20)


class Zygote:
    """The process that starts targets; `with` ends it."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def run(self, order: Order) -> End:
        """Make a run; return how it ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._process.stdout.readline(), type=End)


class Campaign:
    """Goes through one world; `creovai` must be the world's own."""

    def __init__(
        self, world: World, place: Place, creovai: CreovaiServer, zygote: Zygote, folder: Path
    ) -> None:
        self.score = Score(worlds=1)
        self._world = world
        self._place = place
        self._creovai = creovai
        self._zygote = zygote
        self._folder = folder
        self._random = Random(world.seed)  # noqa: S311 -- no secret rests on it
        self._config = {
            "store_url": place.url,
            "api_url": creovai.url,
            "api_user": creovai.api_user,
            "api_password": creovai.api_password,
            "request_timeout_seconds": 20,
            **world.settings,
        }
        (folder / "config.json").write_text(json.dumps(self._config))
        self._position = 0
        self._kills = 0
        self._waits = 0
        self._sleeping = 0  # connections that a process may hold which is asleep
        self._later = MUCH_LATER if world.settings["doubt_minutes"] else LATER
        creovai.status_lag_seconds = world.lag_seconds
        self._now = world.runs[0].now
        creovai.clock = self._clock

    def run(self, first: int = 1, every: int = 1) -> Score:
        """Kill each run of the world at its boundaries: all, or one of so many."""
        oracle = Oracle(self._world, self._config)
        for number, run in enumerate(self._world.runs):
            expected = oracle.after(run)
            before = self._keep(f"before_{number}")
            self._judge(number, expected, self._to_the_end(number), "left alone")
            after = self._keep(f"after_{number}")
            for kill_at in count(first, every):
                self._put_back(f"before_{number}", before)
                if not self._die_and_recover(number, kill_at, expected):
                    break
            self._put_back(f"after_{number}", after)
        return self.score

    def run_asleep(self, first: int = 1, every: int = 1) -> Score:
        """Let each run fall asleep at boundaries, for longer than its lease, and another take over.

        What it has claimed is the other's when it wakes up.
        """
        oracle = Oracle(self._world, self._config)
        for number, run in enumerate(self._world.runs):
            expected = oracle.after(run)
            before = self._keep(f"before_{number}")
            for pause_at in count(first, every):
                self._put_back(f"before_{number}", before)
                if not self._sleep_and_wake(number, pause_at, expected):
                    break
        return self.score

    def _sleep_and_wake(self, number: int, pause_at: int, expected: Expected) -> bool:
        """Return whether that run had so many boundaries."""
        sleeper = self._start(number, pause_at=pause_at)
        if not sleeper.asleep:
            self._judge(number, expected, self._to_the_end(number), "left alone")
            return False
        if not self._place.is_locked():
            # Within a transaction it would be in everybody's way, until the server ends it.
            self.score.boundaries += 1
            self._place.let_leases_run_out()
            self._start(number)
        self._zygote.run(msgspec.structs.replace(self._order, wake=sleeper.asleep))
        self._sleeping = 0
        self._place.let_leases_run_out()
        self._kills += 1
        where = f"asleep at {pause_at} ({sleeper.last})"
        self._judge(number, expected, self._to_the_end(number), where)
        return True

    def _die_and_recover(self, number: int, kill_at: int, expected: Expected) -> bool:
        """Return whether that run had so many boundaries."""
        end = self._start(number, kill_at)
        if end.exit_code != KILLED:
            return False
        self.score.boundaries += 1
        where = f"killed at {kill_at} ({end.last})"
        if self._random.random() < TWICE:
            second = self._random.randint(1, max(1, end.passed))
            if self._start(number, second).exit_code == KILLED:
                where += f" and while recovering at {second}"
        self._judge(number, expected, self._to_the_end(number), where)
        if self._random.random() < AGAIN:
            posts = len(self._creovai.posts)
            again = self._start(number, faults=False)
            self._judge(number, expected, again, f"{where}, and run again")
            if len(self._creovai.posts) != posts:
                self._fail(self.score.duplicates, number, f"{where}: nothing new, and sent again")
        return True

    # One run

    def _to_the_end(self, number: int) -> End:
        """Run the job until nothing is left to do: what a fault has left, the next run does."""
        end = self._start(number)
        if end.exit_code:
            self._waits += 1
            end = self._start(number, faults=False)
        return end

    def _start(
        self, number: int, kill_at: int = 0, *, pause_at: int = 0, faults: bool = True
    ) -> End:
        """Run the job as the tap's last bookmark has it."""
        run = self._world.runs[number]
        self._now = run.now + (self._kills + self._waits) * self._later
        lines, states = self._folder / "lines", self._folder / f"states_{pause_at}"
        lines.write_bytes(b"".join(self._world.lines(number, self._position)))
        self._creovai.faults.clear()
        self._creovai.refusals.clear()
        for fault in run.faults if faults else ():
            self._creovai.faults.add(fault)
        for key in run.poison if faults else ():
            self._creovai.refuse(key, 500)
        self._order = Order(
            config=str(self._folder / "config.json"),
            lines=str(lines),
            states=str(states),
            log=str(self._folder / f"log_{pause_at}"),
            modules=str(self._folder / f"modules_{pause_at}"),
            now=self._now.isoformat(),
            rows_per_commit=self._world.rows_per_commit,
            kill_at=kill_at,
            pause_at=pause_at,
        )
        end = self._zygote.run(self._order)
        if end.asleep:
            self._sleeping = self._world.settings["max_workers"]
        # What the dead had sent off arrives all the same, and is taken or not, before the next.
        wait_until(lambda: self._creovai.connections <= self._sleeping)
        for state in states.read_bytes().splitlines(keepends=True):
            if state.endswith(b"\n"):
                self._position = json.loads(state)["position"]
        if end.exit_code == KILLED:
            self._kills += 1
            self.score.kills[end.last] += 1
            self._place.let_leases_run_out()
        return end

    def _clock(self) -> float:
        """Return what the clock of the run shows at its beginning."""
        return self._now.timestamp()

    def _keep(self, name: str) -> tuple[int, dict[str, Any]]:
        self._place.keep(name)
        memory = {name: copy.copy(getattr(self._creovai, name)) for name in MEMORY}
        return self._position, memory

    def _put_back(self, name: str, kept: tuple[int, dict[str, Any]]) -> None:
        self._place.put_back(name)
        self._position, memory = kept
        self._kills = self._waits = 0
        for attribute, value in memory.items():
            setattr(self._creovai, attribute, copy.copy(value))

    # The judgement

    def _judge(self, number: int, expected: Expected, end: End, where: str) -> None:
        copies, contents = told(self._creovai.posts)
        for key in copies.keys() | expected.copies.keys():
            if copies.get(key) != expected.copies.get(key):
                self._fail(self.score.losses, number, f"{where}: {key} is not what it should be")
        excused = (self._kills + self._waits) * self._world.settings["max_workers"]
        excused += sum(len(run.faults) for run in self._world.runs[: number + 1])
        for key, versions in contents.items():
            if self._is_repeated(copies[key].kind, versions, excused):
                self._fail(self.score.duplicates, number, f"{where}: {key} was sent again")
        if gone := [key for key in expected.gone if not self._is_gone(key)]:
            self._fail(self.score.others, number, f"{where}: {gone} should have been taken back")
        if still_open := left_open(self._place.url):
            self._fail(self.score.others, number, f"{where}: {still_open} are not concluded")
        if end.exit_code:
            log = (self._folder / "log_0").read_text()[-500:]
            self._fail(self.score.others, number, f"{where}: exit code {end.exit_code}\n{log}")

    def _is_repeated(self, kind: str, versions: list[Any], excused: int) -> bool:
        """Tell whether one was sent that Creovai had.

        Nobody can tell whether the update of a case arrived whose answer got lost: it is sent
        again, the same. A chat never is, and the first post of a case is looked up.
        """
        repeated = [old == new for old, new in pairwise(versions)]
        if kind == "chat":
            return len(versions) > 1
        looked_up = not self._world.lag_seconds
        return (looked_up and repeated[:1] == [True]) or sum(repeated) > excused

    def _is_gone(self, key: str) -> bool:
        if self._world.settings["on_delete"] == "exclude":
            return self._creovai.statuses[key] == "Excluded"
        return self._creovai.payload(key) is None

    def _fail(self, failures: list[str], number: int, what: str) -> None:
        failures.append(f"world {self._world.seed}, run {number}, {what}")
