"""Two plugins, one dialect: whoever reads the report of one `doctor` can read the other's."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from tap_salesforce_chat.tap import TapSalesforceChat
from target_creovai.target import TargetCreovai
from tests.tap.support import settings as tap_settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.creovai import CreovaiServer
    from tests.fakes.salesforce import SalesforceServer

STATUSES = {"ok", "warning", "failed"}
WRONG = {"tap": {"page_size": 5}, "target": {"max_workers": 0}}


@pytest.fixture
def reports(tmp_path: Path, salesforce: SalesforceServer, creovai: CreovaiServer) -> Any:
    """Return what both doctors say, with more or other settings for both."""
    commands = {
        "tap": (TapSalesforceChat.cli, tap_settings(salesforce)),
        "target": (
            TargetCreovai.get_singer_command(),
            {
                "api_url": creovai.url,
                "api_user": creovai.api_user,
                "api_password": creovai.api_password,
                "store_url": f"sqlite:///{tmp_path}/store.db",
            },
        ),
    }

    def ask(**more: dict[str, Any]) -> dict[str, Any]:
        found = {}
        for name, (command, given) in commands.items():
            file = tmp_path / f"{name}.json"
            file.write_text(json.dumps(given | more.get(name, {})))
            arguments = ["doctor", "--config", str(file), "--format", "json"]
            result = CliRunner().invoke(command, arguments)
            found[name] = json.loads(result.stdout)
            assert result.exit_code == (0 if found[name]["would_work"] else 1), result.output
        return found

    return ask


def test_both_doctors_report_in_one_shape(reports: Any) -> None:
    """The same fields, the same statuses, the settings first."""
    for report in reports().values():
        assert report.keys() == {"would_work", "checks"}
        assert report["would_work"] is True
        for check in report["checks"]:
            assert check.keys() == {"check", "status", "found", "advice"}
            assert check["status"] in STATUSES
            assert all(isinstance(value, str) for value in check.values())
        assert (report["checks"][0]["check"], report["checks"][0]["status"]) == ("settings", "ok")


def test_both_doctors_say_alike_that_a_setting_is_wrong(reports: Any) -> None:
    """By its name, in a sentence, and with the exit code of a failure."""
    for name, report in reports(**WRONG).items():
        (setting,) = WRONG[name]
        first = report["checks"][0]
        assert report["would_work"] is False
        assert (first["check"], first["status"]) == ("settings", "failed")
        assert re.fullmatch(rf"Setting '{setting}' .*\.", first["found"])
