"""Killed at every boundary, each conversation is at Creovai once, and as it should be.

More of it: `python -m tests.crash --worlds 100`.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from tests.crash.campaign import Campaign, Zygote
from tests.crash.places import PostgresPlace, SqlitePlace, memory_folder
from tests.crash.worlds import make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.creovai import CreovaiServer

# World, first boundary, and how many boundaries on the next is: `python -m tests.crash` meets
# all of more worlds.
SAMPLES = [(1, 1, 17), (2, 3, 27), (8, 2, 39), (9, 4, 35), (11, 5, 47), (4, 7, 79)]


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    """The process that starts targets."""
    with Zygote() as zygote:
        yield zygote


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder where commits cost little."""
    with TemporaryDirectory(dir=memory_folder()) as name:
        yield Path(name)


@pytest.mark.parametrize(("seed", "first", "every"), SAMPLES)
def test_killed_at_boundaries_nothing_is_lost_or_sent_twice(
    zygote: Zygote, creovai: CreovaiServer, folder: Path, seed: int, first: int, every: int
) -> None:
    """Before and after each commit, request and answer; recoveries are killed, too."""
    place = SqlitePlace(folder)
    score = Campaign(make_world(seed), place, creovai, zygote, folder).run(first, every)
    print(f"\nworld {seed}: {score}")  # noqa: T201 -- for whoever runs it with -s

    assert score.failures == []
    assert score.boundaries > 0


@pytest.mark.parametrize("seed", [6])
def test_killed_at_boundaries_on_postgresql(
    zygote: Zygote, creovai: CreovaiServer, folder: Path, postgresql_url: str, seed: int
) -> None:
    """The same, once the lease of the dead run has run out."""
    place = PostgresPlace(postgresql_url)
    score = Campaign(make_world(seed), place, creovai, zygote, folder).run(seed, every=33)
    print(f"\nworld {seed} on PostgreSQL: {score}")  # noqa: T201 -- as above

    assert score.failures == []
    assert score.boundaries > 0


@pytest.mark.parametrize("seed", [12])
def test_asleep_past_their_lease_runs_send_nothing_of_what_others_took_over(
    zygote: Zygote, creovai: CreovaiServer, folder: Path, postgresql_url: str, seed: int
) -> None:
    """A frozen machine wakes up in the middle of its work, which is another's by then."""
    place = PostgresPlace(postgresql_url)
    score = Campaign(make_world(seed), place, creovai, zygote, folder).run_asleep(3, every=19)
    print(f"\nworld {seed}, asleep: {score}")  # noqa: T201 -- as above

    assert score.failures == []
    assert score.boundaries > 0
