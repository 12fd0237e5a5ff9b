"""`Intake`: rows on their way into the store, and when a STATE may leave.

STATE means: committed to the store. A STATE leaves, untouched, once the rows before it are
committed, and so is how far the tap has read by then.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from target_creovai import LOGGER_NAME
from target_creovai.kinds import KINDS
from target_creovai.wholeness.inputs import Input

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_creovai.input.announced import AnnouncedStreams
    from target_creovai.model.rows import StagedRow
    from target_creovai.store import Store
    from target_creovai.watch.summary import Summary
    from target_creovai.wholeness.coverage import Read

logger = logging.getLogger(LOGGER_NAME)

# A commit costs a few milliseconds; a row of mail may hold a quarter of a megabyte.
ROWS_PER_COMMIT = 1000
BYTES_PER_COMMIT = 16 * 1024 * 1024
# Taps that write STATE often don't make us commit as often.
SECONDS_BETWEEN_STATES = 10.0


class Intake:
    """The rows of one input: buffered, committed, and counted in the summary.

    `input` is what the SCHEMAs and STATEs of the input state of it.
    """

    def __init__(self, store: Store, summary: Summary, announced: AnnouncedStreams) -> None:
        """Begin with an empty buffer; `announced` grows with the SCHEMAs of the input."""
        self.input = Input(announced.fields)
        self._announced = announced
        self._store = store
        self._summary = summary
        self._buffer: list[StagedRow] = []
        self._buffered_bytes = 0
        self._changed: set[tuple[str, str]] = set()
        self._rows_since_state = 0
        self._last_state_at = time.monotonic()
        self._recorded_reads: list[Read] = []
        self._has_warned = False

    def add(self, row: StagedRow) -> bool:
        """Buffer a row; return whether it is time to commit."""
        if row.lacks:
            self.input.record_lacking(row.stream, row.lacks)
        self._buffer.append(row)
        self._buffered_bytes += len(row.body)
        return len(self._buffer) >= ROWS_PER_COMMIT or self._buffered_bytes >= BYTES_PER_COMMIT

    def commit(self) -> None:
        """Write the buffered rows to the store, in one transaction."""
        if not self._buffer:
            return
        changed = self._store.rows.stage(self._buffer, self.input.filters())
        self._changed.update(
            (row.kind, row.conversation)
            for row in changed
            if row.conversation is not None and not KINDS[row.kind].needs_whole_input
        )
        self._summary.rows.update(row.stream for row in self._buffer)
        self._summary.changed_rows.update(row.stream for row in changed)
        self._rows_since_state += len(self._buffer)
        self._buffer, self._buffered_bytes = [], 0

    def take_changed(self) -> set[tuple[str, str]]:
        """Return kind and Id of what commits have changed since the last call.

        Only conversations whose rows come from one stream: others wait for the end of the input.
        """
        changed, self._changed = self._changed, set()
        return changed

    def receive_state(self, state: Mapping[str, Any]) -> bool:
        """Record a STATE; return whether many rows or some time make it one to pass on."""
        self.input.record_state(state)
        self._warn_of_organization()
        waited = time.monotonic() - self._last_state_at
        rows = self._rows_since_state + len(self._buffer)
        return rows >= ROWS_PER_COMMIT or waited >= SECONDS_BETWEEN_STATES

    def release_state(self, state: Mapping[str, Any]) -> None:
        """Commit the rows before a STATE, and how far it has read: it may leave after that."""
        self.commit()
        self._record_reads(list(self.input.reads(state)))
        self._rows_since_state, self._last_state_at = 0, time.monotonic()

    def end(self, *, well: bool) -> None:
        """Record how the input ended, unless nothing came of it; all rows are committed by then."""
        if not (self._announced.any or self.input.has_state):
            return
        self._store.runs.end_input(well=well)
        newest, whole = self._store.coverage.newest_moment, self._store.runs.input_ended_well
        self._record_reads(list(self.input.reads_at_end(newest, well=whole)))

    def _warn_of_organization(self) -> None:
        if self.input.names_no_organization and not self._has_warned:
            self._has_warned = True
            logger.warning(
                "The organization_id in STATE is no Id of a Salesforce org, and is ignored: the "
                "rows count as those of the org that was read before."
            )

    def _record_reads(self, reads: list[Read]) -> None:
        if reads and reads != self._recorded_reads:
            self._store.coverage.record_reads(reads, self.input.organization)
            self._recorded_reads = reads
