"""How a sync ended: one event of the log, in words and in fields."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tap_salesforce_chat.output.logs import NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_salesforce_chat.http.client import SalesforceClient

logger = logging.getLogger(NAME)


def log_summary(rows: Mapping[str, int], client: SalesforceClient, seconds: float) -> None:
    """Log how many rows came of each stream; `summary` in the event's fields is for programs."""
    counts = ", ".join(f"{count:,} {name}" for name, count in rows.items() if count)
    logger.info(
        "%s read%s; %s, %.1f s",
        _number(sum(rows.values()), "row"),
        f": {counts}" if counts else "",
        _number(client.requests_made, "request"),
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


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
