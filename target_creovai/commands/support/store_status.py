"""The status of a store: counts of outcomes, the last run, gaps, and what to do about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from target_creovai.model.outcomes import Outcome
from target_creovai.watch.summary_text import other_settings
from target_creovai.wholeness.advice import advice
from target_creovai.wholeness.to_read import commands_to_read, gaps_in_words, gaps_of, keyless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from target_creovai.model.outcomes import Reason
    from target_creovai.store import OutcomeCount
    from target_creovai.store.operator.queries import OldestWaiting
    from target_creovai.store.operator.store import OperatorStore


class StatusCount(msgspec.Struct, frozen=True):
    """How many conversations of a kind have an outcome for the same reason."""

    kind: str
    outcome: str
    code: str | None
    reason: str | None
    count: int

    def __str__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"{self.kind:<10} {self.outcome:<10} {self.count:>8}{why}"


class StoreStatus(msgspec.Struct, frozen=True):
    """The whole report. `last_run` is what a run wrote down of itself, None before the first."""

    conversations: list[StatusCount]
    oldest_waiting: OldestWaiting | None
    last_run: Mapping[str, Any] | None
    last_input_ended_well: bool
    of_other_settings: Mapping[str, int]
    gaps: list[str]
    to_do: list[str]

    def lines(self) -> Iterator[str]:
        """Yield the report for people."""
        yield from map(str, self.conversations)
        if not self.conversations:
            yield "store      empty: no row has arrived yet. Is store_url the right one?"
        if oldest := self.oldest_waiting:
            since = oldest.modified or "an unknown time"
            yield f"oldest     {oldest.kind} {oldest.id} waits, unchanged since {since}"
        yield f"last run   {_run(self.last_run)}"
        if self.conversations:
            yield f"last input {_INPUT[self.last_input_ended_well]}"
        if self.of_other_settings:
            yield other_settings(self.of_other_settings)
        for gap in self.gaps:
            yield f"missing    {gap}"
        for step in self.to_do:
            yield f"TO DO      {step}"


_INPUT = {
    True: "ended well",
    False: "did not end well, or runs still: cases wait for what it had still to bring",
}


def _run(note: Mapping[str, Any] | None) -> str:
    if note is None:
        return "none yet"
    if "ended_at" not in note:
        return f"began at {note['began_at']} and has not ended: it runs still, or it was stopped"
    counts = ", ".join(
        f"{count} {name.replace('_', ' ')}" for name, count in note["counts"].items() if count
    )
    stopped = f"; stopped: {note['stopped']}" if note.get("stopped") else ""
    return (
        f"{note['began_at']} to {note['ended_at']}, exit code {note['exit_code']}: "
        f"{counts or 'nothing to do'}{stopped}"
    )


def status_of(store: OperatorStore, rules: str) -> StoreStatus:
    """Read the status from the store; `rules` is the fingerprint of the settings."""
    outcomes = store.ledger.outcome_counts()
    gaps = list(gaps_of(store.coverage.load()))
    reasons = {one.reason for one in outcomes if one.outcome == Outcome.WAITING and one.reason}
    return StoreStatus(
        conversations=[_count_of(one) for one in outcomes],
        oldest_waiting=store.queries.oldest_waiting(),
        last_run=store.history.last_run(),
        last_input_ended_well=store.runs.input_ended_well,
        of_other_settings=dict(store.ledger.of_other_settings(rules)),
        gaps=list(gaps_in_words(gaps)),
        to_do=[
            *_advice(reasons.union(keyless(store))),
            *commands_to_read(store, gaps, store.ledger.waiting_for_rows),
        ],
    )


def _count_of(one: OutcomeCount) -> StatusCount:
    code, words = (one.reason.code, str(one.reason)) if one.reason else (None, None)
    return StatusCount(one.kind, one.outcome, code, words, one.number)


def _advice(reasons: Iterable[Reason]) -> Iterator[str]:
    for reason in sorted(reasons, key=str):
        if what_to_do := advice(reason):
            yield f"{reason}: {what_to_do}"
