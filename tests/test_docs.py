"""What is written about the plugins is what they do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tap_salesforce_chat.settings.config import CONFIG_SCHEMA as TAP_SCHEMA
from tap_salesforce_chat.tap import TapSalesforceChat
from target_creovai.commands.group import COMMANDS
from target_creovai.settings.config import CONFIG_SCHEMA as TARGET_SCHEMA
from target_creovai.target import TargetCreovai
from tests.plugin_definitions import OF_THE_SDK, kind_of

ROOT = Path(__file__).resolve().parents[1]
MELTANO = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
README = (ROOT / "README.md").read_text(encoding="utf-8")
# It gets all that it needs as arguments: `meltano invoke target-creovai store copy FROM TO`.
WITHOUT_SETTINGS = {"store"}


def own(schema: dict[str, Any]) -> dict[str, Any]:
    """Leave out the SDK's own settings, which `--about` adds to a plugin's schema in place."""
    return {
        "properties": {
            name: rule for name, rule in schema["properties"].items() if name not in OF_THE_SDK
        }
    }


TAP, TARGET = own(TAP_SCHEMA), own(TARGET_SCHEMA)
PLUGINS = [
    pytest.param("tap", "extractors", TAP, TapSalesforceChat, id="tap"),
    pytest.param("target", "loaders", TARGET, TargetCreovai, id="target"),
]


def table(schema: dict[str, Any]) -> str:
    """Write the README's table of a plugin's settings."""
    lines = ["| setting | default | meaning |", "|---|---|---|"]
    for name, setting in schema["properties"].items():
        default = setting.get("default")
        text = default if isinstance(default, str) and default else json.dumps(default)
        shown = "" if default is None else f"`{text}`"
        secret = " (secret)" if setting.get("secret") else ""
        lines.append(f"| `{name}`{secret} | {shown} | {setting['description']} |")
    return "\n".join(lines)


@pytest.mark.parametrize(("name", "plugins", "schema", "plugin"), PLUGINS)
def test_meltano_knows_every_setting(
    name: str, plugins: str, schema: dict[str, Any], plugin: type
) -> None:
    """A setting that meltano.yml does not list cannot be set under Meltano."""
    (entry,) = MELTANO["plugins"][plugins]
    listed = {
        setting["name"]: (
            setting.get("kind", "string"),
            setting.get("sensitive", False),
            setting["description"],
        )
        for setting in entry["settings"]
    }

    assert listed == {
        setting: (kind_of(rule), rule.get("secret", False), rule["description"])
        for setting, rule in schema["properties"].items()
    }


@pytest.mark.parametrize(("name", "plugins", "schema", "plugin"), PLUGINS)
def test_meltano_offers_the_values_that_are_allowed(
    name: str, plugins: str, schema: dict[str, Any], plugin: type
) -> None:
    """Options are the values of the schema, no more and no fewer."""
    (entry,) = MELTANO["plugins"][plugins]
    options = {
        setting["name"]: {option["value"] for option in setting["options"]}
        for setting in entry["settings"]
        if "options" in setting
    }

    assert options == {
        setting: {value for value in rule["enum"] if value is not None}
        for setting, rule in schema["properties"].items()
        if "enum" in rule
    }


@pytest.mark.parametrize(("name", "plugins", "schema", "plugin"), PLUGINS)
def test_meltano_is_told_what_the_plugin_can_do(
    name: str, plugins: str, schema: dict[str, Any], plugin: Any
) -> None:
    """Meltano offers what a plugin's `--about` says it can do."""
    (entry,) = MELTANO["plugins"][plugins]

    assert set(entry["capabilities"]) == {str(item.value) for item in plugin.capabilities}


@pytest.mark.parametrize(("name", "plugins", "schema", "plugin"), PLUGINS)
def test_the_readme_lists_every_setting(
    name: str, plugins: str, schema: dict[str, Any], plugin: type
) -> None:
    """The tables are the schemas; on a difference, paste the table that this test wants."""
    found = re.search(rf"<!-- settings: {name} -->\n(.*?)\n<!-- /settings -->", README, re.DOTALL)

    assert found is not None
    assert found[1] == table(schema)


def test_the_example_environment_names_real_settings() -> None:
    """Whoever copies .env.example sets what exists."""
    names = re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    known = {
        f"{plugin}_{setting.upper()}"
        for plugin, schema in (("TAP_SALESFORCE_CHAT", TAP), ("TARGET_CREOVAI", TARGET))
        for setting in schema["properties"]
    }

    assert names
    assert set(names) <= known


def test_the_packages_do_not_know_each_other() -> None:
    """The tap is good with any target, the target with any tap."""
    for package, other in (
        ("tap_salesforce_chat", "target_creovai"),
        ("target_creovai", "tap_salesforce_chat"),
    ):
        for source in (ROOT / package).rglob("*.py"):
            assert other not in source.read_text(encoding="utf-8"), source


def test_meltano_and_the_readme_know_every_command() -> None:
    """Each under the name that the executable gives it; what its arguments are, it says itself."""
    commands = set(COMMANDS)
    (entry,) = MELTANO["plugins"]["loaders"]
    section = re.search(r"<!-- commands -->\n(.*?)\n<!-- /commands -->", README, re.DOTALL)

    assert {name: rule["args"] for name, rule in entry["commands"].items()} == {
        name: f"{name} --config=ENV" for name in commands - WITHOUT_SETTINGS
    }
    assert section is not None
    assert set(re.findall(r"^\| `(\w+)", section[1], re.MULTILINE)) == commands
