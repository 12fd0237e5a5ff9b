"""Prove it for as long as you like: `python -m tests.crash --worlds 100`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.crash.campaign import Campaign, Zygote
from tests.crash.places import SqlitePlace, memory_folder
from tests.crash.score import Score
from tests.crash.worlds import make_world
from tests.fakes.creovai import CreovaiServer


def main() -> int:
    """Go through worlds; return 1 if one of them lost or repeated something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="the first world's number (0)")
    parser.add_argument("--worlds", type=int, default=10, help="how many (10)")
    arguments = parser.parse_args()
    total = Score()
    with TemporaryDirectory(dir=memory_folder()) as name, Zygote() as zygote:
        for seed in range(arguments.first, arguments.first + arguments.worlds):
            folder = Path(name) / str(seed)
            folder.mkdir()
            with CreovaiServer() as creovai:
                score = Campaign(
                    make_world(seed), SqlitePlace(folder), creovai, zygote, folder
                ).run()
            sys.stdout.write("\n".join([f"world {seed}: {score}", *score.failures]) + "\n")
            sys.stdout.flush()
            total += score
    sys.stdout.write(f"{total}\n")
    return int(bool(total.failures))


if __name__ == "__main__":
    sys.exit(main())
