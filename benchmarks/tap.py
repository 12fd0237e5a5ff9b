"""Our tap and its peers side by side: `python -m benchmarks.tap`.

Prints the median CPU and wall seconds of several rounds, each contender once a round, their ratio
to a bare loop, and the peak memory. Peers get virtual environments of their own under .venv.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.fast_salesforce import AGE, SHAPE
from benchmarks.processes import ROOT, run, server
from tap_salesforce_chat.soql import Query
from tap_salesforce_chat.streams.base import SalesforceStream
from tap_salesforce_chat.tap import TapSalesforceChat

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

PEERS = Path(__file__).with_name("peers.py")
# Contender -> what to install in its environment.
ENVIRONMENTS = {
    "loop": ["orjson", "requests", "simple-salesforce~=1.12.10"],
    "singer": ["tap-salesforce==2.8.1"],
    "airbyte": ["airbyte-source-salesforce==2.10.3"],
}
OURS = [sys.executable, "-m", "tap_salesforce_chat"]
# What a row has and no schema, catalog, state or log has: an Id with a text for its value.
_ROW = re.compile(rb'"Id": ?"')


@dataclass(frozen=True, slots=True)
class Measure:
    """What one run has cost."""

    cpu: float
    wall: float
    peak: float  # MB
    rows: int


def python_of(name: str) -> str | None:
    """Return the interpreter of a peer's environment, made if need be; None if it cannot be."""
    folder = ROOT / ".venv" / f"benchmark-{name}"
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        command = [str(python), "-m", "pip", "install", "--quiet", *ENVIRONMENTS[name]]
        if subprocess.run(command, check=False).returncode:
            return None
    return str(python)


def measure(command: list[str], output: Path) -> Measure:
    """Run a command, and count the rows that it writes."""
    with output.open("wb") as out:
        cost = run(command, stdout=out)
    with output.open("rb") as lines:
        rows = sum(_ROW.search(line) is not None for line in lines)
    return Measure(cost.cpu, cost.wall, cost.peak, rows)


def write_files(url: str, folder: Path, *, taps: bool) -> dict[str, list[str]]:
    """Write what the contenders read; return the command of each."""
    login = {"login_url": url, "client_id": "demo-client", "client_secret": "demo-secret"}
    config = login | {"username": "integration@example.test", "password": "demo-password"}
    tap = TapSalesforceChat(config=config)
    streams = [tap.streams[name] for name in sorted(SHAPE)]
    queries = {
        stream.name: str(Query(stream.name, stream.selected_fields()))
        for stream in streams
        if isinstance(stream, SalesforceStream)
    }
    catalog = tap.catalog_dict
    catalog["streams"] = [item for item in catalog["streams"] if item["tap_stream_id"] in SHAPE]
    _dump(folder / "plan.json", queries)
    _dump(folder / "catalog.json", catalog)
    commands = {"bare loop": _peer("loop", "bare", url, folder)}
    variants: dict[str, dict[str, object]] = {
        "our tap": {},
        "our tap, not verified": {"verify_counts": False},
        "our tap, one worker": {"max_workers": 1},
        "our tap, BULK2": {"api_type": "BULK2"},
    }
    for name, more in variants.items():
        path = folder / f"{name}.json"
        _dump(path, config | more)
        commands[name] = [*OURS, "--config", str(path), "--catalog", str(folder / "catalog.json")]
    commands["simple-salesforce"] = _peer("loop", "simple", url, folder)
    for other in OTHER_TAPS if taps else ():
        commands[other.label] = _discovered(other, url, folder)
    return {name: command for name, command in commands.items() if command}


def _dump(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, default=list))


def _peer(environment: str, name: str, url: str, folder: Path) -> list[str]:
    python = python_of(environment)
    return [python, str(PEERS), name, url, str(folder / "plan.json")] if python else []


@dataclass(frozen=True, slots=True)
class OtherTap:
    """A tap that reads what a catalog selects, which it has discovered itself."""

    label: str
    environment: str
    discover: str
    read: list[str]
    catalog: str  # the option that takes one
    select: Callable[[bytes], Iterable[dict[str, Any]]]  # what it discovered -> what to read
    options: dict[str, str] = field(default_factory=dict)


