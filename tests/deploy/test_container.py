"""The Containerfile, built and run: where buildah, podman and mmdebstrap are at hand."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.creovai import CreovaiServer
    from tests.fakes.salesforce import SalesforceServer
    from tests.pipe.support import SmallOrg

TOOLS = ("buildah", "podman", "runc", "mmdebstrap")
MISSING = [tool for tool in TOOLS if not shutil.which(tool)]
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.skipif(os.geteuid() != 0, reason="images are built as root here"),
    # The image is built once, by one worker.
    pytest.mark.xdist_group("container"),
]

# Debian's own Python: the oldest patch release that the project supports, and no image registry.
BASE, BASE_NAME = "localhost/salesforce-creovai-test-base:bookworm", "bookworm"
PACKAGES = "python3,python3-venv,ca-certificates,tini"
CERTIFICATES = "/etc/ssl/certs"
# What this kind of machine asks of a container; none of it gives it a right.
LIMITS = ("--runtime=runc", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1000:1000")
HARDENED = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", "--network=host")
USER_ID = 10001


def call(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a tool; what it printed is in the failure."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not (check and done.returncode), f"{words}: {done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A base image out of Debian's packages; kept, as it takes half a minute to make."""
    if call("podman", "image", "exists", BASE, check=False).returncode:
        archive = tmp_path_factory.mktemp("base") / "base.tar"
        call("mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", BASE_NAME, archive)
        call("podman", "import", "--quiet", archive, BASE)
    return BASE


@pytest.fixture(scope="session")
def image(base: str) -> Iterator[str]:
    """The plain image, as the Containerfile makes it."""
    with built(base, "plain") as name:
        yield name


@contextmanager
def built(base: str, stage: str) -> Iterator[str]:
    """Build one of the Containerfile's images; it is gone after the block."""
    name = f"localhost/salesforce-creovai-test:{uuid.uuid4().hex[:12]}"
    volume = f"--volume={CERTIFICATES}:{CERTIFICATES}:ro"
    # Other isolations need rights that this process may not have.
    options = ("--isolation=chroot", f"--build-arg=BASE={base}", f"--target={stage}", volume)
    call("buildah", "build", "--quiet", "--layers", *options, f"--tag={name}", ".")
    yield name
    call("podman", "rmi", "--force", name)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The one folder that a container may write to."""
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, USER_ID, USER_ID)
    return folder


def run(image: str, data: Path, settings: dict[str, str], *words: str) -> list[str]:
    """Return the command that runs a container the way the documentation asks for it."""
    variables = [f"--env={name}={value}" for name, value in settings.items()]
    command = ["podman", "run", *LIMITS, *HARDENED, f"--volume={data}:/data", "--tmpfs=/tmp"]
    return [*command, *variables, *words, image]


def test_it_syncs_with_no_right_but_to_its_data(
    image: str,
    data: Path,
    settings: dict[str, str],
    org: SmallOrg,
    salesforce: SalesforceServer,
    creovai: CreovaiServer,
) -> None:
    """Read-only root, no capability, no root; a second run goes on from the first one's state."""
    first = call(*run(image, data, settings, "--rm"), check=False)
    assert first.returncode == 0, first.stderr
    assert {*creovai.chats, *creovai.cases} == org.deliverable
    posts, calls = len(creovai.posts), len(salesforce.calls)

    second = call(*run(image, data, settings, "--rm"), check=False)

    assert second.returncode == 0, second.stderr
    assert len(creovai.posts) == posts
    asked = [made.query["q"] for made in salesforce.calls[calls:] if "q" in made.query]
    assert all("SystemModstamp >" in soql for soql in asked if "Organization" not in soql)
    assert {path.stat().st_uid for path in data.iterdir()} == {USER_ID}


def test_it_ends_when_it_is_told_to(image: str, data: Path) -> None:
    """`podman stop` reaches the programs behind tini: they need not be killed."""
    name = f"salesforce-creovai-test-{uuid.uuid4().hex[:12]}"
    command = run(image, data, {}, "--rm", "--interactive", f"--name={name}")
    target = ("target-creovai", "--config=ENV")
    with subprocess.Popen(
        [*command, *target], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        # Its first line tells that it runs; it waits for an input that never comes.
        line = process.stderr.readline() if process.stderr else ""
        call("podman", "stop", "--time=60", name)
        process.communicate()

    assert "target-creovai" in line
    assert process.returncode == 128 + signal.SIGTERM


def test_the_image_with_meltano_runs_the_job(
    base: str, data: Path, settings: dict[str, str], org: SmallOrg, creovai: CreovaiServer
) -> None:
    """Meltano's database and the store are on one volume; what it logs is in one of its own."""
    with built(base, "meltano") as image:
        done = call(*run(image, data, settings, "--rm"), check=False)

    assert done.returncode == 0, done.stderr
    assert {*creovai.chats, *creovai.cases} == org.deliverable
    assert {"meltano.db", "target-creovai.db"} <= {path.name for path in data.iterdir()}
