"""What the tests of the tap share: a run of the tap in this process, and what came out."""

from __future__ import annotations

import io
import json
import logging
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from tap_salesforce_chat.tap import TapSalesforceChat

if TYPE_CHECKING:
    from click.testing import Result

    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)

CREDENTIALS: dict[str, Any] = {
    "client_id": "demo-client",
    "client_secret": "demo-secret",
    "username": "integration@example.test",
    "password": "demo-password",
    "security_token": "demo-token",
}


# Catalogs as JSON, by the changes of an org's metadata and the settings.
_discovered: dict[str, str] = {}


class Clock:
    """The org's clock: stands still until somebody moves it."""

    def __init__(self) -> None:
        self.moment = NOON

    def __call__(self) -> datetime:
        return self.moment

    def tick(self, seconds: float = 1) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of the tap wrote, and the exception that ended it, if one did."""

    lines: list[bytes]
    messages: list[dict[str, Any]]
    error: BaseException | None

    def rows(self, stream: str = "Case") -> list[dict[str, Any]]:
        return [
            message["record"]
            for message in self.messages
            if message["type"] == "RECORD" and message["stream"] == stream
        ]

    def column(self, name: str, stream: str = "Case") -> list[Any]:
        return [row[name] for row in self.rows(stream)]

    @property
    def states(self) -> list[dict[str, Any]]:
        return [message["value"] for message in self.messages if message["type"] == "STATE"]

    def bookmark(self, stream: str = "Case") -> str | None:
        bookmark: str | None = self.states[-1]["bookmarks"][stream].get("replication_key_value")
        return bookmark


class _CurrentStderr(logging.Handler):
    """Writes to what stderr is at the time, as the runner of commands exchanges it."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)  # noqa: T201


def invoke(*arguments: str) -> Result:
    """Run the command in this process; what it logs is on its stderr."""
    handler = _CurrentStderr()
    TapSalesforceChat.logger.addHandler(handler)
    try:
        return CliRunner().invoke(TapSalesforceChat.cli, arguments)
    finally:
        TapSalesforceChat.logger.removeHandler(handler)


def settings(server: SalesforceServer, **more: Any) -> dict[str, Any]:
    """Return settings that log in to the server."""
    return {"login_url": server.url, **CREDENTIALS, **more}


def catalog_of(server: SalesforceServer, *streams: str, **more: Any) -> dict[str, Any]:
    """Discover the org's catalog, with only the given streams selected.

    What another test has discovered in an org with the same metadata is not asked for again.
    """
    key = json.dumps([server.org.metadata_changes, more], sort_keys=True, default=repr)
    if key not in _discovered:
        found = TapSalesforceChat(config=settings(server, **more)).catalog_dict
        _discovered[key] = json.dumps(found)
    catalog: dict[str, Any] = json.loads(_discovered[key])
    for entry in catalog["streams"]:
        selected = entry["tap_stream_id"] in streams
        _metadata(entry, [])["selected"] = selected
    return catalog


def deselect(catalog: dict[str, Any], stream: str, *path: str) -> None:
    """Deselect a field, or one of a parent's."""
    entry = next(item for item in catalog["streams"] if item["tap_stream_id"] == stream)
    breadcrumb = [part for name in path for part in ("properties", name)]
    _metadata(entry, breadcrumb)["selected"] = False


def _metadata(entry: dict[str, Any], breadcrumb: list[str]) -> dict[str, Any]:
    return next(
        item["metadata"] for item in entry["metadata"] if list(item["breadcrumb"]) == breadcrumb
    )


def run_tap(
    config: dict[str, Any],
    catalog: dict[str, Any] | None = None,
    state: dict[str, Any] | None = None,
) -> Run:
    """Run a sync to its end, good or bad."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="utf-8")
    error: BaseException | None = None
    with redirect_stdout(out):
        try:
            TapSalesforceChat(config=dict(config), catalog=catalog, state=state).sync_all()
        except (Exception, SystemExit) as exc:  # noqa: BLE001 - whatever it is, tests look at it
            error = exc
    out.flush()
    lines = raw.getvalue().split(b"\n")[:-1]
    return Run(lines, [json.loads(line) for line in lines], error)


def sync(server: SalesforceServer, *, state: dict[str, Any] | None = None, **more: Any) -> Run:
    """Sync the stream Case alone, and insist that it goes well."""
    run = run_tap(settings(server, **more), catalog_of(server, "Case"), state)
    assert run.error is None
    return run


def add_cases(org: SalesforceOrg, clock: Clock, count: int) -> list[str]:
    """Add cases a second apart, the last one a second ago."""
    ids = []
    for number in range(count):
        ids.append(org.add("Case", Subject=f"Case {number}"))
        clock.tick()
    return ids


def queries(server: SalesforceServer) -> list[str]:
    """Return the SOQL of all queries for rows so far."""
    asked = [call.query["q"] for call in server.calls if "q" in call.query]
    return [query for query in asked if "COUNT()" not in query]


def counts(server: SalesforceServer) -> list[str]:
    """Return the SOQL of all queries for a number of rows so far."""
    asked = [call.query["q"] for call in server.calls if "q" in call.query]
    return [query for query in asked if "COUNT()" in query]
