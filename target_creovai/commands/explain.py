"""`explain`: what is known of one conversation, and what the next run would do with it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec
from msgspec.structs import replace

from target_creovai.assemble import Reach, Ready, Verdict, assemble_with_others
from target_creovai.commands.support.command import (
    Settings,
    format_option,
    open_store,
    operator_command,
    show,
)
from target_creovai.commands.support.find import WHY_UNKNOWN, find
from target_creovai.commands.support.shell import Shell
from target_creovai.delivery.decide import Action, decide
from target_creovai.model.timestamps import utc
from target_creovai.model.verdicts import NEEDS_ROWS, OpenSpeakers, Waiting
from target_creovai.payload.payload import changed_metadata
from target_creovai.resync import commands
from target_creovai.settings.checks import assembly_settings, delivery_policy
from target_creovai.store import ADOPTED, SEND_AGAIN, sent_once
from target_creovai.wholeness.advice import advice
from target_creovai.wholeness.reasons import must_be_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from target_creovai.delivery.decide import Step
    from target_creovai.model.rows import Row
    from target_creovai.model.settings import AssemblySettings, Policy
    from target_creovai.store import LedgerEntry
    from target_creovai.store.operator.store import OperatorStore


class RowSeen(msgspec.Struct, frozen=True):
    """A row of the conversation that the store holds."""

    stream: str
    id: str
    modified: str | None


class SpeakerSeen(msgspec.Struct, frozen=True):
    """A speaker of a chat, without a name, and the evidence for the role."""

    role: str
    evidence: str


class Explanation(msgspec.Struct, frozen=True):
    """What is known of a conversation; `now` is what would become of it in the next run."""

    kind: str
    id: str
    session_id: str
    rows: list[RowSeen]
    outcome: str
    code: str | None
    reason: str | None
    action: str
    outdated: bool
    now: str
    sent_at: str | None
    creovai_id: str | None
    conversation_changed: bool
    changed_fields: list[str]
    content_refused: bool
    adopted: bool
    speakers: list[SpeakerSeen]
    read_again: str | None = None
    to_do: str | None = None

    def lines(self) -> Iterator[str]:
        """Yield the report for people."""
        yield f"{self.kind:<10} {self.id}, session id {self.session_id}"
        for row in self.rows:
            yield f"row        {row.stream} {row.id}, SystemModstamp {row.modified or 'not known'}"
        if self.sent_at:
            how = "found at Creovai" if self.adopted else "delivered"
            yield f"{how:<10} {self.sent_at}, Creovai's id {self.creovai_id or 'not known'}"
        why = f": {self.reason}" if self.reason else ""
        yield f"ledger     {self.outcome}{why}"
        if self.conversation_changed:
            yield "changed    the conversation, since it was delivered"
        if self.changed_fields:
            yield f"changed    fields, since it was delivered: {', '.join(self.changed_fields)}"
        for speaker in self.speakers:
            yield f"speaks     {speaker.role}: {speaker.evidence}"
        yield f"now        {self.now}"
        for step in filter(None, (self.read_again, self.to_do)):
            yield f"TO DO      {step}"


def explanation(
    entry: LedgerEntry,
    rows: Mapping[str, Sequence[Row]],
    verdict: Verdict,
    policy: Policy,
    *,
    prefix: str,
) -> Explanation:
    """Compare a ledger entry with what its rows make now."""
    step = decide(entry, verdict, policy)
    ready = verdict if isinstance(verdict, Ready) else None
    sent = entry.content_hash is not None
    return Explanation(
        kind=entry.kind,
        id=entry.id,
        session_id=prefix + entry.id,
        rows=[
            RowSeen(stream, row["Id"], row.get("SystemModstamp"))
            for stream in sorted(rows)
            for row in rows[stream]
        ],
        outcome=entry.outcome,
        code=entry.reason.code if entry.reason else None,
        reason=str(entry.reason) if entry.reason else None,
        action=step.action,
        outdated=step.outdated,
        now=Shell.here().typed(_now(step, entry, verdict, policy)),
        sent_at=entry.sent_at,
        creovai_id=entry.creovai_id,
        conversation_changed=ready is not None and sent and _is_changed(entry, ready),
        changed_fields=_changed_fields(entry, ready) if ready and sent else [],
        content_refused=ready is not None and entry.refused_hash == ready.payload_hash,
        adopted=entry.adopted_at is not None,
        speakers=[
            SpeakerSeen(speaker.role.value, speaker.evidence)
            for speaker in (verdict.speakers if isinstance(verdict, Ready | OpenSpeakers) else ())
        ],
    )


def _now(step: Step, entry: LedgerEntry, verdict: Verdict, policy: Policy) -> str:
    says = _SENTENCES[step.action](entry, verdict, policy)
    if step.outdated:
        says = f"{_outdated(step, entry, policy)} {says if step.changes else ''}".rstrip()
    return says


def _outdated(step: Step, entry: LedgerEntry, policy: Policy) -> str:
    if sent_once(entry.kind):
        return (
            "Creovai has an earlier text of this chat; only `target-creovai resend "
            f"{entry.id} --even-if-chats-are-billed-twice` would post it a second time."
        )
    if step.action is Action.CONCLUDED and policy.case_updates != "once":
        return (
            "Creovai has it as other settings or another version made it, and keeps it: "
            "`target-creovai resend --changed-settings` sends it again."
        )
    return (
        "Creovai has an earlier version, and keeps it: see case_updates; "
        f"`target-creovai resend {entry.id}` sends it all the same."
    )


def _concluded(entry: LedgerEntry, verdict: Any, _: Policy) -> str:
    if verdict is NEEDS_ROWS:
        return "nothing: it has not changed since retention_days dropped its text."
    why = f" ({entry.reason})" if entry.reason else ""
    return f"Creovai has it as it is{why}."


def _waiting(_: LedgerEntry, verdict: Any, __: Policy) -> str:
    until = f", until {utc(verdict.until)}" if verdict.until else ""
    return f"waits: {verdict.reason}{until}"


def _not_sent(_: LedgerEntry, verdict: Any, policy: Policy) -> str:
    if isinstance(verdict, Ready):
        return "ready: the next run sends it."
    return (
        "is skipped: it is deleted in Salesforce. If another store has sent it, the next run has "
        f"Creovai {policy.on_delete} it."
    )


def _sent_again(entry: LedgerEntry, *_: object) -> str:
    if entry.content_hash == SEND_AGAIN:
        return "the next run sends it again, as was asked for."
    whence = " Creovai has it from another store." if entry.content_hash == ADOPTED else ""
    return f"the next run sends it again, complete.{whence}"


def _always(text: str) -> Callable[..., str]:
    return lambda *_: text


_SENTENCES: Mapping[Action, Callable[[LedgerEntry, Any, Policy], str]] = {
    Action.DISCARD: lambda entry, *_: (
        f"is never sent again: `target-creovai forget {entry.id}` alone lifts that."
    ),
    Action.LOOK_UP: _always(
        "whether it arrived is open: the next run asks Creovai, and sends it if not."
    ),
    Action.CHECK_EXISTING: _not_sent,
    Action.POST: _sent_again,
    Action.APPEND: _always("the next run sends the changed fields."),
    Action.ACCEPT_ADOPTED: _always(
        "Creovai has it from another store: as it is now, as far as known."
    ),
    Action.CONCLUDED: _concluded,
    Action.KEEP: _always("Creovai has it as it is."),
    Action.STAY_SET_ASIDE: _always(
        "Creovai refused just this: it goes again when it changes, or after `target-creovai retry`."
    ),
    Action.GIVE_UP: _always("is set aside: Creovai could not take it in too many runs."),
    Action.ERASE: lambda _, __, policy: (
        f"the next run has Creovai {policy.on_delete} it: it is deleted in Salesforce."
    ),
    Action.KEEP_DELETED: _always(
        "Creovai keeps it, though it is deleted in Salesforce: see on_delete."
    ),
    Action.WAIT: _waiting,
    Action.SKIP: lambda _, verdict, __: f"is skipped: {verdict.reason}",
    Action.SET_ASIDE: lambda _, verdict, __: f"is set aside: {verdict.reason}",
}


def _is_changed(entry: LedgerEntry, ready: Ready) -> bool:
    return entry.content_hash not in (SEND_AGAIN, ADOPTED, ready.content_hash)


def _changed_fields(entry: LedgerEntry, ready: Ready) -> list[str]:
    return sorted(changed_metadata(msgspec.json.decode(entry.metadata or b"{}"), ready.metadata))


def explain_entry(
    store: OperatorStore, entry: LedgerEntry, settings: AssemblySettings, policy: Policy
) -> Explanation:
    """Assemble a conversation without sending it, and explain the result."""
    found = store.rows.snapshot_of(entry.kind, [entry.id])
    rows = found.rows[entry.id]
    verdict = assemble_with_others(
        entry.kind,
        entry.id,
        rows,
        settings,
        datetime.now(UTC),
        store.speakers.known_roles,
        Reach(found.coverage, found.filters.get(entry.id, ())),
    )
    explained = explanation(entry, rows, verdict, policy, prefix=settings.session_id_prefix)
    return with_advice(store, entry, verdict, explained)


def with_advice(
    store: OperatorStore, entry: LedgerEntry, verdict: Verdict, explained: Explanation
) -> Explanation:
    """Add what somebody has to click or run, where something has to be done."""
    reason = verdict.reason if isinstance(verdict, Waiting) else None
    if verdict is not NEEDS_ROWS and not must_be_read(reason):
        to_do = advice(reason) if reason else None
        return replace(explained, to_do=to_do and Shell.here().typed(to_do))
    wanted = {entry.kind: store.rows.with_losers(entry.kind, [entry.id])}
    command = next(commands(wanted, Shell.here()), None)
    return replace(explained, read_again=command)


@operator_command()
@click.argument("key", metavar="ID")
@format_option
def explain(settings: Settings, key: str, output: str) -> None:
    """Say what is known of ID: a case number, a Salesforce Id or a session id."""
    assembly = assembly_settings(settings)
    with open_store(settings) as store:
        entries = find(store, key, assembly.session_id_prefix)
        found = [
            explain_entry(store, entry, assembly, delivery_policy(settings)) for entry in entries
        ]
    if not found:
        unknown = [f"{key} is not in the store. Possible reasons:", *WHY_UNKNOWN]
        show(output, unknown, {"unknown": key, "possible_reasons": WHY_UNKNOWN})
        sys.exit(1)
    text = (entry for one in found for entry in one.lines())
    show(output, text, found)
