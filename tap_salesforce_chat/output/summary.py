"""The summary of a sync: one log record, with a text and with fields."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tap_salesforce_chat.output.logs import LOGGER_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_salesforce_chat.http.client import SalesforceClient

logger = logging.getLogger(LOGGER_NAME)


def log_summary(rows: Mapping[str, int], client: SalesforceClient, seconds: float) -> None:
    """Log the rows by stream, requests and seconds; the field `summary` is for programs.

    Args:
        rows: By name of the stream.
        client: The client that sent the requests.
        seconds: The duration of the sync.
    """
    counts = ", ".join(f"{count:,} {name}" for name, count in rows.items() if count)
    logger.info(
        "%s read%s; %s, %.1f s",
        _counted(sum(rows.values()), "row"),
        f": {counts}" if counts else "",
        _counted(client.requests_made, "request"),
        seconds,
        extra={
            "summary": {
                "rows": dict(rows),
                "requests": client.requests_made,
                "org_requests_today": client.quota.used,
                "org_requests_allowed": client.quota.limit,
                "duration_seconds": round(seconds, 1),
            }
        },
    )


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
