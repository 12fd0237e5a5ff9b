"""Delivery: what is due is sent, and written down around every request.

The order is what makes delivery exact: the intent is committed before a request,
the receipt after its answer. An intent without a receipt is looked up before
anything is sent again.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from target_creovai.assemble import fingerprint
from target_creovai.delivery.dispatch import Dispatch, logger
from target_creovai.delivery.erasure import WAYS, Erasures
from target_creovai.delivery.outbox import Outbox
from target_creovai.delivery.sender import Job, Sender
from target_creovai.errors import HaltError, RejectedError, RetryLaterError
from target_creovai.kinds import KINDS
from target_creovai.payload import build_outofband, changed_metadata, encode, utc
from target_creovai.store import (
    DELETED_LATER,
    PENDING,
    SEND_AGAIN,
    SENT,
    SET_ASIDE,
    SKIPPED,
    WAITING,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_creovai.assemble import Ready
    from target_creovai.client import CreovaiClient
    from target_creovai.delivery.outbox import Result
    from target_creovai.delivery.patience import Patience
    from target_creovai.model import Deleted, Policy, Rules, Skipped, Unfit, Waiting
    from target_creovai.store import Entry, Store
    from target_creovai.summary import Summary

# So many conversations in a row that Creovai cannot take: it is down, not they are bad.
FAILURES_IN_A_ROW = 3
# On SIGTERM: how long requests under way may still take to be written down.
GRACE_SECONDS = 10.0
# What other runs have claimed is theirs to deliver: how long this one stays to see it done.
LOOKS_AT_OTHERS, SECONDS_BETWEEN_LOOKS = 600, 1.0


class Delivery(Dispatch):
    """Sends over HTTP, several conversations at a time, and keeps the ledger."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        summary: Summary,
        client: CreovaiClient,
        policy: Policy,
        patience: Patience,
    ) -> None:
        super().__init__(store, rules, summary)
        self.rules_hash = fingerprint(rules, policy.on_delete)
        self._policy = policy
        self._sender = Sender(client, patience, may_send=lambda: not store.lease_lost)
        self._outbox = Outbox(
            store,
            summary,
            self._sender,
            policy.workers,
            conclude=self._conclude,
            woken=self.leave_if_asked,
        )
        self._failures = 0
        self._early = False
        self._erasures: Erasures | None = None
        if way := WAYS.get(policy.on_delete):
            self._erasures = Erasures(
                store,
                self._sender,
                summary,
                way=way,
                limit=policy.max_deletes,
                prefix=rules.session_id_prefix,
                rules=self.rules_hash,
            )

    # The run

    def run(self) -> None:
        """Deliver what is due, unless another run is at it that does not share the work.

        That one would take our intents for those of a run that died, and send
        the same once more.
        """
        self._early = False
        with self.store.delivering() as free:
            if not free:
                self.summary.halted = "another run is delivering from this store: let it end first."
            elif not self.summary.halted:
                self._to_the_end(self._all)
        self.count_held()
        self._count_what_stands()

    def run_early(self, more_to_come: Callable[[], bool]) -> None:
        """Deliver what needs no other stream while rows still come.

        Args:
            more_to_come: Waits for news; tells whether to go on. What Creovai could not
                take is left to `run`, which comes after.
        """
        self._early = True
        with self.store.delivering() as free:
            if free:
                self._to_the_end(lambda: self._while_reading(more_to_come))

    def _to_the_end(self, deliver: Callable[[], None]) -> None:
        """Deliver until nothing is due, or until Creovai stops us.

        Whatever ends the run, requests under way are waited for and written down.
        """
        try:
            self.store.keep_to_prefix(self.rules.session_id_prefix)
            deliver()
            self._outbox.finish()
        except HaltError as error:
            self.summary.halted = str(error)
            self._outbox.drop()
            self._outbox.finish()
        except BaseException:
            self._outbox.drop()
            self._outbox.finish(GRACE_SECONDS)
            raise

    def _all(self) -> None:
        self.store.look_again_at_missing_parts()
        self.walk_all()
        self._outbox.finish()
        for _ in range(LOOKS_AT_OTHERS):
            self.leave_if_asked()
            if self.summary.halted or not self._others_have():
                break
            time.sleep(SECONDS_BETWEEN_LOOKS)
            self.walk_all()
            self._outbox.finish()
        else:
            self.summary.halted = "another run has claimed conversations and does not deliver them."
        if self._erasures and not self.summary.halted:
            self._erasures.carry_out()
            self._outbox.write_down()

    def _others_have(self) -> bool:
        now = utc(datetime.now(UTC))
        return any(
            self.store.claimed_by_others(kind.name, rules=self.rules_hash, now=now)
            for kind in self.kinds_to_go()
        )

    def _while_reading(self, more_to_come: Callable[[], bool]) -> None:
        while more_to_come():
            for kind in KINDS.values():
                if not kind.needs_whole_input:
                    self.walk(kind)
            self._outbox.finish()
            self.leave_if_asked()

    def stop(self, exit_code: int) -> None:
        """Ask for an end, also while waiting for an answer."""
        super().stop(exit_code)
        self._outbox.wake()

    # The verdicts

    def take(self, kind: str, *, now: str, after: str, limit: int) -> list[Entry]:
        """Claim what is due, so that no other run takes it as well."""
        return self.store.claim(kind, rules=self.rules_hash, now=now, after=after, limit=limit)

    def page(self, entries: Sequence[Entry]) -> None:
        """Settle first what was erased, and what a run sent without living to see the answer."""
        entries = [entry for entry in entries if not self._is_settled(entry)]
        lost = [entry for entry in entries if entry.intent_hash and not entry.content_hash]
        if lost:
            entries = self._recover(entries, lost)
        if entries:
            super().page(entries)
        self._outbox.let_go()

    def _is_settled(self, entry: Entry) -> bool:
        if self._erasures and entry in self._erasures:
            return True
        if entry.erased_at:
            self._settle_erased(entry)
            return True
        return self._early and (entry.kind, entry.id) in self.summary.pending

    def _settle_erased(self, entry: Entry) -> None:
        """Go on with an erasure that no answer came to; what is done is only buried again."""
        if self._erasures and entry.outcome == PENDING:
            self._erasures.note(entry)
        else:
            self.store.bury(entry, rules=self.rules_hash)

    def ready(self, entry: Entry, verdict: Ready) -> None:
        """Send what Creovai does not have yet."""
        if entry.refused_hash and entry.refused_hash == verdict.payload_hash:
            self.store.keep(entry, SET_ASIDE, rules=self.rules_hash)
        elif entry.content_hash is None:
            self._outbox.give(Job(entry, verdict))
        elif entry.content_hash == verdict.content_hash and not entry.intent_hash:
            self._give_changes(entry, verdict)
        elif self._is_sent_for_good(entry):
            self.summary.changed_after_sending.append(verdict.session_id)
            self._give_changes(entry, verdict)
        else:
            self._outbox.give(Job(entry, verdict))

    def _is_sent_for_good(self, entry: Entry) -> bool:
        """Tell whether a second post would be a risk: it may be billed, or stand there twice."""
        if KINDS[entry.kind].interface.sent_once:
            return True
        return self._policy.case_updates == "once" and entry.content_hash != SEND_AGAIN

    def wait(self, entry: Entry, verdict: Waiting) -> None:
        """Note why, and when time alone may change it."""
        self._settle(entry, WAITING, verdict.reason, due_at=verdict.until and utc(verdict.until))

    def skip(self, entry: Entry, verdict: Skipped) -> None:
        """Note why; what was sent stays sent."""
        self._settle(entry, SENT if entry.content_hash else SKIPPED, verdict.reason)

    def deleted(self, entry: Entry, verdict: Deleted) -> None:
        """Take it back, if it was sent and `on_delete` says so; it is never sent."""
        if entry.content_hash is None:
            self._settle(entry, SKIPPED, verdict.reason)
        elif self._erasures is None:
            self._settle(entry, SENT, DELETED_LATER)
        else:
            self._erasures.note(entry)

    def unfit(self, entry: Entry, verdict: Unfit) -> None:
        """Keep it out of the way of the others."""
        detail = encode(verdict.detail).decode() if verdict.detail else None
        self._settle(entry, SET_ASIDE, verdict.reason, detail=detail)

    def report_set_aside(self, entry: Entry, reason: str) -> None:
        """Count it; too many of them are a mistake in the settings, not in the records.

        Raises:
            HaltError: There are more than `max_failures`.
        """
        super().report_set_aside(entry, reason)
        most = self._policy.max_failures
        if most is not None and len(self.summary.set_aside) > most:
            msg = (
                f"more than max_failures ({most}) conversations were set "
                "aside in this run: look at their reasons before the rest goes the same way."
            )
            raise HaltError(msg)

    def never_read(self, limit: int) -> list[tuple[str, str]]:
        """Return what the ledger knows to wait for rows, of earlier runs as well."""
        return self.store.waiting_for_rows(limit)

    def _settle(self, entry: Entry, outcome: str, reason: str | None, **more: Any) -> None:
        self.store.settle(entry, outcome, rules=self.rules_hash, reason=reason, **more)

    def _count_what_stands(self) -> None:
        """Add to the summary what earlier runs left: delivered, waiting, set aside."""
        now = Counter(trouble.kind for trouble in self.summary.set_aside)
        for kind, outcome, reason, count, oldest in self.store.outcomes():
            if outcome == SENT:
                self.summary.unchanged[kind] += count
            elif outcome == WAITING:
                self.summary.add_waiting(kind, reason or "", oldest, count)
            elif outcome == SET_ASIDE:
                self.summary.set_aside_before[kind] += count
        self.summary.unchanged -= self.summary.sent + self.summary.metadata_sent
        self.summary.set_aside_before -= now

    def _give_changes(self, entry: Entry, verdict: Ready) -> None:
        sent = msgspec.json.decode(entry.metadata or b"{}")
        changed = changed_metadata(sent, verdict.metadata)
        if not changed:
            self.store.keep(entry, SENT, rules=self.rules_hash)
            return
        interface = KINDS[entry.kind].interface
        body = build_outofband(interface, verdict.session_id, verdict.modified, changed)
        self._outbox.give(Job(entry, verdict, changes=body))

    # The answers

    def _conclude(self, job: Job, result: Result) -> None:
        match result:
            case RejectedError():
                self._failures = 0  # whoever refuses is there
                self._settle(job.entry, SET_ASIDE, str(result), refused_hash=job.ready.payload_hash)
                self.report_set_aside(job.entry, str(result))
            case HaltError():
                raise result
            case RetryLaterError():
                self._postpone(job, str(result))
            case BaseException():
                raise result
            case _:
                self._failures = 0
                self._note_receipt(job, result)

    def _note_receipt(self, job: Job, creovai_id: str | None) -> None:
        entry, ready = job.entry, job.ready
        content = ready.content_hash if job.changes is None else entry.content_hash
        self.store.receipt(
            entry,
            rules=self.rules_hash,
            sent_at=utc(datetime.now(UTC)),
            content_hash=content,
            metadata=job.metadata,
            creovai_id=creovai_id,
        )
        counts = self.summary.sent if job.changes is None else self.summary.metadata_sent
        counts[entry.kind] += 1
        self.summary.pending.pop((entry.kind, entry.id), None)
        logger.debug("%s %s delivered", entry.kind, ready.session_id)

    def _postpone(self, job: Job, reason: str) -> None:
        self.store.postpone(job.entry, reason)
        self.summary.add_pending(job.entry.kind, job.entry.id, reason)
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            msg = f"Creovai could not take {self._failures} conversations in a row: {reason}."
            raise HaltError(msg)

    # After a crash

    def _recover(self, entries: Sequence[Entry], lost: Sequence[Entry]) -> list[Entry]:
        """Return the page with what Creovai has of the lost ones written down."""
        session_ids = {entry.id: self.rules.session_id_prefix + entry.id for entry in lost}
        found = self._sender.what_arrived(list(session_ids.values()))
        for entry in lost:
            if session := found.get(session_ids[entry.id]):
                self.store.recover(entry, utc(datetime.now(UTC)), str(session.get("id") or ""))
                logger.info("%s %s had arrived before the last run died", entry.kind, entry.id)
        self._outbox.write_down()
        return self.store.entries(entries[0].kind, [entry.id for entry in entries])
