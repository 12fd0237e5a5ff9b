"""The org's daily API requests: how many are used, and how many the settings leave to this run."""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING

from tap_salesforce_chat.errors import QuotaError

if TYPE_CHECKING:
    from collections.abc import Mapping

# `Sforce-Limit-Info: api-usage=18/5000`; `per-app-api-usage` may stand in the same header.
_USAGE = re.compile(r"(?<![\w-])api-usage=(\d+)/(\d+)")


class Quota:
    """Counts requests and compares them with what the settings allow; for any number of threads.

    Args:
        percent_total: The share of the org's daily requests beyond which none is sent.
        percent_per_run: The share of them that this run may use, None: any.
    """

    def __init__(self, percent_total: int, percent_per_run: int | None) -> None:
        self._percent_total = percent_total
        self._percent_per_run = percent_per_run
        self._numbers = count(1)  # a counter that threads can share without a lock
        self.requests_made = 0
        self.used, self.limit = 0, 0  # by all clients of the org, as of the latest response

    def count_request(self) -> None:
        """Count a request that is about to be sent."""
        self.requests_made = next(self._numbers)

    def update(self, headers: Mapping[str, str]) -> None:
        """Take the org's usage from a response's headers."""
        if match := _USAGE.search(headers.get("Sforce-Limit-Info", "")):
            self.used, self.limit = int(match[1]), int(match[2])

    def check(self) -> None:
        """Do nothing if another request may be sent.

        Raises:
            QuotaError: The org has used more than the settings allow, or this run its share.
        """
        total, own = self._percent_total, self._percent_per_run
        if self.used * 100 > total * self.limit:
            who, used = "the org", self.used
            allowed = f"more than quota_percent_total ({total} %) allows"
        elif own and self.limit and self.requests_made * 100 >= own * self.limit:
            who, used = "this run", self.requests_made
            allowed = f"all that quota_percent_per_run ({own} %) allows"
        else:
            return
        msg = (
            f"Stopped on purpose: {who} has used {used} of the org's {self.limit} daily API "
            f"requests, {allowed}. State is kept, and the next run continues from it."
        )
        raise QuotaError(msg)
