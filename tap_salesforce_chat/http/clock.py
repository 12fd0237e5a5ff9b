"""Salesforce's time, by the `Date` headers of its responses."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from tap_salesforce_chat.timestamps import http_date

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests


class ServerClock:
    """The time at Salesforce; this machine's clock only measures what passes between responses."""

    def __init__(self) -> None:
        self.latest: datetime | None = None
        self._read_at = 0.0  # on the monotonic clock

    def update(self, headers: Mapping[str, str]) -> None:
        """Take the time from a response's headers."""
        if date := http_date(headers.get("Date", "")):
            self.latest, self._read_at = date, time.monotonic()

    @property
    def now(self) -> datetime | None:
        """The time at Salesforce, None before its first response."""
        elapsed = timedelta(seconds=time.monotonic() - self._read_at)
        return self.latest + elapsed if self.latest else None


def received_at(response: requests.Response) -> datetime | None:
    """Return when Salesforce got the request of a response, or some time before.

    `Date` is when the response left; a query may have run for two minutes by then.
    """
    date = http_date(response.headers.get("Date", ""))
    return date and date - timedelta(seconds=ceil(response.elapsed.total_seconds()))
