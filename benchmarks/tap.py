"""Our tap and its peers side by side: `python -m benchmarks.tap`.

Prints the median CPU and wall seconds of several rounds, each contender once a round, their ratio
to a bare loop, and the peak memory. Peers get virtual environments of their own under .venv.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.fast_salesforce import SHAPE
from benchmarks.processes import ROOT, run, server
from tap_salesforce_chat.client import SalesforceStream
from tap_salesforce_chat.soql import Query
from tap_salesforce_chat.tap import TapSalesforceChat

PEERS = Path(__file__).with_name("peers.py")
# Contender -> what to install in its environment.
ENVIRONMENTS = {
    "loop": ["orjson", "requests", "simple-salesforce~=1.12.10"],
    "singer": ["tap-salesforce==2.8.1"],
}
OURS = [sys.executable, "-m", "tap_salesforce_chat"]


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
        rows = sum(b'"Id"' in line and b'"SCHEMA"' not in line[:40] for line in lines)
    return Measure(cost.cpu, cost.wall, cost.peak, rows)


def write_files(url: str, folder: Path, *, singer: bool) -> dict[str, list[str]]:
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
    if singer:
        commands["singer-io tap-salesforce"] = _singer(url, folder)
    return {name: command for name, command in commands.items() if command}


def _dump(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, default=list))


def _peer(environment: str, name: str, url: str, folder: Path) -> list[str]:
    python = python_of(environment)
    return [python, str(PEERS), name, url, str(folder / "plan.json")] if python else []


def _singer(url: str, folder: Path) -> list[str]:
    """Discover with singer-io's tap, and return how it reads our objects."""
    command = _peer("singer", "singer", url, folder)
    if not command:
        return []
    config, catalog = folder / "singer.json", folder / "singer-catalog.json"
    login = {"client_id": "x", "client_secret": "x", "refresh_token": "x"}
    options = {"api_type": "REST", "start_date": "2000-01-01T00:00:00Z"}
    _dump(config, login | options | {"select_fields_by_default": "true"})
    command += ["--config", str(config)]
    found = subprocess.run(
        [*command, "--discover"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        cwd=ROOT,
    )
    document = json.loads(found.stdout)
    wanted = [entry for entry in document["streams"] if entry["tap_stream_id"] in SHAPE]
    for entry in wanted:
        for item in entry["metadata"]:
            item["metadata"]["selected"] = True
    _dump(catalog, {"streams": wanted})
    return [*command, "--properties", str(catalog)]


def compare(arguments: argparse.Namespace, page_size: int, latency: int) -> None:
    """Run all contenders a few times in turn and print a table."""
    with (
        TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name,  # noqa: S108 - only to spare the disk
        server("benchmarks.fast_salesforce", page_size, latency, arguments.scale) as url,
    ):
        folder = Path(name)
        commands = write_files(url, folder, singer=arguments.singer)
        measures: dict[str, list[Measure]] = {contender: [] for contender in commands}
        for _ in range(arguments.rounds):
            for contender, command in commands.items():
                measures[contender].append(measure(command, folder / "rows"))
    print(f"\n{page_size} rows a page, {latency} ms of latency, medians of {arguments.rounds}\n")
    print("| contender | rows | CPU s | / bare | wall s | / bare | peak MB |")
    print("|---|---|---|---|---|---|---|")
    bare = _medians(measures["bare loop"])
    for contender, runs in measures.items():
        cost = _medians(runs)
        print(
            f"| {contender} | {cost.rows} | {cost.cpu:.2f} | {cost.cpu / bare.cpu:.2f} "
            f"| {cost.wall:.2f} | {cost.wall / bare.wall:.2f} | {cost.peak:.0f} |"
        )


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
    parser.add_argument("--singer", action="store_true", help="run singer-io's tap as well, slow")
    arguments = parser.parse_args()
    for latency in arguments.latency_ms or [0, 150]:
        for page_size in arguments.page_size or [2_000, 200]:
            compare(arguments, page_size, latency)


if __name__ == "__main__":
    main()
