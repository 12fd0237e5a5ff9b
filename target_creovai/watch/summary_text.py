"""The lines of a run's summary."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from target_creovai.kinds import KINDS
from target_creovai.model.findings import Finding
from target_creovai.watch.summary import IDS_SHOWN
from target_creovai.wholeness.advice import advice
from target_creovai.wholeness.reasons import is_incomplete

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from target_creovai.model.outcomes import Reason
    from target_creovai.watch.summary import Summary

Found = TypeVar("Found")

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


def lines_of(summary: Summary) -> Iterator[str]:
    """Yield the report; what needs doing comes last."""
    yield from _row_lines(summary)
    yield from _delivery_lines(summary)
    yield from _remark_lines(summary)
    yield from _problem_lines(summary)
    yield from _to_do_lines(summary)


def _row_lines(summary: Summary) -> Iterator[str]:
    for stream, count in sorted(summary.rows.items()):
        yield f"staged     {stream}: {count} rows, {summary.changed_rows[stream]} new or changed"
    for stream, count in sorted(summary.ignored.items()):
        yield f"ignored    {stream}: {count} rows of a stream that makes no conversation"


def _delivery_lines(summary: Summary) -> Iterator[str]:
    yield from _sent_lines(summary)
    for (kind, reason), queue in _by_text(summary.waiting):
        if is_incomplete(reason):
            continue
        yield f"waiting    {_number(queue.count, kind)}: {reason}{queue.age}"
    for (kind, reason), count in _by_text(summary.skipped):
        yield f"skipped    {_number(count, kind)}: {reason}"
    for (done, kind), count in sorted(summary.erased.items()):
        yield f"{done:<10} {_number(count, kind)} at Creovai: deleted in Salesforce"


def _remark_lines(summary: Summary) -> Iterator[str]:
    for finding, text in FINDINGS.items():
        yield from _finding_lines(summary, finding, text)
    if summary.redacted:
        counts = ", ".join(f"{rule}: {count}" for rule, count in sorted(summary.redacted.items()))
        yield f"redacted   {counts}"
    if summary.accepted:
        yield f"accepted   as empty where it was not read: {', '.join(summary.accepted)}"
    if summary.texts_dropped:
        yield f"dropped    the text of {_kinds(summary.texts_dropped)} from the store"
    if summary.set_aside_before:
        yield f"set aside  in earlier runs, unchanged since: {_kinds(summary.set_aside_before)}"
    if summary.changed_after_sending:
        yield f"changed    after they were sent: {_ids(summary.changed_after_sending)}"
    if summary.of_other_settings:
        yield other_settings(summary.of_other_settings)


def _sent_lines(summary: Summary) -> Iterator[str]:
    if summary.payload_dir:
        yield f"written    {_kinds(summary.written)} to {summary.payload_dir}; nothing was sent"
        for (kind, step), count in sorted(summary.next_run.items()):
            yield f"next run   {_number(count, kind)}: {step}"
        return
    yield f"sent       {_kinds(summary.sent)}"
    yield f"metadata   {_kinds(summary.metadata_sent)}"
    if summary.adopted:
        yield f"found      {_kinds(summary.adopted)} at Creovai, sent by another store"
    yield f"unchanged  {_kinds(summary.unchanged)}"


def _finding_lines(summary: Summary, finding: Finding, text: str) -> Iterator[str]:
    for (found, kind), n in sorted(summary.findings.items()):
        if found is finding:
            counted = {"kinds": kind, "mails": "mail", "messages": "message"}
            yield text.format(n=n, **{name: _number(n, it) for name, it in counted.items()})


def _problem_lines(summary: Summary) -> Iterator[str]:
    for kind, count in summary.held.items():
        yield f"HELD       {_number(count, kind)}: the tap did not finish"
    if summary.input_broke_off and not (summary.held or summary.broken):
        yield "BROKEN OFF the tap did not finish: run again. All rows that came are stored."
    for (kind, reason), queue in _by_text(summary.incomplete):
        yield f"INCOMPLETE {_number(queue.count, kind)}: {reason}{queue.age}"
    listed = {reason for _, reason in summary.incomplete}
    for reason in summary.keyless:
        if reason not in listed:
            yield f"INCOMPLETE rows that belong to no known conversation: {reason}"
    for gap in summary.gaps:
        yield f"MISSING    {gap}"
    yield from _listed("UNUSABLE", summary.unusable_rows)
    yield from _listed("SET ASIDE", summary.set_aside)
    yield from _listed("PENDING", list(summary.pending.values()))
    if summary.broken:
        yield f"BROKEN     {summary.broken}"
    if summary.state_lost:
        yield f"NO STATE   {summary.state_lost}"
    if summary.halted:
        yield f"STOPPED    {summary.halted}"


def _to_do_lines(summary: Summary) -> Iterator[str]:
    incomplete = {reason for _, reason in summary.incomplete}
    for reason in sorted(incomplete.union(summary.keyless), key=str):
        if step := advice(reason):
            yield f"TO DO      {reason}: {step}"
    for command in summary.read_missing:
        yield f"TO DO      never read: {command}"
    for wrong, what_to_do in _TO_DO.items():
        if getattr(summary, wrong):
            yield f"TO DO      {what_to_do}"
    for command in summary.resync_commands:
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
    noun = KINDS[kind].noun if kind in KINDS else kind
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _listed(word: str, items: Sequence[object]) -> Iterator[str]:
    for item in items[:IDS_SHOWN]:
        yield f"{word:<10} {item}"
    if len(items) > IDS_SHOWN:
        yield f"{word:<10} {len(items) - IDS_SHOWN} more: each has a warning in the log above"


def _ids(ids: list[str]) -> str:
    shown = ", ".join(ids[:IDS_SHOWN])
    return f"{shown} and {len(ids) - IDS_SHOWN} more" if len(ids) > IDS_SHOWN else shown
