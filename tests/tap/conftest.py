"""An org with a clock of its own behind a loopback socket; back-off never sleeps."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
from tests.tap.support import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def clock() -> Clock:
    """The org's clock, at noon."""
    return Clock()


@pytest.fixture
def org(clock: Clock) -> SalesforceOrg:
    """An org without rows."""
    org = SalesforceOrg()
    org.now = clock
    return org


@pytest.fixture(autouse=True)
def elapsed(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests take as long as the org's clock says."""
    monkeypatch.setattr("requests.sessions.preferred_clock", lambda: clock().timestamp())


@pytest.fixture
def server(org: SalesforceOrg) -> Iterator[SalesforceServer]:
    """A server that sends two rows a page."""
    with SalesforceServer(org, page_size=2) as server:
        yield server


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that back-off would have slept.

    Requests that a run of an earlier test gave up on may still be waiting: not those.
    """
    seconds: list[float] = []
    others = set(threading.enumerate()) - {threading.current_thread()}

    def sleep(wait: float) -> None:
        if threading.current_thread() not in others:
            seconds.append(wait)

    monkeypatch.setattr("backoff._sync.time.sleep", sleep)
    return seconds
