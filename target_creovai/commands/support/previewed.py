"""A conversation for people to read: what the next run would make of it, and why not."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from target_creovai.assemble import ALL_READ, Invalid, Reach, Ready, assemble_with_others
from target_creovai.commands.explain import Explanation, explanation
from target_creovai.delivery.decide import Action
from target_creovai.model.outcomes import Code, Outcome, Reason
from target_creovai.model.rows import DroppedRow
from target_creovai.model.verdicts import Deleted, SetAside, Waiting
from target_creovai.preview.listing import Customer, Facts, customer_of, facts_of, main_row
from target_creovai.preview.view import View, view_of
from target_creovai.wholeness.needs import ACCEPTABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from target_creovai.assemble import Verdict
    from target_creovai.model.participants import Role
    from target_creovai.model.rows import Row
    from target_creovai.model.settings import AssemblySettings, Policy
    from target_creovai.store import LedgerEntry
    from target_creovai.store.operator.store import OperatorStore

READY = "ready"
NO_TEXT = Reason(Code.NO_TEXT)
# So many conversations are in memory with all their rows at once.
_TOGETHER = 100


class PreviewedConversation(msgspec.Struct, frozen=True):
    """A conversation on the page. `view` is what would be sent, None where nothing can be made.

    `outcome`: the ledger's, or what the next run will make it, such as "ready"; `reason` is the
    code of why. `as_if_due`: nothing would be sent now, and the view is what there is so far.
    `problems` say where a payload breaks which rule.
    """

    known: Explanation
    outcome: str
    reason: str | None
    facts: Facts
    customer: Customer
    view: View | None
    as_if_due: bool
    problems: Sequence[str]


class PreviewContext(msgspec.Struct, frozen=True):
    """What decides, beside the rows, what the next run does."""

    settings: AssemblySettings
    policy: Policy
    now: datetime
    other_chats: Callable[[Collection[str]], Mapping[str, Role]]
    advised: Callable[[LedgerEntry, Verdict, Explanation], Explanation]


def previewed_of(
    store: OperatorStore, entries: Iterable[LedgerEntry], context: PreviewContext
) -> Iterator[PreviewedConversation]:
    """Take conversations out of the store."""
    by_kind: defaultdict[str, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        by_kind[entry.kind].append(entry)
    for kind, of_kind in by_kind.items():
        for begin in range(0, len(of_kind), _TOGETHER):
            some = of_kind[begin : begin + _TOGETHER]
            found = store.rows.snapshot_of(kind, [entry.id for entry in some])
            for entry in some:
                reach = Reach(found.coverage, found.filters.get(entry.id, ()))
                yield _previewed_or_known(entry, found.rows[entry.id], context, reach)


def _previewed_or_known(
    entry: LedgerEntry, rows: Mapping[str, Sequence[Row]], context: PreviewContext, reach: Reach
) -> PreviewedConversation:
    dropped = any(isinstance(row, DroppedRow) for some in rows.values() for row in some)
    # What was erased is not shown either, though the tap may have read it again.
    if dropped or not rows or entry.erased_at:
        return without_text(entry, context)
    return previewed(entry, rows, context, reach)


def without_text(entry: LedgerEntry, context: PreviewContext) -> PreviewedConversation:
    """Return what the ledger alone holds of a conversation."""
    prefix = context.settings.session_id_prefix
    known = explanation(entry, {}, SetAside(NO_TEXT), context.policy, prefix=prefix)
    return PreviewedConversation(
        known=known if entry.erased_at else replace(known, now=str(NO_TEXT)),
        outcome=entry.outcome,
        reason=entry.reason.code if entry.reason else None,
        facts=_dated(facts_of(entry.kind, {}, None, prefix), entry.sent_at),
        customer=Customer(),
        view=None,
        as_if_due=False,
        problems=(),
    )


def previewed(
    entry: LedgerEntry, rows: Mapping[str, Sequence[Row]], context: PreviewContext, reach: Reach
) -> PreviewedConversation:
    """Assemble a conversation as the next run will, and lay out what that gives."""
    settings = context.settings
    verdict = _assemble(entry, rows, settings, context, reach)
    readable = verdict
    if isinstance(verdict, Waiting | SetAside) and not isinstance(verdict, Invalid):
        readable = _assemble(entry, rows, _as_if_due(settings), context, ALL_READ)
    prefix = settings.session_id_prefix
    known = explanation(entry, rows, verdict, context.policy, prefix=prefix)
    outcome, view = _outcome(known, verdict), _view(readable, settings)
    changed = max((seen.modified for seen in known.rows if seen.modified), default=None)
    # A deleted record is not shown.
    row = {} if isinstance(verdict, Deleted) else main_row(entry.kind, entry.id, rows)
    return PreviewedConversation(
        known=context.advised(entry, verdict, known),
        outcome=outcome,
        reason=_reason(known, outcome, verdict),
        facts=_dated(facts_of(entry.kind, row, view, prefix), changed or entry.sent_at),
        customer=customer_of(row, view),
        view=view,
        as_if_due=known.outdated
        or (readable is not verdict and isinstance(readable, Ready | Invalid)),
        problems=readable.problems if isinstance(readable, Invalid) else (),
    )


def _dated(facts: Facts, otherwise: str | None) -> Facts:
    """Return facts with a date: where it is not known when it began, another one."""
    return facts if facts.date else replace(facts, date=otherwise)


def _assemble(
    entry: LedgerEntry,
    rows: Mapping[str, Sequence[Row]],
    settings: AssemblySettings,
    context: PreviewContext,
    reach: Reach,
) -> Verdict:
    return assemble_with_others(
        entry.kind, entry.id, rows, settings, context.now, context.other_chats, reach
    )


def _outcome(known: Explanation, verdict: Verdict) -> str:
    """Return the outcome of the next run: after a dry run the ledger only says that it waits."""
    to_go = isinstance(verdict, Ready) and known.action in _GOES
    if known.outcome == Outcome.SENT or (to_go and known.outcome == Outcome.PENDING):
        return known.outcome
    return READY if to_go else _BECOMES.get(Action(known.action), Outcome.SKIPPED)


_GOES = frozenset(
    {Action.LOOK_UP, Action.CHECK_EXISTING, Action.POST, Action.APPEND, Action.ACCEPT_ADOPTED}
)
# What is deleted in Salesforce, before or after it was sent, ends as skipped.
_BECOMES = {
    Action.WAIT: Outcome.WAITING,
    Action.SET_ASIDE: Outcome.SET_ASIDE,
    Action.STAY_SET_ASIDE: Outcome.SET_ASIDE,
    Action.GIVE_UP: Outcome.SET_ASIDE,
    Action.LOOK_UP: Outcome.PENDING,
    Action.KEEP: Outcome.SENT,
    Action.APPEND: Outcome.SENT,
}


def _reason(known: Explanation, outcome: str, verdict: Verdict) -> str | None:
    """Return the code of why it stands there: the verdict's, else the ledger's."""
    if not isinstance(verdict, Ready) and outcome != Outcome.SENT:
        return verdict.reason.code
    return known.code if outcome == known.outcome else None


def _as_if_due(settings: AssemblySettings) -> AssemblySettings:
    """Return settings by which a conversation is due, and speakers may stay undecided."""
    types = {"unknown": "Unknown", **settings.participant_types}
    return replace(
        settings,
        case_delivery="all",
        settle_minutes=0,
        participant_types=types,
        accept_missing=tuple(ACCEPTABLE),
    )


def _view(verdict: Verdict, settings: AssemblySettings) -> View | None:
    if not isinstance(verdict, Ready | Invalid):
        return None
    return view_of(verdict.payload, settings.participant_types, verdict.conversation)
