"""Staging, compared with a bare loop that parses the same lines and commits them to SQLite."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.processes import Cost, run
from benchmarks.text import SAID
from tests.target.rows import STARTED, Record, case, comment, mail, schema, singer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.table import Table

BARE, OURS = "bare loop", "target-creovai"
COMMANDS = {
    BARE: [sys.executable, str(Path(__file__).with_name("bare_store.py"))],
    OURS: [sys.executable, "-m", "target_creovai", "--config"],
}
# The input breaks off at its end: all cases are held, so that nothing is delivered.
EXIT_CODES = {BARE: 0, OURS: 1}

STREAMS = ("Case", "EmailMessage", "CaseComment")
MAILS_PER_CASE = 3
ROWS_PER_STATE = 2000
TEXT = "\n".join(SAID)
GOAL = 0.5


def rows(count: int) -> Iterator[Record]:
    """Yield cases with their mails and comments, 2.7 KB a line."""
    for number in range(count):
        group, place = divmod(number, MAILS_PER_CASE + 2)
        if place == 0:
            yield case(group, Description=TEXT * 2)
        elif place <= MAILS_PER_CASE:
            yield mail(number, group, TextBody=TEXT, HtmlBody=f"<p>{TEXT}</p><p>{TEXT[:600]}</p>")
        else:
            yield comment(number, group, CommentBody=TEXT * 2)


def write_lines(path: Path, count: int) -> None:
    """Write what a tap would that dies at the very end."""
    with path.open("wb") as out:
        for stream in STREAMS:
            out.write(json.dumps(schema(stream)).encode() + b"\n")
        for number, record in enumerate(rows(count)):
            line = {"type": "RECORD", "stream": record.stream, "record": record.row}
            out.write(json.dumps(line).encode() + b"\n")
            if number % ROWS_PER_STATE == 0:
                out.write(singer(STARTED))


def write_settings(store_url: str, near: Path, url: str, workers: int = 4) -> Path:
    """Write our settings in a file next to another one; return its path."""
    config = {"store_url": store_url, "api_url": url, "max_workers": workers}
    path = near.with_suffix(".json")
    path.write_text(json.dumps(config | {"api_user": "x", "api_password": "x"}))
    return path


def stage(contender: str, lines: Path) -> Cost:
    """Stage all lines into a store that is not there yet."""
    store = lines.with_suffix(".db")
    # Nobody listens at that address, and nobody is asked.
    ours = write_settings(f"sqlite:///{store}", store, "http://127.0.0.1:9")
    argument = store if contender == BARE else ours
    with lines.open("rb") as stdin:
        cost = run([*COMMANDS[contender], str(argument)], stdin=stdin, good=[EXIT_CODES[contender]])
    remove(store)
    return cost


def remove(store: Path) -> None:
    """Remove a store and the files beside it."""
    for file in store.parent.glob(f"{store.name}*"):
        file.unlink()


def compare_staging(table: Table, folder: Path, count: int, rounds: int) -> None:
    """Print the speed of both, and what ten times the rows do to it and to the memory.

    The speed is that of the rows which the larger input has more: no start-up is in it.
    """
    inputs = [folder / f"{size}.singer" for size in (count, 10 * count)]
    for size, lines in zip((count, 10 * count), inputs, strict=True):
        write_lines(lines, size)
    costs: dict[tuple[str, Path], list[Cost]] = {
        (contender, lines): [] for contender in COMMANDS for lines in inputs
    }
    for _ in range(rounds):
        for (contender, lines), runs in costs.items():
            runs.append(stage(contender, lines))
    kilobytes = inputs[0].stat().st_size / count / 1000
    print(f"\nStaging {count} and {10 * count} rows of {kilobytes:.1f} KB, medians of {rounds}\n")
    print("| contender | rows/s | / bare | CPU s | peak MB | peak MB, ten times the rows |")
    print("|---|---|---|---|---|---|")
    bare = 0.0
    for contender in COMMANDS:
        few, many = (_medians(costs[contender, lines]) for lines in inputs)
        speed = 9 * count / (many.wall - few.wall)
        bare = bare or speed
        print(
            f"| {contender} | {speed:.0f} | {speed / bare:.2f} | {many.cpu - few.cpu:.1f} "
            f"| {few.peak:.0f} | {many.peak:.0f} |"
        )
    speed /= bare
    work = f"staging {9 * count} rows, speed beside a bare loop"
    table.add(work, f"{speed:.2f}", f"at least {GOAL}", met=speed >= GOAL)


def _medians(costs: list[Cost]) -> Cost:
    return Cost(
        median(cost.cpu for cost in costs),
        median(cost.wall for cost in costs),
        median(cost.peak for cost in costs),
    )
