"""Run the files for Airflow and Dagster once, against the simulated services.

Both are large, so they are not installed for the tests. Each goes into an environment of its own:

    python3 -m venv /tmp/airflow && /tmp/airflow/bin/pip install 'apache-airflow>=3,<4'
    python3 -m venv /tmp/dagster && /tmp/dagster/bin/pip install dagster
    .venv/bin/python -m tests.deploy.orchestrators airflow /tmp/airflow
    .venv/bin/python -m tests.deploy.orchestrators dagster /tmp/dagster
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.fakes.creovai import CreovaiServer
from tests.fakes.salesforce import SalesforceServer
from tests.pipe.support import SmallOrg, small_org
from tests.project import BIN, ROOT, MeltanoProject

COMMANDS = {
    "airflow": (("airflow", "db", "migrate"), ("airflow", "dags", "test", "salesforce_creovai")),
    "dagster": (
        ("dagster", "asset", "materialize", "--select=*", "--python-file=salesforce_creovai.py"),
    ),
}


def deploy(name: str, project: Path, folder: Path) -> Path:
    """Copy the file, for a project that is elsewhere and has the environment `demo` only."""
    text = (ROOT / "deploy" / name / "salesforce_creovai.py").read_text(encoding="utf-8")
    folder.mkdir()
    changed = text.replace("/srv/salesforce-creovai", str(project)).replace("=prod", "=demo")
    (folder / "salesforce_creovai.py").write_text(changed, encoding="utf-8")
    (project / ".venv").symlink_to(BIN.parent)
    return folder


def run(name: str, home: Path, org: SmallOrg, folder: Path) -> None:
    """Start the orchestrator as its users would; print what came of it."""
    with (
        SalesforceServer(org.org) as salesforce,
        CreovaiServer(api_user="demo-user", api_password="demo-secret") as creovai,
    ):
        salesforce.app_scopes = "api sfap_api"
        project = MeltanoProject(folder / "project", salesforce, creovai)
        project.create()
        files = deploy(name, project.folder, folder / "files")
        environment = project.environment() | {
            "PATH": os.pathsep.join([str(home / "bin"), project.environment()["PATH"]]),
            "AIRFLOW_HOME": str(folder / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(files),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "DAGSTER_HOME": str(folder),
        }
        begun = time.monotonic()
        for command in COMMANDS[name]:
            done = subprocess.run(
                [home / "bin" / command[0], *command[1:]], cwd=files, env=environment, check=False
            )
        arrived = {*creovai.chats, *creovai.cases}
        print(  # noqa: T201 -- to be read
            f"{name}: exit code {done.returncode}, {len(arrived & org.deliverable)} of "
            f"{len(org.deliverable)} conversations in {len(creovai.posts)} posts, "
            f"{time.monotonic() - begun:.0f} s"
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        run(sys.argv[1], Path(sys.argv[2]), small_org(), Path(place))
