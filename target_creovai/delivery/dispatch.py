"""The walk through what is due, the same for sending and for looking before sending."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from target_creovai.assemble import Reach, Ready, assemble, fingerprint, open_names
from target_creovai.kinds import KINDS
from target_creovai.model.participants import Role
from target_creovai.model.timestamps import utc
from target_creovai.model.verdicts import Deleted, OpenSpeakers, SetAside, Skipped, Waiting
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
# How many bytes of their rows are in memory at once, and of payloads on their way: a case may hold
# megabytes of mail.
BYTES_AT_ONCE = 8 * 1024 * 1024

logger = logging.getLogger("target-creovai")


class Dispatch(ABC):
    """Assembles every conversation that is due, and hands it on by verdict."""

    def __init__(self, store: Store, settings: AssemblySettings, summary: Summary) -> None:
        self.store = store
        self.settings = settings
        self.rules_hash = fingerprint(settings)
        self.summary = summary
        self.input_broke_off = False
        self.open: set[tuple[str, str]] = set()
        """Chats that leave open who speaks, as kind and Id: settled when all others are seen."""
        self._exit_code: int | None = None
        self._leaving = False
        self._assembling: int | None = None  # the thread that does

    def run(self) -> None:
        """Walk through all kinds.

        Those that several streams make are held where this run's input broke off.
        """
        self.walk_all()
        self.count_held()

    def walk_all(self) -> None:
        """Walk through what may go now."""
        for kind in self.kinds_to_go():
            self.walk(kind)
            self.settle_open(kind)

    def kinds_to_go(self) -> list[Kind]:
        """Return the kinds that may be delivered now."""
        broken = self.input_broke_off
        return [kind for kind in KINDS.values() if not (broken and kind.needs_whole_input)]

    def walk(self, kind: Kind, phase: ClaimPhase | None = None) -> None:
        """Walk through what is due of one kind; `turn`: only through what has its turn."""
        for page in self._pages(kind.name, phase):
            self.page(page)

    def settle_open(self, kind: Kind) -> None:
        """Settle the chats that leave open who speaks, now that all others have been seen."""
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
        """Assemble these conversations and hand each on.

        Args:
            entries: Conversations of one kind.
            others_seen: Whether other chats may tell what one leaves open; else it waits for them.
        """
        kind = entries[0].kind
        by_id = {entry.id: entry for entry in entries}
        for ids in self.store.rows.batches_by_size(kind, list(by_id), BYTES_AT_ONCE):
            self.portion([by_id[key] for key in ids], others_seen=others_seen)

    def portion(self, entries: Sequence[LedgerEntry], *, others_seen: bool) -> None:
        """Assemble so many as may be in memory together."""
        found = self.store.rows.snapshot_of(entries[0].kind, [entry.id for entry in entries])
        for entry in entries:
            self.leave_if_asked()
            verdict = self._verdict(entry, found, others_seen=others_seen)
            if not others_seen and open_names(verdict):
                self.open.add((entry.kind, entry.id))
                continue
            self._learn(entry, verdict)
            self._hand_on(entry, verdict)

    def _verdict(self, entry: LedgerEntry, found: Snapshot, *, others_seen: bool) -> Verdict:
        """Assemble one; its rows are gone from memory when it is handed on."""
        reach = Reach(found.coverage, found.filters.get(entry.id, ()))
        own = found.rows.pop(entry.id)
        verdict = self._assemble(entry, own, self.settings, reach)
        names = open_names(verdict) if others_seen else ()
        if names and (known := self.store.speakers.known_roles(names)):
            told = replace(self.settings, other_chats=known)
            verdict = self._assemble(entry, own, told, reach)
        return verdict

    def _hand_on(self, entry: LedgerEntry, verdict: Verdict) -> None:
        self.summary.looked_at += 1
        match verdict:
            case Ready():
                self.summary.note(entry.kind, verdict.findings)
                self.summary.redacted.update(verdict.redacted)
                self.ready(entry, verdict)
            case Waiting():
                self.wait(entry, verdict)
            case Skipped():
                self.summary.skipped[entry.kind, verdict.reason] += 1
                self.summary.note(entry.kind, verdict.findings)
                self.skip(entry, verdict)
            case Deleted():
                self.summary.skipped[entry.kind, verdict.reason] += 1
                self.deleted(entry, verdict)
            case SetAside():
                self.set_aside(entry, verdict)
                self.report_set_aside(entry, verdict.reason)

    def _learn(self, entry: LedgerEntry, verdict: Verdict) -> None:
        """Note what a chat tells of the names in it, or that it waits for others to tell."""
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
        """Assemble one; whoever asks for an end meanwhile need not wait for a long one."""
        self._assembling = threading.get_ident()
        try:
            return assemble(entry.kind, entry.id, rows, settings, datetime.now(UTC), reach)
        finally:
            self._assembling = None

    def report_set_aside(self, entry: LedgerEntry, reason: Reason) -> None:
        """Name a conversation that cannot be sent as it is: in the report, or at once if more."""
        self.summary.set_aside.append(NotDelivered(entry.kind, entry.id, reason))
        if len(self.summary.set_aside) > IDS_SHOWN:
            logger.warning("%s %s set aside: %s", entry.kind, entry.id, reason)

    @abstractmethod
    def take(
        self, kind: str, *, now: str, after: str, limit: int, phase: ClaimPhase | None
    ) -> list[LedgerEntry]:
        """Return what is due of a kind, in order of Id, from the one behind `after`."""

    @abstractmethod
    def ready(self, entry: LedgerEntry, verdict: Ready) -> None:
        """Take a payload that may go."""

    @abstractmethod
    def wait(self, entry: LedgerEntry, verdict: Waiting) -> None:
        """Take a conversation whose time has not come."""

    @abstractmethod
    def skip(self, entry: LedgerEntry, verdict: Skipped) -> None:
        """Take a conversation that holds nothing to send."""

    @abstractmethod
    def deleted(self, entry: LedgerEntry, verdict: Deleted) -> None:
        """Take a conversation whose record is deleted."""

    @abstractmethod
    def set_aside(self, entry: LedgerEntry, verdict: SetAside) -> None:
        """Take a conversation that makes no valid payload."""

    @abstractmethod
    def never_read(self, limit: int) -> list[tuple[str, str]]:
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
