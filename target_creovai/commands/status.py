"""`status`: where all conversations stand, and how the last run went."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from msgspec.structs import asdict

from target_creovai.assemble import fingerprint
from target_creovai.commands.support.command import (
    TEXT,
    Settings,
    as_json,
    format_option_of,
    open_store,
    operator_command,
    whereabouts,
)
from target_creovai.commands.support.files import write_public
from target_creovai.commands.support.measurements import Measurements, gauges
from target_creovai.commands.support.shell import Shell
from target_creovai.model.outcomes import Outcome
from target_creovai.settings.checks import assembly_settings
from target_creovai.watch.prometheus import exposition
from target_creovai.watch.summary_text import other_settings
from target_creovai.wholeness.advice import advice
from target_creovai.wholeness.to_read import commands_to_read, gaps_in_words, gaps_of, keyless

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from target_creovai.model.outcomes import Reason
    from target_creovai.store import OutcomeCount
    from target_creovai.store.operator.queries import OldestWaiting
    from target_creovai.store.operator.store import OperatorStore


class Standing(msgspec.Struct, frozen=True):
    """How many conversations of a kind have an outcome for the same reason."""

    kind: str
    outcome: str
    code: str | None
    reason: str | None
    count: int

    def __str__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"{self.kind:<10} {self.outcome:<10} {self.count:>8}{why}"


class Status(msgspec.Struct, frozen=True):
    """The whole report. `last_run` is what a run wrote down of itself, None before the first."""

    conversations: list[Standing]
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


def status_of(store: OperatorStore, rules: str) -> Status:
    """Ask the store; `rules` is the fingerprint of the settings."""
    outcomes = store.ledger.outcome_counts()
    gaps = list(gaps_of(store.coverage.load()))
    reasons = {at.reason for at in outcomes if at.outcome == Outcome.WAITING and at.reason}
    return Status(
        conversations=[_standing(at) for at in outcomes],
        oldest_waiting=store.queries.oldest_waiting(),
        last_run=store.history.last_run(),
        last_input_ended_well=store.runs.input_ended_well,
        of_other_settings=dict(store.ledger.of_other_settings(rules)),
        gaps=list(gaps_in_words(gaps)),
        to_do=[
            *_advice(sorted(reasons.union(keyless(store)), key=str)),
            *commands_to_read(store, gaps, store.ledger.waiting_for_rows),
        ],
    )


def _standing(at: OutcomeCount) -> Standing:
    code, words = (at.reason.code, str(at.reason)) if at.reason else (None, None)
    return Standing(at.kind, at.outcome, code, words, at.number)


def _advice(reasons: Iterable[Reason]) -> Iterator[str]:
    for reason in sorted(reasons, key=str):
        if what_to_do := advice(reason):
            yield f"{reason}: {what_to_do}"


def _as_text(_: OperatorStore, report: Status, __: Settings) -> Iterable[str]:
    return map(Shell.here().typed, report.lines())


def _as_json(_: OperatorStore, report: Status, settings: Settings) -> Iterable[str]:
    return as_json(asdict(whereabouts(settings)) | asdict(report))


def _for_prometheus(store: OperatorStore, report: Status, _: Settings) -> Iterable[str]:
    return exposition(gauges(report, Measurements.of(store, datetime.now(UTC))))


_FORMATS = {TEXT: _as_text, "json": _as_json, "prometheus": _for_prometheus}


@operator_command()
@format_option_of(*_FORMATS)
@click.option(
    "--output",
    "file",
    type=click.Path(path_type=Path),
    help="Write there, whole or not at all, what is printed otherwise: a *.prom file for the "
    "textfile collector of Prometheus' node_exporter, for example.",
)
def status(settings: Settings, output: str, file: Path | None) -> None:
    """Say where all conversations stand, and how the last run went."""
    with open_store(settings) as store:
        report = status_of(store, fingerprint(assembly_settings(settings)))
        text = "".join(f"{line}\n" for line in _FORMATS[output](store, report, settings))
    if file:
        write_public(file, text.encode())
    else:
        click.echo(text, nl=False)
