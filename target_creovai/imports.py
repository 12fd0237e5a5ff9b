"""Modules that are imported when they are needed: a run needs most, `--version` hardly any."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


def imported(name: str) -> ModuleType:
    """Import a module, with all that it needs, and return it.

    Nothing of that is ever garbage. To look for garbage in it, while it is imported, in the run
    and at its end, takes a quarter of a run that has nothing to do.
    """
    if name in sys.modules:
        return sys.modules[name]
    collects = gc.isenabled()
    gc.disable()
    try:
        module = import_module(name)
        gc.freeze()
    finally:
        if collects:
            gc.enable()
    return module
