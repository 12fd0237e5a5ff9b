"""The target, with its commits counted: `python -m benchmarks.counted_target FILE --config X`."""

from __future__ import annotations

import atexit
import sys
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from target_creovai.target import TargetCreovai

if __name__ == "__main__":
    file, commits = Path(sys.argv.pop(1)), 0

    @sa.event.listens_for(Engine, "commit")
    def count(_: sa.Connection) -> None:
        """Count one; reads are rolled back."""
        global commits  # noqa: PLW0603 -- a listener returns nothing
        commits += 1

    atexit.register(lambda: file.write_text(str(commits)))
    TargetCreovai.cli()
