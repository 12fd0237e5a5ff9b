"""What a run did, in the few lines that someone reads at 3 a.m."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, TypeVar

import msgspec

from target_creovai.kinds import noun_of
from target_creovai.model.findings import Finding
from target_creovai.model.outcomes import BROKEN_OFF, NEEDS_AN_EYE
from target_creovai.salesforce.rows import parse_time
from target_creovai.wholeness.advice import advice
from target_creovai.wholeness.reasons import is_incomplete, waits_for_the_rest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from target_creovai.model.findings import Findings
    from target_creovai.model.outcomes import Reason

Found = TypeVar("Found")

IDS_SHOWN = 20

# What each finding means; `{n}` is its sum over all conversations of a kind.
FINDINGS = {
    Finding.STRIPPED: "stripped   {n} characters of quoted mail and signatures",
    Finding.KEPT_WHOLE: "kept whole {mails} of nothing but what seems quoted",
    Finding.REPEATED: "repeated   {messages} that said the same once more, left out",
    Finding.AUTOMATIC: "automatic  {messages} that no person wrote, left out",
    Finding.UNPLACED: "unplaced   {n} characters of transcripts that belong to no message",
    Finding.OTHER_CHATS: "settled    {kinds}: who speaks is known from other chats",
    Finding.CUT_OFF: "cut off    {kinds}: the transcript ends in the middle",
    Finding.OPERATOR_COUNT: "differs    {kinds}: OperatorMessageCount",
    Finding.VISITOR_COUNT: "differs    {kinds}: VisitorMessageCount",
    Finding.DURATION: "differs    {kinds}: ChatDuration",
    Finding.AGENT_COUNT: "differs    {kinds}: AgentMessageCount",
    Finding.END_USER_COUNT: "differs    {kinds}: EndUserMessageCount",
    Finding.UNSUPPORTED: "unknown    {messages} of a form not known here, as words or a marker",
    Finding.UNDELIVERED: "unreached  {messages} that Salesforce could not deliver, sent as said",
    Finding.NOBODYS: "nobody's   {messages} of senders without a known role, left out",
    Finding.BARE: "bare       {n} entries of enhanced chats that came without type and content",
}


class NotDelivered(msgspec.Struct, frozen=True):
    """A conversation that needs someone's eye. No customer text in `reason`."""

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
        """Say since when the oldest waits; nothing where the store does not know."""
        since = parse_time(self.oldest)
        return f" (oldest: {_ago(since)})" if since else ""


