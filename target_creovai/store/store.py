"""What a run asks of the store: stage rows, name what is due, write down what became of it."""

from __future__ import annotations

from target_creovai.store.rows.rows import Rows
from target_creovai.store.rows.speakers import Speakers


class Store(Rows, Speakers):
    """A database of rows and conversations; use it as a context manager."""
