"""What the target costs, each kind of work beside its goal: `python -m benchmarks.target`.

    python -m benchmarks.target                                       # a quarter of an hour
    python -m benchmarks.target --only stores --sizes 100000 1000000  # hours: stores of gigabytes

Costs are CPU seconds, bytes read, commits and peak memory. Where a goal is a ratio, both of its
sides are measured in the same run. Where it is a time, it is printed twice: as measured, and
divided by how much slower this machine is just then than the one that the goal is from, by the
start of `singer_sdk`. Only what was measured can meet a goal. What would meet it by the other time
alone is UNPROVEN: measure it again where nothing else runs. On a quicker machine both must meet it.
`benchmarks.text` measures the parsers, and `benchmarks.tap` compares the tap with others.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks import tap
from benchmarks.delivery import compare_pace, measure_cost, measure_memory
from benchmarks.filled import settings
from benchmarks.processes import REFERENCE, REFERENCE_SECONDS, run, server, slowness
from benchmarks.staging import COMMANDS, OURS, compare_staging
from benchmarks.stores import EMPTY_RUN_GOAL, compare, compare_settings, compare_unchanged
from benchmarks.table import Table, exponent
from benchmarks.text import GROWTH_GOAL, LARGE_CASE_SECONDS, case_of, seconds_for_case
from target_creovai.store import Store
from tests.target.rows import COMPLETED, STARTED, singer

if TYPE_CHECKING:
    from collections.abc import Callable

    Measure = Callable[[Table, Path, argparse.Namespace], None]

TARGET_START_GOAL, TAP_START_GOAL = 0.40, 0.35
ALONE = "start of singer_sdk alone"
TAP_MEMORY_GOAL, TAP_CPU_GOAL = 250.0, 0.9
# Of `benchmarks.tap`: 350,000 rows.
TAP_SCALE = 10


def assembly(table: Table, _: Path, arguments: argparse.Namespace) -> None:
    """Cases of many mails."""
    sizes, costs = (200, 800), []
    for size in sizes:
        bodies = case_of(size, 20_000)
        costs.append(min(seconds_for_case(bodies) for _ in range(arguments.rounds)))
    ratio = costs[1] / costs[0]
    told = f"{costs[1]:.2f} s, {ratio:.1f} times 200 mails; exponent "
    told += f"{exponent(sizes, (costs[0], costs[1])):.2f}"
    table.add(
        "a case of 800 mails of 20 KB", told, f"{GROWTH_GOAL} times", met=ratio <= GROWTH_GOAL
    )
    slow, seconds = slowness(), seconds_for_case(case_of(10_000, 4_000))
    work = "a case of 10,000 mails of 4 KB"
    table.add_time(work, seconds, LARGE_CASE_SECONDS, "CPU s", slow=slow)


def start(table: Table, folder: Path, arguments: argparse.Namespace) -> None:
    """Start-up, and a run that has nothing to do."""
    config = settings(folder / "start.db", api_url="http://127.0.0.1:9")
    with Store(config["store_url"]) as store:
        store.runs.end_input(well=True)
    path, lines = folder / "start.json", folder / "start.singer"
    path.write_text(json.dumps(config))
    lines.write_bytes(singer(STARTED, COMPLETED))
    python = sys.executable
    commands: dict[str, tuple[float, list[str]]] = {
        "target --version": (TARGET_START_GOAL, [python, "-m", "target_creovai", "--version"]),
        "tap --version": (TAP_START_GOAL, [python, "-m", "tap_salesforce_chat", "--version"]),
        "empty run of the target": (EMPTY_RUN_GOAL, [*COMMANDS[OURS], str(path)]),
        ALONE: (REFERENCE_SECONDS, REFERENCE),
    }
    costs: dict[str, list[float]] = {work: [] for work in commands}
    for _ in range(2 * arguments.rounds + 1):
        for work, (_, command) in commands.items():
            with lines.open("rb") as stdin:
                costs[work].append(run(command, stdin=stdin).cpu)
    alone = median(costs.pop(ALONE))
    print(f"{ALONE}: {alone:.2f} CPU s; {REFERENCE_SECONDS} where the goals are from")
    slow = alone / REFERENCE_SECONDS
    for work, some in costs.items():
        table.add_time(work, median(some), commands[work][0], "CPU s", slow=slow)


def stores(table: Table, folder: Path, arguments: argparse.Namespace) -> None:
    """Runs and questions on stores of growing size."""
    with server("benchmarks.fast_creovai", 0) as url:
        compare(table, folder, url, arguments.sizes, arguments.rounds)
        compare_unchanged(
            table, folder, url, arguments.rows, max(arguments.sizes), arguments.rounds
        )
        compare_settings(table, folder, url, arguments.rows, arguments.rounds)


def staging(table: Table, folder: Path, arguments: argparse.Namespace) -> None:
    """Rows that come for the first time."""
    compare_staging(table, folder, arguments.rows, arguments.rounds)


def delivery(table: Table, folder: Path, arguments: argparse.Namespace) -> None:
    """What a conversation costs, and how fast they go."""
    measure_cost(table, folder, arguments.chats, arguments.rounds)
    compare_pace(table, folder, [0, 100], [4, 16], arguments.rounds, arguments.chats)


def memory(table: Table, folder: Path, _: argparse.Namespace) -> None:
    """Large conversations."""
    measure_memory(table, folder, 19_000)


def of_tap(table: Table, _: Path, arguments: argparse.Namespace) -> None:
    """The tap by REST, beside a bare loop."""
    given = argparse.Namespace(scale=TAP_SCALE, taps=False, rounds=arguments.rounds)
    bare, ours = "bare loop", "our tap"
    costs = tap.compare(given, 2_000, 0, only=[bare, ours])
    peak, ratio = costs[ours].peak, costs[ours].cpu / costs[bare].cpu
    work = f"tap, {costs[ours].rows} rows by REST"
    met = peak <= TAP_MEMORY_GOAL
    table.add(f"{work}: peak", f"{peak:.0f} MB", f"{TAP_MEMORY_GOAL:.0f} MB", met=met)
    met = ratio <= TAP_CPU_GOAL
    table.add(f"{work}: CPU beside a bare loop", f"{ratio:.2f}", f"{TAP_CPU_GOAL}", met=met)


PARTS: dict[str, Measure] = {
    "assembly": assembly,
    "stores": stores,
    "delivery": delivery,
    "memory": memory,
    "start": start,
    "staging": staging,
    "tap": of_tap,
}


def main() -> None:
    """Measure all of it, or some."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=PARTS, nargs="+", default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=20_000, help="of input")
    parser.add_argument("--chats", type=int, default=5_000, help="to be delivered")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000], help="of stores")
    arguments = parser.parse_args()
    table = Table()
    for name in arguments.only:
        # TMPDIR should be on a disk: commits are to cost what they cost.
        with TemporaryDirectory(prefix="benchmark-") as folder:
            PARTS[name](table, Path(folder), arguments)
    table.show()


if __name__ == "__main__":
    main()