class Summary(msgspec.Struct):
    """Counts of one run by kind or stream; `waiting`, `unchanged` and `held` are of the store.

    What was sent, skipped or set aside happened in this run; what waits, or was
    delivered before and has not changed, is counted in all. `looked_at` counts every
    conversation that was assembled, whatever became of it. `gaps` name rows that may be missing
    from the store, `keyless` says why rows belong to no conversation, `accepted` what counts as
    empty where it was not read.
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
    read_again: list[str] = msgspec.field(default_factory=list)
    read_missing: list[str] = msgspec.field(default_factory=list)
    looked_at: int = 0
    input_broke_off: bool = False
    payload_dir: str | None = None
    broken: str | None = None
    state_lost: str | None = None
    halted: str | None = None

    def note(self, kind: str, findings: Findings) -> None:
        """Count what assembling one conversation brought to light."""
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
        """Name what is tried again by the next run, with the latest reason."""
        self.pending[kind, key] = NotDelivered(kind, key, reason)

    def hold(self, kind: str, count: int) -> None:
        """Count what waits for an input to end well."""
        if count:
            self.held[kind] += count

    @property
    def incomplete(self) -> dict[tuple[str, Reason], Queue]:
        """What waits, by kind and reason, as a part of it was not read."""
        return {key: self.waiting[key] for key in list(self.waiting) if is_incomplete(key[1])}

    @property
    def stopped(self) -> str | None:
        """The sentence that says by what the run was stopped, None if by nothing."""
        return self.halted or self.broken or self.state_lost

    @property
    def exit_code(self) -> int:
        """0: all that was due is delivered. 1: to be gone on with. 3: something needs an eye."""
        if self.input_broke_off or self.stopped or self.pending:
            return BROKEN_OFF
        aside = self.set_aside or self.unusable_rows
        needs_an_eye = aside or self.incomplete or self.gaps or self.keyless
        return NEEDS_AN_EYE if needs_an_eye else 0

    def counts(self) -> dict[str, int]:
        """Return the run in numbers, for the store's memory of it."""
        counters = ("rows", "changed_rows", "sent", "metadata_sent", "written", "held")
        lists = ("set_aside", "pending", "unusable_rows")
        totals = {name: getattr(self, name).total() for name in counters}
        totals |= {name: len(getattr(self, name)) for name in lists}
        return totals | {"incomplete": sum(queue.count for queue in self.incomplete.values())}

    def lines(self) -> Iterator[str]:
        """Yield the report; what needs doing comes last."""
        yield from self._row_lines()
        yield from self._delivery_lines()
        yield from self._remark_lines()
        yield from self._trouble_lines()
        yield from self._to_do_lines()

    def _row_lines(self) -> Iterator[str]:
        for stream, count in sorted(self.rows.items()):
            yield f"staged     {stream}: {count} rows, {self.changed_rows[stream]} new or changed"
        for stream, count in sorted(self.ignored.items()):
            yield f"ignored    {stream}: {count} rows of a stream that makes no conversation"

    def _delivery_lines(self) -> Iterator[str]:
        yield from self._sent_lines()
        for (kind, reason), queue in _by_text(self.waiting):
            if is_incomplete(reason):
                continue
            yield f"waiting    {_number(queue.count, kind)}: {reason}{queue.age}"
        for (kind, reason), count in _by_text(self.skipped):
            yield f"skipped    {_number(count, kind)}: {reason}"
        for (done, kind), count in sorted(self.erased.items()):
            yield f"{done:<10} {_number(count, kind)} at Creovai: deleted in Salesforce"

    def _remark_lines(self) -> Iterator[str]:
        for finding, text in FINDINGS.items():
            yield from self._finding_lines(finding, text)
        if self.redacted:
            counts = ", ".join(f"{rule}: {count}" for rule, count in sorted(self.redacted.items()))
            yield f"redacted   {counts}"
        if self.accepted:
            yield f"accepted   as empty where it was not read: {', '.join(self.accepted)}"
        if self.texts_dropped:
            yield f"dropped    the text of {_kinds(self.texts_dropped)} from the store"
        if self.set_aside_before:
            yield f"set aside  in earlier runs, unchanged since: {_kinds(self.set_aside_before)}"
        if self.changed_after_sending:
            yield f"changed    after they were sent: {_ids(self.changed_after_sending)}"
        if self.of_other_settings:
            yield other_settings(self.of_other_settings)

    def _sent_lines(self) -> Iterator[str]:
        if self.payload_dir:
            yield f"written    {_kinds(self.written)} to {self.payload_dir}; nothing was sent"
            for (kind, step), count in sorted(self.next_run.items()):
                yield f"next run   {_number(count, kind)}: {step}"
            return
        yield f"sent       {_kinds(self.sent)}"
        yield f"metadata   {_kinds(self.metadata_sent)}"
        if self.adopted:
            yield f"found      {_kinds(self.adopted)} at Creovai, sent by another store"
        yield f"unchanged  {_kinds(self.unchanged)}"

    def _finding_lines(self, finding: Finding, text: str) -> Iterator[str]:
        for (found, kind), n in sorted(self.findings.items()):
            if found is finding:
                things = {"kinds": kind, "mails": "mail", "messages": "message"}
                yield text.format(n=n, **{name: _number(n, it) for name, it in things.items()})

    def _trouble_lines(self) -> Iterator[str]:
        for kind, count in self.held.items():
            yield f"HELD       {_number(count, kind)}: the tap did not finish"
        if self.input_broke_off and not (self.held or self.broken):
            yield "BROKEN OFF the tap did not finish: run again. All rows that came are stored."
        for (kind, reason), queue in _by_text(self.incomplete):
            yield f"INCOMPLETE {_number(queue.count, kind)}: {reason}{queue.age}"
        told = {reason for _, reason in self.incomplete}
        for reason in self.keyless:
            if reason not in told:
                yield f"INCOMPLETE rows that belong to no known conversation: {reason}"
        for gap in self.gaps:
            yield f"MISSING    {gap}"
        yield from _listed("UNUSABLE", self.unusable_rows)
        yield from _listed("SET ASIDE", self.set_aside)
        yield from _listed("PENDING", list(self.pending.values()))
        if self.broken:
            yield f"BROKEN     {self.broken}"
        if self.state_lost:
            yield f"NO STATE   {self.state_lost}"
        if self.halted:
            yield f"STOPPED    {self.halted}"

    def _to_do_lines(self) -> Iterator[str]:
        incomplete = {reason for _, reason in self.incomplete}
        for reason in sorted(incomplete.union(self.keyless), key=str):
            if step := advice(reason):
                yield f"TO DO      {reason}: {step}"
        for command in self.read_missing:
            yield f"TO DO      never read: {command}"
        for wrong, what_to_do in _TO_DO.items():
            if getattr(self, wrong):
                yield f"TO DO      {what_to_do}"
        for command in self.read_again:
            yield f"TO DO      needs its rows again: {command}"


