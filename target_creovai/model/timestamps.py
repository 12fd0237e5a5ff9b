"""Points in time as the target writes them: RFC 3339 in UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from datetime import datetime


def utc(moment: datetime) -> str:
    """Return `2024-01-02T03:04:05Z`, with a fraction only where there is one."""
    # Eight times as quick as `isoformat`, for each message of each conversation.
    text: str = msgspec.to_builtins(moment).removesuffix("Z")
    return (text.rstrip("0") if moment.microsecond else text) + "Z"
