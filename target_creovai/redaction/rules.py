"""The rules of the setting `redact`: four by name, and whatever expressions a user adds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

Finder = Callable[[str], Iterable[tuple[int, int]]]
"""From a text to the places to redact: start and end, which may overlap."""

# Name to module. Each has `finder(region)`, whose libraries are loaded with it.
BUILT_IN = {"card": "cards", "email": "emails", "phone": "phones", "iban": "ibans"}


class Rule(msgspec.Struct, frozen=True):
    """One rule. `label` is what reports may call it: a pattern may hold what it hides."""

    label: str
    replacement: str
    find: Finder


@cache
def rules_of(given: tuple[tuple[str, str], ...], region: str | None) -> tuple[Rule, ...]:
    """Return the rules in the order in which they were given."""
    return tuple(
        _rule(number, name, replacement, region)
        for number, (name, replacement) in enumerate(given, start=1)
    )


def _rule(number: int, name: str, replacement: str, region: str | None) -> Rule:
    if name in BUILT_IN:
        return Rule(name, replacement, _module(BUILT_IN[name]).finder(region))
    label = f"rule {number}"
    return Rule(label, replacement, _module("patterns").finder(name, label))


def _module(name: str) -> Any:
    return import_module(f"target_creovai.redaction.{name}")


def wrong_patterns(given: Mapping[str, str]) -> list[int]:
    """Return the numbers of the rules that are neither a built-in name nor an expression."""
    return [
        number
        for number, name in enumerate(given, start=1)
        if name not in BUILT_IN and (_is_misspelt(name) or not _module("patterns").compiles(name))
    ]


def _is_misspelt(name: str) -> bool:
    """Tell whether a built-in is meant: as an expression, `Cards` would hide no card."""
    return name.strip().casefold().replace("-", "").removesuffix("s") in {*BUILT_IN, ""}


def is_phone_region(region: str) -> bool:
    """Tell whether there is a plan of phone numbers for this region."""
    return bool(_module("phones").is_region(region))