def _singer_streams(found: bytes) -> Iterable[dict[str, Any]]:
    for entry in json.loads(found)["streams"]:
        if entry["tap_stream_id"] in SHAPE:
            for item in entry["metadata"]:
                item["metadata"]["selected"] = True
            yield entry


def _airbyte_streams(found: bytes) -> Iterable[dict[str, Any]]:
    messages = map(json.loads, found.splitlines())
    catalog = next(item["catalog"] for item in messages if item["type"] == "CATALOG")
    modes = {"sync_mode": "incremental", "destination_sync_mode": "append"}
    return [{"stream": item} | modes for item in catalog["streams"] if item["name"] in SHAPE]


OTHER_TAPS = (
    OtherTap(
        label="singer-io tap-salesforce, REST",
        environment="singer",
        discover="--discover",
        read=[],
        catalog="--properties",
        select=_singer_streams,
        options={"api_type": "REST", "select_fields_by_default": "true"},
    ),
    OtherTap(
        label="airbyte-source-salesforce, REST",
        environment="airbyte",
        discover="discover",
        read=["read"],
        catalog="--catalog",
        select=_airbyte_streams,
    ),
)


def _discovered(tap: OtherTap, url: str, folder: Path) -> list[str]:
    """Discover with a tap, and return how it reads our objects."""
    command = _peer(tap.environment, tap.environment, url, folder)
    if not command:
        return []
    config, catalog = (folder / f"{tap.environment}{end}.json" for end in ("", "-catalog"))
    login = {"client_id": "x", "client_secret": "x", "refresh_token": "x"}
    # The day before the first row: Airbyte asks for every 30 days since then.
    start = datetime.now(UTC) - AGE - timedelta(days=1)
    _dump(config, login | {"start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}"} | tap.options)
    found = subprocess.run(
        [*command, tap.discover, "--config", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        cwd=ROOT,
    )
    _dump(catalog, {"streams": list(tap.select(found.stdout))})
    return [*command, *tap.read, "--config", str(config), tap.catalog, str(catalog)]


def compare(
    arguments: argparse.Namespace, page_size: int, latency: int, only: Collection[str] = ()
) -> dict[str, Measure]:
    """Run contenders a few times in turn, print a table, and return the medians of each."""
    with (
        TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name,  # noqa: S108 - only to spare the disk
        server("benchmarks.fast_salesforce", page_size, latency, arguments.scale) as url,
    ):
        folder = Path(name)
        commands = write_files(url, folder, taps=arguments.taps)
        commands = {name: commands[name] for name in only or commands}
        measures: dict[str, list[Measure]] = {contender: [] for contender in commands}
        for _ in range(arguments.rounds):
            for contender, command in commands.items():
                measures[contender].append(measure(command, folder / "rows"))
    print(f"\n{page_size} rows a page, {latency} ms of latency, medians of {arguments.rounds}\n")
    print("| contender | rows | CPU s | / bare | wall s | / bare | peak MB |")
    print("|---|---|---|---|---|---|---|")
    bare = _medians(measures["bare loop"])
    costs = {contender: _medians(runs) for contender, runs in measures.items()}
    for contender, cost in costs.items():
        print(
            f"| {contender} | {cost.rows} | {cost.cpu:.2f} | {cost.cpu / bare.cpu:.2f} "
            f"| {cost.wall:.2f} | {cost.wall / bare.wall:.2f} | {cost.peak:.0f} |"
        )
    return costs


def _medians(runs: list[Measure]) -> Measure:
    return Measure(
        median(run.cpu for run in runs),
        median(run.wall for run in runs),
        max(run.peak for run in runs),
        runs[0].rows,
    )


def main() -> None:
    """Compare with and without latency, with large and small pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1, help="1: 35,000 rows, 190 MB")
    parser.add_argument("--page-size", type=int, action="append", help="2000 and 200")
    parser.add_argument("--latency-ms", type=int, action="append", help="0 and 150")
    parser.add_argument(
        "--taps", action="store_true", help="run singer-io's tap and Airbyte's source as well, slow"
    )
    arguments = parser.parse_args()
    for latency in arguments.latency_ms or [0, 150]:
        for page_size in arguments.page_size or [2_000, 200]:
            compare(arguments, page_size, latency)


if __name__ == "__main__":
    main()
