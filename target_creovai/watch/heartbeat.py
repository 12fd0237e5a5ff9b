"""Heartbeats: what Creovai's own monitoring gets to see of a run."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from target_creovai.errors import CreovaiError
from target_creovai.http.client import connect
from target_creovai.payload.payload import build_heartbeat
from target_creovai.watch.logs import LOGGER_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_creovai.http.client import CreovaiClient
    from target_creovai.watch.summary import Summary

# A run does not wait for long to say how it is; conversations may take all the time they need.
TIMEOUT_SECONDS = 10

logger = logging.getLogger(LOGGER_NAME)


class Status(StrEnum):
    """How a run is, in Creovai's words."""

    HEALTHY = "Healthy"
    WARNING = "Warning"
    ERROR = "Error"


def status_of(summary: Summary) -> Status:
    """Return how a run is that has come so far."""
    if summary.halted or summary.broken:
        return Status.ERROR
    return Status.WARNING if summary.exit_code else Status.HEALTHY


class Heartbeat:
    """Posts heartbeats. One that fails costs the run nothing but, once, a warning."""

    def __init__(self, client: CreovaiClient, name: str, version: str) -> None:
        """`name` has to stay the same: Creovai takes another one for a second sender."""
        self._client = client
        self._name = name
        self._version = version
        self._complained = False

    def beat(self, status: Status) -> None:
        """Post one."""
        body = build_heartbeat(status, datetime.now(UTC), self._name, self._version)
        try:
            self._client.monitor(body)
        except CreovaiError as error:
            self._complain(str(error).rstrip("."))

    def _complain(self, reason: str) -> None:
        if not self._complained:
            self._complained = True
            logger.warning(
                "No heartbeat: %s. The run goes on without; `heartbeat: false` switches it off.",
                reason,
            )


def heartbeat(config: Mapping[str, Any], version: str) -> Heartbeat | None:
    """Return the heartbeat that the settings ask for; a run that sends nothing has none."""
    if not config["heartbeat"] or config["dry_run"] or not config.get("api_url"):
        return None
    # A client of its own: it waits for nobody's token, and nobody for its time-out.
    client = connect({**config, "request_timeout_seconds": TIMEOUT_SECONDS, "max_workers": 1})
    return Heartbeat(client, config["heartbeat_name"], version)
