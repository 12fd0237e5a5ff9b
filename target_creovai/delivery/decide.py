"""The next step of a conversation: a pure function of ledger entry, verdict and policy."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from target_creovai.assemble import Ready
from target_creovai.model.verdicts import Deleted, SetAside, Skipped, Waiting
from target_creovai.payload.payload import changed_metadata
from target_creovai.sending.failures import RUNS_UNTIL_SET_ASIDE
from target_creovai.store.ledger.entry import (
    ADOPTED,
    SEND_AGAIN,
    in_doubt,
    is_concluded,
    sent_once,
)

if TYPE_CHECKING:
    from target_creovai.assemble import Verdict
    from target_creovai.model.settings import Policy
    from target_creovai.payload.payload import Payload
    from target_creovai.store.ledger.entry import LedgerEntry


class Action(StrEnum):
    """The next step of a conversation. `explain --format json` prints the values: they stay."""

    DISCARD = "bury"  # erased at Creovai: its rows go, its ledger entry stays
    LOOK_UP = "look up"  # a post of it may have arrived
    CHECK_EXISTING = "ask"  # never sent from this store: another one may have sent it
    POST = "post"
    APPEND = "append"  # changed metadata, out of band
    ACCEPT_ADOPTED = "adopt"  # sent by another store: assumed to be there as it is now
    CONCLUDED = "rest"  # sent, and no row has come since: no run looks at it
    KEEP = "keep"  # Creovai has it as it is
    STAY_SET_ASIDE = "stay aside"  # Creovai refused just this
    GIVE_UP = "give up"  # Creovai could not take it in too many runs
    ERASE = "take back"  # deleted in Salesforce after it was sent
    KEEP_DELETED = "leave there"  # the same, where `on_delete` is `ignore`
    WAIT = "wait"
    SKIP = "skip"
    SET_ASIDE = "set aside"


# The words for each step in a report of many conversations.
WORDS = {
    Action.DISCARD: "leaves it alone for good",
    Action.LOOK_UP: "asks Creovai whether it arrived",
    Action.CHECK_EXISTING: "sends it, if no other store has",
    Action.POST: "sends it again",
    Action.APPEND: "sends the changed fields",
    Action.ACCEPT_ADOPTED: "takes it as another store has sent it",
    Action.CONCLUDED: "leaves it as it was sent",
    Action.KEEP: "leaves it as it was sent",
    Action.STAY_SET_ASIDE: "leaves it aside: Creovai refused just this",
    Action.GIVE_UP: "sets it aside: Creovai could not take it in too many runs",
    Action.ERASE: "takes it back: it is deleted in Salesforce",
    Action.KEEP_DELETED: "leaves it there, though it is deleted in Salesforce",
    Action.WAIT: "lets it wait",
    Action.SKIP: "skips it",
    Action.SET_ASIDE: "sets it aside",
}


class Step(msgspec.Struct, frozen=True):
    """What to do next. `changes` are the metadata to append.

    `outdated`: Creovai keeps what it has, though settings or rows would make it otherwise now.
    """

    action: Action
    changes: Payload = msgspec.field(default_factory=dict)
    outdated: bool = False


def decide(
    entry: LedgerEntry, verdict: Verdict, policy: Policy, *, not_at_creovai: bool = False
) -> Step:
    """Return the next step of a conversation.

    Args:
        entry: The conversation, as the ledger has it.
        verdict: What its rows make now.
        policy: The settings that decide how delivery goes.
        not_at_creovai: A look-up has just not found it there.
    """
    if entry.erased_at:
        return Step(Action.DISCARD)
    if in_doubt(entry):
        return Step(Action.LOOK_UP)
    if is_concluded(entry):
        return Step(
            Action.CONCLUDED, outdated=isinstance(verdict, Ready) and _differs(entry, verdict)
        )
    if isinstance(verdict, Ready):
        return _of_ready(entry, verdict, policy, not_at_creovai=not_at_creovai)
    if isinstance(verdict, Deleted):
        return _of_deleted(entry, policy, not_at_creovai=not_at_creovai)
    return Step(next(action for made, action in _OTHERS if isinstance(verdict, made)))


_OTHERS = ((Waiting, Action.WAIT), (Skipped, Action.SKIP), (SetAside, Action.SET_ASIDE))


def _of_deleted(entry: LedgerEntry, policy: Policy, *, not_at_creovai: bool) -> Step:
    takes_back = policy.on_delete != "ignore"
    if entry.content_hash is None:
        return Step(Action.CHECK_EXISTING if takes_back and not not_at_creovai else Action.SKIP)
    return Step(Action.ERASE if takes_back else Action.KEEP_DELETED)


def _of_ready(entry: LedgerEntry, ready: Ready, policy: Policy, *, not_at_creovai: bool) -> Step:
    if entry.refused_hash and entry.refused_hash == ready.payload_hash:
        return Step(Action.STAY_SET_ASIDE)
    if (entry.failures or 0) >= RUNS_UNTIL_SET_ASIDE:
        return Step(Action.GIVE_UP)
    if entry.content_hash is None:
        return Step(Action.POST if not_at_creovai else Action.CHECK_EXISTING)
    return _of_sent(entry, ready, policy)


def _of_sent(entry: LedgerEntry, ready: Ready, policy: Policy) -> Step:
    if entry.content_hash == ready.content_hash and not entry.intent_hash:
        return _of_changes(entry, ready)
    if entry.content_hash == SEND_AGAIN or not _is_sent_for_good(entry, policy):
        return Step(Action.POST)
    if entry.content_hash == ADOPTED:
        return Step(Action.ACCEPT_ADOPTED)
    return _of_changes(entry, ready, outdated=True)


def _differs(entry: LedgerEntry, ready: Ready) -> bool:
    """Tell whether what its rows make now differs from what Creovai has."""
    known = entry.content_hash in (ADOPTED, ready.content_hash)
    return not known or bool(_changed(entry, ready))


def _is_sent_for_good(entry: LedgerEntry, policy: Policy) -> bool:
    """Tell whether a second post would be a risk: it may be billed, or stand there twice."""
    return sent_once(entry.kind) or policy.case_updates == "once"


def _of_changes(entry: LedgerEntry, ready: Ready, *, outdated: bool = False) -> Step:
    """Send what has changed; all metadata where another store sent it: its values are not known."""
    changes = _changed(entry, ready)
    if changes and entry.adopted_at:
        changes = dict(ready.metadata)
    return Step(Action.APPEND if changes else Action.KEEP, changes, outdated=outdated)


def _changed(entry: LedgerEntry, ready: Ready) -> Payload:
    return changed_metadata(msgspec.json.decode(entry.metadata or b"{}"), ready.metadata)
