"""`status`: where all conversations stand, and how the last run went."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from target_creovai.commands.command import Settings, format_option, operator_command, show
from target_creovai.store.operator import Oldest, OperatorStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


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


_INPUT = {
    True: "ended well",
    False: "did not end well, or runs still: cases wait for one that does",
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
    return Status(
        conversations=[
            Standing(kind, outcome, reason, count)
            for kind, outcome, reason, count, *_ in store.outcomes()
        ],
        oldest_waiting=store.oldest_waiting(),
        last_run=store.last_run(),
        last_input_ended_well=store.input_ended_well,
    )


@operator_command()
@format_option
def status(settings: Settings, output: str) -> None:
    """Say where all conversations stand, and how the last run went."""
    with OperatorStore(settings["store_url"]) as store:
        report = status_of(store)
    show(output, report.lines(), asdict(report))
