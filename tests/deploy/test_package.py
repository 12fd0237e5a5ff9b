"""What is published: the lock file, the wheel and the source archive, away from this checkout."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from email import message_from_bytes
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.deploy.locked import LOCKED, UV, requirements
from tests.pipe.support import Pipe
from tests.project import ROOT

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.fakes.salesforce import SalesforceServer
    from tests.pipe.support import SmallOrg

pytestmark = pytest.mark.xdist_group("package")
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOWEST = Path(sys.executable).parent.parent / "lowest" / "bin"


def build(source: Path, kind: str, folder: Path) -> Path:
    """Build a package without a network; return the file."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory"]
    subprocess.run([*command, folder], cwd=source, capture_output=True, check=True)
    (file,) = folder.iterdir()
    return file


def content(wheel: Path) -> dict[str, bytes]:
    """Return the files of a wheel by name."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, as a release would publish it."""
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def programs(wheel: Path, tmp_path: Path) -> Path:
    """Where the wheel's programs are: in a new environment that knows nothing of this checkout."""
    home = tmp_path / "environment"
    venv.create(home)
    python = home / "bin" / "python"
    install = [UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--python"]
    subprocess.run([*install, python, wheel], check=True)
    (packages,) = home.glob("lib/python*/site-packages")
    # The libraries are those of these tests; a .pth file in their folder, which leads here, is
    # not read again.
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "libraries.pth").write_text("\n".join(libraries))
    return home / "bin"


def test_an_installed_wheel_does_the_whole_job(
    programs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    org: SmallOrg,
    salesforce: SalesforceServer,
    creovai: CreovaiServer,
) -> None:
    """Schemas, pages and lists travel inside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    ended = Pipe(tmp_path, salesforce, creovai, programs=programs).run()

    assert (ended.tap, ended.target) == (0, 0), ended.tap_log + ended.target_log
    assert {*creovai.chats, *creovai.cases} == org.deliverable
    where = "import target_creovai as t, tap_salesforce_chat as s; print(t.__file__, s.__file__)"
    found = subprocess.check_output([programs / "python", "-c", where], text=True)
    assert all(path.startswith(str(programs.parent)) for path in found.split())


def test_the_source_archive_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    """Nothing that the packages need is left out of it."""
    with tarfile.open(build(ROOT, "sdist", tmp_path / "archive")) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (source,) = (tmp_path / "unpacked").iterdir()

    assert content(build(source, "wheel", tmp_path / "again")) == content(wheel)


def test_the_wheel_holds_the_packages_and_all_their_files(wheel: Path) -> None:
    """A file that git knows is in it, and nothing else is."""
    listed = subprocess.check_output(
        ["/usr/bin/env", "git", "ls-files", "tap_salesforce_chat", "target_creovai"],
        cwd=ROOT,
        text=True,
    )
    files = content(wheel)
    packaged = {name for name in files if ".dist-info/" not in name}
    (metadata,) = (message_from_bytes(files[n]) for n in files if n.endswith("/METADATA"))

    assert packaged == set(listed.split())
    urls = dict(line.split(", ") for line in metadata.get_all("Project-URL") or [])
    assert urls == PYPROJECT["project"]["urls"]


def test_the_lock_file_is_of_these_dependencies() -> None:
    """`uv sync --frozen` and the images install what pyproject.toml asks for."""
    locked = tomllib.loads((ROOT / "uv.lock").read_text())
    (ours,) = (one for one in locked["package"] if one["name"] == PYPROJECT["project"]["name"])
    asked = {_name(line) for line in PYPROJECT["project"]["dependencies"]}
    ranges = {one["name"]: one.get("specifier", "") for one in ours["metadata"]["requires-dist"]}

    assert {it["name"] for it in ours["dependencies"]} == asked
    for line in PYPROJECT["project"]["dependencies"]:
        name = _name(line)
        wanted = {part.strip() for part in line.partition(";")[0][len(name) :].split(",")}
        assert set(filter(None, ranges[name].split(","))) == wanted, name


@pytest.mark.parametrize("file", LOCKED, ids=lambda file: file.name)
def test_images_install_what_is_locked(file: Path) -> None:
    """With hashes: a file that was replaced on the index is refused."""
    text = file.read_text()

    assert text == requirements(LOCKED[file]), "run `make lock`"
    assert text.count("==") <= text.count("--hash=sha256:")


@pytest.mark.skipif(not LOWEST.is_dir(), reason="made by `make test`: lowest versions")
def test_the_lowest_versions_that_are_allowed_do_the_whole_job(
    tmp_path: Path, org: SmallOrg, salesforce: SalesforceServer, creovai: CreovaiServer
) -> None:
    """On the system's Python where it is new enough: Debian 12 has 3.11.2."""
    ended = Pipe(tmp_path, salesforce, creovai, programs=LOWEST).run()

    assert (ended.tap, ended.target) == (0, 0), ended.tap_log + ended.target_log
    assert {*creovai.chats, *creovai.cases} == org.deliverable


def _name(requirement: str) -> str:
    name = requirement
    for sign in "<>=~!;[ ":
        name = name.partition(sign)[0]
    return name
