"""What a run without changes and the operator's questions read of stores of any size.

    python -m benchmarks.stores [--sizes 10000 100000] [--waiting 20000]

Reads are all bytes that a process asks its files for, those of the interpreter's modules included;
so the goals are ratios to the same on an empty store, or on one of a tenth of the size, in the
same run.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.filled import fill_delivered, fill_waiting, rules_of, settings
from benchmarks.processes import ROOT, server, slowness
from benchmarks.table import Table, exponent
from target_creovai.store import Store
from tests.target.rows import (
    COMPLETED,
    STARTED,
    State,
    case,
    chat_id,
    singer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

IDLE_GOAL = 1.2
# Of 100,000 cases, and what a run takes anyway of it.
UNCHANGED_SECONDS_GOAL, EMPTY_RUN_GOAL = 3.5, 0.55


@dataclass(frozen=True, slots=True)
class ReadCost:
    """The processor time of a process, and what it has read."""

    cpu: float  # seconds
    read: float  # MB


def cost_of(config: Mapping[str, Any], *arguments: str, lines: Path | None = None) -> ReadCost:
    """Run the target, or one of its commands, on a store."""
    path = Path(config["store_url"].removeprefix("sqlite:///")).with_suffix(".json")
    path.write_text(json.dumps(config))
    command = [sys.executable, "-m", "target_creovai", *arguments[:1]]
    with (lines or Path(os.devnull)).open("rb") as stdin:
        process = subprocess.Popen(
            [*command, "--config", str(path), *arguments[1:]],
            cwd=ROOT,
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"LOGLEVEL": "ERROR"},
        )
    # It has ended then, and what it has read can still be asked for.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    told = Path(f"/proc/{process.pid}/io").read_text()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    read = int(told.split("rchar:")[1].split()[0])
    return ReadCost(usage.ru_utime + usage.ru_stime, read / 1e6)


def _median(costs: list[ReadCost]) -> ReadCost:
    middle = len(costs) // 2
    return ReadCost(
        sorted(one.cpu for one in costs)[middle], sorted(one.read for one in costs)[middle]
    )


def compare(table: Table, folder: Path, url: str, sizes: list[int], rounds: int) -> None:
    """Print what a run without changes, and each question, cost in stores of growing size.

    The last column: on the largest store, as a multiple of that on an empty one, for questions of
    that on the smallest one.
    """
    empty = singer(STARTED, COMPLETED)
    lines = folder / "idle.singer"
    lines.write_bytes(empty)
    stores = {size: settings(folder / f"{size}.db", api_url=url) for size in [0, *sizes]}
    for size, config in stores.items():
        with Store(config["store_url"]) as store:
            fill_delivered(store, size, rules_of(config))
            # One of them has the CaseNumber that is asked for below.
            fill_waiting(store, min(size, 10), rules_of(config))
            store.runs.end_input(well=True)
    work: dict[str, tuple[dict[str, Any], tuple[str, ...], Path | None]] = {
        "run without changes": ({}, (), lines),
        "the same with retention_days": ({"retention_days": 30_000}, (), lines),
        "status": ({}, ("status",), None),
        "explain Id": ({}, ("explain", chat_id(7)), None),
        "explain CaseNumber": ({}, ("explain", "00000007"), None),
        "doctor": ({}, ("doctor",), None),
    }
    print(f"\nStores of delivered chats, medians of {rounds}: CPU s, MB read\n")
    print(f"| work | {' | '.join(map(str, stores))} | largest / first |")
    print("|---|" + "---|" * (len(stores) + 1))
    for name, (changes, arguments, stdin) in work.items():
        # In an empty store there is nothing to explain.
        runs: dict[int, list[ReadCost]] = {size: [] for size in stores if size or not arguments}
        for _ in range(rounds):
            for size, some in runs.items():
                some.append(cost_of(stores[size] | changes, *arguments, lines=stdin))
        costs = [_median(some) for some in runs.values()]
        base = costs[0]
        cells = " | ".join(f"{one.cpu:.2f} s, {one.read:.1f} MB" for one in costs)
        cells = cells if 0 in runs else f" | {cells}"
        cpu, read = costs[-1].cpu / base.cpu, costs[-1].read / base.read
        print(f"| {name} | {cells} | {cpu:.2f}, {read:.2f} |")
        told = f"CPU {cpu:.2f}, reads {read:.2f} times those of the first"
        if len(sizes) > 1:
            pair = (sizes[-2], sizes[-1])
            told += f"; exponents {exponent(pair, (costs[-2].cpu, costs[-1].cpu)):.2f}, "
            told += f"{exponent(pair, (costs[-2].read, costs[-1].read)):.2f}"
        met = max(cpu, read) <= IDLE_GOAL
        table.add(f"{name}, {sizes[-1]} conversations", told, f"{IDLE_GOAL}", met=met)


def compare_unchanged(
    table: Table, folder: Path, url: str, cases: int, chats: int, rounds: int
) -> None:
    """Print what cases cost that have not changed, beside delivered chats and without."""
    lines = folder / "unchanged.singer"
    with lines.open("wb") as out:
        out.write(singer(STARTED))
        for start in range(0, cases, 1000):
            some = [case(n, IsClosed=False) for n in range(start, min(start + 1000, cases))]
            out.write(singer(*some, State({"n": start})))
        out.write(singer(COMPLETED))
    costs = []
    for number in (0, chats):
        config = settings(folder / f"unchanged-{number}.db", api_url=url)
        with Store(config["store_url"]) as store:
            fill_delivered(store, number, rules_of(config))
        cost_of(config, lines=lines)
        costs.append(_median([cost_of(config, lines=lines) for _ in range(rounds)]))
    without, with_chats = costs
    more = f", {with_chats.read:.0f} MB read (without chats {without.cpu:.2f} CPU s, "
    more += f"{without.read:.0f} MB)"
    goal = EMPTY_RUN_GOAL + (UNCHANGED_SECONDS_GOAL - EMPTY_RUN_GOAL) * cases / 100_000
    work = f"{cases} unchanged cases beside {chats} delivered chats"
    table.add_time(work, with_chats.cpu, goal, "CPU s", slow=slowness(), more=more)


def compare_settings(table: Table, folder: Path, url: str, waiting: int, rounds: int) -> None:
    """Print what a change of settings costs where open cases wait, and what a run costs anyway."""
    lines = folder / "idle.singer"
    lines.write_bytes(singer(STARTED, COMPLETED))
    config = settings(folder / "waiting.db", api_url=url)
    with Store(config["store_url"]) as store:
        fill_waiting(store, waiting, rules_of(config))
        store.runs.end_input(well=True)
    pairs = [
        [cost_of(config | changes, lines=lines) for changes in ({}, {"strip_signatures": True})]
        for _ in range(rounds)
    ]
    same, others = (_median([*some]) for some in zip(*pairs, strict=True))
    cpu, read = others.cpu / same.cpu, others.read / same.read
    table.add(
        f"other settings where {waiting} open cases wait",
        f"CPU {cpu:.2f}, reads {read:.2f} times those of the same settings",
        f"{IDLE_GOAL}",
        met=max(cpu, read) <= IDLE_GOAL,
    )


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", type=int, default=20_000, help="that have not changed")
    parser.add_argument("--waiting", type=int, default=20_000, help="open cases")
    arguments = parser.parse_args()
    with (
        TemporaryDirectory(prefix="benchmark-") as name,
        server("benchmarks.fast_creovai", 0) as url,
    ):
        folder, table = Path(name), Table()
        compare(table, folder, url, arguments.sizes, arguments.rounds)
        if arguments.cases:
            chats, rounds = max(arguments.sizes), arguments.rounds
            compare_unchanged(table, folder, url, arguments.cases, chats, rounds)
        if arguments.waiting:
            compare_settings(table, folder, url, arguments.waiting, arguments.rounds)
        table.show()


if __name__ == "__main__":
    main()
