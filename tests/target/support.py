"""Running the target, in this process or in one that can be killed."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

import pytest
import sqlalchemy as sa

from target_creovai.assemble import ALL_READ, Reach, Ready, assemble
from target_creovai.errors import InputError
from target_creovai.kinds import KIND_OF_STREAM
from target_creovai.model.outcomes import parse_reason
from target_creovai.model.settings import AssemblySettings
from target_creovai.model.verdicts import Skipped
from target_creovai.settings.config import DEFAULT_PARTICIPANT_TYPES
from target_creovai.target import TargetCreovai
from target_creovai.wholeness.coverage import Read
from target_creovai.wholeness.intervals import moment_after
from tests.target.rows import singer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from target_creovai.assemble import Verdict
    from target_creovai.model.findings import Finding
    from target_creovai.store import Store
    from tests.fakes.creovai import CreovaiServer
    from tests.target.rows import Record, Schema, State

# Other processes need real time: the fixtures replace `time.sleep` for the code under test.
PAUSE = time.sleep
# The exit code of a process that was killed.
KILLED = -9
_PREFIX = re.compile(r"[\d-]+ [\d:,]+ \| [A-Z]+ +\| \S+ +\| ")
LAUNCH = "from target_creovai.target import TargetCreovai; TargetCreovai.cli()"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What someone who started the target gets to see."""

    exit_code: int
    states: list[Any]
    stderr: str

    @property
    def lines(self) -> list[str]:
        """What the log says, without the times and names that the SDK's console puts before it."""
        return [_PREFIX.sub("", line) for line in self.stderr.splitlines()]

    def says(self, start: str) -> list[str]:
        """Return the lines of the report that begin with a word."""
        return [line for line in self.lines if line.startswith(start)]


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def in_words(stored: str | None) -> str | None:
    """Return what a reason says that the ledger keeps as a code."""
    return None if stored is None else str(parse_reason(stored))


class TargetRunner:
    """Runs the target on a store and a Creovai that stay the same from run to run."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.folder = folder
        self.config: dict[str, Any] = {
            "store_url": f"sqlite:///{folder / 'store.db'}",
            "payload_dir": str(folder / "payloads"),
            **config,
        }

    def __call__(self, *items: Record | State | Schema, **changes: Any) -> Outcome:
        """Run the target in this process; a setting that is None is left out."""
        return self.read(singer(*items), **changes)

    def read(self, data: bytes, **changes: Any) -> Outcome:
        return self.listen(io.BytesIO(data), **changes)

    def listen(self, lines: Iterable[bytes], **changes: Any) -> Outcome:
        """Run the target on lines, such as those of `lines_until_killed`."""
        with _captured() as (out, err):
            target = TargetCreovai(config=self._config(changes))
            with target.store:
                exit_code = _listen(target, lines)
        return Outcome(exit_code, _states(out.getvalue()), err.getvalue())

    def break_off(self, data: bytes, **changes: Any) -> Outcome:
        """Run the target on an input that ends it."""
        with _captured() as (out, err):
            target = TargetCreovai(config=self._config(changes))
            with target.store, pytest.raises(InputError) as caught:
                _listen(target, io.BytesIO(data))
        assert caught.value.is_reported
        return Outcome(1, _states(out.getvalue()), err.getvalue())

    def start(
        self,
        environment: Mapping[str, str] | None = None,
        stderr: int = subprocess.PIPE,
        **changes: Any,
    ) -> Process:
        """Start the target as a process of its own."""
        file = self.folder / "config.json"
        file.write_text(json.dumps(self._config(changes)))
        return Process(file, self.folder, environment or {}, stderr)

    def payloads(self, kind: str) -> dict[str, Any]:
        """Return what a dry run wrote, by file name."""
        folder = self.folder / "payloads" / kind
        return {file.stem: json.loads(file.read_bytes()) for file in sorted(folder.glob("*"))}

    def ledger(self) -> dict[str, Any]:
        """Return the outcome and reason of every conversation, by Id."""
        rows = self.query("SELECT id, outcome, reason FROM creovai_conversations")
        return {row.id: (row.outcome, in_words(row.reason)) for row in rows}

    def query(self, sql: str) -> list[Any]:
        """Look into the store from outside."""
        engine = sa.create_engine(self.config["store_url"])
        with engine.connect() as db:
            rows = list(db.execute(sa.text(sql)))
        engine.dispose()
        return rows

    def execute(self, sql: str) -> None:
        """Change the store from outside."""
        engine = sa.create_engine(self.config["store_url"])
        with engine.begin() as db:
            db.execute(sa.text(sql))
        engine.dispose()

    def _config(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        merged = {**self.config, **changes}
        return {name: value for name, value in merged.items() if value is not None}


class Process:
    """A target in a process of its own; `with` ends it, however far it has come."""

    def __init__(
        self, config: Path, folder: Path, environment: Mapping[str, str], stderr: int
    ) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", LAUNCH, "--config", str(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
            cwd=folder,
        )

    def write(self, data: bytes) -> None:
        """Give it some of its input."""
        assert self.popen.stdin is not None
        self.popen.stdin.write(data)
        self.popen.stdin.flush()

    def close_input(self) -> None:
        """Tell it that this was all."""
        assert self.popen.stdin is not None
        self.popen.stdin.close()
        self.popen.stdin = None

    def finish(self, data: bytes = b"") -> Outcome:
        """Give it the rest of its input, and wait for its end."""
        out, err = self.popen.communicate(data, timeout=600)
        return Outcome(self.popen.returncode, _states(out.decode()), err.decode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.popen.kill()
        self.popen.communicate()


def wait_until(condition: Callable[[], Any], seconds: float = 300) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        PAUSE(0.002)


@contextmanager
def _captured() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), _logged_to(err):
        yield out, err


@contextmanager
def _logged_to(stream: io.StringIO) -> Iterator[None]:
    """Write the target's log to a stream, all of it: also what a run without news has to say."""
    logger, handler = logging.getLogger(TargetCreovai.name), logging.StreamHandler(stream)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


