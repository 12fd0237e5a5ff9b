"""The loop over the conversations that are due, the same for a delivery and for a dry run."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from target_creovai import LOGGER_NAME
from target_creovai.assemble import Reach, Ready, assemble, fingerprint, open_names
from target_creovai.kinds import KINDS
from target_creovai.model.participants import Role
from target_creovai.model.timestamps import utc
from target_creovai.model.verdicts import Deleted, OpenSpeakers, Skipped
from target_creovai.sending.outbox import BYTES_AT_ONCE
from target_creovai.watch.summary import IDS_SHOWN, NotDelivered, Summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from target_creovai.assemble import Verdict
    from target_creovai.kinds import Kind
    from target_creovai.model.outcomes import Reason
    from target_creovai.model.rows import Row
    from target_creovai.model.settings import AssemblySettings
    from target_creovai.store import ClaimPhase, LedgerEntry, Store
    from target_creovai.store.rows.rows import Snapshot

# How many conversations are claimed at once: few enough to leave some for other machines.
PAGE = 50

logger = logging.getLogger(LOGGER_NAME)


class DeliveryLoop(ABC):
    """Assembles every conversation that is due, and calls `handle` with its verdict."""

    def __init__(self, store: Store, settings: AssemblySettings, summary: Summary) -> None:
        self.store = store
        self.settings = settings
        self.rules_hash = fingerprint(settings)
        self.summary = summary
        self.input_broke_off = False
        self.open: set[tuple[str, str]] = set()
        """Chats that leave open who speaks, as kind and Id: assembled again after all others."""
        self._exit_code: int | None = None
        self._leaving = False
        self._assembling: int | None = None  # the thread that assembles

    def run(self) -> None:
        """Walk through all kinds.

        Kinds whose rows come from several streams are held where this run's input broke off.
        """
        self.walk_all()
        self.count_held()

    def walk_all(self) -> None:
        """Walk through what may go now."""
        for kind in self.kinds_to_go():
            self.walk(kind)
            self.walk_open(kind)

    def kinds_to_go(self) -> list[Kind]:
        """Return the kinds that may be delivered now."""
        broken = self.input_broke_off
        return [kind for kind in KINDS.values() if not (broken and kind.needs_whole_input)]

    def walk(self, kind: Kind, phase: ClaimPhase | None = None) -> None:
        """Walk through what is due of one kind; `phase`: only through what is claimed in it."""
        for page in self._pages(kind.name, phase):
            self.page(page)

    def walk_open(self, kind: Kind) -> None:
        """Walk through the chats that leave open who speaks, now that all others were assembled."""
        waiting = sorted(key for name, key in self.open if name == kind.name)
        self.open.difference_update((kind.name, key) for key in waiting)
        self.store.commit()
        for start in range(0, len(waiting), PAGE):
            entries = self.store.ledger.entries(kind.name, waiting[start : start + PAGE])
            self.page(entries, others_seen=True)
        self.store.commit()

    def stop(self, exit_code: int) -> None:
        """Ask for an end at the next safe point; may be called by a signal handler.

        Anywhere else, the end could leave a transaction open behind it. Assembling has none.
        """
        self._exit_code = exit_code
        if self._assembling == threading.get_ident():
            self.leave_if_asked()

    def leave_if_asked(self) -> None:
        """End the process here, once, if `stop` was called.

        Raises:
            SystemExit: It was.
        """
        if self._exit_code is not None and not self._leaving:
            self._leaving = True
            raise SystemExit(self._exit_code)

    def count_held(self) -> None:
        """Count what is due and is held, as this run's input broke off."""
        if not self.input_broke_off:
            return
        now = utc(datetime.now(UTC))
        for kind in KINDS.values():
            if kind.needs_whole_input:
                count = self.store.ledger.count_due(kind.name, rules=self.rules_hash, now=now)
                self.summary.hold(kind.name, count)

    def count_due(self) -> int:
        """Count what `run` would look at now."""
        now = utc(datetime.now(UTC))
        return sum(
            self.store.ledger.count_due(kind.name, rules=self.rules_hash, now=now)
            for kind in self.kinds_to_go()
        )

    def page(self, entries: Sequence[LedgerEntry], *, others_seen: bool = False) -> None:
        """Assemble these conversations and handle each.

        Args:
            entries: Conversations of one kind.
            others_seen: Whether all other chats were assembled, so that their speakers are known;
                a chat that leaves open who speaks waits until then.
        """
        kind = entries[0].kind
        by_id = {entry.id: entry for entry in entries}
        for ids in self.store.rows.batches_by_size(kind, list(by_id), BYTES_AT_ONCE):
            self.batch([by_id[key] for key in ids], others_seen=others_seen)

    def batch(self, entries: Sequence[LedgerEntry], *, others_seen: bool) -> None:
        """Assemble so many as may be in memory together."""
        found = self.store.rows.snapshot_of(entries[0].kind, [entry.id for entry in entries])
        for entry in entries:
            self.leave_if_asked()
            verdict = self._verdict(entry, found, others_seen=others_seen)
            if not others_seen and open_names(verdict):
                self.open.add((entry.kind, entry.id))
                continue
            self._record_speakers(entry, verdict)
            self._count(entry, verdict)
            self.handle(entry, verdict)

    def _verdict(self, entry: LedgerEntry, found: Snapshot, *, others_seen: bool) -> Verdict:
        """Assemble one; its rows are released from memory before it is handled."""
        reach = Reach(found.coverage, found.filters.get(entry.id, ()))
        own = found.rows.pop(entry.id)
        verdict = self._assemble(entry, own, self.settings, reach)
        names = open_names(verdict) if others_seen else ()
        if names and (known := self.store.speakers.known_roles(names)):
            informed = replace(self.settings, other_chats=known)
            verdict = self._assemble(entry, own, informed, reach)
        return verdict

    def _count(self, entry: LedgerEntry, verdict: Verdict) -> None:
        self.summary.assemblies += 1
        match verdict:
            case Ready():
                self.summary.count_findings(entry.kind, verdict.findings)
                self.summary.redacted.update(verdict.redacted)
            case Skipped():
                self.summary.skipped[entry.kind, verdict.reason] += 1
                self.summary.count_findings(entry.kind, verdict.findings)
            case Deleted():
                self.summary.skipped[entry.kind, verdict.reason] += 1

    def _record_speakers(self, entry: LedgerEntry, verdict: Verdict) -> None:
        """Record the roles of the names in a chat, or that it leaves them open."""
        if isinstance(verdict, Ready) and verdict.speakers:
            self.store.speakers.record(entry.id, verdict.roles_by_name)
        elif isinstance(verdict, OpenSpeakers):
            left_open = dict.fromkeys(open_names(verdict), Role.UNKNOWN)
            self.store.speakers.record(entry.id, left_open)

    def _assemble(
        self,
        entry: LedgerEntry,
        rows: Mapping[str, Sequence[Row]],
        settings: AssemblySettings,
        reach: Reach,
    ) -> Verdict:
        """Assemble one; `stop` may end the process meanwhile, as that may take long."""
        self._assembling = threading.get_ident()
        try:
            return assemble(entry.kind, entry.id, rows, settings, datetime.now(UTC), reach)
        finally:
            self._assembling = None

    @abstractmethod
    def take(
        self, kind: str, *, now: str, after: str, limit: int, phase: ClaimPhase | None
    ) -> list[LedgerEntry]:
        """Return what is due of a kind, in order of Id, from the one behind `after`."""

    @abstractmethod
    def handle(self, entry: LedgerEntry, verdict: Verdict) -> None:
        """Do what follows from a verdict."""

    @abstractmethod
    def waiting_for_rows(self, limit: int) -> list[tuple[str, str]]:
        """Return kind and Id of conversations that wait for rows which have to be read."""

    def _pages(self, kind: str, phase: ClaimPhase | None) -> Iterator[list[LedgerEntry]]:
        after = ""
        while True:
            now = utc(datetime.now(UTC))
            page = self.take(kind, now=now, after=after, limit=PAGE, phase=phase)
            if not page:
                return
            yield page
            after = page[-1].id


def report_set_aside(summary: Summary, entry: LedgerEntry, reason: Reason) -> None:
    """Add a conversation to those set aside; log it at once if the summary does not show it."""
    summary.set_aside.append(NotDelivered(entry.kind, entry.id, reason))
    if len(summary.set_aside) > IDS_SHOWN:
        logger.warning("%s %s set aside: %s", entry.kind, entry.id, reason)
