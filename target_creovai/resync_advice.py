"""The lines of a report on rows that have to be read: again, or for the first time."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from target_creovai.model.outcomes import Code
from target_creovai.resync import BEFORE_ALL_ROWS, commands, read_from
from target_creovai.shell import Shell
from target_creovai.wholeness import intervals
from target_creovai.wholeness.reasons import rows_between, short, without

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from target_creovai.delivery.loop import DeliveryLoop
    from target_creovai.model.outcomes import Reason
    from target_creovai.store import Store
    from target_creovai.watch.summary import Summary
    from target_creovai.wholeness.coverage import Coverage
    from target_creovai.wholeness.intervals import Interval

# More conversations than this are not named one by one.
MOST_NAMED = 300


def report_what_to_read(summary: Summary, store: Store, loop: DeliveryLoop) -> None:
    """Put into the summary which rows the store lacks, and the commands that read them."""
    gaps = list(gaps_of(store.coverage.load()))
    summary.accepted = loop.settings.accept_missing
    summary.keyless = list(keyless(store, summary.accepted))
    summary.gaps = list(gaps_in_words(gaps))
    summary.read_missing = commands_to_read(store, gaps, loop.waiting_for_rows)
    aside = [(it.kind, it.id) for it in summary.set_aside if it.reason.code is Code.NEEDS_ROWS]
    summary.resync_commands = _commands(store, aside)


def commands_to_read(
    store: Store,
    gaps: Sequence[tuple[str, Interval]],
    never_read: Callable[[int], Sequence[tuple[str, str]]],
) -> list[str]:
    """Return the commands that read what the store lacks.

    Args:
        store: Where to look for conversations that were merged.
        gaps: The times of which rows may be missing.
        never_read: Returns up to so many conversations that wait for rows.
    """
    if gaps:
        return [read_from(_begin(gaps), Shell.here())]
    conversations = never_read(MOST_NAMED + 1)
    if len(conversations) > MOST_NAMED:
        return [read_from(BEFORE_ALL_ROWS, Shell.here())]
    return _commands(store, conversations)


def gaps_of(coverage: Coverage) -> Iterator[tuple[str, Interval]]:
    """Yield the times of which rows may be missing, by stream."""
    for stream, covers in sorted(coverage.covers.items()):
        found = chain.from_iterable(cover.gaps for cover in covers.values())
        for gap in intervals.union(found):
            yield stream, gap


def keyless(store: Store, accepted: Collection[str] = ()) -> Iterator[Reason]:
    """Yield the reasons why rows that were read last belong to no conversation."""
    for stream, latest in sorted(store.coverage.load().latest.items()):
        names = {f"{stream}.{name}" for name in latest.without}
        is_needed = names and stream not in accepted and names.isdisjoint(accepted)
        if is_needed and store.rows.has_unassigned(stream):
            yield without(stream, latest.without)


def gaps_in_words(gaps: Iterable[tuple[str, Interval]]) -> Iterator[str]:
    """Yield the one line with the rows that may be missing, if there are any."""
    if rows := ", ".join(rows_between(stream, *gap) for stream, gap in gaps):
        yield f"rows that the tap has read and this store does not have: {rows}"


def _begin(gaps: Iterable[tuple[str, Interval]]) -> str | None:
    """Return from when on to read; None: from the tap's own `start_date`."""
    begin = min(gap.begin for _, gap in gaps)
    return None if begin == intervals.BEGINNING else short(begin)


def _commands(store: Store, conversations: Iterable[tuple[str, str]]) -> list[str]:
    by_kind: dict[str, list[str]] = {}
    for kind, key in conversations:
        by_kind.setdefault(kind, []).append(key)
    wanted = {kind: store.rows.with_losers(kind, keys) for kind, keys in by_kind.items()}
    return list(commands(wanted, Shell.here()))
