"""The definitions in `plugins/`, for Meltano projects other than this one.

`python -m tests.plugin_definitions` writes them: settings as `--about` tells them, and what only
Meltano knows (labels, commands, selection, folders for each environment) as this project's own
`meltano.yml` has it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from singer_sdk.helpers.capabilities import FLATTENING_CONFIG, STREAM_MAPS_CONFIG

from tap_salesforce_chat.tap import TapSalesforceChat
from target_creovai.target import TargetCreovai

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk.about import AboutInfo
    from singer_sdk.plugin_base import PluginBase

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "plugins"
# A project that includes this file gets both plugins as this project has them.
TO_INCLUDE = "creovai.meltano.yml"
PLUGINS: Mapping[str, type[PluginBase]] = {
    "extractors": TapSalesforceChat,
    "loaders": TargetCreovai,
}

PIP_URL = "salesforce-creovai[postgres]"

HEADER = "# Made by `python -m tests.plugin_definitions` from `{command} --about`: don't edit.\n"
# The SDK's own settings, which every plugin of it has.
OF_THE_SDK = (
    STREAM_MAPS_CONFIG["properties"].keys()
    | FLATTENING_CONFIG["properties"].keys()
    | {"batch_config"}
)


def definitions() -> dict[str, str]:
    """Return the files of `plugins/`: name to YAML text."""
    project = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    entries = {
        group: _definition(plugin, project["plugins"][group][0])
        for group, plugin in PLUGINS.items()
    }
    files = {f"{entry['name']}.yml": _text(entry, entry) for entry in entries.values()}
    included = {"plugins": {group: [entry] for group, entry in entries.items()}}
    return files | {TO_INCLUDE: _text(included, *entries.values())}


def write() -> None:
    """Write the files, and leave no other."""
    FOLDER.mkdir(exist_ok=True)
    for stale in FOLDER.glob("*.yml"):
        stale.unlink()
    for name, text in definitions().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def kind_of(setting: Mapping[str, Any]) -> str:
    """Return the kind that Meltano knows a setting of this JSON schema as."""
    if setting.get("format") == "date-time":
        return "date_iso8601"
    if "enum" in setting:
        return "options"
    types = setting["type"] if isinstance(setting["type"], list) else [setting["type"]]
    return next(str(name) for name in types if name != "null")


def _definition(plugin: type[PluginBase], entry: Mapping[str, Any]) -> dict[str, Any]:
    about: AboutInfo = plugin._get_about_info()
    listed = {setting["name"]: setting for setting in entry["settings"]}
    settings = [
        _setting(name, rule, listed[name])
        for name, rule in about.settings["properties"].items()
        if name not in OF_THE_SDK
    ]
    capabilities = sorted(item.value for item in about.capabilities)
    own = {"pip_url": PIP_URL, "capabilities": capabilities, "settings": settings}
    return {name: own.get(name, value) for name, value in entry.items()}


def _setting(name: str, rule: Mapping[str, Any], listed: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "label": listed["label"], "kind": kind_of(rule)}
    if rule.get("secret"):
        found["sensitive"] = True
    if _is_place(listed) or rule.get("default") is not None:
        found["value"] = listed["value"] if _is_place(listed) else rule["default"]
    if "options" in listed:
        found["options"] = listed["options"]
    return found | {"description": rule["description"]}


def _is_place(listed: Mapping[str, Any]) -> bool:
    """Tell whether Meltano knows a better place than the plugin's, which is the working folder.

    In a project's own folder, files with customers' words and tokens would be committed, and all
    environments would share one store.
    """
    return "$MELTANO_PROJECT_ROOT/output/" in str(listed.get("value"))


def _text(content: Mapping[str, Any], *entries: Mapping[str, Any]) -> str:
    commands = " and ".join(str(entry["executable"]) for entry in entries)
    body = yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=100)
    return HEADER.format(command=commands) + body


if __name__ == "__main__":
    write()
