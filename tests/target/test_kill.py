"""kill -9 where no boundary is: while a target reads, and while it waits for an answer.

`tests/crash` kills it at every commit and request.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from target_creovai.assemble import Ready
from tests.fakes.creovai import CreovaiServer, Fault
from tests.target.rows import COMPLETED, STARTED, Record, case, chat, comment, singer
from tests.target.support import PAUSE, verdict_on, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.target.support import Process, TargetRunner

CASES, CHATS = 12, 24


def rows() -> list[Record]:
    """Return a small org: cases with children, and chats."""
    numbers = range(1, CASES + 1)
    children = [comment(100 * n + k, case=n) for n in numbers for k in range(3)]
    return [
        *(case(n, Description=f"words {n}") for n in numbers),
        *children,
        *(chat(n) for n in range(1, CHATS + 1)),
    ]


ROWS = rows()


def expected() -> dict[str, Any]:
    """Return the payload of each conversation."""
    groups: dict[str, list[Record]] = {}
    for record in ROWS:
        groups.setdefault(record.row.get("ParentId") or record.row["Id"], []).append(record)
    verdicts = {key: verdict_on(*group) for key, group in groups.items()}
    return {key: each.payload for key, each in verdicts.items() if isinstance(each, Ready)}


EXPECTED = expected()
INPUT = singer(STARTED, *ROWS, COMPLETED)


def feed(process: Process, data: bytes) -> threading.Thread:
    """Write all of the input from the side, as a tap does, and close it."""

    def write() -> None:
        try:
            process.write(data)
            assert process.popen.stdin is not None
            process.popen.stdin.close()
        except (BrokenPipeError, ValueError):
            pass  # it was killed

    thread = threading.Thread(target=write)
    thread.start()
    return thread


def kill_when(run: TargetRunner, ready: Callable[[], bool]) -> None:
    """Start a run, and kill it as soon as something has come to pass."""
    with run.start() as process:
        thread = feed(process, INPUT)
        deadline = time.monotonic() + 20
        while not ready() and process.popen.poll() is None:
            assert time.monotonic() < deadline
            PAUSE(0.001)
        process.popen.kill()
        process.popen.wait()
        thread.join()
        process.popen.stdin = None


def assert_all_there_once(run: TargetRunner, creovai: CreovaiServer) -> None:
    """Run once more, in whole, and look at what Creovai has; then once more for nothing."""
    outcome = run.read(INPUT)
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.states == [COMPLETED.value]
    assert creovai.chats | creovai.cases == EXPECTED
    assert creovai.duplicate_chats == []
    assert {creovai.post_count(key) for key in creovai.chats} == {1}

    posts = len(creovai.posts)
    assert run.read(INPUT).exit_code == 0
    assert len(creovai.posts) == posts, "what had not changed was sent again"


@pytest.mark.parametrize("rows", [0, 1, 20, len(ROWS)])
def test_killed_while_it_reads(run_target: TargetRunner, creovai: CreovaiServer, rows: int) -> None:
    """No STATE has spoken of what went down with it: the tap sends it again."""
    with run_target.start() as process:
        process.write(singer(STARTED, *ROWS[:rows]))
        wait_until((run_target.folder / "store.db").exists)
        process.popen.kill()
        out, _ = process.popen.communicate()

    assert out == b""
    assert creovai.posts == []
    assert_all_there_once(run_target, creovai)


@pytest.mark.parametrize(
    ("path", "after"),
    [
        ("/Token", 0),
        ("/capture/v2/case", 7),
        ("/capture/v2/chat", 0),
    ],
)
def test_killed_while_a_request_hangs_before_it_is_stored(
    run_target: TargetRunner, creovai: CreovaiServer, path: str, after: int
) -> None:
    """An intent without a post: looked up, not found, sent."""
    creovai.faults.add(Fault("hang", path=path, after=after, times=9))
    kill_when(run_target, lambda: any(not call.status for call in list(creovai.calls)))
    creovai.faults.clear()
    creovai.release()

    assert_all_there_once(run_target, creovai)


@pytest.mark.parametrize("path", ["/capture/v2/case", "/capture/v2/chat"])
def test_killed_after_the_post_and_before_the_receipt(
    run_target: TargetRunner, creovai: CreovaiServer, path: str
) -> None:
    """Creovai has it and the ledger does not know: the answer never leaves the server."""
    stored, stop = threading.Event(), threading.Event()

    def hold() -> None:
        stored.set()
        stop.wait(20)

    creovai.interceptors.add(lambda request: request.path == path, after=hold)
    kill_when(run_target, stored.is_set)
    stop.set()
    creovai.interceptors.clear()
    assert creovai.posts

    assert_all_there_once(run_target, creovai)
