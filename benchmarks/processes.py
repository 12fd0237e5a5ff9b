"""Processes that are measured, and servers in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

ROOT = Path(__file__).parents[1]
# Goals in seconds are of a machine that starts singer_sdk in so many CPU seconds.
REFERENCE = [sys.executable, "-c", "import singer_sdk"]
REFERENCE_SECONDS = 0.31


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process has cost."""

    cpu: float  # seconds
    wall: float  # seconds
    peak: float  # MB


def run(
    command: list[str],
    *,
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    stdout: IO[bytes] | int = subprocess.DEVNULL,
    good: Collection[int] = (0,),
) -> Cost:
    """Run a command to its end, whose exit code has to be a good one."""
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"LOGLEVEL": "ERROR", "TAP_SALESFORCE_CHAT_LOGLEVEL": "ERROR"},
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - began
    if process.returncode not in good:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)


def slowness(rounds: int = 3) -> float:
    """Return how many times as long as that machine this one takes, busy as it is now."""
    return median(run(REFERENCE).cpu for _ in range(rounds)) / REFERENCE_SECONDS


@contextmanager
def server(module: str, *arguments: object) -> Iterator[str]:
    """Run a module that prints the port it listens on; yield its URL."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None:
                raise RuntimeError
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()
