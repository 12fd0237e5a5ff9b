"""An org with a clock of its own behind a loopback socket; back-off never sleeps."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.interceptors import ALWAYS
from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
from tests.fakes.salesforce.matching import document, is_page
from tests.tap.support import Clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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


@pytest.fixture
def lose(server: SalesforceServer) -> Callable[..., None]:
    """Have Salesforce leave a row out of its pages, some times or always."""

    def arrange(row_id: str, times: int = ALWAYS) -> None:
        left = iter(range(times))

        def incomplete(page: dict[str, Any]) -> None:
            rows = page["records"]
            if any(row["Id"] == row_id for row in rows) and next(left, None) is not None:
                page["records"] = [row for row in rows if row["Id"] != row_id]

        server.interceptors.add(is_page, change=document(incomplete))

    return arrange


@pytest.fixture
def disturb(server: SalesforceServer, org: SalesforceOrg, clock: Clock) -> Callable[..., None]:
    """Have the first of some cases change, or another one be committed late, behind some page."""

    def arrange(change: str, ids: list[str], place: int) -> None:
        def change_meanwhile() -> None:
            clock.tick(60)
            if change == "commit_late":
                ids.append(org.add("Case"))
                org.get("Case", ids[-1])["SystemModstamp"] = "2024-05-01T12:00:01.000+0000"
            else:
                getattr(org, change)("Case", ids[0])

        server.interceptors.add(is_page, after=change_meanwhile, skip=place, times=1)

    return arrange
