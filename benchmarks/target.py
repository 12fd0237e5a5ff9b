"""What staging and delivery cost: `python -m benchmarks.target`.

Staging is compared with a bare loop that parses the same lines and inserts them into SQLite, as
safely; delivery with what the server's latency and the number of workers allow at best, from the
first request to the last answer. Medians of several rounds, each contender once a round.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import requests

from benchmarks.processes import Cost, run, server
from benchmarks.text import SAID, transcript
from target_creovai.staging import staged_row
from target_creovai.store import Store
from tests.target.rows import STARTED, Record, case, chat, comment, mail, schema, singer

if TYPE_CHECKING:
    from collections.abc import Iterator

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
CHAT = transcript(18)
SECONDS_PER_RUN = 6

STAGING_GOAL, DELIVERY_GOAL = 0.5, 1.2


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


def settings(store: Path, url: str, workers: int = 4) -> Path:
    """Write our settings beside the store, and return where."""
    config = {"store_url": f"sqlite:///{store}", "api_url": url, "max_workers": workers}
    path = store.with_suffix(".json")
    path.write_text(json.dumps(config | {"api_user": "x", "api_password": "x"}))
    return path


def stage(contender: str, lines: Path) -> Cost:
    """Stage all lines into a store that is not there yet."""
    store = lines.with_suffix(".db")
    # Nobody listens at that address, and nobody is asked.
    argument = store if contender == BARE else settings(store, "http://127.0.0.1:9")
    with lines.open("rb") as stdin:
        cost = run([*COMMANDS[contender], str(argument)], stdin=stdin, good=[EXIT_CODES[contender]])
    remove(store)
    return cost


def remove(store: Path) -> None:
    """Remove a store and the files beside it."""
    for file in store.parent.glob(f"{store.name}*"):
        file.unlink()


def compare_staging(folder: Path, count: int, rounds: int) -> None:
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
    print(f"\nGoal {STAGING_GOAL}: {'met' if speed / bare >= STAGING_GOAL else 'missed'}")


def _medians(costs: list[Cost]) -> Cost:
    return Cost(
        median(cost.cpu for cost in costs),
        median(cost.wall for cost in costs),
        median(cost.peak for cost in costs),
    )


def make_due(store: Path, chats: int) -> None:
    """Make a store in which so many chats wait to be sent."""
    remove(store)
    with Store(f"sqlite:///{store}") as opened:
        due = (chat(number, Body=CHAT) for number in range(chats))
        opened.stage([staged_row(stream, row) for stream, row in due])
        opened.end_input(well=True)


def deliver(store: Path, url: str, workers: int) -> float:
    """Deliver a copy of the store; return the seconds that it took."""
    copy = store.with_name("copy.db")
    shutil.copy(store, copy)
    run([*COMMANDS[OURS], str(settings(copy, url, workers))])
    remove(copy)
    pace = requests.get(f"{url}/pace", timeout=10).json()
    return float(pace["seconds"])


def compare_delivery(
    folder: Path, latencies: list[int], workers: list[int], rounds: int, chats: int
) -> None:
    """Print how fast chats go out, and how near that comes to what is possible."""
    print(f"\nDelivery, medians of {rounds}\n")
    print("| latency ms | workers | chats | chats/s | seconds / (chats * latency / workers) |")
    print("|---|---|---|---|---|")
    worst = 0.0
    for latency, count in product(latencies, workers):
        number = min(chats, SECONDS_PER_RUN * 1000 * count // latency) if latency else chats
        make_due(folder / "due.db", number)
        with server("benchmarks.fast_creovai", latency) as url:
            seconds = median(deliver(folder / "due.db", url, count) for _ in range(rounds))
        best = number * latency / 1000 / count
        worst = max(worst, seconds / best if best else 0.0)
        ratio = f"{seconds / best:.2f}" if best else "-"
        print(f"| {latency} | {count} | {number} | {number / seconds:.0f} | {ratio} |")
    print(f"\nGoal {DELIVERY_GOAL}: {'met' if worst <= DELIVERY_GOAL else 'missed'}")


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=20_000, help="0: no staging")
    parser.add_argument("--chats", type=int, default=2_000, help="0: no delivery")
    parser.add_argument("--latency-ms", type=int, action="append", help="0 and 100")
    parser.add_argument("--workers", type=int, action="append", help="4 and 16")
    arguments = parser.parse_args()
    # TMPDIR should be on a disk: commits are to cost what they cost.
    with TemporaryDirectory(prefix="benchmark-") as name:
        if arguments.rows:
            compare_staging(Path(name), arguments.rows, arguments.rounds)
        if arguments.chats:
            compare_delivery(
                Path(name),
                arguments.latency_ms or [0, 100],
                arguments.workers or [4, 16],
                arguments.rounds,
                arguments.chats,
            )


if __name__ == "__main__":
    main()
