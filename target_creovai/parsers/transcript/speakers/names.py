"""When two printed names are the same person's."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.transcript.words import LABELS

if TYPE_CHECKING:
    from target_creovai.model.participants import Role

_INVISIBLE: Final = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_NUMBERING: Final = "0123456789#-_ "


class Likeness(IntEnum):
    """How much of two names agrees."""

    NONE = 0
    FIRST_NAME = 1  # "Omar" and "Omar Ortiz"
    INITIAL = 2  # "Omar O" and "Omar Ortiz"
    SAME = 3


@lru_cache(maxsize=4096)
def name_key(name: str) -> str:
    """Return what two printings of the same name have in common."""
    return " ".join(_INVISIBLE.sub("", name).casefold().split()).rstrip(".")


@lru_cache(maxsize=1024)
def short_forms(name: str) -> frozenset[str]:
    """Return the name and its short forms, as keys.

    Where the first name ends is not known: "Ana María López" may sign as "Ana M" or "Ana María L".
    """
    words = name_key(name).split()
    initials = {" ".join([*words[:count], words[count][0]]) for count in range(1, len(words))}
    return frozenset(initials | {" ".join(words)})


@lru_cache(maxsize=4096)
def likeness(one: str, two: str) -> Likeness:
    """Compare two keys of names."""
    if in_any_order(one) == in_any_order(two):
        return Likeness.SAME
    one, two = _in_order(one), _in_order(two)
    words, others = one.split(), two.split()
    if one in short_forms(two) or two in short_forms(one):
        return Likeness.INITIAL
    shared = min(len(words), len(others))
    return Likeness.FIRST_NAME if words[:shared] == others[:shared] != [] else Likeness.NONE


@lru_cache(maxsize=4096)
def in_any_order(key: str) -> str:
    """Return what "lund, bea" and "bea lund" have in common."""
    return " ".join(sorted(key.replace(",", " ").split()))


def _in_order(key: str) -> str:
    """Return "bea lund" for "lund, bea"."""
    last, comma, first = key.partition(", ")
    return f"{first} {last}" if comma else key


@lru_cache(maxsize=4096)
def role_of_label(key: str) -> Role | None:
    """Return the role that a key such as "visitor" or "visitor 12" stands for."""
    return LABELS.get(key) or LABELS.get(key.rstrip(_NUMBERING))


def is_label(name: str) -> bool:
    """Tell whether a printed name is nobody's own."""
    key = name_key(name)
    return not key.rstrip(_NUMBERING) or role_of_label(key) is not None


def is_signed(key: str) -> bool:
    """Tell whether a name ends in an initial, as agents' names do in chats by default."""
    words = key.split()
    return len(words) > 1 and len(words[-1]) == 1
