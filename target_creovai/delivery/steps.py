"""Carries out the next step of each conversation, as `decide` returns it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from target_creovai.delivery.decide import Action, decide
from target_creovai.delivery.erasure import ERASURE_METHODS, Erasures
from target_creovai.delivery.existing import ExistenceChecks
from target_creovai.delivery.loop import report_set_aside
from target_creovai.encoding import encode
from target_creovai.errors import HaltError
from target_creovai.kinds import KINDS
from target_creovai.model.outcomes import OPENING, Outcome
from target_creovai.model.timestamps import utc
from target_creovai.payload.payload import build_outofband, event_after
from target_creovai.sending.failures import RUNS_UNTIL_SET_ASIDE, failed_too_often
from target_creovai.sending.in_flight import Callbacks, InFlight
from target_creovai.sending.sender import Job
from target_creovai.store import DELETED_LATER, opening_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_creovai.assemble import Verdict
    from target_creovai.delivery.decide import Step
    from target_creovai.model.outcomes import Reason
    from target_creovai.model.settings import Policy
    from target_creovai.sending.context import DeliveryContext
    from target_creovai.sending.sender import Sender
    from target_creovai.store import LedgerEntry

    StepHandler = Callable[[LedgerEntry, Any, Step], None]


class DeliveryState(msgspec.Struct):
    """What the deliveries of a run share: the streaming one and the one after the input.

    `stopped`: nothing more may be sent. `any_taken`: Creovai has taken a conversation in this run.
    `set_aside`: how many conversations were set aside.
    """

    stopped: bool = False
    any_taken: bool = False
    set_aside: int = 0


class Steps:
    """Carries out steps: what is to be sent goes to the outbox, all else into the ledger."""

    def __init__(
        self,
        context: DeliveryContext,
        sender: Sender,
        policy: Policy,
        state: DeliveryState,
        on_wake: Callable[[], None],
    ) -> None:
        """Prepare it.

        Args:
            context: What all parts of the delivery share.
            sender: Makes the requests.
            policy: The settings that decide how delivery goes.
            state: What the deliveries of this run share.
            on_wake: Called where a wait for answers was interrupted.
        """
        self._store = context.store
        self._summary = context.summary
        self._rules = context.rules
        self._prefix = context.prefix
        self._policy = policy
        self._state = state
        callbacks = Callbacks(self._set_aside_refused, on_wake, self._record_taken)
        in_flight = InFlight(context, sender, policy, callbacks)
        self.failures, self.outbox = in_flight.failures, in_flight.outbox
        self.doubts = in_flight.doubts
        self.existence_checks = ExistenceChecks(context, self.outbox, self.carry_out)
        self.erasures: Erasures | None = None
        if method := ERASURE_METHODS.get(policy.on_delete):
            self.erasures = Erasures(context, sender, method=method, limit=policy.max_deletes)
        self._table: Mapping[Action, StepHandler] = {
            Action.DISCARD: lambda entry, *_: self.discard_erased(entry),
            Action.LOOK_UP: lambda entry, *_: self.doubts.look_up([entry]),
            Action.CHECK_EXISTING: lambda entry, verdict, _: self.existence_checks.add(
                entry, verdict
            ),
            Action.POST: lambda entry, verdict, _: self.outbox.submit(Job(entry, verdict)),
            Action.APPEND: self._append,
            Action.ACCEPT_ADOPTED: self._accept_adopted,
            Action.CONCLUDED: lambda entry, *_: self._keep(entry, Outcome.SENT, entry.rules),
            Action.KEEP: self._keep_sent,
            Action.STAY_SET_ASIDE: lambda entry, *_: self._keep(entry, Outcome.SET_ASIDE),
            Action.GIVE_UP: self._give_up,
            Action.ERASE: self._erase,
            Action.KEEP_DELETED: lambda entry, *_: self._conclude(
                entry, Outcome.SENT, DELETED_LATER
            ),
            Action.WAIT: self._wait,
            Action.SKIP: self._skip,
            Action.SET_ASIDE: self._set_aside,
        }

    def carry_out(
        self, entry: LedgerEntry, verdict: Verdict, *, not_at_creovai: bool = False
    ) -> None:
        """Decide on the next step of a conversation, and carry it out.

        Args:
            entry: The conversation.
            verdict: What its rows make now.
            not_at_creovai: A look-up has just not found it.

        Raises:
            HaltError: More than `max_failures` conversations were set aside.
        """
        step = decide(entry, verdict, self._policy, not_at_creovai=not_at_creovai)
        if step.outdated:
            self._summary.changed_after_sending.append(self._prefix + entry.id)
        self._table[step.action](entry, verdict, step)

    def discard_erased(self, entry: LedgerEntry) -> None:
        """Finish an erasure whose answer was lost; what is erased is discarded once more."""
        if self.erasures and entry.outcome == Outcome.PENDING:
            self.erasures.add(entry)
        else:
            self._store.outcomes.discard(entry, rules=self._rules)

    def count_failures(self) -> None:
        """Set aside what Creovai could not take in too many runs in which it took others.

        Where it took none, Creovai may have been down.
        """
        if not self._state.any_taken:
            return
        for entry, payload_hash, reason in self.failures:
            failures = (entry.failures or 0) + 1
            if failures >= RUNS_UNTIL_SET_ASIDE and entry not in self.doubts:
                self._set_aside_refused(entry, failed_too_often(reason), payload_hash)
            else:
                self._store.outcomes.record_failure_count(entry, failures)

    def _append(self, entry: LedgerEntry, verdict: Any, step: Step) -> None:
        interface = KINDS[entry.kind].interface
        when = event_after(entry.event_time, verdict.modified)
        body = build_outofband(interface, verdict.session_id, when, step.changes)
        self.outbox.submit(Job(entry, verdict, changes=body))

    def _accept_adopted(self, entry: LedgerEntry, verdict: Any, _: Step) -> None:
        content, metadata = verdict.content_hash, encode(verdict.metadata)
        self._store.outcomes.accept_adopted(
            entry, rules=self._rules, content_hash=content, metadata=metadata
        )

    def _keep(self, entry: LedgerEntry, outcome: str, rules: str | None = None) -> None:
        self._store.outcomes.leave_unchanged(entry, outcome, rules=rules or self._rules)

    def _keep_sent(self, entry: LedgerEntry, _: Any, step: Step) -> None:
        """Keep with it the settings that made what Creovai has, if other ones would now."""
        self._keep(entry, Outcome.SENT, entry.made_by if step.outdated else None)

    def _give_up(self, entry: LedgerEntry, verdict: Any, _: Step) -> None:
        self._set_aside_refused(entry, failed_too_often(entry.reason), verdict.payload_hash)

    def _erase(self, entry: LedgerEntry, *_: object) -> None:
        if self.erasures:
            self.erasures.add(entry)

    def _wait(self, entry: LedgerEntry, verdict: Any, _: Step) -> None:
        """Record why, and from when on time alone may change it.

        What waits to be closed depends on a few of the settings only: see `opening_of`.
        """
        rules = opening_of(self._rules) if verdict.reason.code in OPENING else self._rules
        until = utc(verdict.until) if verdict.until else None
        self._store.outcomes.conclude(
            entry, Outcome.WAITING, rules=rules, reason=verdict.reason, due_at=until
        )

    def _skip(self, entry: LedgerEntry, verdict: Any, _: Step) -> None:
        """Record why; what was sent stays sent."""
        outcome = Outcome.SENT if entry.content_hash else Outcome.SKIPPED
        self._conclude(entry, outcome, verdict.reason)

    def _set_aside(self, entry: LedgerEntry, verdict: Any, _: Step) -> None:
        detail = encode(verdict.detail).decode() if verdict.detail else None
        self._conclude(entry, Outcome.SET_ASIDE, verdict.reason, detail=detail)
        self._count_set_aside(entry, verdict.reason)

    def _set_aside_refused(self, entry: LedgerEntry, reason: Reason, refused_hash: str) -> None:
        self._conclude(entry, Outcome.SET_ASIDE, reason, refused_hash=refused_hash)
        self._summary.pending.pop((entry.kind, entry.id), None)
        self._count_set_aside(entry, reason)

    def _count_set_aside(self, entry: LedgerEntry, reason: Reason) -> None:
        """Report it; too many are more likely a mistake in the settings than in the records.

        Raises:
            HaltError: There are more than `max_failures`.
        """
        report_set_aside(self._summary, entry, reason)
        most = self._policy.max_failures
        self._state.set_aside += 1
        if most is not None and self._state.set_aside > most:
            msg = (
                f"more than max_failures ({most}) conversations were set "
                "aside in this run: look at their reasons before the rest goes the same way."
            )
            raise HaltError(msg)

    def _conclude(
        self, entry: LedgerEntry, outcome: str, reason: Reason | None, **more: Any
    ) -> None:
        self._store.outcomes.conclude(entry, outcome, rules=self._rules, reason=reason, **more)

    def _record_taken(self) -> None:
        self._state.any_taken = True
