"""What the tests of both packages share: a simulated Creovai, the target, and no waiting."""

from __future__ import annotations

import gc
import logging
import os
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import hypothesis
import pytest
import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect

from tests.browser import Reader, launched
from tests.fakes.creovai import CreovaiServer
from tests.postgresql import empty, postgresql_server
from tests.target.support import TargetRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

# What a machine may have exported for its own org, tenant and network.
SETTINGS = ("TAP_SALESFORCE_CHAT_", "TARGET_CREOVAI_", "MELTANO_")
NETWORK = ("_PROXY", "_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
# How long an example takes is the machine's business: two cores may be busy with more than this.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


def pytest_collection_finish() -> None:
    """Spare the garbage collector what is there for all of the session, such as the tests."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> Iterator[None]:
    """Compile a statement once for all stores: by itself SQLAlchemy does so for each engine.

    To it no two dialects are the same; those of one class are, as they come from one driver.
    """
    compiled: dict[Any, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DefaultDialect, "__hash__", lambda dialect: hash(type(dialect)))
        patch.setattr(DefaultDialect, "__eq__", lambda dialect, other: type(dialect) is type(other))

        def share(connection: sa.Connection) -> None:
            connection.execution_options(compiled_cache=compiled)

        sa.event.listen(sa.Engine, "engine_connect", share)
        yield
        sa.event.remove(sa.Engine, "engine_connect", share)


@pytest.fixture(autouse=True)
def caches(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for caches that is each test's own; it is made when something is kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / uuid4().hex))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings, proxies or certificate authorities of this machine's."""
    for name in list(os.environ):
        if name.upper().startswith(SETTINGS) or name.upper().endswith(NETWORK):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Each command of the SDK gives the root logger one more handler, and a level."""
    root = logging.getLogger()
    before, level = set(root.handlers), root.level
    yield
    for handler in set(root.handlers) - before:
        root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def creovai() -> Iterator[CreovaiServer]:
    """A Creovai tenant on loopback."""
    with CreovaiServer() as server:
        yield server


@pytest.fixture
def sleeps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the code under test would have slept; nothing sleeps."""
    seconds: list[float] = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


@pytest.fixture
def run_target(tmp_path: Path, creovai: CreovaiServer) -> TargetRunner:
    """The target, set up for that tenant and a store in a folder of its own."""
    return TargetRunner(
        tmp_path,
        api_url=creovai.url,
        api_user=creovai.api_user,
        api_password=creovai.api_password,
        max_workers=2,
        request_timeout_seconds=5,
        doubt_minutes=0,  # a lost answer is settled within the run
    )


@pytest.fixture
def run_dry(tmp_path: Path) -> TargetRunner:
    """The target without a Creovai: payloads become files."""
    return TargetRunner(tmp_path)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests of pages, which `xdist_group("browser")` keeps together."""
    with launched() as browser:
        yield browser


@pytest.fixture
def reader(browser: Browser, tmp_path: Path) -> Iterator[Reader]:
    """Someone with a browser; nothing may leave it, and nothing may break in it."""
    reader = Reader(browser, tmp_path / "page.html")
    yield reader
    for context in browser.contexts:
        context.close()
    assert reader.troubles == []


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server of the tests' own."""
    with postgresql_server() as url:
        yield url


@pytest.fixture
def run_shared(run_target: TargetRunner, postgresql_url: str) -> TargetRunner:
    """A target with an empty store on the server."""
    empty(postgresql_url)
    run_target.config["store_url"] = postgresql_url
    return run_target
