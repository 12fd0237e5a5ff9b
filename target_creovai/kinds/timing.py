"""When a conversation may be taken for finished, and from when to when it goes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from target_creovai.model import Waiting
from target_creovai.rows import latest_change

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from target_creovai.model import Message, Row, Rules


def settling(rows: Iterable[Row], rules: Rules, now: datetime) -> Waiting | None:
    """Return until when a conversation of these rows waits for `settle_minutes`, if it does."""
    changed = latest_change(rows)
    if not rules.settle_minutes or changed is None:
        return None
    settled = changed + timedelta(minutes=rules.settle_minutes)
    return Waiting("changed less than settle_minutes ago", until=settled) if now < settled else None


def window(
    messages: Sequence[Message], start: datetime | None, end: datetime | None
) -> tuple[datetime, datetime]:
    """Return a chat's start and end as its record has them, widened to take every message in."""
    times = [message.at for message in messages]
    first = min([start, *times] if start else times)
    return first, max([end, first, *times] if end else [first, *times])
