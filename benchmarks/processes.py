"""Processes that are measured, and servers in processes of their own."""

from __future__ import annotations

import json
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
LAUNCHER = Path(__file__).with_name("launcher.py")
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
    read, write = os.pipe()
    with os.fdopen(read, "rb") as told:
        process = subprocess.Popen(
            [sys.executable, str(LAUNCHER), str(write), *command],
            cwd=ROOT,
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"LOGLEVEL": "ERROR", "TAP_SALESFORCE_CHAT_LOGLEVEL": "ERROR"},
            pass_fds=[write],
        )
        os.close(write)
        cpu, peak, code = json.loads(told.read())
        process.wait()
    wall = time.monotonic() - began
    if code not in good:
        raise subprocess.CalledProcessError(code, command)
    return Cost(cpu, wall, peak)


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
