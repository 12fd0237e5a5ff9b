"""How a release is made: one version, and notes that are the changelog's."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from typing import Any

import pytest
from click.testing import CliRunner

from tap_salesforce_chat.tap import TapSalesforceChat
from target_creovai.target import TargetCreovai
from tests.deploy.locked import UV
from tests.imports import graph, imports, modules, reachable
from tests.project import ROOT

SCRIPT = ROOT / ".ci" / "release_notes.py"
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
CHANGELOG = """# Changelog

## Unreleased

- Not out yet.

## 1.2.0 - 2026-12-24

### Added

- A wish came true.

## 1.1.0 - 2026-11-01

- Before that.
"""


def load_script() -> Any:
    """Return the script as a module; it stands in no package."""
    spec = importlib.util.spec_from_file_location("release_notes", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_release_says_what_its_section_of_the_changelog_says() -> None:
    """No more, and nothing of what is not out yet."""
    notes = load_script().notes("1.2.0", stated="1.2.0", changelog=CHANGELOG)

    assert notes == "### Added\n\n- A wish came true.\n"


@pytest.mark.parametrize(
    ("version", "stated", "words"),
    [
        pytest.param("1.2.0", "1.1.0", "says version 1.1.0", id="another version is stated"),
        pytest.param("1.3.0", "1.3.0", "no section", id="the changelog has no section"),
        pytest.param("1.2", "1.2", "no section", id="a part of a version"),
        pytest.param("Unreleased", "Unreleased", "no section", id="without a day"),
    ],
)
def test_what_does_not_agree_is_not_released(version: str, stated: str, words: str) -> None:
    """A tag may be mistyped, and a changelog forgotten."""
    with pytest.raises(ValueError, match=words):
        load_script().notes(version, stated=stated, changelog=CHANGELOG)


def test_a_tag_of_another_version_ends_the_workflow() -> None:
    """It has this exit code to go by, and says why in one line."""
    done = subprocess.run(
        [sys.executable, SCRIPT, f"{VERSION}.1"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"pyproject.toml says version {VERSION}, not {VERSION}.1.\n"


@pytest.mark.parametrize("plugin", [TapSalesforceChat, TargetCreovai])
def test_both_programs_have_the_version_of_the_package(plugin: Any) -> None:
    """It stands in one place: nobody forgets another."""
    shown = CliRunner().invoke(plugin.cli, ["--version"]).output

    assert VERSION in shown
    for package in ("tap_salesforce_chat", "target_creovai"):
        for file in (ROOT / package).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            assert not re.search(rf"[\"']{re.escape(VERSION)}[\"']", text), file


def test_what_tests_the_wheel_needs_no_more_than_the_workflow_installs() -> None:
    """The group `test` alone, without Meltano and without the tools of developers."""
    export = [UV, "export", "--frozen", "--offline", "--quiet", "--no-header", "--no-hashes"]
    only = ["--no-emit-project", "--no-default-groups", "--group=test"]
    lines = subprocess.check_output([*export, *only], cwd=ROOT, text=True)
    installed = set(re.findall(r"^([\w.-]+)", lines, re.MULTILINE))

    owners = packages_distributions()
    needed = {name.partition(".")[0] for name in _imported_with("tests.deploy.test_package")}
    lacks = {
        name: owners[name]
        for name in needed & owners.keys()
        if not {_normal(one) for one in owners[name]} & {*installed, "salesforce-creovai"}
    }

    assert {"requests", "pytest"} <= installed
    assert lacks == {}


def _imported_with(module: str) -> set[str]:
    """Return the names that a module of the tests imports, with those of all that it leads to."""
    edges, known = graph("tests", for_types=False), modules("tests")
    parts = module.split(".")
    starts = {module, *(f"{'.'.join(parts[:count])}.conftest" for count in range(1, len(parts)))}
    reached = reachable(edges, starts & known.keys())
    return {name for one in reached for name in imports(known[one]).at_run_time}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
