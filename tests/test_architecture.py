"""How both packages are built: who imports whom, what is pure, how large files and folders are.

`docs/architecture.md` tells a reader where things go. What it names is checked here, too.
"""

from __future__ import annotations

import ast
import re
import tomllib
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.imports import PACKAGES, circles, graph, imports, modules, reachable, tree
from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
MOST_LINES = 300
MOST_FILES = 11
MOST_HOPS = 8
MOST_WORDS = 25

# Circles, and why they are no harm.
CIRCLES = {
    ("target_creovai.plugin", "target_creovai.target"): (
        "The command line imports the run by its name, and only for a run: it is a part of the "
        "run, and `--version` and the operator's commands start without one."
    ),
}
# Files with more lines, and why one file is better for the reader.
LONG_FILES: dict[str, str] = {}
# Folders with more files (`__init__.py` aside), and why one folder is better for the reader.
CROWDED_FOLDERS: dict[str, str] = {}

# What reads or writes something outside of the process, waits, or depends on its surroundings.
IO = frozenset(
    {
        *("asyncio", "click", "concurrent", "fsspec", "filelock", "http.client", "io", "logging"),
        *("os", "pathlib", "psycopg", "queue", "requests", "shutil", "signal", "singer_sdk"),
        *("socket", "sqlalchemy", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading"),
        *("time", "tqdm", "urllib.request", "urllib3"),
    }
)
# Base classes of exceptions, and paths that are only taken apart.
NO_IO = frozenset({"singer_sdk.exceptions", "pathlib.PurePath"})
# Folders and modules that take values and return values, with all that they import.
PURE = (
    "tap_salesforce_chat.commands.findings",
    "tap_salesforce_chat.discovery.fields",
    "tap_salesforce_chat.errors",
    "tap_salesforce_chat.ids",
    "tap_salesforce_chat.messaging.entries",
    "tap_salesforce_chat.messaging.quiet_hours",
    "tap_salesforce_chat.messaging.rate_limits",
    "tap_salesforce_chat.reading.windows",
    "tap_salesforce_chat.settings.opt_in",
    "tap_salesforce_chat.soql",
    "tap_salesforce_chat.state",
    "tap_salesforce_chat.timestamps",
    "target_creovai.delivery.decide",
    "target_creovai.encoding",
    "target_creovai.errors",
    "target_creovai.kinds",
    "target_creovai.model",
    "target_creovai.parsers",
    "target_creovai.participants",
    "target_creovai.payload",
    "target_creovai.preview",
    "target_creovai.redaction",
    "target_creovai.salesforce",
    "target_creovai.wholeness",
)

packages = pytest.mark.parametrize("package", PACKAGES)


def files() -> Iterator[tuple[str, Path]]:
    """Yield all files of both packages with their paths as texts."""
    for package in PACKAGES:
        for file in modules(package).values():
            yield str(file.relative_to(ROOT)), file


@packages
@pytest.mark.parametrize("for_types", [False, True], ids=["at run time", "for types"])
def test_nothing_imports_itself_by_way_of_others(package: str, for_types: bool) -> None:  # noqa: FBT001
    """In a circle no part can be read, tested or changed without the others."""
    found = {tuple(one) for one in circles(graph(package, for_types=for_types))}

    assert found == {one for one in CIRCLES if one[0].startswith(package)}


@packages
def test_the_core_does_no_io(package: str) -> None:
    """Neither does what it imports: a value in, a value out, the same tomorrow."""
    edges, known = graph(package, for_types=False), modules(package)
    declared = {one for one in known for start in PURE if f"{one}.".startswith(f"{start}.")}
    found = {}
    for module in declared:
        reached = reachable(edges, [module])
        if io := {f"{one}: {name}" for one in reached for name in io_of(known[one])}:
            found[module] = sorted(io)

    assert found == {}


def io_of(file: Path) -> set[str]:
    """Return the names with I/O that a file imports at run time."""
    names = imports(file).at_run_time
    return {name for name in names if stands_in(name, IO) and not stands_in(name, NO_IO)}


def stands_in(name: str, known: frozenset[str]) -> bool:
    """Tell whether a name is one of these, or within one of them."""
    return any(f"{name}.".startswith(f"{one}.") for one in known)


@packages
def test_what_is_called_pure_is_there(package: str) -> None:
    """A module that was renamed would not be looked at any more."""
    known = modules(package)
    for name in PURE:
        assert not name.startswith(package) or name in known, name


def test_files_are_short() -> None:
    """One that is longer has a reason; one that is not any more has none."""
    lines = {name: len(file.read_text(encoding="utf-8").splitlines()) for name, file in files()}

    assert {name for name, count in lines.items() if count > MOST_LINES} == LONG_FILES.keys()


def test_folders_are_small() -> None:
    """One with more files has a reason; one that has not any more has none."""
    folders: dict[str, int] = {}
    for name, file in files():
        folders[name.rpartition("/")[0]] = sum(
            1 for one in file.parent.glob("*.py") if one.name != "__init__.py"
        )

    assert {name for name, count in folders.items() if count > MOST_FILES} == CROWDED_FOLDERS.keys()


def test_each_file_begins_with_what_is_in_it() -> None:
    """Whoever opens one knows whether it is the right one."""
    assert [name for name, file in files() if not ast.get_docstring(tree(file))] == []


# The page


def test_the_page_names_each_folder() -> None:
    """With what it does and the promise that it keeps."""
    rows = re.findall(r"^\| (`\w+/`(?:, `\w+/`)*) \| .+ \| .+ \|$", PAGE, re.MULTILINE)
    named = sorted(name for row in rows for name in re.findall(r"`(\w+)/`", row))
    picture = (ROOT / "docs" / "images" / "architecture.svg").read_text(encoding="utf-8")
    folders = [
        folder.name
        for package in PACKAGES
        for folder in (ROOT / package).iterdir()
        if folder.is_dir() and folder.name != "__pycache__"
    ]

    assert named == sorted(folders)
    assert [name for name in folders if f"{name}/" not in picture] == []


def test_each_library_has_its_reason() -> None:
    """One that nobody can give a reason for can go."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["postgres"]]
    wanted = {re.split(r"[<>=~\[; ]", line)[0].lower() for line in lines}
    section = PAGE.partition("## Why these libraries")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([\w, -]+) \|", section, re.MULTILINE)
    named = {name.strip().lower() for row in rows for name in row.split(",")}

    assert wanted <= named


def test_the_glossary_is_short() -> None:
    """A word that needs an entry and is not the field's is probably the wrong word."""
    words = re.findall(r"^\| (?!word)[\w ,-]+ \|", PAGE.partition("## Glossary")[2], re.MULTILINE)

    assert 0 < len(words) <= MOST_WORDS


@pytest.mark.parametrize("name", ["architecture", "contributing"])
def test_files_that_a_page_names_are_there(name: str) -> None:
    """After a file was renamed or split, too."""
    text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    paths = re.findall(
        r"`((?:tap_salesforce_chat|target_creovai|tests)/[\w/]*\w(?:\.\w+)?)/?`", text
    )

    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


# The reader's walks


class Hop(NamedTuple):
    """A step of a walk: a file, what to look at in it, and which files it says more of."""

    path: str
    name: str
    text: str

    @property
    def file(self) -> Path:
        """The file."""
        return ROOT / self.path


def walks() -> dict[str, list[Hop]]:
    """Return the walks of the page by their headings."""
    section = PAGE.partition("## A reader's walks")[2].partition("\n## ")[0]
    found = {}
    for part in section.split("\n### ")[1:]:
        heading, _, body = part.partition("\n")
        steps = re.findall(r"^\d+\. (.*(?:\n    .*)*)", body, re.MULTILINE)
        found[heading] = [hop for step in steps if (hop := hop_of(step))]
    return found


def hop_of(step: str) -> Hop | None:
    """Return what a step of the page names: `file`, `name`, then the rest."""
    found = re.match(r"`([\w/.]+\.py)`, `([\w.]+)`(.*)", step, re.DOTALL)
    assert found is not None, step
    return Hop(*found.groups())


WALKS = walks()
each_walk = pytest.mark.parametrize("walk", WALKS.values(), ids=WALKS.keys())


def test_the_walks_are_those_that_newcomers_ask_for() -> None:
    """A row's way, STATE's, a setting's, and what happens when something is refused."""
    assert [heading.partition(":")[0] for heading in WALKS] == [
        "A mail",
        "A STATE message",
        "A setting",
        "A refusal",
    ]


@each_walk
def test_a_walk_is_short(walk: list[Hop]) -> None:
    """Whoever has to open more files than this gets lost."""
    assert 1 < len(walk) <= MOST_HOPS


@each_walk
def test_what_a_walk_names_is_in_its_file(walk: list[Hop]) -> None:
    """A class, a function, a method or a table."""
    for hop in walk:
        assert hop.name in defined(tree(hop.file).body), f"{hop.path} has no {hop.name}"


@each_walk
def test_a_walk_follows_the_imports(walk: list[Hop]) -> None:
    """From each file to the next one, at run time; only the pipe leads to the other package."""
    for hop, following in pairwise(walk):
        pipe = package_of(hop.path) != package_of(following.path)
        assert pipe == ("pipe" in following.text.partition(".")[0]), following.path
        assert pipe or leads_to(hop, following), f"{hop.path} does not lead to {following.path}"


@each_walk
def test_files_in_passing_are_imported_as_well(walk: list[Hop]) -> None:
    """What a step says of other files is as true as the step."""
    for hop in walk:
        before = [hop.path]
        for other in re.findall(r"`([\w/]+\.py)`", hop.text):
            path = f"{package_of(hop.path)}/{other}"
            assert any(reached(one, path) for one in before), f"{hop.path}: {other}"
            before.append(path)


def leads_to(hop: Hop, following: Hop) -> bool:
    """Tell whether a file imports the next one, itself or by a table that the step names."""
    tables = re.findall(r"by the table `(\w+)` of `([\w/]+\.py)`", following.text)
    by_table = [
        imported(hop.path, table) and following.path in files_of_table(table, name)
        for name, path in tables
        if (table := f"{package_of(hop.path)}/{path}")
    ]
    return imported(hop.path, following.path) or any(by_table)


def reached(path: str, other: str) -> bool:
    """Tell whether a file imports another one, or leads to it by one of its tables."""
    tables = (name for name in defined(tree(ROOT / path).body) if name.isupper())
    return imported(path, other) or any(other in files_of_table(path, name) for name in tables)


def imported(path: str, other: str) -> bool:
    """Tell whether a file imports another one at run time, or what a package takes from it."""
    package = package_of(path)
    by_file = {file: module for module, file in modules(package).items()}
    edges = graph(package, for_types=False)
    direct = edges[by_file[ROOT / path]]
    handed_on = {
        one
        for module in direct
        if modules(package)[module].name == "__init__.py"
        for one in edges[module]
    }
    return ROOT / path == ROOT / other or by_file[ROOT / other] in direct | handed_on


def files_of_table(path: str, name: str) -> set[str]:
    """Return the files that a table leads to: whose names it uses, or names as `module:name`."""
    package = package_of(path)
    known = modules(package)
    (table,) = (
        node
        for node in tree(ROOT / path).body
        if isinstance(node, ast.Assign | ast.AnnAssign) and name in defined([node])
    )
    texts = [node.value for node in ast.walk(table) if isinstance(node, ast.Constant)]
    named = {str(text).partition(":")[0] for text in texts}
    used = {node.id for node in ast.walk(table) if isinstance(node, ast.Name)}
    imports_of_file = imports(ROOT / path).at_run_time
    named |= {one.rpartition(".")[0] for one in imports_of_file if one.rpartition(".")[2] in used}
    return {str(known[one].relative_to(ROOT)) for one in named if one in known}


def package_of(path: str) -> str:
    """Return the package that a path begins with."""
    return path.partition("/")[0]


def defined(body: list[ast.stmt], prefix: str = "") -> set[str]:
    """Return the names of classes, functions, methods and tables that some code defines."""
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(prefix + node.name)
        if isinstance(node, ast.ClassDef):
            names |= defined(node.body, f"{prefix}{node.name}.")
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {prefix + one.id for one in targets if isinstance(one, ast.Name)}
    return names
