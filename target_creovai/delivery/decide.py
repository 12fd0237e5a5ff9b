"""What becomes of a conversation: one pure function of its ledger line, its verdict, the policy."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from target_creovai.assemble import Ready
from target_creovai.model.verdicts import Deleted, SetAside, Skipped, Waiting
from target_creovai.payload.payload import changed_metadata
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

# In so many runs Creovai could not take it and took others: it is this conversation, not the time.
RUNS_UNTIL_SET_ASIDE = 3


class Action(StrEnum):
    """The next step of a conversation."""

    BURY = "bury"  # erased at Creovai: its rows go, its tombstone stays
    LOOK_UP = "look up"  # a post of it may have arrived
    ASK = "ask"  # never sent from this store: another one may have sent it
    POST = "post"
    APPEND = "append"  # changed metadata, out of band
    ADOPT = "adopt"  # Creovai has it from another store: taken to be as it is now
    REST = "rest"  # sent, and no row has come since: no run looks at it
    KEEP = "keep"  # Creovai has it as it is
    STAY_ASIDE = "stay aside"  # Creovai refused just this
    GIVE_UP = "give up"  # Creovai could not take it in too many runs
    TAKE_BACK = "take back"  # deleted in Salesforce after it was sent
    LEAVE_THERE = "leave there"  # the same, where `on_delete` is `ignore`
    WAIT = "wait"
    SKIP = "skip"
    SET_ASIDE = "set aside"


# What a report of many conversations says of each step.
WORDS = {
    Action.BURY: "leaves it alone for good",
    Action.LOOK_UP: "asks Creovai whether it arrived",
    Action.ASK: "sends it, if no other store has",
    Action.POST: "sends it again",
    Action.APPEND: "sends the changed fields",
    Action.ADOPT: "takes it as another store has sent it",
    Action.REST: "leaves it as it was sent",
    Action.KEEP: "leaves it as it was sent",
    Action.STAY_ASIDE: "leaves it aside: Creovai refused just this",
    Action.GIVE_UP: "sets it aside: Creovai could not take it in too many runs",
    Action.TAKE_BACK: "takes it back: it is deleted in Salesforce",
    Action.LEAVE_THERE: "leaves it there, though it is deleted in Salesforce",
    Action.WAIT: "lets it wait",
    Action.SKIP: "skips it",
    Action.SET_ASIDE: "sets it aside",
}


class Step(msgspec.Struct, frozen=True):
    """What to do next. `changes` are the metadata to append.

    `outdated`: Creovai keeps what it has, though it would be made otherwise now.
    """

    action: Action
    changes: Payload = msgspec.field(default_factory=dict)
    outdated: bool = False


def decide(line: LedgerEntry, verdict: Verdict, policy: Policy, *, asked: bool = False) -> Step:
    """Return the next step of a conversation.

    Args:
        line: How it stands in the ledger.
        verdict: What its rows make now.
        policy: The settings that decide how delivery goes.
        asked: Creovai was asked just now, and does not have it.
    """
    if line.erased_at:
        return Step(Action.BURY)
    if in_doubt(line):
        return Step(Action.LOOK_UP)
    if is_concluded(line):
        return Step(Action.REST, outdated=isinstance(verdict, Ready) and _differs(line, verdict))
    if isinstance(verdict, Ready):
        return _of_ready(line, verdict, policy, asked=asked)
    if isinstance(verdict, Deleted):
        return _of_deleted(line, policy, asked=asked)
    return Step(next(action for made, action in _OTHERS if isinstance(verdict, made)))


_OTHERS = ((Waiting, Action.WAIT), (Skipped, Action.SKIP), (SetAside, Action.SET_ASIDE))


def _of_deleted(line: LedgerEntry, policy: Policy, *, asked: bool) -> Step:
    takes_back = policy.on_delete != "ignore"
    if line.content_hash is None:
        return Step(Action.ASK if takes_back and not asked else Action.SKIP)
    return Step(Action.TAKE_BACK if takes_back else Action.LEAVE_THERE)


def _of_ready(line: LedgerEntry, ready: Ready, policy: Policy, *, asked: bool) -> Step:
    if line.refused_hash and line.refused_hash == ready.payload_hash:
        return Step(Action.STAY_ASIDE)
    if (line.failures or 0) >= RUNS_UNTIL_SET_ASIDE:
        return Step(Action.GIVE_UP)
    if line.content_hash is None:
        return Step(Action.POST if asked else Action.ASK)
    return _of_sent(line, ready, policy)


def _of_sent(line: LedgerEntry, ready: Ready, policy: Policy) -> Step:
    if line.content_hash == ready.content_hash and not line.intent_hash:
        return _of_changes(line, ready)
    if line.content_hash == SEND_AGAIN or not _is_sent_for_good(line, policy):
        return Step(Action.POST)
    if line.content_hash == ADOPTED:
        return Step(Action.ADOPT)
    return _of_changes(line, ready, outdated=True)


def _differs(line: LedgerEntry, ready: Ready) -> bool:
    """Tell whether other settings, or another version, would have made it so as it is there."""
    known = line.content_hash in (ADOPTED, ready.content_hash)
    return not known or bool(_changed(line, ready))


def _is_sent_for_good(line: LedgerEntry, policy: Policy) -> bool:
    """Tell whether a second post would be a risk: it may be billed, or stand there twice."""
    return sent_once(line.kind) or policy.case_updates == "once"


def _of_changes(line: LedgerEntry, ready: Ready, *, outdated: bool = False) -> Step:
    """Send what has changed; where another store sent the rest, nobody knows what Creovai has."""
    changes = _changed(line, ready)
    if changes and line.adopted_at:
        changes = dict(ready.metadata)
    return Step(Action.APPEND if changes else Action.KEEP, changes, outdated=outdated)


def _changed(line: LedgerEntry, ready: Ready) -> Payload:
    return changed_metadata(msgspec.json.decode(line.metadata or b"{}"), ready.metadata)
