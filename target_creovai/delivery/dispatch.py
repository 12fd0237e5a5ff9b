"""The walk through what is due, the same for sending and for looking before sending."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from target_creovai.assemble import Reach, Ready, assemble, fingerprint
from target_creovai.kinds import KINDS
from target_creovai.model import Deleted, Skipped, Unfit, Waiting
from target_creovai.payload import utc
from target_creovai.summary import Summary, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_creovai.kinds import Kind
    from target_creovai.model import Rules
    from target_creovai.store import Entry, Store

# Conversations whose rows are in memory at once: a case may hold megabytes of mail.
PAGE = 50

logger = logging.getLogger("target-creovai")


class Dispatch(ABC):
    """Assembles every conversation that is due, and hands it on by verdict."""

    def __init__(self, store: Store, rules: Rules, summary: Summary) -> None:
        self.store = store
        self.rules = rules
        self.rules_hash = fingerprint(rules)
        self.summary = summary
        self.input_broke_off = False
        self._exit_code: int | None = None
        self._leaving = False

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

    def kinds_to_go(self) -> list[Kind]:
        """Return the kinds that may be delivered now."""
        broken = self.input_broke_off
        return [kind for kind in KINDS.values() if not (broken and kind.needs_whole_input)]

    def walk(self, kind: Kind) -> None:
        """Walk through what is due of one kind."""
        for page in self._pages(kind.name):
            self.page(page)

    def stop(self, exit_code: int) -> None:
        """Ask for an end at the next safe point; may be called by a signal handler.

        Anywhere else, the end could leave a transaction open behind it.
        """
        self._exit_code = exit_code

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
                count = self.store.count_due(kind.name, rules=self.rules_hash, now=now)
                self.summary.hold(kind.name, count)

    def count_due(self) -> int:
        """Count what `run` would look at now."""
        now = utc(datetime.now(UTC))
        return sum(
            self.store.count_due(kind.name, rules=self.rules_hash, now=now)
            for kind in self.kinds_to_go()
        )

    def page(self, entries: Sequence[Entry]) -> None:
        """Assemble these conversations and hand each on."""
        kind = KINDS[entries[0].kind]
        found = self.store.snapshot_of(kind.name, [entry.id for entry in entries])
        for entry in entries:
            self.summary.looked_at += 1
            now = datetime.now(UTC)
            reach = Reach(found.coverage, found.filters.get(entry.id, ()))
            rows = found.rows.pop(entry.id)
            verdict = assemble(entry.kind, entry.id, rows, self.rules, now, reach)
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
                case Unfit():
                    self.unfit(entry, verdict)
                    self.report_set_aside(entry, verdict.reason)

    def report_set_aside(self, entry: Entry, reason: str) -> None:
        """Count and name a conversation that cannot be sent as it is."""
        logger.warning("%s %s set aside: %s", entry.kind, entry.id, reason)
        self.summary.set_aside.append(Trouble(entry.kind, entry.id, reason))

    @abstractmethod
    def take(self, kind: str, *, now: str, after: str, limit: int) -> list[Entry]:
        """Return what is due of a kind, in order of Id, from the one behind `after`."""

    @abstractmethod
    def ready(self, entry: Entry, verdict: Ready) -> None:
        """Take a payload that may go."""

    @abstractmethod
    def wait(self, entry: Entry, verdict: Waiting) -> None:
        """Take a conversation whose time has not come."""

    @abstractmethod
    def skip(self, entry: Entry, verdict: Skipped) -> None:
        """Take a conversation that holds nothing to send."""

    @abstractmethod
    def deleted(self, entry: Entry, verdict: Deleted) -> None:
        """Take a conversation whose record is deleted."""

    @abstractmethod
    def unfit(self, entry: Entry, verdict: Unfit) -> None:
        """Take a conversation that makes no valid payload."""

    @abstractmethod
    def never_read(self, limit: int) -> list[tuple[str, str]]:
        """Return kind and Id of conversations that wait for rows which have to be read."""

    def _pages(self, kind: str) -> Iterator[list[Entry]]:
        after = ""
        while page := self.take(kind, now=utc(datetime.now(UTC)), after=after, limit=PAGE):
            yield page
            after = page[-1].id
