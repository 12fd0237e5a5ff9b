"""Modules that are imported when they are needed: a run needs most, `--version` hardly any."""

from __future__ import annotations

import gc
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


def imported(name: str) -> ModuleType:
    """Import a module, with all that it needs, and return it.

    Nothing of that is garbage, and collecting it looks through all of it again and again: an
    eighth of the start-up.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        return import_module(name)
    finally:
        if collects:
            gc.enable()
