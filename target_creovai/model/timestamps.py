"""Points in time as the target writes them: RFC 3339 in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def utc(moment: datetime) -> str:
    """Return `2024-01-02T03:04:05Z`, with a fraction only where there is one."""
    text = moment.isoformat().removesuffix("+00:00")
    return (text.rstrip("0") if "." in text else text) + "Z"
