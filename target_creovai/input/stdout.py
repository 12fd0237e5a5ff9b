"""Writing STATE to stdout, which the other side may have closed."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def write_or_explain(write: Callable[[], None]) -> str | None:
    """Write to stdout; where that fails, return why, and send all later output nowhere.

    Python itself writes what is left in a buffer when it ends, and would fail once more.
    """
    if sys.stdout is None:
        return "stdout is closed"
    try:
        write()
    except (OSError, ValueError) as error:  # closed by the other side, or by this one
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
        return f"stdout cannot be written ({getattr(error, 'strerror', None) or 'closed'})"
    return None
