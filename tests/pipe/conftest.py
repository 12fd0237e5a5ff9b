"""Both simulated servers, and the pipe between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.creovai import CreovaiServer
from tests.fakes.salesforce import SalesforceServer
from tests.pipe.support import Pipe, SmallOrg, small_org
from tests.project import MeltanoProject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def org() -> SmallOrg:
    """An org of 21 conversations that are due, and one open case."""
    return small_org()


@pytest.fixture
def salesforce(org: SmallOrg) -> Iterator[SalesforceServer]:
    """Small pages, so that every stream has several."""
    with SalesforceServer(org.org, page_size=4) as server:
        server.app_scopes = "api sfap_api"
        yield server


@pytest.fixture
def creovai() -> Iterator[CreovaiServer]:
    """An empty tenant."""
    with CreovaiServer(api_user="demo-user", api_password="demo-secret") as server:
        yield server


@pytest.fixture
def pipe(tmp_path: Path, salesforce: SalesforceServer, creovai: CreovaiServer) -> Pipe:
    """Both plugins, set up for both servers."""
    return Pipe(tmp_path, salesforce, creovai)


@pytest.fixture
def project(tmp_path: Path, salesforce: SalesforceServer, creovai: CreovaiServer) -> MeltanoProject:
    """A copy of the project whose plugins are installed already."""
    return MeltanoProject(tmp_path / "project", salesforce, creovai)
