"""Both simulated servers, and their settings as environment variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.creovai import CreovaiServer
from tests.fakes.salesforce import SalesforceServer
from tests.pipe.support import SmallOrg, small_org

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def org() -> SmallOrg:
    """An org of 21 conversations that are due, and one open case."""
    return small_org()


@pytest.fixture
def salesforce(org: SmallOrg) -> Iterator[SalesforceServer]:
    """A Salesforce that lets the demo's user in."""
    with SalesforceServer(org.org) as server:
        server.app_scopes = "api sfap_api"
        yield server


@pytest.fixture
def creovai() -> Iterator[CreovaiServer]:
    """An empty tenant."""
    with CreovaiServer(api_user="demo-user", api_password="demo-secret") as server:
        yield server


@pytest.fixture
def settings(salesforce: SalesforceServer, creovai: CreovaiServer) -> dict[str, str]:
    """What a user puts into the environment of a process."""
    return {
        "TAP_SALESFORCE_CHAT_LOGIN_URL": salesforce.url,
        "TAP_SALESFORCE_CHAT_USERNAME": "integration@example.test",
        "TAP_SALESFORCE_CHAT_PASSWORD": "demo-password",
        "TAP_SALESFORCE_CHAT_SECURITY_TOKEN": "demo-token",
        "TAP_SALESFORCE_CHAT_CLIENT_ID": "demo-client",
        "TAP_SALESFORCE_CHAT_CLIENT_SECRET": "demo-secret",
        "TAP_SALESFORCE_CHAT_MESSAGING_API": "conversation_data",
        "TAP_SALESFORCE_CHAT_CONVERSATION_DATA_URL": f"{salesforce.url}/platform/engagement/v1.0",
        "TARGET_CREOVAI_API_URL": creovai.url,
        "TARGET_CREOVAI_API_USER": "demo-user",
        "TARGET_CREOVAI_API_PASSWORD": "demo-secret",
    }
