"""What the tap logs: new rows, one summary a sync, and nothing that quotes what it reads."""

from __future__ import annotations

import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.logging import StructuredFormatter
from singer_sdk.metrics import METRICS_LOGGER_NAME, Point

from tap_salesforce_chat.output.logs import (
    LOGGER_NAME,
    install_log_filter,
    unexpected_error_message,
)
from tests.tap.support import add_cases, catalog_of, run_tap, settings, sync

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What gets through a handler that lets all levels pass, with loggers that do so, too."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    levels = {logging.getLogger(name): logging.getLogger(name).level for name in LOUD}
    for logger in levels:
        logger.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    install_log_filter()
    yield stream
    logging.getLogger().removeHandler(handler)
    for logger, level in levels.items():
        logger.setLevel(level)


LOUD = ("", "urllib3", "urllib3.connectionpool", "requests", "singer_sdk", LOGGER_NAME)


def summaries(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return the events that programs read."""
    return [record.summary for record in caplog.records if hasattr(record, "summary")]


def metrics(caplog: pytest.LogCaptureFixture) -> list[tuple[str, Any, str]]:
    """Return name, stream and level of the METRIC lines."""
    records = [each for each in caplog.records if each.name == METRICS_LOGGER_NAME]
    points = [(each.args[0], each.levelname) for each in records if isinstance(each.args, tuple)]
    return [
        (point.metric.value, point.tags["stream"], level)
        for point, level in points
        if isinstance(point, Point)
    ]


def test_a_sync_is_told_in_one_event(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """In words for people, in fields for programs: rows by stream, requests, the org's quota."""
    caplog.set_level(logging.INFO)
    add_cases(org, clock, 3)
    catalog = catalog_of(server, "Case", "CaseComment")
    caplog.clear()

    run_tap(settings(server), catalog)

    (summary,) = summaries(caplog)
    assert summary["rows"] == {"Case": 3, "CaseComment": 0}
    assert summary["requests"] > 1
    assert summary["org_requests_allowed"] > summary["org_requests_today"] > 0
    assert any(text.startswith("3 rows read: 3 Case; ") for text in caplog.messages)


def test_only_streams_with_news_have_metric_lines(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An hourly sync reads the last rows again; to say so of each stream would drown the log."""
    caplog.set_level(logging.INFO)
    add_cases(org, clock, 3)
    catalog = catalog_of(server, "Case", "CaseComment")
    first = run_tap(settings(server), catalog)
    assert metrics(caplog) == [
        ("sync_duration", "Case", "INFO"),
        ("record_count", "Case", "INFO"),
    ]
    caplog.clear()

    clock.tick(60)
    second = run_tap(settings(server), catalog, first.states[-1])

    assert second.rows()
    assert metrics(caplog) == []
    assert sum(summaries(caplog)[0]["rows"].values()) == len(second.rows())


def test_a_sync_that_fails_is_told_as_well(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """How far it came, before the error says what stopped it: no other line is one."""
    caplog.set_level(logging.INFO)
    add_cases(org, clock, 2)
    catalog = catalog_of(server, "Case", "LiveChatTranscript")
    org.forbid("LiveChatTranscript")

    assert run_tap(settings(server), catalog).error is not None
    assert summaries(caplog)[0]["rows"] == {"Case": 2, "LiveChatTranscript": 0}
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


def test_of_an_object_that_cannot_be_read_no_fields_are_asked_for(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What to click is Read on the object; a click on its fields would mend nothing."""
    add_cases(org, clock, 1)
    org.forbid("LiveChatTranscript")

    assert run_tap(settings(server)).error is not None
    about = [text for text in caplog.messages if "LiveChatTranscript" in text]
    assert any("cannot read the object LiveChatTranscript" in text for text in about)
    assert not any("Left out of" in text for text in about)


def test_libraries_say_nothing_at_debug_level(log: io.StringIO) -> None:
    """URLs hold queries. A level can be set by a log configuration; the filter stays."""
    logging.getLogger("urllib3.connectionpool").debug('GET /services/data?q=SELECT "canary"')
    logging.getLogger("requests").debug("canary")
    logging.getLogger("urllib3.connectionpool").warning("Connection pool is full")
    logging.getLogger(LOGGER_NAME).getChild("Case").debug("own words")

    assert log.getvalue().splitlines() == [
        "WARNING urllib3.connectionpool Connection pool is full",
        f"DEBUG {LOGGER_NAME}.Case own words",
    ]


def test_the_sdks_own_doings_are_for_debug_level(log: io.StringIO) -> None:
    """`Beginning sync of ...` for each stream is no news; what it does to values is nobody's."""
    from singer_sdk import mapper, tap_base  # noqa: PLC0415

    def says(level: int, module: Any, text: str, name: str = LOGGER_NAME) -> None:
        record = logging.LogRecord(name, level, module.__file__, 1, text, (), None)
        logging.getLogger(name).handle(record)

    says(logging.INFO, tap_base, "Skipping deselected stream 'User'.")
    logging.getLogger(LOGGER_NAME).setLevel(logging.INFO)
    says(logging.INFO, tap_base, "Skipping deselected stream 'Contact'.")
    says(logging.WARNING, tap_base, "a warning")
    says(logging.DEBUG, mapper, "Stream eval result: Name = canary", "singer_sdk.mapper")

    assert log.getvalue().splitlines() == [
        f"INFO {LOGGER_NAME} Skipping deselected stream 'User'.",
        f"WARNING {LOGGER_NAME} a warning",
    ]


def test_what_programs_read_survives_as_fields(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Under Meltano each line is JSON: a counter without its stream would say nothing."""
    caplog.set_level(logging.INFO)
    add_cases(org, clock, 1)
    sync(server)
    lines = [json.loads(StructuredFormatter().format(record)) for record in caplog.records]

    (counter,) = [line["metric_info"] for line in lines if "record_count" in str(line)]
    assert counter["tags"]["stream"] == "Case"
    (summary,) = [line["extra"]["summary"] for line in lines if "summary" in line["extra"]]
    assert summary["rows"] == {"Case": 1}


def test_an_unforeseen_error_says_where_and_quotes_nothing() -> None:
    """Its text may hold a row. What the operating system says holds none."""
    try:
        int("canary")
    except ValueError as error:
        told = unexpected_error_message(error)

    assert "ValueError; test_log.py:" in told
    assert "canary" not in told
    assert "No space left on device" in unexpected_error_message(
        OSError(28, "No space left on device")
    )