class _Killed(BaseException):
    """The process ends here: nothing of the target's catches it."""


def lines_until_killed(lines: Sequence[bytes], count: int | None) -> Iterator[bytes]:
    """Yield lines; after so many of them the process that reads them is killed."""
    yield from (line + b"\n" for line in lines[:count])
    if count is not None and count < len(lines):
        raise _Killed


def _listen(target: TargetCreovai, lines: Iterable[bytes]) -> int:
    try:
        target.listen(lines)  # type: ignore[arg-type] # our reader takes lines of bytes
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except _Killed:
        return KILLED
    return 0


def _states(stdout: str) -> list[Any]:
    return [json.loads(line) for line in stdout.splitlines()]


NOW = datetime(2024, 6, 1, tzinfo=UTC)


def verdict_on(
    *records: Record, now: datetime = NOW, reach: Reach = ALL_READ, **rules: Any
) -> Verdict:
    """Assemble the conversation of the first of these rows; the others are its own, too."""
    rows: dict[str, list[Any]] = {}
    for stream, row in records:
        rows.setdefault(stream, []).append(row)
    kind = KIND_OF_STREAM[records[0].stream]
    key = records[0].row[kind.streams[records[0].stream]]
    given = {"participant_types": DEFAULT_PARTICIPANT_TYPES} | rules
    return assemble(kind.name, key, rows, AssemblySettings(**given), now, reach)


def payload_of(*records: Record, **rules: Any) -> dict[str, Any]:
    """Return the payload that these rows make."""
    verdict = verdict_on(*records, **rules)
    assert isinstance(verdict, Ready), verdict
    return verdict.payload


def texts(payload: dict[str, Any]) -> list[str]:
    """Return what was said in a case."""
    return [message["content"] for message in payload["messages"]]


def senders(payload: dict[str, Any]) -> list[tuple[str, str]]:
    """Return type and referenceId of the sender of each message of a case."""
    types = {who["referenceId"]: who["type"] for who in payload["participants"]}
    keys = [message["senderReferenceId"] for message in payload["messages"]]
    return [(types[key], key) for key in keys]


def dialogue(payload: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return time, type of participant and words of each message of a chat."""
    return sorted(
        (message["utcTimestamp"], who["type"], message["content"])
        for who in payload["participants"]
        for message in who["messages"]
    )


def spoken(*rows: Record, **rules: Any) -> list[tuple[str, str]]:
    """Return type of participant and words of each message, in time order."""
    return [(kind, words) for _, kind, words in dialogue(payload_of(*rows, **rules))]


def findings(*rows: Record, **rules: Any) -> dict[Finding, int]:
    """Return what assembling a session brings to light."""
    verdict = verdict_on(*rows, **rules)
    assert isinstance(verdict, Ready | Skipped), verdict
    return dict(verdict.findings)


def all_read(store: Store) -> None:
    """Let a store know that its rows are all that there are, as at the end of a whole input."""
    end = moment_after(store.coverage.newest_moment)
    store.coverage.record_reads([Read(stream, "", end, finished=True) for stream in KIND_OF_STREAM])
    store.runs.end_input(well=True)


def posts_to(creovai: CreovaiServer, path: str) -> int:
    """Count the requests to a path, answered or not."""
    return Counter(call.path for call in creovai.calls)[f"/capture/v2/{path}"]
