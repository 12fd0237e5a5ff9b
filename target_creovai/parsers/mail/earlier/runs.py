"""Which of the runs that a mail shares with earlier messages are no coincidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from target_creovai.parsers.mail.earlier.passages import ANCHOR_WORDS, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_creovai.parsers.mail.earlier.passages import Run

# How many runs a detour is made of.
MAX_DETOUR: Final = 3
MAX_DETOUR_WORDS: Final = 40


def without_weak(runs: Iterable[Run]) -> list[Run]:
    """Return the runs that are no coincidence.

    Runs that follow each other in one message count together: they have many words, or are all
    that the message holds.
    """
    kept: list[Run] = []
    chain: list[Run] = []
    for run in runs:
        if chain and not _follows(run, chain[-1]):
            kept += chain if _is_strong(chain) else []
            chain = []
        chain.append(run)
    return kept + (chain if _is_strong(chain) else [])


def without_detours(runs: Sequence[Run]) -> list[Run]:
    """Return the runs without those that a message's own order shows to be coincidences.

    Where a message goes on exactly where it was left, what stands in between was written into it,
    whatever words it has in common with something else.
    """
    kept: list[Run] = []
    index = 0
    while index < len(runs):
        run = runs[index]
        kept.append(run)
        if index + 1 < len(runs) and runs[index + 1].passage.back:
            index += 1
            continue
        ahead = range(index + 2, min(len(runs), index + 2 + MAX_DETOUR))
        index = next((later for later in ahead if _resumes(run, runs[later])), index + 1)
    return kept


def _resumes(run: Run, later: Run) -> bool:
    return (
        later.passage is run.passage
        and later.at == run.until
        and later.start - run.end <= MAX_DETOUR_WORDS
    )


def _follows(run: Run, before: Run) -> bool:
    if run.passage is before.passage:
        return run.at >= before.until
    left, place = Place(before.passage, before.until), Place(run.passage, run.at)
    return goes_on(left, place) or run.passage.back is not None or before.passage.back is not None


def goes_on(above: Place, below: Place) -> bool:
    """Tell whether nothing stands between two places of earlier messages."""
    if above.passage is below.passage:
        return above.at == below.at
    return (
        below.at == 0
        and above.at == len(above.passage.words)
        and below.passage.number == above.passage.number + 1
    )


def _is_strong(chain: Sequence[Run]) -> bool:
    words = sum(run.end - run.start for run in chain)
    if words >= ANCHOR_WORDS or not chain:
        return bool(chain)
    return chain[0].at == 0 and chain[-1].until >= chain[0].passage.end
