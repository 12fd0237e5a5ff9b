"""Delivery over HTTP: what is due is sent, and the ledger is written around every request.

The order of commits makes it exact: the intent is committed before a request, the receipt after
its answer. An intent without a receipt is looked up at Creovai before anything is sent again.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from typing_extensions import override

from target_creovai.assemble import fingerprint
from target_creovai.delivery.loop import PAGE, DeliveryLoop
from target_creovai.delivery.steps import DeliveryState, Steps
from target_creovai.delivery.totals import add_totals
from target_creovai.errors import HaltError
from target_creovai.kinds import KINDS
from target_creovai.sending.context import DeliveryContext
from target_creovai.sending.sender import SendConditions, Sender
from target_creovai.store import ClaimPhase, in_doubt

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from target_creovai.assemble import Verdict
    from target_creovai.http.client import CreovaiClient
    from target_creovai.model.settings import AssemblySettings, Policy
    from target_creovai.sending.retry_budget import RetryBudget
    from target_creovai.store import LedgerEntry, Store
    from target_creovai.watch.summary import Summary

# On SIGTERM: for how long requests in flight are waited for, and their receipts written.
GRACE_SECONDS = 10.0
# How often, and with which pauses, a run looks whether another one has delivered what it claimed.
LOOKS_AT_OTHERS, SECONDS_BETWEEN_LOOKS = 600, 1.0
# For how long, and how often, a run that has nothing else to do waits for lost answers.
LAST_PAUSES = (2, 4, 8, 16)


class Delivery(DeliveryLoop):
    """Sends conversations, several at a time, and keeps the ledger."""

    def __init__(
        self,
        store: Store,
        settings: AssemblySettings,
        summary: Summary,
        client: CreovaiClient,
        policy: Policy,
        retry_budget: RetryBudget,
        state: DeliveryState | None = None,
    ) -> None:
        """Prepare it; `state` is what it shares with another delivery of the same run."""
        super().__init__(store, settings, summary)
        self.rules_hash = fingerprint(settings, policy.on_delete)
        self._state = state or DeliveryState()
        conditions = SendConditions(
            lease_lost=lambda: store.runs.lease_lost,
            stopping=lambda: self._exit_code is not None,
            probing=lambda: self._steps.failures.breaker.probes,
        )
        context = DeliveryContext(store, summary, self.rules_hash, settings.session_id_prefix)
        sender = Sender(client, retry_budget, conditions, policy.doubt_minutes)
        self._steps = Steps(context, sender, policy, self._state, self.leave_if_asked)
        self._outbox, self._doubts = self._steps.outbox, self._steps.doubts

    # The run

    @override
    def run(self) -> None:
        """Deliver what is due, unless a run delivers that does not share the work.

        Such a run would mistake our intents for those of a killed run, and send the same
        conversations once more.
        """
        with self.store.runs.delivering() as free:
            if not free:
                self._stop_for("another run is delivering from this store: let it end first.")
            elif not self._state.stopped:
                self._to_the_end(self._deliver_all)
                self._to_the_end(self._steps.count_failures)
        self.count_held()
        add_totals(self.summary, self.store, self.rules_hash)

    def run_streaming(self, changed: Callable[[], Collection[tuple[str, str]] | None]) -> None:
        """Deliver what needs no other stream while rows still come.

        Args:
            changed: Waits for changes, and returns kind and Id of the conversations that have
                changed: an empty collection stands for all that is due, None for the end of the
                input.

        What Creovai could not take is left to `run`, which comes after.
        """
        with self.store.runs.delivering() as free:
            if free:
                self._to_the_end(lambda: self._while_reading(changed))

    def _to_the_end(self, deliver: Callable[[], None]) -> None:
        """Call `deliver`, until nothing is left or Creovai stops us.

        However that ends, requests in flight are waited for, and their receipts committed.
        """
        try:
            self.store.ledger.require_prefix(self.settings.session_id_prefix)
            deliver()
            self._drain()
        except HaltError as error:
            self._stop_for(str(error))
            self._leave_the_rest()
        except BaseException:
            self._leave_the_rest(GRACE_SECONDS)
            raise
        finally:
            self._outbox.close()

    def _stop_for(self, reason: str) -> None:
        self._state.stopped = True
        self.summary.halted = reason

    def _leave_the_rest(self, seconds: float | None = None) -> None:
        self._steps.existence_checks.drop()
        self._outbox.drop()
        with suppress(HaltError):  # what is in flight may meet the same
            self._outbox.drain(seconds)

    def _deliver_all(self) -> None:
        self.store.ledger.reopen_missing_parts()
        self._look_up_intents()
        self._walk_until_resolved()
        for _ in range(LOOKS_AT_OTHERS):
            self.leave_if_asked()
            if not self._others_have():
                break
            time.sleep(SECONDS_BETWEEN_LOOKS)
            self._walk_until_resolved()
        else:
            msg = "another run has claimed conversations and does not deliver them."
            raise HaltError(msg)
        self._wait_for_lost_answers()
        if erasures := self._steps.erasures:
            erasures.carry_out(self.leave_if_asked)
            self._outbox.commit()

    @override
    def walk_all(self) -> None:
        """Walk through what may go now; what Creovai could not take last time goes last."""
        for phase in (ClaimPhase.FRESH, ClaimPhase.FAILED):
            for kind in self.kinds_to_go():
                self.walk(kind, phase)
            self._drain()
        self._walk_open_speakers()

    def _walk_open_speakers(self) -> None:
        """Walk through chats that leave open who speaks, and those for which it is known now."""
        for kind in self.kinds_to_go():
            if kind.names_speakers:
                self.walk_open(kind)
                if self.store.speakers.reopen_known(kind.name):
                    self.walk(kind, ClaimPhase.FRESH)
                    self.walk_open(kind)
        self._drain()

    def _walk_until_resolved(self) -> None:
        """Walk again where a doubt was resolved: that conversation may be sent then."""
        resolved = -1
        while resolved != self._doubts.resolved:
            resolved = self._doubts.resolved
            self.walk_all()

    def _look_up_intents(self) -> None:
        """Look up, before anything is sent, what earlier runs sent without a receipt."""
        for kind in KINDS.values():
            self.walk(kind, ClaimPhase.IN_DOUBT)
        self._outbox.drain()

    def _wait_for_lost_answers(self) -> None:
        """Look lost answers up for a while; what is still open then is left to the next run."""
        for pause in LAST_PAUSES:
            if not self._doubts:
                return
            for _ in range(pause):
                self.leave_if_asked()
                time.sleep(1.0)
            self._doubts.look_up_all()
            self._outbox.drain()
            self._walk_until_resolved()

    def _others_have(self) -> bool:
        return any(self.store.ledger.claimed_by_others(kind.name) for kind in self.kinds_to_go())

    def _while_reading(self, changed: Callable[[], Collection[tuple[str, str]] | None]) -> None:
        kinds = [kind for kind in KINDS.values() if not kind.needs_whole_input]
        while (keys := changed()) is not None:
            if not keys and not self._doubts:
                self._look_up_intents()
            for kind in kinds:
                if keys:
                    self._walk_these(kind.name, sorted(i for name, i in keys if name == kind.name))
                else:
                    self.walk(kind, ClaimPhase.FRESH)
            self._drain()
            self.leave_if_asked()

    def _walk_these(self, kind: str, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), PAGE):
            some = ids[start : start + PAGE]
            if entries := self.store.ledger.claim_these(kind, some, ClaimPhase.FRESH):
                self.page(entries)

    def _drain(self) -> None:
        self._steps.existence_checks.query()
        self._outbox.drain()

    @override
    def stop(self, exit_code: int) -> None:
        """Ask for an end, also while waiting for an answer."""
        super().stop(exit_code)
        self._outbox.wake()

    # One page of conversations

    @override
    def take(
        self, kind: str, *, now: str, after: str, limit: int, phase: ClaimPhase | None = None
    ) -> list[LedgerEntry]:
        """Claim what is due, so that no other run takes it as well."""
        return self.store.ledger.claim(
            kind, rules=self.rules_hash, now=now, phase=phase, after=after, limit=limit
        )

    @override
    def page(self, entries: Sequence[LedgerEntry], *, others_seen: bool = False) -> None:
        """Handle first what needs no assembly: erased conversations, intents without a receipt."""
        entries = [entry for entry in entries if not self._is_handled(entry)]
        self._doubts.look_up(entry for entry in entries if in_doubt(entry))
        entries = [entry for entry in entries if entry not in self._doubts]
        if entries:
            super().page(entries, others_seen=others_seen)
        self._doubts.look_up_due()
        self._outbox.release()

    @override
    def batch(self, entries: Sequence[LedgerEntry], *, others_seen: bool) -> None:
        """Release what was assembled before more rows are read."""
        super().batch(entries, others_seen=others_seen)
        self._outbox.release()

    def _is_handled(self, entry: LedgerEntry) -> bool:
        if self._steps.erasures and entry in self._steps.erasures:
            return True
        if entry.erased_at:
            self._steps.discard_erased(entry)
            return True
        waits = (entry.kind, entry.id) in self.open
        return waits or entry in self._steps.failures or entry in self._doubts

    @override
    def handle(self, entry: LedgerEntry, verdict: Verdict) -> None:
        """Carry out the next step of a conversation."""
        self._steps.carry_out(entry, verdict)

    @override
    def waiting_for_rows(self, limit: int) -> list[tuple[str, str]]:
        """Return what the ledger has as waiting for rows, of earlier runs as well."""
        return self.store.ledger.waiting_for_rows(limit)
