"""The counts of a run, of which `summary_text` makes lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import msgspec

from target_creovai.model.outcomes import BROKEN_OFF, NEEDS_AN_EYE
from target_creovai.salesforce.rows import parse_time
from target_creovai.wholeness.reasons import is_incomplete, waits_for_the_rest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from target_creovai.model.findings import Finding, Findings
    from target_creovai.model.outcomes import Reason

IDS_SHOWN = 20


class NotDelivered(msgspec.Struct, frozen=True):
    """A conversation that was not delivered. No customer text in `reason`."""

    kind: str
    id: str
    reason: Reason

    def __str__(self) -> str:
        return f"{self.kind} {self.id}: {self.reason}"


def _ago(since: datetime) -> str:
    import pendulum  # noqa: PLC0415 -- a start-up need not wait for it

    return pendulum.instance(since).diff_for_humans()


class Queue(msgspec.Struct):
    """Conversations that wait for the same. `oldest` is when the first of them changed."""

    count: int = 0
    oldest: str | None = None

    @property
    def age(self) -> str:
        """Since when the oldest waits, for people; empty where the store does not have it."""
        since = parse_time(self.oldest)
        return f" (oldest: {_ago(since)})" if since else ""


class Summary(msgspec.Struct):
    """Counts of one run by kind or stream; `waiting`, `unchanged` and `held` are of the store.

    What was sent, skipped or set aside is of this run; what waits, or was delivered before and has
    not changed, is of all runs. `assemblies` counts conversations that were assembled. `gaps` name
    rows that may be missing from the store, `keyless` are the reasons why rows belong to no
    conversation, `accepted` is what counts as empty where it was not read.
    """

    rows: Counter[str] = msgspec.field(default_factory=Counter)
    changed_rows: Counter[str] = msgspec.field(default_factory=Counter)
    ignored: Counter[str] = msgspec.field(default_factory=Counter)
    sent: Counter[str] = msgspec.field(default_factory=Counter)
    metadata_sent: Counter[str] = msgspec.field(default_factory=Counter)
    written: Counter[str] = msgspec.field(default_factory=Counter)
    adopted: Counter[str] = msgspec.field(default_factory=Counter)
    unchanged: Counter[str] = msgspec.field(default_factory=Counter)
    waiting: defaultdict[tuple[str, Reason], Queue] = msgspec.field(
        default_factory=lambda: defaultdict(Queue)
    )
    skipped: Counter[tuple[str, Reason]] = msgspec.field(default_factory=Counter)
    erased: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    set_aside: list[NotDelivered] = msgspec.field(default_factory=list)
    set_aside_before: Counter[str] = msgspec.field(default_factory=Counter)
    pending: dict[tuple[str, str], NotDelivered] = msgspec.field(default_factory=dict)
    unusable_rows: list[str] = msgspec.field(default_factory=list)
    changed_after_sending: list[str] = msgspec.field(default_factory=list)
    of_other_settings: Counter[str] = msgspec.field(default_factory=Counter)
    next_run: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    held: Counter[str] = msgspec.field(default_factory=Counter)
    gaps: list[str] = msgspec.field(default_factory=list)
    keyless: list[Reason] = msgspec.field(default_factory=list)
    accepted: Sequence[str] = ()
    findings: Counter[tuple[Finding, str]] = msgspec.field(default_factory=Counter)
    redacted: Counter[str] = msgspec.field(default_factory=Counter)
    texts_dropped: Counter[str] = msgspec.field(default_factory=Counter)
    resync_commands: list[str] = msgspec.field(default_factory=list)
    read_missing: list[str] = msgspec.field(default_factory=list)
    assemblies: int = 0
    input_broke_off: bool = False
    payload_dir: str | None = None
    broken: str | None = None
    state_lost: str | None = None
    halted: str | None = None

    def count_findings(self, kind: str, findings: Findings) -> None:
        """Count what the assembly of one conversation has found."""
        self.findings.update({(finding, kind): number for finding, number in findings.items()})

    def add_waiting(self, kind: str, reason: Reason, since: str | None, count: int = 1) -> None:
        """Count what waits; `since` is when the oldest of them changed.

        What waits for the rest of an input that broke off just now is held.
        """
        if self.input_broke_off and waits_for_the_rest(reason):
            self.hold(kind, count)
            return
        queue = self.waiting[kind, reason]
        queue.count += count
        queue.oldest = min(filter(None, [queue.oldest, since]), default=None)

    def add_pending(self, kind: str, key: str, reason: Reason) -> None:
        """Add what is tried again by the next run, with the latest reason."""
        self.pending[kind, key] = NotDelivered(kind, key, reason)

    def hold(self, kind: str, count: int) -> None:
        """Count what waits for an input to end well."""
        if count:
            self.held[kind] += count

    @property
    def incomplete(self) -> dict[tuple[str, Reason], Queue]:
        """What waits because a part of it was not read, by kind and reason."""
        return {key: self.waiting[key] for key in list(self.waiting) if is_incomplete(key[1])}

    @property
    def stopped(self) -> str | None:
        """The sentence on what stopped the run; None if nothing did."""
        return self.halted or self.broken or self.state_lost

    @property
    def exit_code(self) -> int:
        """0: all that was due is delivered. 1: not all is done. 3: something needs an eye."""
        if self.input_broke_off or self.stopped or self.pending:
            return BROKEN_OFF
        aside = self.set_aside or self.unusable_rows
        needs_an_eye = aside or self.incomplete or self.gaps or self.keyless
        return NEEDS_AN_EYE if needs_an_eye else 0
