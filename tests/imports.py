"""Who imports whom in the two packages, by their syntax trees: nothing is imported to find out."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from tests.project import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

PACKAGES = ("tap_salesforce_chat", "target_creovai")


@dataclass(frozen=True, slots=True)
class Imports:
    """What a module imports, by full names; `for_types` only under `if TYPE_CHECKING`."""

    at_run_time: frozenset[str]
    for_types: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Both."""
        return self.at_run_time | self.for_types


@cache
def modules(package: str) -> Mapping[str, Path]:
    """Return the files of a package by the names of their modules."""
    return {_name(file): file for file in sorted((ROOT / package).rglob("*.py"))}


@cache
def tree(file: Path) -> ast.Module:
    """Return the syntax tree of a file."""
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def imports(file: Path) -> Imports:
    """Return what a file imports, wherever in it the import stands."""
    found = tree(file)
    guarded = {node for guard in ast.walk(found) if _is_guard(guard) for node in ast.walk(guard)}
    named = [(name, node in guarded) for node in ast.walk(found) for name in _names(node)]
    return Imports(
        frozenset(name for name, for_types in named if not for_types),
        frozenset(name for name, for_types in named if for_types),
    )


def module_of(name: str, known: Mapping[str, Path]) -> str | None:
    """Return the module that an imported name is or stands in; None: not one of these."""
    parent = name.rpartition(".")[0]
    return next((one for one in (name, parent) if one in known), None)


def graph(package: str, *, for_types: bool) -> dict[str, set[str]]:
    """Return by module of a package the other modules of it that it imports."""
    known = modules(package)
    edges = {}
    for module, file in known.items():
        found = imports(file).all if for_types else imports(file).at_run_time
        named = {module_of(name, known) for name in found}
        edges[module] = {one for one in named if one is not None} - {module}
    return edges


def reachable(edges: Mapping[str, set[str]], starts: Iterable[str]) -> set[str]:
    """Return these modules, and all to which their imports lead."""
    found = set(starts)
    pending = list(found)
    while pending:
        new = edges[pending.pop()] - found
        found |= new
        pending += new
    return found


def circles(edges: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that all lead to one another (Tarjan's algorithm)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        stack.append(module)
        for other in edges[module]:
            if other not in order:
                visit(other)
            if other in stack:
                lowest[module] = min(lowest[module], lowest[other])
        if lowest[module] == order[module]:
            start = stack.index(module)
            if len(stack) - start > 1:
                found.append(sorted(stack[start:]))
            del stack[start:]

    for module in edges:
        if module not in order:
            visit(module)
    return sorted(found)


def _name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_guard(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module:
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        # What is imported when it is needed, by its name.
        by_name = node.func.id in {"import_module", "imported"}
        yield from (
            str(one.value) for one in node.args if by_name and isinstance(one, ast.Constant)
        )
