"""A bar on a terminal, for as long as a delivery takes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

from target_creovai.watch.logs import keep_discreet

if TYPE_CHECKING:
    from collections.abc import Iterator


class Bar(tqdm):  # type: ignore[type-arg] # it counts, and iterates over nothing
    """A bar that is refreshed by its owner, without tqdm's own thread."""

    monitor_interval = 0


@contextmanager
def bar_of(total: int) -> Iterator[Bar]:
    """Show a bar for so many conversations; what is logged meanwhile goes above it."""
    with (
        Bar(total=total, unit=" conversations", leave=False, dynamic_ncols=True) as bar,
        logging_redirect_tqdm(),
    ):
        keep_discreet()  # its handler is another one
        yield bar
