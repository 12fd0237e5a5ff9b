"""Heartbeats for Creovai's own monitoring."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from target_creovai import LOGGER_NAME
from target_creovai.errors import CreovaiError
from target_creovai.http.client import connect
from target_creovai.payload.payload import build_heartbeat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_creovai.http.client import CreovaiClient
    from target_creovai.watch.summary import Summary

# A heartbeat may not hold a run up.
TIMEOUT_SECONDS = 10

logger = logging.getLogger(LOGGER_NAME)


class Health(StrEnum):
    """The health of a run, as Creovai's monitoring names it."""

    HEALTHY = "Healthy"
    WARNING = "Warning"
    ERROR = "Error"


def health_of(summary: Summary) -> Health:
    """Return the health of a run by what it has counted so far."""
    if summary.halted or summary.broken:
        return Health.ERROR
    return Health.WARNING if summary.exit_code else Health.HEALTHY


class Heartbeat:
    """Posts heartbeats. One that fails is a warning, once."""

    def __init__(self, client: CreovaiClient, name: str, version: str) -> None:
        """`name` has to stay the same: Creovai takes another one for a second sender."""
        self._client = client
        self._name = name
        self._version = version
        self._warned = False

    def beat(self, status: Health) -> None:
        """Post one."""
        body = build_heartbeat(status, datetime.now(UTC), self._name, self._version)
        try:
            self._client.monitor(body)
        except CreovaiError as error:
            self._warn(str(error).rstrip("."))

    def _warn(self, reason: str) -> None:
        if not self._warned:
            self._warned = True
            logger.warning(
                "No heartbeat: %s. The run goes on without; `heartbeat: false` switches it off.",
                reason,
            )


def heartbeat(config: Mapping[str, Any], version: str) -> Heartbeat | None:
    """Return the heartbeat that the settings ask for; a run that sends nothing has none."""
    if not config["heartbeat"] or config["dry_run"] or not config.get("api_url"):
        return None
    # A client of its own: conversations do not wait for its time-out, nor it for their token.
    client = connect({**config, "request_timeout_seconds": TIMEOUT_SECONDS, "max_workers": 1})
    return Heartbeat(client, config["heartbeat_name"], version)
