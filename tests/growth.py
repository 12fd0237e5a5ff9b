"""How work grows with hostile input, in CPU time: how busy the machine is changes little.

Linear work takes eight times as long for eight times the input, quadratic work 64 times.
"""

from __future__ import annotations

from time import process_time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES: Final = 8
CHARACTERS: Final = 15_000
# Caches, the collector and other processes make linear work look worse than it is, not so much.
MOST: Final = 3 * TIMES
# Too quick to be compared: 64 times as long would still be no harm.
NOTHING_SECONDS: Final = 0.1
TRIES: Final = 3


def is_linear(work: Callable[[int], object], size: int = CHARACTERS) -> bool:
    """Tell whether the time that work takes grows no faster than its input.

    Args:
        work: What is measured, with the size of its input.
        size: The smaller of two sizes.
    """
    return any(_grows_little(work, size) for _ in range(TRIES))


def _grows_little(work: Callable[[int], object], size: int) -> bool:
    least = _seconds(work, size)
    return _seconds(work, TIMES * size) < max(NOTHING_SECONDS, MOST * least)


def _seconds(work: Callable[[int], object], size: int) -> float:
    start = process_time()
    work(size)
    return process_time() - start