_TO_DO = {
    "held": "held: run again. Rows are stored; these go out after an input that ended well.",
    "unusable_rows": (
        "unusable: these rows, or the fields that a line names, are not stored. Have the tap send "
        "them as each line says, or mend the row in Salesforce; then read them once more."
    ),
    "set_aside": (
        "set aside: mend the record in Salesforce, or the setting that the reason names. They are "
        "tried again when their content or the settings change, or after `target-creovai retry`."
    ),
    "pending": "pending: nothing. The next run tries them again.",
    "broken": "broken: mend that in the tap and run again. What came before it is stored.",
    "state_lost": (
        "no state: nothing is lost. The next run starts from the STATE before, reads some rows "
        "once more and sends nothing twice."
    ),
    "halted": "stopped: mend that and run again. What is left is delivered then.",
}


def other_settings(counts: Mapping[str, int]) -> str:
    """Say what Creovai has as other settings made it, and what to do about it."""
    return (
        f"otherwise  {_kinds(counts)}: delivered under other settings, and left so "
        "(`target-creovai resend --changed-settings` sends cases again)"
    )


def _by_text(found: Mapping[tuple[str, Reason], Found]) -> list[tuple[tuple[str, Reason], Found]]:
    return sorted(found.items(), key=lambda one: (one[0][0], str(one[0][1])))


def _kinds(counts: Mapping[str, int]) -> str:
    return ", ".join(_number(count, kind) for kind, count in sorted(counts.items())) or "none"


def _number(count: int, kind: str) -> str:
    return f"{count} {noun_of(kind)}{'' if count == 1 else 's'}"


def _listed(word: str, items: Sequence[object]) -> Iterator[str]:
    for item in items[:IDS_SHOWN]:
        yield f"{word:<10} {item}"
    if len(items) > IDS_SHOWN:
        yield f"{word:<10} {len(items) - IDS_SHOWN} more: each has a warning in the log above"


def _ids(ids: list[str]) -> str:
    shown = ", ".join(ids[:IDS_SHOWN])
    return f"{shown} and {len(ids) - IDS_SHOWN} more" if len(ids) > IDS_SHOWN else shown
