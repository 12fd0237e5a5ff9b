"""The files in `deploy/` and the Containerfile: each checked by its own tool."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.project import BIN, ROOT

if TYPE_CHECKING:
    from pathlib import Path

DEPLOY = ROOT / "deploy"
RUN = ["meltano", "--environment=prod", "run", "tap-salesforce-chat", "target-creovai"]

SYSTEMD = shutil.which("systemd-analyze")
CHECKS = [
    pytest.param(["hadolint", "Containerfile"], id="Containerfile"),
    pytest.param(["shellcheck", "deploy/sync.sh", ".ci/run"], id="shell"),
    pytest.param(
        ["kubernetes-validate", "--strict", "deploy/kubernetes/cronjob.yaml"], id="kubernetes"
    ),
    pytest.param(
        ["zizmor", "--offline", "--quiet", "--no-progress", "deploy/github", ".github"],
        id="what workflows may do",
    ),
]
# By the name of a schema that check-jsonschema has, the files that have to follow it.
SCHEMAS = {
    "dependabot": [".github/dependabot.yml"],
    "github-issue-config": [".github/ISSUE_TEMPLATE/config.yml"],
    "github-issue-forms": [".github/ISSUE_TEMPLATE/fault.yml", ".github/ISSUE_TEMPLATE/wish.yml"],
    "github-workflows": [
        "deploy/github/salesforce-creovai.yml",
        ".github/workflows/release.yml",
        ".github/workflows/test.yml",
    ],
    "meltano": ["meltano.yml"],
}
CHECKS += [
    pytest.param(["check-jsonschema", f"--builtin-schema=vendor.{schema}", *files], id=schema)
    for schema, files in SCHEMAS.items()
]


@pytest.mark.parametrize("command", CHECKS)
def test_its_own_tool_finds_nothing(command: list[str]) -> None:
    """A key that nobody knows would do nothing, and nobody would notice."""
    tool, *arguments = command
    done = subprocess.run(
        [str(BIN / tool), *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(SYSTEMD is None, reason="no systemd here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """With the program where the unit looks for it."""
    program = tmp_path / ".venv" / "bin" / "meltano"
    program.parent.mkdir(parents=True)
    program.symlink_to("/bin/true")
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text(encoding="utf-8").replace("/srv/salesforce-creovai", str(tmp_path))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    units = [str(path) for path in tmp_path.glob("salesforce-creovai.*")]

    done = subprocess.run(
        [str(SYSTEMD), "verify", *units], capture_output=True, text=True, check=False
    )

    assert len(units) == 2
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("file", ["airflow", "dagster"])
def test_the_orchestrators_start_the_job_of_this_project(file: str) -> None:
    """They are not installed here: what each would start is put together from its own text."""
    source = (DEPLOY / file / "salesforce_creovai.py").read_text(encoding="utf-8")
    words = {
        word
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for word in node.value.replace("/", " ").split()
    }

    assert words >= set(RUN)


def test_no_deployment_starts_a_sync_beside_another_one() -> None:
    """Each scheduler is told so in its own words."""
    said = {
        "kubernetes/cronjob.yaml": "concurrencyPolicy: Forbid",
        "airflow/salesforce_creovai.py": "max_active_runs=1",
        "dagster/salesforce_creovai.py": 'pool="salesforce_creovai"',
        "github/salesforce-creovai.yml": "cancel-in-progress: false",
        "systemd/salesforce-creovai.service": "Type=oneshot",
    }
    for name, words in said.items():
        assert words in (DEPLOY / name).read_text(encoding="utf-8"), name
    assert os.access(DEPLOY / "sync.sh", os.X_OK)
