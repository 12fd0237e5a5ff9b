"""What a run did, in the few lines that someone reads at 3 a.m."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

IDS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Trouble:
    """A conversation that needs someone's eye. No customer text in `reason`."""

    kind: str
    id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id}: {self.reason}"


@dataclass(slots=True)
class Summary:
    """Counts of one run by kind or stream; `waiting`, `unchanged` and `held` are of the store.

    What was sent, skipped or set aside happened in this run; what waits, or was
    delivered before and has not changed, is counted in all.
    """

    rows: Counter[str] = field(default_factory=Counter)
    changed_rows: Counter[str] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    metadata_sent: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    waiting: Counter[tuple[str, str]] = field(default_factory=Counter)
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)
    set_aside: list[Trouble] = field(default_factory=list)
    set_aside_before: Counter[str] = field(default_factory=Counter)
    pending: list[Trouble] = field(default_factory=list)
    unusable_rows: list[str] = field(default_factory=list)
    changed_after_sending: list[str] = field(default_factory=list)
    held: Counter[str] = field(default_factory=Counter)
    removed_characters: int = 0
    payload_dir: str | None = None
    halted: str | None = None

    @property
    def failed(self) -> bool:
        """Tell whether the exit code must be 1."""
        return bool(
            self.set_aside or self.pending or self.unusable_rows or self.held or self.halted
        )

    def counts(self) -> dict[str, int]:
        """Return the run in numbers, for the store's memory of it."""
        counters = ("rows", "changed_rows", "sent", "metadata_sent", "written", "held")
        lists = ("set_aside", "pending", "unusable_rows")
        totals = {name: getattr(self, name).total() for name in counters}
        return totals | {name: len(getattr(self, name)) for name in lists}

    def lines(self) -> Iterator[str]:
        """Yield the report; what needs doing comes last."""
        yield from self._row_lines()
        yield from self._delivery_lines()
        yield from self._trouble_lines()

    def _row_lines(self) -> Iterator[str]:
        for stream, count in sorted(self.rows.items()):
            yield f"staged     {stream}: {count} rows, {self.changed_rows[stream]} new or changed"
        for stream, count in sorted(self.ignored.items()):
            yield f"ignored    {stream}: {count} rows of a stream that makes no conversation"

    def _delivery_lines(self) -> Iterator[str]:
        if self.payload_dir:
            yield f"written    {_kinds(self.written)} to {self.payload_dir}; nothing was sent"
        else:
            yield f"sent       {_kinds(self.sent)}"
            yield f"metadata   {_kinds(self.metadata_sent)}"
            yield f"unchanged  {_kinds(self.unchanged)}"
        yield from _reasons("waiting", self.waiting)
        yield from _reasons("skipped", self.skipped)
        if self.removed_characters:
            yield f"stripped   {self.removed_characters} characters of quoted mail"
        if self.set_aside_before:
            yield f"set aside  in earlier runs, unchanged since: {_kinds(self.set_aside_before)}"
        if self.changed_after_sending:
            yield f"changed    chats after they were sent: {_ids(self.changed_after_sending)}"

    def _trouble_lines(self) -> Iterator[str]:
        for kind, count in self.held.items():
            yield f"HELD       {_kinds(Counter({kind: count}))}: the tap did not finish"
        yield from _listed("UNUSABLE", self.unusable_rows)
        yield from _listed("SET ASIDE", self.set_aside)
        yield from _listed("PENDING", self.pending)
        if self.halted:
            yield f"STOPPED    {self.halted}"
        for wrong, what_to_do in _TO_DO.items():
            if getattr(self, wrong):
                yield f"TO DO      {what_to_do}"


_TO_DO = {
    "held": "held: run again. Rows are stored; cases go out after an input that ended well.",
    "unusable_rows": "unusable: mend these rows in Salesforce, or select the field in the tap.",
    "set_aside": (
        "set aside: mend the record in Salesforce, or the setting that the reason names. They are "
        "tried again when their content or the settings change."
    ),
    "pending": "pending: nothing. The next run tries them again.",
    "halted": "stopped: mend that and run again. What is left is delivered then.",
}


def _kinds(counts: Counter[str]) -> str:
    found = [f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in sorted(counts.items())]
    return ", ".join(found) or "none"


def _reasons(word: str, counts: Counter[tuple[str, str]]) -> Iterator[str]:
    for (kind, reason), count in sorted(counts.items()):
        yield f"{word:<10} {_kinds(Counter({kind: count}))}: {reason}"


def _listed(word: str, items: Sequence[object]) -> Iterator[str]:
    for item in items[:IDS_SHOWN]:
        yield f"{word:<10} {item}"
    if len(items) > IDS_SHOWN:
        yield f"{word:<10} {len(items) - IDS_SHOWN} more: each has a warning in the log above"


def _ids(ids: list[str]) -> str:
    shown = ", ".join(ids[:IDS_SHOWN])
    return f"{shown} and {len(ids) - IDS_SHOWN} more" if len(ids) > IDS_SHOWN else shown
