"""A command starts with what it needs: most of the time of a short one goes into imports."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tap_salesforce_chat.login.flows import AUTH_FLOWS
from tap_salesforce_chat.messaging.interfaces import INTERFACES
from tap_salesforce_chat.settings.config import CONFIG_SCHEMA

# What costs most, and only some settings or commands need.
COSTLY = ("cryptography", "jwt", "filelock", "tap_salesforce_chat.commands.doctor")
OF_A_SYNC = ("tap_salesforce_chat.streams.base", "tap_salesforce_chat.streams.declarations")
PROGRAM = """
import json, sys
from tap_salesforce_chat.tap import TapSalesforceChat
if {sync}:
    import tap_salesforce_chat.streams.factory, tap_salesforce_chat.sync
    import tap_salesforce_chat.services, tap_salesforce_chat.settings.checks
else:
    TapSalesforceChat.cli(["--version"], standalone_mode=False)
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize("sync", [False, True], ids=["--version", "a sync by user name"])
def test_what_is_not_needed_is_not_imported(
    sync: bool,  # noqa: FBT001 - a table
) -> None:
    """Keys and tokens are some flows' business, Bulk and the doctor other commands'."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(sync=sync)],
        capture_output=True,
        text=True,
        check=True,
    )

    imported = set(json.loads(done.stdout.splitlines()[-1]))
    assert "singer_sdk" in imported
    assert imported.isdisjoint((*COSTLY, "tap_salesforce_chat.reading.bulk.source"))
    assert imported.isdisjoint(() if sync else OF_A_SYNC)


@pytest.mark.parametrize(
    ("setting", "table"), [("auth_flow", AUTH_FLOWS), ("messaging_api", INTERFACES)]
)
def test_settings_name_what_the_tables_have(setting: str, table: dict[str, object]) -> None:
    """The list of settings does without the tables: they need what a sync needs."""
    assert CONFIG_SCHEMA["properties"][setting]["enum"] == list(table)
