"""What delivery costs, and how near it comes to what latency and workers allow."""

from __future__ import annotations

import shutil
import sys
from itertools import islice, product
from statistics import median
from typing import TYPE_CHECKING

import requests
import sqlalchemy as sa

from benchmarks.processes import run, server, slowness
from benchmarks.staging import COMMANDS, OURS, TEXT, remove, write_settings
from benchmarks.text import transcript
from target_creovai.input.staging import staged_row
from target_creovai.store import Store
from tests.postgresql import empty, postgresql_server
from tests.target.rows import case, chat, comment
from tests.target.support import all_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.table import Table
    from tests.target.rows import Record

SMALL, CHAT = transcript(4), transcript(18)
SECONDS_PER_RUN = 6
ROWS_PER_COMMIT = 1000

PACE_GOAL, CPU_GOAL, COMMITS_GOAL, MEMORY_GOAL = 1.2, 1.1, 0.1, 1.1


def fill(url: str, rows: Iterator[Record]) -> None:
    """Stage rows that are all there is, so that what they make is due."""
    with Store(url) as store:
        while some := list(islice(rows, ROWS_PER_COMMIT)):
            store.rows.stage([staged_row(*row) for row in some])
        all_read(store)


def chats(count: int, body: str) -> Iterator[Record]:
    """Yield so many chats."""
    return (chat(number, Body=body) for number in range(count))


def deliver(store: Path, url: str, workers: int) -> float:
    """Deliver a copy of the store; return the seconds that it took."""
    copy = store.with_name("copy.db")
    shutil.copy(store, copy)
    run([*COMMANDS[OURS], str(write_settings(f"sqlite:///{copy}", store, url, workers))])
    remove(copy)
    pace = requests.get(f"{url}/pace", timeout=10).json()
    return float(pace["seconds"])


def compare_pace(
    table: Table, folder: Path, latencies: list[int], workers: list[int], rounds: int, count: int
) -> None:
    """Print how fast chats go out, and how near that comes to what is possible."""
    for latency, threads in product(latencies, workers):
        number = min(count, SECONDS_PER_RUN * 1000 * threads // latency) if latency else count
        due = folder / "due.db"
        remove(due)
        fill(f"sqlite:///{due}", chats(number, CHAT))
        with server("benchmarks.fast_creovai", latency) as url:
            seconds = median(deliver(due, url, threads) for _ in range(rounds))
        best = number * latency / 1000 / threads
        if not best:
            print(f"{number} chats, no latency, {threads} workers: {number / seconds:.0f} a second")
            continue
        ratio = seconds / best
        work = f"delivery, {latency} ms of latency, {threads} workers, beside what these allow"
        table.add(work, f"{ratio:.2f}", f"at most {PACE_GOAL}", met=ratio <= PACE_GOAL)


def measure_cost(table: Table, folder: Path, count: int, rounds: int) -> None:
    """Print what a small chat costs on both databases, where the receiver answers at once."""
    path = folder / "cost.db"
    with server("benchmarks.fast_creovai", 0) as creovai:
        _add_cost(table, f"sqlite:///{path}", lambda: remove(path), creovai, folder, count, rounds)
        with postgresql_server() as url:
            _add_cost(table, url, lambda: empty(url), creovai, folder, count, rounds)


def _add_cost(
    table: Table,
    store: str,
    clear: Callable[[], None],
    creovai: str,
    folder: Path,
    count: int,
    rounds: int,
) -> None:
    config, file = write_settings(store, folder / "cost", creovai), folder / "commits"
    command = [sys.executable, "-m", "benchmarks.counted_target", str(file), "--config"]

    def cost(number: int) -> tuple[float, int]:
        clear()
        fill(store, chats(number, SMALL))
        return run([*command, str(config)]).cpu, int(file.read_text())

    # What a run costs anyway is that of one chat.
    pairs, slow = [], []
    for _ in range(rounds):
        pairs.append((cost(1), cost(count + 1)))
        slow.append(slowness())
    milliseconds = median(many[0] - one[0] for one, many in pairs) / count * 1000
    commits = median(many[1] - one[1] for one, many in pairs) / count
    work = f"delivery of {count} chats, no latency, {sa.make_url(store).get_backend_name()}"
    table.add_time(f"{work}, each", milliseconds, CPU_GOAL, "CPU ms", slow=median(slow))
    table.add(
        f"{work}: commits each", f"{commits:.3f}", f"{COMMITS_GOAL}", met=commits <= COMMITS_GOAL
    )


def measure_memory(table: Table, folder: Path, large: int) -> None:
    """Print that neither many conversations nor a large one beside them take more memory."""
    with server("benchmarks.fast_creovai", 0) as url:
        # What is read ahead and in flight is full with 50.
        many, few = (_peak(folder, url, [large // 40] * number) for number in (150, 50))
        beside, alone = (_peak(folder, url, [large, *[10] * others]) for others in (49, 0))
    work = f"memory, 150 cases of {large // 40} rows (3 KB), beside 50"
    table.add(
        work,
        f"{many:.0f} MB, {many / few:.2f} times",
        f"{MEMORY_GOAL} times",
        met=many <= MEMORY_GOAL * few,
    )
    work = f"memory, 50 cases, one of {large} rows (3 KB), beside that one alone"
    table.add(
        work,
        f"{beside:.0f} MB, {beside / alone:.2f} times",
        f"{MEMORY_GOAL} times",
        met=beside <= MEMORY_GOAL * alone,
    )


def _peak(folder: Path, url: str, rows_of_cases: list[int]) -> float:
    """Return the megabytes that delivery of such cases takes at most."""
    path = folder / "memory.db"
    remove(path)
    fill(f"sqlite:///{path}", _cases(rows_of_cases))
    return run([*COMMANDS[OURS], str(write_settings(f"sqlite:///{path}", path, url))]).peak


def _cases(rows_of_cases: list[int]) -> Iterator[Record]:
    numbers = iter(range(sum(rows_of_cases)))
    for number, rows in enumerate(rows_of_cases):
        yield case(number, Description="words")
        for each in islice(numbers, rows):
            yield comment(each, number, CommentBody=f"{each} {TEXT * 2}")
