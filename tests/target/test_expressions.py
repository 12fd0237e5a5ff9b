"""Expressions mean the same on every supported Python.

Python 3.11.2, which Debian 12 has, misreads a possessive quantifier around a group, and an atomic
group: what stands behind them then matches elsewhere, or nowhere. 3.11.7 reads them well.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined] # the only reader of expressions
from typing import TYPE_CHECKING, Any, Final

import pytest

import tap_salesforce_chat
import target_creovai
from tests.accuracy.cases import chats
from tests.target.test_transcript import GOLDENS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]
REPEATS: Final = {
    _constants.MAX_REPEAT,
    _constants.MIN_REPEAT,
    _constants.POSSESSIVE_REPEAT,
}
# One character, or a set of them: these are read well everywhere.
SINGLE: Final = {_constants.LITERAL, _constants.NOT_LITERAL, _constants.ANY, _constants.IN}
READ: Final = """
import json, sys
from msgspec.structs import astuple
from target_creovai.errors import TextError
from target_creovai.parsers.transcript import parse_transcript
def read(body):
    try:
        return [[*astuple(line)[:4], str(line.at)] for line in parse_transcript(body).lines]
    except TextError:
        return None
json.dump([read(body) for body in json.load(sys.stdin)], sys.stdout)
"""


def expressions() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield every compiled expression that a module of ours names."""
    for package in (target_creovai, tap_salesforce_chat):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                for name, value in vars(importlib.import_module(module.name)).items():
                    yield from ((f"{module.name}.{name}", each) for each in patterns_in(value))


def patterns_in(value: Any) -> Iterator[re.Pattern[str]]:
    """Yield the expressions in a value, also in containers and in objects with slots."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from patterns_in(item)
    elif isinstance(value, dict):
        yield from patterns_in([*value, *value.values()])
    elif not isinstance(value, type):
        slots = getattr(value, "__slots__", ())
        yield from patterns_in([getattr(value, slot, None) for slot in slots])


def misread_parts(parsed: Any) -> Iterator[str]:
    """Yield what the old interpreters misread in a parsed expression."""
    for operation, value in parsed:
        if operation is _constants.ATOMIC_GROUP:
            yield "atomic group"
        if operation is _constants.POSSESSIVE_REPEAT:
            body = value[2]
            if len(body) != 1 or body[0][0] not in SINGLE:
                yield "possessive quantifier around a group"
        for inner in inner_parts(operation, value):
            yield from misread_parts(inner)


def inner_parts(operation: Any, value: Any) -> list[Any]:
    """Return what an operation holds."""
    if operation in REPEATS:
        return [value[2]]
    if operation is _constants.SUBPATTERN:
        return [value[3]]
    if operation in {_constants.ASSERT, _constants.ASSERT_NOT}:
        return [value[1]]
    if operation is _constants.BRANCH:
        return list(value[1])
    return [value] if operation is _constants.ATOMIC_GROUP else []


def test_no_expression_holds_what_old_interpreters_misread() -> None:
    """On one of them, no message of any chat was found."""
    found = list(expressions())
    misread = [
        (name, part)
        for name, expression in found
        for part in misread_parts(_parser.parse(expression.pattern, expression.flags))
    ]

    assert len(found) > 100
    assert misread == []


@pytest.mark.parametrize("expression", [r"(?:ab|cd)*+e", r"(ab)?+", r"(?>a+)b", r"x(?=(?:ab)++)"])
def test_what_is_misread_is_found(expression: str) -> None:
    """Else the test above would prove nothing."""
    assert [*misread_parts(_parser.parse(expression))]


LOWEST = Path(sys.executable).parent.parent / "lowest" / "bin" / "python"


@pytest.mark.skipif(not LOWEST.exists(), reason="made by `make test`: the system's Python")
def test_the_systems_python_reads_the_same_from_every_transcript() -> None:
    """Python 3.11.2 misreads some expressions that later ones read well."""
    files = [file for path in GOLDENS for file in path.parent.glob(f"{path.stem}.*")]
    bodies = [chat.body for chat in chats()]
    bodies += [file.read_bytes().decode() for file in files if file.suffix != ".json"]
    answers = [
        subprocess.run(
            [each, "-c", READ],
            input=json.dumps(bodies),
            capture_output=True,
            check=True,
            text=True,
            cwd=ROOT,
        ).stdout
        for each in (sys.executable, LOWEST)
    ]
    here, there = map(json.loads, answers)

    assert here == there
    assert sum(map(bool, here)) > 60
