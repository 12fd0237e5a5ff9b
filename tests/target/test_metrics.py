"""METRIC lines tell what happened, in the form that Singer's consumers read."""

from __future__ import annotations

import json
import logging
import re
import threading
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.metrics import METRICS_LOGGER_NAME, Point

from target_creovai.model.outcomes import Code, Reason
from target_creovai.sending.retry_budget import RetryBudget
from target_creovai.watch.metrics import Metrics
from target_creovai.watch.progress import Progress
from target_creovai.watch.summary import NotDelivered, Summary
from target_creovai.watch.watch import Watch
from tests.fakes.creovai import CreovaiServer, Fault
from tests.target.rows import case, chat, chat_id, comment, singer
from tests.target.support import Clock

if TYPE_CHECKING:
    from tests.target.support import TargetRunner

Told = set[tuple[str, float, frozenset[tuple[str, Any]]]]
"""Metric, value and tags without the process id."""


@pytest.fixture(autouse=True)
def _all_lines(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, METRICS_LOGGER_NAME)


@pytest.fixture
def summary() -> Summary:
    """What the run counts."""
    return Summary()


@pytest.fixture
def metrics(summary: Summary) -> Metrics:
    """The metrics of a run that counts there."""
    return Metrics(summary, RetryBudget(0))


def points(caplog: pytest.LogCaptureFixture, kind: str = "counter") -> list[dict[str, Any]]:
    """Return what was logged, and forget it."""
    logged = [record for record in caplog.records if record.name.endswith("metrics")]
    found = [record.args[0] for record in logged if isinstance(record.args, tuple)]
    told = [point.to_dict() for point in found if isinstance(point, Point)]
    caplog.clear()
    return [point for point in told if point["type"] == kind]


def told(caplog: pytest.LogCaptureFixture) -> Told:
    """Return the counters that were logged."""
    return {
        (
            point["metric"],
            point["value"],
            frozenset((str(tag), value) for tag, value in point["tags"].items() if tag != "pid"),
        )
        for point in points(caplog)
    }


def counter(metric: str, value: int, **tags: Any) -> tuple[str, int, frozenset[tuple[str, Any]]]:
    """Return a counter as `told` does."""
    return metric, value, frozenset(tags.items())


def test_a_run_is_told_in_counters(
    run_target: TargetRunner, creovai: CreovaiServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Each once: rows by stream, conversations by kind, requests by path and status."""
    run_target(chat(1))
    caplog.clear()
    creovai.refuse(chat_id(2))
    creovai.faults.add(Fault("503", path="/capture/v2/case", times=2))
    changed = chat(1, Rating__c=5, SystemModstamp="2024-05-06T11:00:00Z")
    run_target(changed, chat(2), chat(3), case(), comment())

    status = "http_status_code"
    assert told(caplog) == {
        counter("record_count", 3, stream="LiveChatTranscript"),
        counter("record_count", 1, stream="Case"),
        counter("record_count", 1, stream="CaseComment"),
        counter("conversations_sent", 1, kind="chat"),
        counter("conversations_sent", 1, kind="case"),
        counter("metadata_sent", 1, kind="chat"),
        counter("conversations_set_aside", 1, kind="chat"),
        counter("requests_retried", 2),
        counter("http_request_count", 1, endpoint="/Token", **{status: 200}),
        counter("http_request_count", 1, endpoint="/capture/v2/chat", **{status: 200}),
        counter("http_request_count", 1, endpoint="/capture/v2/chat", **{status: 400}),
        counter("http_request_count", 2, endpoint="/capture/v2/case", **{status: 503}),
        counter("http_request_count", 1, endpoint="/capture/v2/case", **{status: 200}),
        counter("http_request_count", 5, endpoint="/capture/v2/status", **{status: 200}),
        counter(
            "http_request_count", 1, endpoint="/capture/v2/outofband/interaction", **{status: 200}
        ),
    }


def test_a_counter_tells_what_is_new(
    summary: Summary, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    """Their sum is the run, as with the SDK's own; what did not move is not told."""
    summary.sent["chat"] = 3
    metrics.log()
    summary.sent["chat"] = 5
    summary.set_aside.append(NotDelivered("case", "500", Reason(Code.NO_TEXT)))
    metrics.log()
    values = [(point["metric"], point["value"]) for point in points(caplog)]
    metrics.log()

    assert values == [
        ("conversations_sent", 3),
        ("conversations_sent", 2),
        ("conversations_set_aside", 1),
    ]
    assert points(caplog) == []


def test_a_timer_tells_of_many_requests(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> None:
    """The mean of a path's answers; how many, the slowest, and the shares are tags."""
    for hundredths in range(100, 0, -1):
        metrics.answered("/capture/v2/chat", 200, hundredths / 100)
    metrics.answered("/Token", 200, 7.0)
    metrics.log()
    by_path = {point["tags"]["endpoint"]: point for point in points(caplog, "timer")}
    metrics.log()

    chats, token = by_path["/capture/v2/chat"], by_path["/Token"]
    assert {point["metric"] for point in by_path.values()} == {"http_request_duration"}
    assert chats["value"] == pytest.approx(0.505)
    assert [chats["tags"][name] for name in ("count", "p50", "p95", "max")] == [100, 0.5, 0.95, 1]
    assert [token["tags"][name] for name in ("count", "p50", "p95", "max")] == [1, 7, 7, 7]
    assert points(caplog, "timer") == []


def test_no_answer_is_lost_between_threads(
    metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    """Workers note answers while the line is being made."""

    def work() -> None:
        for _ in range(2000):
            metrics.answered("/capture/v2/chat", 200, 0.1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        metrics.log()
    metrics.log()

    assert sum(point["value"] for point in points(caplog)) == 8000


def test_a_long_run_tells_once_a_minute(
    summary: Summary, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    """However often it is looked at, and however much happens."""
    clock = Clock()
    watch = Watch(summary, metrics, Progress(summary, clock), clock=clock)
    for clock.now in range(180):
        summary.sent["chat"] += 1
        watch.look()

    assert [point["value"] for point in points(caplog)] == [61, 60]


def test_the_lines_are_json_and_the_report_comes_last(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A monitor takes the one from a real process's stderr, a reader the other."""
    with run_target.start() as process:
        outcome = process.finish(singer(chat()))
    lines = [re.search("METRIC: (.*)", line) for line in outcome.lines]
    metrics = [json.loads(line[1]) for line in lines if line]

    assert {"conversations_sent", "http_request_duration"} < {each["metric"] for each in metrics}
    assert outcome.lines[-1].startswith("unchanged  ")
