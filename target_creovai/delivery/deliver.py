"""Delivery: what is due is sent, and written down around every request.

The order is what makes delivery exact: the intent is committed before a request,
the receipt after its answer. An intent without a receipt is looked up before
anything is sent again.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from target_creovai.assemble import fingerprint
from target_creovai.delivery.decide import RUNS_UNTIL_SET_ASIDE, Action, decide
from target_creovai.delivery.dispatch import PAGE, Dispatch
from target_creovai.delivery.erasure import WAYS, Erasures
from target_creovai.delivery.first import FirstLooks
from target_creovai.errors import HaltError
from target_creovai.kinds import KINDS
from target_creovai.model.outcomes import OPENING, Outcome
from target_creovai.model.timestamps import utc
from target_creovai.payload.encoding import encode
from target_creovai.payload.payload import build_outofband, event_after
from target_creovai.sending.course import Course
from target_creovai.sending.failures import too_often
from target_creovai.sending.sender import Job, Permits, Sender
from target_creovai.sending.traffic import Calls, Traffic
from target_creovai.store import DELETED_LATER, ClaimPhase, in_doubt, opening_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from target_creovai.assemble import Ready, Verdict
    from target_creovai.delivery.decide import Step
    from target_creovai.http.client import CreovaiClient
    from target_creovai.model.outcomes import Reason
    from target_creovai.model.settings import AssemblySettings, Policy
    from target_creovai.model.verdicts import Deleted, SetAside, Skipped, Waiting
    from target_creovai.sending.retry_budget import Patience
    from target_creovai.store import LedgerEntry, Store
    from target_creovai.watch.summary import Summary

# On SIGTERM: how long requests under way may still take to be written down.
GRACE_SECONDS = 10.0
# What other runs have claimed is theirs to deliver: how long this one stays to see it done.
LOOKS_AT_OTHERS, SECONDS_BETWEEN_LOOKS = 600, 1.0
# For how long, and how often, a run that has nothing else to do waits for lost answers.
LAST_PAUSES = (2, 4, 8, 16)


class Delivery(Dispatch):
    """Sends over HTTP, several conversations at a time, and keeps the ledger."""

    def __init__(
        self,
        store: Store,
        settings: AssemblySettings,
        summary: Summary,
        client: CreovaiClient,
        policy: Policy,
        patience: Patience,
    ) -> None:
        super().__init__(store, settings, summary)
        self.rules_hash = fingerprint(settings, policy.on_delete)
        self.course = Course()
        self._policy = policy
        self._early = False
        permits = Permits(
            lease_lost=lambda: store.runs.lease_lost,
            stopping=lambda: self._exit_code is not None,
            probing=lambda: self._traffic.failures.breaker.probes,
        )
        self._sender = Sender(client, patience, permits, policy.doubt_minutes)
        self._traffic = Traffic(
            store,
            summary,
            self._sender,
            policy,
            rules=self.rules_hash,
            prefix=settings.session_id_prefix,
            calls=Calls(self._set_aside, self.leave_if_asked, self._note_taken),
        )
        self._outbox, self._doubts = self._traffic.outbox, self._traffic.doubts
        self._first = FirstLooks(
            store,
            self._outbox,
            summary,
            prefix=settings.session_id_prefix,
            rules=self.rules_hash,
            go_on=self._go_on,
        )
        self._steps: Mapping[Action, Callable[[LedgerEntry, Any, Step], None]] = {
            Action.BURY: lambda entry, *_: self._settle_erased(entry),
            Action.LOOK_UP: lambda entry, *_: self._doubts.take_over([entry]),
            Action.ASK: lambda entry, verdict, _: self._first.add(entry, verdict),
            Action.POST: lambda entry, verdict, _: self._outbox.give(Job(entry, verdict)),
            Action.APPEND: self._append,
            Action.ADOPT: self._adopt,
            Action.REST: lambda entry, *_: self._keep(entry, Outcome.SENT, entry.rules),
            Action.KEEP: lambda entry, _, step: self._keep(
                entry, Outcome.SENT, _made_by(entry, step)
            ),
            Action.STAY_ASIDE: lambda entry, *_: self._keep(entry, Outcome.SET_ASIDE),
            Action.GIVE_UP: self._give_up,
            Action.TAKE_BACK: self._take_back,
            Action.LEAVE_THERE: lambda entry, *_: self._settle(entry, Outcome.SENT, DELETED_LATER),
            Action.WAIT: lambda entry, verdict, _: self.wait(entry, verdict),
            Action.SKIP: lambda entry, verdict, _: self.skip(entry, verdict),
            Action.SET_ASIDE: lambda entry, verdict, _: self.set_aside(entry, verdict),
        }
        self._erasures: Erasures | None = None
        if way := WAYS.get(policy.on_delete):
            self._erasures = Erasures(
                store,
                self._sender,
                summary,
                way=way,
                limit=policy.max_deletes,
                prefix=settings.session_id_prefix,
                rules=self.rules_hash,
            )

    # The run

    def run(self) -> None:
        """Deliver what is due, unless another run is at it that does not share the work.

        That one would take our intents for those of a run that died, and send
        the same once more.
        """
        self._early = False
        with self.store.runs.delivering() as free:
            if not free:
                self._stopped("another run is delivering from this store: let it end first.")
            elif not self.course.stopped:
                self._to_the_end(self._all)
                self._to_the_end(self._count_failures)
        self.count_held()
        self._count_what_stands()

    def run_early(self, changed: Callable[[], Collection[tuple[str, str]] | None]) -> None:
        """Deliver what needs no other stream while rows still come.

        Args:
            changed: Waits for news, and returns which conversations, by kind and Id, have
                changed: none of them where all that is due is to be looked at, and None to go on
                no longer. What Creovai could not take is left to `run`, which comes after.
        """
        self._early = True
        with self.store.runs.delivering() as free:
            if free:
                self._to_the_end(lambda: self._while_reading(changed))

    def _to_the_end(self, deliver: Callable[[], None]) -> None:
        """Deliver until nothing is due, or until Creovai stops us.

        Whatever ends the run, requests under way are waited for and written down.
        """
        try:
            self.store.ledger.require_prefix(self.settings.session_id_prefix)
            deliver()
            self._finish()
        except HaltError as error:
            self._stopped(str(error))
            self._leave_the_rest()
        except BaseException:
            self._leave_the_rest(GRACE_SECONDS)
            raise

    def _stopped(self, why: str) -> None:
        self.course.stopped = True
        self.summary.halted = why

    def _leave_the_rest(self, seconds: float | None = None) -> None:
        self._drop()
        with suppress(HaltError):  # what is under way may meet the same
            self._outbox.finish(seconds)

    def _note_taken(self) -> None:
        self.course.took = True

    def _all(self) -> None:
        self.store.ledger.reopen_missing_parts()
        self._settle_doubts()
        self._walk_until_settled()
        for _ in range(LOOKS_AT_OTHERS):
            self.leave_if_asked()
            if not self._others_have():
                break
            time.sleep(SECONDS_BETWEEN_LOOKS)
            self._walk_until_settled()
        else:
            msg = "another run has claimed conversations and does not deliver them."
            raise HaltError(msg)
        self._wait_for_lost_answers()
        if self._erasures:
            self._erasures.carry_out(self.leave_if_asked)
            self._outbox.write_down()

    def walk_all(self) -> None:
        """Walk through what may go now; what Creovai could not take last time goes last."""
        for phase in (ClaimPhase.FRESH, ClaimPhase.FAILED):
            for kind in self.kinds_to_go():
                self.walk(kind, phase)
            self._finish()
        self._settle_names()

    def _settle_names(self) -> None:
        """Settle what leaves open who speaks, and what was set aside for a name known by now."""
        for kind in self.kinds_to_go():
            if kind.names_speakers:
                self.settle_open(kind)
                if self.store.speakers.reopen_known(kind.name):
                    self.walk(kind, ClaimPhase.FRESH)
                    self.settle_open(kind)
        self._finish()

    def _walk_until_settled(self) -> None:
        """Walk again where a doubt was settled on the way: what was in doubt may go then."""
        settled = -1
        while settled != self._doubts.settled:
            settled = self._doubts.settled
            self.walk_all()

    def _settle_doubts(self) -> None:
        """Ask, before anything else, for what earlier runs sent without hearing of it again."""
        for kind in KINDS.values():
            self.walk(kind, ClaimPhase.IN_DOUBT)
        self._outbox.finish()

    def _wait_for_lost_answers(self) -> None:
        """Look for a while for answers that were lost; what is left is the next run's to find."""
        for pause in LAST_PAUSES:
            if not self._doubts:
                return
            for _ in range(pause):
                self.leave_if_asked()
                time.sleep(1.0)
            self._doubts.look(early=True)
            self._outbox.finish()
            self._walk_until_settled()

    def _others_have(self) -> bool:
        return any(self.store.ledger.claimed_by_others(kind.name) for kind in self.kinds_to_go())

    def _while_reading(self, changed: Callable[[], Collection[tuple[str, str]] | None]) -> None:
        early = [kind for kind in KINDS.values() if not kind.needs_whole_input]
        while (news := changed()) is not None:
            if not news and not self._doubts:
                self._settle_doubts()
            for kind in early:
                if news:
                    self._walk_these(kind.name, sorted(i for name, i in news if name == kind.name))
                else:
                    self.walk(kind, ClaimPhase.FRESH)
            self._finish()
            self.leave_if_asked()

    def _walk_these(self, kind: str, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), PAGE):
            some = ids[start : start + PAGE]
            if entries := self.store.ledger.claim_these(kind, some, ClaimPhase.FRESH):
                self.page(entries)

    def _finish(self) -> None:
        self._first.ask()
        self._outbox.finish()

    def _drop(self) -> None:
        self._first.drop()
        self._outbox.drop()

    def stop(self, exit_code: int) -> None:
        """Ask for an end, also while waiting for an answer."""
        super().stop(exit_code)
        self._outbox.wake()

    # The verdicts

    def take(
        self, kind: str, *, now: str, after: str, limit: int, phase: ClaimPhase | None = None
    ) -> list[LedgerEntry]:
        """Claim what is due, so that no other run takes it as well."""
        return self.store.ledger.claim(
            kind, rules=self.rules_hash, now=now, phase=phase, after=after, limit=limit
        )

    def page(self, entries: Sequence[LedgerEntry], *, others_seen: bool = False) -> None:
        """Settle first what was erased, and what a run sent without living to see the answer."""
        entries = [entry for entry in entries if not self._is_settled(entry)]
        self._doubts.take_over(entry for entry in entries if in_doubt(entry))
        entries = [entry for entry in entries if entry not in self._doubts]
        if entries:
            super().page(entries, others_seen=others_seen)
        self._doubts.look()
        self._outbox.let_go()

    def portion(self, entries: Sequence[LedgerEntry], *, others_seen: bool) -> None:
        """Let what was assembled go before more rows are read."""
        super().portion(entries, others_seen=others_seen)
        self._outbox.let_go()

    def _is_settled(self, entry: LedgerEntry) -> bool:
        if self._erasures and entry in self._erasures:
            return True
        if entry.erased_at:
            self._settle_erased(entry)
            return True
        waits = (entry.kind, entry.id) in self.open
        return waits or entry in self._traffic.failures or entry in self._doubts

    def _settle_erased(self, entry: LedgerEntry) -> None:
        """Go on with an erasure that no answer came to; what is done is only buried again."""
        if self._erasures and entry.outcome == Outcome.PENDING:
            self._erasures.note(entry)
        else:
            self.store.outcomes.discard(entry, rules=self.rules_hash)

    def ready(self, entry: LedgerEntry, verdict: Ready) -> None:
        """Send what Creovai does not have yet."""
        self._go_on(entry, verdict)

    def deleted(self, entry: LedgerEntry, verdict: Deleted) -> None:
        """Take it back, if it was sent and `on_delete` says so; it is never sent."""
        self._go_on(entry, verdict)

    def _go_on(self, entry: LedgerEntry, verdict: Verdict, *, asked: bool = False) -> None:
        """Carry out the next step of a conversation."""
        step = decide(entry, verdict, self._policy, asked=asked)
        if step.outdated:
            self.summary.changed_after_sending.append(self.settings.session_id_prefix + entry.id)
        self._steps[step.action](entry, verdict, step)

    def _append(self, entry: LedgerEntry, verdict: Any, step: Step) -> None:
        interface = KINDS[entry.kind].interface
        when = event_after(entry.event_time, verdict.modified)
        body = build_outofband(interface, verdict.session_id, when, step.changes)
        self._outbox.give(Job(entry, verdict, changes=body))

    def _adopt(self, entry: LedgerEntry, verdict: Any, _: Step) -> None:
        content, metadata = verdict.content_hash, encode(verdict.metadata)
        self.store.outcomes.accept_adopted(
            entry, rules=self.rules_hash, content_hash=content, metadata=metadata
        )

    def _keep(self, entry: LedgerEntry, outcome: str, rules: str | None = None) -> None:
        self.store.outcomes.leave_unchanged(entry, outcome, rules=rules or self.rules_hash)

    def _give_up(self, entry: LedgerEntry, verdict: Any, _: Step) -> None:
        self._set_aside(entry, too_often(entry.reason), verdict.payload_hash)

    def _take_back(self, entry: LedgerEntry, *_: object) -> None:
        if self._erasures:
            self._erasures.note(entry)

    def wait(self, entry: LedgerEntry, verdict: Waiting) -> None:
        """Note why, and when time alone may change it; other settings need not."""
        rules = opening_of(self.rules_hash) if verdict.reason.code in OPENING else self.rules_hash
        until = utc(verdict.until) if verdict.until else None
        self.store.outcomes.conclude(
            entry, Outcome.WAITING, rules=rules, reason=verdict.reason, due_at=until
        )

    def skip(self, entry: LedgerEntry, verdict: Skipped) -> None:
        """Note why; what was sent stays sent."""
        self._settle(entry, Outcome.SENT if entry.content_hash else Outcome.SKIPPED, verdict.reason)

    def set_aside(self, entry: LedgerEntry, verdict: SetAside) -> None:
        """Keep it out of the way of the others."""
        detail = encode(verdict.detail).decode() if verdict.detail else None
        self._settle(entry, Outcome.SET_ASIDE, verdict.reason, detail=detail)

    def report_set_aside(self, entry: LedgerEntry, reason: Reason) -> None:
        """Count it; too many of them are a mistake in the settings, not in the records.

        Raises:
            HaltError: There are more than `max_failures`.
        """
        super().report_set_aside(entry, reason)
        most = self._policy.max_failures
        self.course.set_aside += 1
        if most is not None and self.course.set_aside > most:
            msg = (
                f"more than max_failures ({most}) conversations were set "
                "aside in this run: look at their reasons before the rest goes the same way."
            )
            raise HaltError(msg)

    def never_read(self, limit: int) -> list[tuple[str, str]]:
        """Return what the ledger knows to wait for rows, of earlier runs as well."""
        return self.store.ledger.waiting_for_rows(limit)

    def _settle(self, entry: LedgerEntry, outcome: str, reason: Reason | None, **more: Any) -> None:
        self.store.outcomes.conclude(entry, outcome, rules=self.rules_hash, reason=reason, **more)

    def _set_aside(self, entry: LedgerEntry, reason: Reason, refused_hash: str) -> None:
        self._settle(entry, Outcome.SET_ASIDE, reason, refused_hash=refused_hash)
        self.summary.pending.pop((entry.kind, entry.id), None)
        self.report_set_aside(entry, reason)

    def _count_failures(self) -> None:
        """Set aside what Creovai could not take in too many runs that took others.

        Where it took none, nobody knows whose fault it was.
        """
        if not self.course.took:
            return
        for entry, payload_hash, reason in self._traffic.failures:
            failures = (entry.failures or 0) + 1
            if failures >= RUNS_UNTIL_SET_ASIDE and entry not in self._doubts:
                self._set_aside(entry, too_often(reason), payload_hash)
            else:
                self.store.outcomes.record_failure_count(entry, failures)

    def _count_what_stands(self) -> None:
        """Add to the summary what earlier runs left: delivered, waiting, set aside."""
        now = Counter(trouble.kind for trouble in self.summary.set_aside)
        for kind, outcome, reason, count, oldest in self.store.ledger.outcome_counts():
            if outcome == Outcome.SENT:
                self.summary.unchanged[kind] += count
            elif outcome == Outcome.WAITING and reason:
                self.summary.add_waiting(kind, reason, oldest, count)
            elif outcome == Outcome.SET_ASIDE:
                self.summary.set_aside_before[kind] += count
        self.summary.unchanged -= self.summary.sent + self.summary.metadata_sent
        self.summary.of_other_settings = self.store.ledger.of_other_settings(self.rules_hash)
        self.summary.set_aside_before -= now


def _made_by(entry: LedgerEntry, step: Step) -> str | None:
    """Return the settings that made what Creovai keeps; None: those of this run would, too."""
    return entry.made_by if step.outdated else None
