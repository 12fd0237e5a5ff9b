"""Memory of the process: what is free goes back to the system."""

from __future__ import annotations

import ctypes

# glibc's names of options (malloc.h), and their values in bytes and arenas.
_OPTIONS = {
    "M_MMAP_THRESHOLD": (-3, 2**20),
    "M_TRIM_THRESHOLD": (-1, 2**20),
    "M_ARENA_MAX": (-8, 2),
}


def tune_malloc() -> None:
    """Have glibc keep large blocks apart, so that each goes back as soon as it is free.

    By itself it moves them into one of many heaps once it has seen some, where what is still in
    use keeps them from going back: by and by, a run with pages of 20 MB takes up to twice as much.
    Does nothing with another C library.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    for option, value in _OPTIONS.values():
        mallopt(option, value)
