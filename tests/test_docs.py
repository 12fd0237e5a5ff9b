"""What is written about the plugins is what they do, and every link leads somewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tap_salesforce_chat.commands.permission_set import grants_for
from tap_salesforce_chat.settings.config import CONFIG_SCHEMA as TAP_SCHEMA
from tap_salesforce_chat.settings.opt_in import disabled_streams
from tap_salesforce_chat.streams.declarations import STREAMS
from tap_salesforce_chat.tap import TapSalesforceChat
from target_creovai.commands.group import COMMANDS
from target_creovai.model.outcomes import Code
from target_creovai.settings.config import CONFIG_SCHEMA as TARGET_SCHEMA
from target_creovai.target import TargetCreovai
from target_creovai.watch.summary_log import _LEVELS
from tests.plugin_definitions import OF_THE_SDK, kind_of

ROOT = Path(__file__).resolve().parents[1]
MELTANO = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
DOCS = ROOT / "docs"
SITE = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
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
    """Write the table of a plugin's settings."""
    lines = ["| setting | default | meaning |", "|---|---|---|"]
    for name, setting in schema["properties"].items():
        default = setting.get("default")
        text = default if isinstance(default, str) and default else json.dumps(default)
        shown = "" if default is None else f"`{text}`"
        secret = " (secret)" if setting.get("secret") else ""
        lines.append(f"| `{name}`{secret} | {shown} | {setting['description']} |")
    return "\n".join(lines)


def marked(page: str, begin: str, end: str | None = None) -> str:
    """Return what stands between two comments of a page of the site."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.search(rf"<!-- {begin} -->\n(.*?)\n<!-- /{end or begin} -->", text, re.DOTALL)
    assert found is not None, f"{page} has no comment {begin!r}"
    return found[1]


def field_table() -> str:
    """Write the table of objects and fields that a permission set has to grant."""
    streams = [stream for stream in STREAMS if stream.sobject not in disabled_streams({})]
    grants = grants_for(streams, lambda _: None)
    lines = ["| object | fields with field-level security |", "|---|---|"]
    for sobject in grants.objects:
        pairs = (name.split(".") for name in grants.fields)
        fields = ", ".join(f"`{field}`" for of, field in pairs if of == sobject)
        lines.append(f"| {sobject} | {fields or 'its name only'} |")
    return "\n".join(lines)


def pages(nav: list[Any]) -> list[str]:
    """Return the files that a navigation names, deep ones too."""
    values = [value for entry in nav for value in entry.values()]
    return [
        page
        for value in values
        for page in (pages(value) if isinstance(value, list) else [str(value)])
    ]


def anchors(file: Path) -> set[str]:
    """Return the anchors of a Markdown file's headings."""
    text = re.sub(
        r"^```.*?^```", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


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
def test_a_page_lists_every_setting(
    name: str, plugins: str, schema: dict[str, Any], plugin: type
) -> None:
    """The tables are the schemas; on a difference, paste the table that this test wants."""
    assert marked("settings.md", f"settings: {name}", "settings") == table(schema)


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


def test_meltano_and_a_page_know_every_command() -> None:
    """Each under the name that the executable gives it; what its arguments are, it says itself."""
    commands = set(COMMANDS)
    (entry,) = MELTANO["plugins"]["loaders"]
    section = marked("commands.md", "commands")

    assert {name: rule["args"] for name, rule in entry["commands"].items()} == {
        name: f"{name} --config=ENV" for name in commands - WITHOUT_SETTINGS
    }
    assert set(re.findall(r"^\| `(\w+)", section, re.MULTILINE)) == commands


def test_the_permission_set_is_listed() -> None:
    """Whoever grants by hand grants the same; on a difference, paste the table that this wants."""
    assert marked("privacy.md", "fields") == field_table()


def test_every_reason_is_listed() -> None:
    """Whoever meets a code finds what it means and what to do."""
    rows = re.findall(
        r"^\| `([\w-]+)` \| .+ \| .+ \|$", marked("delivery.md", "reasons"), re.MULTILINE
    )

    assert rows == [code.value for code in Code]


def test_every_word_of_a_summary_that_warns_is_listed() -> None:
    """Whoever meets one at the end of a run finds what to do."""
    rows = re.findall(
        r"^\| `([A-Z ]+)` \| .+ \| .+ \|$", marked("delivery.md", "words"), re.MULTILINE
    )

    assert set(rows) == set(_LEVELS)


def test_the_site_is_built_without_a_broken_link(tmp_path: Path) -> None:
    """Pages, their links and the anchors of these; the theme loads nothing from elsewhere."""
    shutil.copytree(DOCS, tmp_path / "docs")
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    build = [sys.executable, "-m", "zensical", "build", "--strict"]
    done = subprocess.run(build, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    built = {page.stem for page in (tmp_path / SITE["site_dir"]).glob("*.html")}
    assert built >= {Path(page).stem for page in pages(SITE["nav"])}
    text = "".join(page.read_text() for page in (tmp_path / SITE["site_dir"]).glob("*.html"))
    assert not re.search(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']?(?:https?:)?//", text)


def test_every_page_can_be_found() -> None:
    """A page that the navigation lacks is built, and read by nobody."""
    assert sorted(pages(SITE["nav"])) == sorted(page.name for page in DOCS.glob("*.md"))


@pytest.mark.parametrize("name", ["README", "CHANGELOG", "CONTRIBUTING", "SECURITY"])
def test_links_into_the_repository_lead_somewhere(name: str) -> None:
    """Of the pages outside of the site, which its own check does not see."""
    text = (ROOT / f"{name}.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|#)([^)]+)\)", text):
        path, _, anchor = target.partition("#")
        assert (ROOT / path).exists(), target
        assert not anchor or anchor in anchors(ROOT / path), target


def test_messages_name_pages_that_are_there() -> None:
    """Messages, comments and files of settings, after a page was renamed, too."""
    files = [
        *(
            file
            for package in ("tap_salesforce_chat", "target_creovai", "tests", "deploy")
            for file in (ROOT / package).rglob("*.*")
            if file.suffix in {".py", ".yml", ".yaml"}
        ),
        *(ROOT / name for name in (".env.example", "meltano.yml", "logging.yaml", "Makefile")),
    ]
    for file in files:
        for page in re.findall(r"\bdocs/(\w+\.md)", file.read_text(encoding="utf-8")):
            assert (DOCS / page).is_file(), f"{file}: docs/{page}"
