"""A tenant of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.creovai.samples import Client, connected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.creovai import CreovaiServer


@pytest.fixture
def client() -> Iterator[Client]:
    """Give each test a server of its own, as `client.server`."""
    with connected() as client:
        yield client


@pytest.fixture
def server(client: Client) -> CreovaiServer:
    """Return the server that the client talks to."""
    return client.server
