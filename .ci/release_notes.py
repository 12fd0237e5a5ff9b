"""Prints what a release says: its section of CHANGELOG.md.

Fails where tag, pyproject.toml and changelog do not agree:
`python .ci/release_notes.py 1.2.0`.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def notes(version: str, *, stated: str, changelog: str) -> str:
    """Return the changelog's section of a version.

    Args:
        version: What is to be released.
        stated: The version in pyproject.toml.
        changelog: The text of CHANGELOG.md.

    Raises:
        ValueError: They do not agree, or the section is not dated, or empty.
    """
    if version != stated:
        msg = f"pyproject.toml says version {stated}, not {version}."
        raise ValueError(msg)
    head = rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d$"
    found = re.search(rf"{head}\n(.*?)(?=^## |\Z)", changelog, re.DOTALL | re.MULTILINE)
    text = found[1].strip() if found else ""
    if not text:
        msg = f"CHANGELOG.md has no section '## {version} - YYYY-MM-DD' with anything in it."
        raise ValueError(msg)
    return text + "\n"


def main(arguments: list[str]) -> None:
    """Print the notes of the version that is the only argument."""
    (version,) = arguments
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    try:
        sys.stdout.write(notes(version, stated=project["version"], changelog=changelog))
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
