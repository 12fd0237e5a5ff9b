"""Settings of glibc's malloc, so that freed memory goes back to the system."""

from __future__ import annotations

import ctypes

# glibc's names of options (malloc.h), and their values in bytes and arenas.
_OPTIONS = {
    "M_MMAP_THRESHOLD": (-3, 2**20),
    "M_TRIM_THRESHOLD": (-1, 2**20),
    "M_ARENA_MAX": (-8, 2),
}


def tune_malloc() -> None:
    """Have glibc allocate large blocks by mmap, so that each is returned when it is freed.

    By default glibc raises its threshold for mmap after the first large blocks, and fragmented
    heaps then keep freed memory: a run with pages of 20 MB takes up to twice as much. Does nothing
    with another C library.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    for option, value in _OPTIONS.values():
        mallopt(option, value)
