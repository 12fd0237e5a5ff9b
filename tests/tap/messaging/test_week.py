"""A week of a busy org, hour by hour: 8,000 live chats at peak, a backlog, and the org's limits.

EntryReader, rate limits and interface are the tap's, the limits those of the simulated Salesforce;
between them there are only no sockets, and a clock that jumps.
"""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime, timedelta
from math import cos, pi
from typing import TYPE_CHECKING, Any, cast

import pytest

from tap_salesforce_chat.errors import (
    RateLimitReachedError,
)
from tap_salesforce_chat.http.errors.mapping import error_for
from tap_salesforce_chat.http.errors.responses import ErrorResponse
from tap_salesforce_chat.messaging.interfaces import INTERFACES, rate_limits_for
from tap_salesforce_chat.messaging.reader import EntryReader
from tap_salesforce_chat.settings.config import CONFIG_SCHEMA
from tests.fakes.salesforce import SalesforceError, SalesforceOrg

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tap_salesforce_chat.http.client import SalesforceClient

MONDAY = datetime(2026, 3, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)
CALL = timedelta(seconds=0.3)
LIVE_AT_PEAK = 8_000
DEFAULTS = {name: rule.get("default") for name, rule in CONFIG_SCHEMA["properties"].items()}


class Answer:
    """What a client returns."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document


class World:
    """An org through a week, and the tap that comes every hour with what its state tells."""

    def __init__(self, **more: Any) -> None:
        self.now = MONDAY
        self.config = DEFAULTS | more
        self.org = SalesforceOrg()
        self.org.now = lambda: self.now
        self.due: deque[str] = deque()
        self.read = 0
        self.paused_calls = 0
        self.reports: list[str] = []
        self._calls: str = "{}"

    def check_quota(self) -> None:
        """Stand in for the client, too."""

    def send(
        self,
        _method: str,
        path: str,
        *,
        params: dict[str, str],
        each_try: Callable[[], AbstractContextManager[None]],
        **_: Any,
    ) -> Answer:
        """Stand in for the client."""
        with each_try():
            self.now += CALL
            self.paused_calls += 9 <= self.now.hour < 17
            self.org.messaging.limits.live = self.live
            # All conversations hold the same; to the limits each is one of its own.
            name = path.split("/")[2]
            self.org.messaging.open(name)
            try:
                answer = self.org.messaging.connect(name, params)
            except SalesforceError as error:
                document = [{"message": error.message, "errorCode": error.code}]
                raise error_for(ErrorResponse(error.status, document, {}, "x")) from None
            return Answer(json.loads(answer.body))

    @property
    def live(self) -> int:
        """How many chats are live: few at midnight, 8,000 at noon."""
        hours = self.now.hour + self.now.minute / 60
        return round(LIVE_AT_PEAK * (1 - cos(2 * pi * hours / 24)) / 2)

    def sleep(self, seconds: float) -> None:
        """Stand in for waiting."""
        self.now += timedelta(seconds=seconds)

    def run(self) -> None:
        """Read what is due, as far as the limits let it."""
        rate_limits = rate_limits_for(self.config, json.loads(self._calls))
        client = cast("SalesforceClient", self)
        reader = EntryReader(
            INTERFACES["connect"], client, rate_limits, lambda: self.now, lambda: None
        )
        try:
            while self.due:
                reader.entries(self.due[0], 0)
                self.due.popleft()
                self.read += 1
        except RateLimitReachedError as exc:
            self.reports.append(str(exc))
        self._calls = json.dumps(rate_limits.recorded_calls())

    def week(self, backlog: int, ended_a_day: int) -> list[int]:
        """Run every hour of a week; return what was left after each."""
        names = (f"conversation-{number}" for number in range(10**9))
        self.due.extend(next(names) for _ in range(backlog))
        left = []
        for hour in range(7 * 24):
            self.now = max(self.now, MONDAY + hour * HOUR)
            self.due.extend(next(names) for _ in range(ended_a_day // 24))
            self.run()
            left.append(len(self.due))
        return left


@pytest.fixture
def make_world(monkeypatch: pytest.MonkeyPatch) -> Callable[..., World]:
    """Worlds with settings, in which waiting passes the time."""

    def make(**settings: Any) -> World:
        world = World(**settings)
        monkeypatch.setattr("time.sleep", world.sleep)
        return world

    return make


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="by the defaults"),
        pytest.param(
            {"messaging_pause": ["09:00-17:00"], "messaging_time_zone": "UTC"}, id="by night"
        ),
        pytest.param({"messaging_max_active": 250}, id="gently"),
    ],
)
def test_a_week_passes_no_limit_and_the_backlog_clears(
    make_world: Callable[..., World], settings: dict[str, Any]
) -> None:
    """None of the settings, none of the org's, on Salesforce's own count."""
    world = make_world(**settings)

    left = world.week(backlog=9_000, ended_a_day=3_600)

    limits = world.org.messaging.limits
    assert limits.refused == 0
    assert limits.connect.peak <= world.config["messaging_calls_per_hour"]
    assert limits.peak_active <= LIVE_AT_PEAK + world.config["messaging_max_active"] < 11_000
    assert world.read == limits.called == 9_000 + 7 * 3_600
    assert left[0] > 8_000
    assert left[-1] == 0
    if settings.get("messaging_pause"):
        assert world.paused_calls == 0


def test_without_the_limits_the_same_week_would_shut_customers_out(
    make_world: Callable[..., World],
) -> None:
    """The simulated Salesforce does refuse: the test above could fail."""
    world = make_world(messaging_calls_per_hour=10**6, messaging_max_active=10**6)
    world.org.messaging.limits.connect.most = 10**6

    world.now = MONDAY + 12 * HOUR
    world.due.extend(f"conversation-{number}" for number in range(4_000))
    world.run()

    limits = world.org.messaging.limits
    assert limits.peak_active == limits.max_active
    assert limits.refused == 1
    assert world.reports == ["Salesforce's own limit (status 503)"]


def test_runs_on_the_hour_use_the_hour(make_world: Callable[..., World]) -> None:
    """The calls of the run before are free again just when the next one starts."""
    world = make_world(messaging_calls_per_hour=200)
    world.due.extend(f"conversation-{number}" for number in range(10_000))

    for hour in range(24):
        world.now = max(world.now, MONDAY + hour * HOUR)
        world.run()

    assert world.read > 0.9 * 24 * 200
    assert world.org.messaging.limits.connect.peak <= 200
