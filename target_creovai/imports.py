"""Imports at the moment of use: a run needs most modules, `--version` hardly any."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType


def imported(name: str) -> ModuleType:
    """Import a module, with all that it needs, and return it.

    The garbage collector is off meanwhile, and ignores the modules afterwards: to search them
    takes a quarter of the time of a run without changes.
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
