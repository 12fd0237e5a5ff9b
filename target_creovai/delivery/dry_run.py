"""The dry run: every due conversation becomes a file, and nothing is sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from typing_extensions import override

from target_creovai.assemble import Ready
from target_creovai.delivery.decide import WORDS, decide
from target_creovai.delivery.loop import DeliveryLoop, report_set_aside
from target_creovai.encoding import encode
from target_creovai.errors import StoreError
from target_creovai.kinds import KINDS
from target_creovai.model.verdicts import Deleted, SetAside, Waiting
from target_creovai.wholeness.reasons import must_be_read

if TYPE_CHECKING:
    from target_creovai.assemble import Verdict
    from target_creovai.model.settings import AssemblySettings, Policy
    from target_creovai.store import ClaimPhase, LedgerEntry, Store
    from target_creovai.watch.summary import Summary


SET_ASIDE = "set-aside"
# How this target names its files: by Salesforce's Id, behind a prefix if there is one.
_IS_OURS = re.compile(r"[A-Za-z0-9._~-]*[A-Za-z0-9]{15}\.json").fullmatch


class DryRun(DeliveryLoop):
    """Writes `<payload_dir>/<chat or case>/<sessionId>.json`; the ledger stays as it is.

    What would go into the ledger's `detail` goes into `set-aside/<Id>.json` beside them. Files of
    earlier runs that this one does not write again are removed.
    """

    def __init__(
        self,
        store: Store,
        settings: AssemblySettings,
        summary: Summary,
        policy: Policy,
        payload_dir: str,
    ) -> None:
        super().__init__(store, settings, summary)
        self._policy = policy
        self._folder = Path(payload_dir)
        self._written: set[Path] = set()
        self._waiting_for_rows: list[tuple[str, str]] = []
        summary.payload_dir = payload_dir

    @override
    def run(self) -> None:
        """Write what is due, and remove files of earlier runs that are not due now."""
        super().run()
        for name in (*(kind.interface for kind in KINDS.values()), SET_ASIDE):
            for file in (self._folder / name).glob("*.json"):
                if _IS_OURS(file.name) and file not in self._written:
                    _remove(file)

    @override
    def take(
        self, kind: str, *, now: str, after: str, limit: int, phase: ClaimPhase | None = None
    ) -> list[LedgerEntry]:
        """Return what is due, without claiming it: a delivery that runs meanwhile may send it."""
        del phase  # of a delivery
        return self.store.ledger.due(kind, rules=self.rules_hash, now=now, after=after, limit=limit)

    @override
    def handle(self, entry: LedgerEntry, verdict: Verdict) -> None:
        """Write and count what a verdict makes; the ledger stays as it is."""
        match verdict:
            case Ready():
                self._write_payload(entry, verdict)
                self._count_next_step(entry, verdict)
            case Waiting():
                self._count_waiting(entry, verdict)
            case Deleted():
                self._count_next_step(entry, verdict)
            case SetAside():
                self._set_aside(entry, verdict)

    @override
    def waiting_for_rows(self, limit: int) -> list[tuple[str, str]]:
        """Return what this run has found to wait for rows."""
        return self._waiting_for_rows[:limit]

    def _write_payload(self, entry: LedgerEntry, ready: Ready) -> None:
        folder = self._folder / KINDS[entry.kind].interface
        self._write(folder / f"{ready.session_id}.json", ready.payload)
        self.summary.written[entry.kind] += 1

    def _count_waiting(self, entry: LedgerEntry, verdict: Waiting) -> None:
        self.summary.add_waiting(entry.kind, verdict.reason, entry.changed_at)
        if must_be_read(verdict.reason):
            self._waiting_for_rows.append((entry.kind, entry.id))

    def _set_aside(self, entry: LedgerEntry, verdict: SetAside) -> None:
        """Write the detail, which may quote customer text as the reason must not."""
        if verdict.detail:
            self._write(self._folder / SET_ASIDE / f"{entry.id}.json", verdict.detail)
        report_set_aside(self.summary, entry, verdict.reason)

    def _count_next_step(self, entry: LedgerEntry, verdict: Verdict) -> None:
        step = decide(entry, verdict, self._policy)
        self.summary.next_run[entry.kind, WORDS[step.action]] += 1

    def _write(self, file: Path, content: object) -> None:
        """Write a file that only its owner may read: it holds customer text.

        Raises:
            StoreError: The folder cannot be written.
        """
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.chmod(0o600)  # one that is there already may have readers
            file.write_bytes(msgspec.json.format(encode(content), indent=2) + b"\n")
        except OSError as error:
            raise _no_access(error) from None
        self._written.add(file)


def _remove(file: Path) -> None:
    """Remove a file.

    Raises:
        StoreError: The folder cannot be written.
    """
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise _no_access(error) from None


def _no_access(error: OSError) -> StoreError:
    msg = f"payload_dir cannot be written ({error.strerror}): check its path and rights."
    return StoreError(msg)
