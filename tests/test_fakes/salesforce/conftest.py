"""A small org, where a test brings none of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.salesforce import SalesforceOrg
from tests.fakes.salesforce.client import Client, connected

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(name="client")
def make_client() -> Iterator[Client]:
    """A client of an org of five cases, which come two a page."""
    org = SalesforceOrg()
    for number in range(5):
        org.add("Case", Subject=f"Case {number}")
    with connected(org, page_size=2) as client:
        yield client
