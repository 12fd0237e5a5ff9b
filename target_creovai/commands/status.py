"""`status`: where all conversations stand, and how the last run went."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from target_creovai.commands.command import Settings, format_option, operator_command, show
from target_creovai.delivery.to_read import commands_to_read, gaps_in_words, gaps_of, keyless
from target_creovai.store import WAITING
from target_creovai.store.operator import Oldest, OperatorStore
from target_creovai.wholeness.advice import advice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Standing:
    """How many conversations of a kind have an outcome for the same reason."""

    kind: str
    outcome: str
    reason: str | None
    count: int

    def __str__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"{self.kind:<10} {self.outcome:<10} {self.count:>8}{why}"


@dataclass(frozen=True, slots=True)
class Status:
    """The whole report. `last_run` is what a run wrote down of itself, None before the first."""

    conversations: list[Standing]
    oldest_waiting: Oldest | None
    last_run: Mapping[str, Any] | None
    last_input_ended_well: bool
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


def status_of(store: OperatorStore) -> Status:
    """Ask the store."""
    outcomes = store.outcomes()
    gaps = list(gaps_of(store.coverage))
    waiting = {at.reason for at in outcomes if at.outcome == WAITING and at.reason}
    reasons = sorted(waiting.union(keyless(store)))
    return Status(
        conversations=[
            Standing(kind, outcome, reason, count) for kind, outcome, reason, count, *_ in outcomes
        ],
        oldest_waiting=store.oldest_waiting(),
        last_run=store.last_run(),
        last_input_ended_well=store.input_ended_well,
        gaps=list(gaps_in_words(gaps)),
        to_do=[*_advice(reasons), *commands_to_read(store, gaps, store.waiting_for_rows)],
    )


def _advice(reasons: Iterable[str]) -> Iterator[str]:
    for reason in reasons:
        if what_to_do := advice(reason):
            yield f"{reason}: {what_to_do}"


@operator_command()
@format_option
def status(settings: Settings, output: str) -> None:
    """Say where all conversations stand, and how the last run went."""
    with OperatorStore(settings["store_url"]) as store:
        report = status_of(store)
    show(output, report.lines(), asdict(report))
