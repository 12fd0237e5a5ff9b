"""How a stream's part of STATE begins, moves and ends.

The bookmark moves over emitted rows only, never backwards, and never beyond Salesforce's clock at
the time of the query. Beside it stands what later syncs need to know: from where on rows were ever
read, and from where on without a field that is needed.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.metrics import DEFAULT_LOG_INTERVAL, Metric, Tag, Timer
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL
from typing_extensions import override

from tap_salesforce_chat.discovery.fields import advice, has_path
from tap_salesforce_chat.soql import CURSOR, KEY
from tap_salesforce_chat.streams.meters import RecordCounter, told_with_news
from tap_salesforce_chat.streams.state import (
    EMPTY_SINCE,
    READ_AGAIN,
    READ_SINCE,
    READS,
    Reads,
    bounds_of_returned,
    earlier,
    instant_in,
    note_fields,
    put_instant,
)
from tap_salesforce_chat.timestamps import format_instant, is_later, parse_instant

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from singer_sdk.helpers.types import Context

    from tap_salesforce_chat.reading.tasks import Batch

_BEGINNING = datetime.min.replace(tzinfo=UTC)


class ResumableStream(Stream):
    """A stream that knows where it is, and what it has read so far."""

    # Fields without which a row cannot be understood.
    needed: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._progress: dict[str, Any] = {}
        self._batch: Batch | None = None
        self._position: tuple[str, str] | None = None
        self._held_back: str | None = None
        self._counters: list[RecordCounter] = []
        self._bookmark_before: str | None = None

    @override
    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        """Log what the SDK says of the stream, for debug level: what ends the sync is told once."""
        super().log(message, *args, level=min(level, logging.DEBUG), **kwargs)

    # -- what is read -----------------------------------------------------------------------------

    def selected_fields(self) -> tuple[str, ...]:
        """Return the selected fields as SOQL paths, `Owner.Name` for a parent's."""
        paths = [KEY, CURSOR]
        for name, kind in self.schema["properties"].items():
            if "properties" in kind:
                paths += [
                    f"{name}.{field}"
                    for field in kind["properties"]
                    if self.mask["properties", name, "properties", field]
                ]
            elif self.mask["properties", name]:
                paths.append(name)
        return tuple(dict.fromkeys(paths))

    def begin(self) -> None:
        """Say in STATE what this sync reads, and from where on rows were ever read."""
        self._bookmark_before = self._bookmark()
        self._progress, reads = self.progress, self.reads
        goes_on = self._bookmark() and self._follows_bookmark()
        if not goes_on or READ_SINCE not in self._progress:
            put_instant(self._progress, READ_SINCE, self._start())
        note_fields(self._progress, reads.without, reads.since)
        # Of an object that cannot be read at all, discovery has warned, and the query will fail.
        if reads.without and set(self.schema["properties"]) > {KEY, CURSOR}:
            self._warn_of_missing_fields(reads.without)
        self.publish()

    def _warn_of_missing_fields(self, missing: Collection[str]) -> None:
        hidden = [path for path in missing if not has_path(self.schema, path)]
        self.logger.warning(
            "Left out of %s: %s, without which its rows cannot be understood. %s",
            self.name,
            ", ".join(missing),
            advice(self.name, hidden, [path for path in missing if path not in hidden]),
        )

    @property
    def progress(self) -> dict[str, Any]:
        """The stream's part of STATE's bookmarks."""
        return self.get_context_state(None)

    @cached_property
    def reads(self) -> Reads:
        """What this sync reads, and up to where it is out."""
        selected = self.selected_fields()
        without = tuple(path for path in self.needed if path not in selected)
        # What came without a field that is there again comes once more.
        again = bounds_of_returned(self._state, without)
        since = min([self._since(), *again], key=lambda moment: moment or _BEGINNING)
        return Reads(since, self.condition, without=without)

    def publish(self) -> None:
        """Bring the entry of `sync_reads` in STATE up to date."""
        state: dict[str, Any] = self.tap_state  # type: ignore[assignment] # a TypedDict without our keys
        state.setdefault(READS, {})[self.name] = self.reads.entry()
        self.state_manager.is_flushed = False

    @property
    def condition(self) -> str | None:
        """The condition that `filters` puts on the rows."""
        condition: str | None = (self.config.get("filters") or {}).get(self.name)
        return condition

    @property
    def _end_date(self) -> datetime | None:
        end_date = self.config.get("end_date")
        return parse_instant(end_date) if end_date else None

    def _since(self) -> datetime | None:
        bookmark = self._bookmark()
        if bookmark and self._follows_bookmark():
            return parse_instant(bookmark) - timedelta(seconds=self.config["lookback_seconds"])
        return self._start()

    def _start(self) -> datetime | None:
        """Return from where on to read without a bookmark, None for the beginning.

        A stream that had no rows has none either: a later start date must not tear a hole.
        """
        start_date, state = self.config.get("start_date"), self._state
        start = parse_instant(start_date) if start_date else None
        if EMPTY_SINCE in state and self._follows_bookmark():
            return earlier(start, instant_in(state, EMPTY_SINCE))
        return start

    def _follows_bookmark(self) -> bool:
        return bool(self.replication_method == REPLICATION_INCREMENTAL)

    def _up_to(self, moment: datetime) -> datetime:
        """Return a moment, or `end_date` if that is earlier."""
        end_date = self._end_date
        return min(moment, end_date) if end_date else moment

    def _note_end(self, until: datetime) -> None:
        """Say in STATE up to where all rows are out."""
        if self._bookmark() is None and READ_SINCE in self._progress:
            self._progress[EMPTY_SINCE] = self._progress[READ_SINCE]
        self._progress.pop(READ_AGAIN, None)
        self.reads.until = until
        self.publish()

    def _here(self) -> datetime | None:
        """Return up to where rows are out in order."""
        return parse_instant(self._position[0]) if self._position else self.reads.since

    # -- what is told ----------------------------------------------------------------------------

    @property
    def rows_out(self) -> int:
        """How many rows were emitted so far."""
        return sum(counter.total for counter in self._counters)

    def _has_news(self) -> bool:
        """Tell whether rows came that no sync before had."""
        before = self._bookmark_before
        return self.rows_out > 0 and (before is None or self._bookmark() != before)

    @override
    def get_record_counter(
        self, *, endpoint: str | None = None, log_interval: float = DEFAULT_LOG_INTERVAL
    ) -> RecordCounter:
        """Return a counter of rows that logs what brought news."""
        tags = {Tag.STREAM: self.name} | ({Tag.ENDPOINT: endpoint} if endpoint else {})
        counter = RecordCounter(Metric.RECORD_COUNT, tags, log_interval)
        told_with_news(counter, self.name, self._has_news)
        self._counters.append(counter)
        return counter

    @override
    def get_sync_timer(self) -> Timer:
        """Return a timer that logs where the sync brought news."""
        timer = super().get_sync_timer()
        told_with_news(timer, self.name, self._has_news)
        return timer

    # -- bookmark ------------------------------------------------------------------------------

    def _bookmark(self) -> str | None:
        return _bookmark_in(self._state)

    @property
    def _state(self) -> Mapping[str, Any]:
        # To ask the SDK for a stream's state would put an empty one into STATE.
        return self.tap_state.get("bookmarks", {}).get(self.name, {})

    @override
    def _increment_stream_state(
        self, latest_record: Any, *, context: Context | None = None
    ) -> None:
        """Move the bookmark to the row just emitted, if all rows before it are out.

        The SDK's own would go back over the rows that the lookback reads again. And it would
        follow a row that was changed after the query began: Salesforce settles the order of all
        rows then, but reads each when its page is asked for, so such a row comes in its old place
        with a new time, and rows in between are still to come. One that was changed in the very
        second of the query may be such a row, so it counts at the end only, like rows that come
        in no order.
        """
        modified = latest_record.SystemModstamp
        batch = self._batch
        if batch is None:
            return
        if self._is_in_place(modified, batch):
            self._advance_to(modified)
        elif self._may_count(modified, batch):
            self._hold(modified)

    def _hold(self, modified: str | None) -> None:
        """Keep an instant for the end, when all rows are out."""
        if modified and (self._held_back is None or is_later(modified, self._held_back)):
            self._held_back = modified

    def _is_in_place(self, modified: str, batch: Batch) -> bool:
        """Tell whether all rows that changed before a row came before it."""
        return batch.in_order and modified != batch.clock and self._may_count(modified, batch)

    def _may_count(self, modified: str, batch: Batch) -> bool:
        """Tell whether a row is of its window, and not from the future."""
        if batch.until is not None and not is_later(batch.until, modified):
            return False
        return batch.clock is None or not is_later(modified, batch.clock)

    def _step_back_to(self, since: datetime | None) -> None:
        """Move the bookmark to before rows that are missing, but not to before this run.

        It gets to where it was at the end, when nothing is missing any more.
        """
        state = self._progress
        if READ_AGAIN in state:
            put_instant(state, READ_AGAIN, earlier(since, instant_in(state, READ_AGAIN)))
        self._hold(_bookmark_in(state))
        start = state.get("starting_replication_value")
        if since and start:
            since = max(since, parse_instant(start))
        goal = format_instant(since) if since else start
        bookmark = _bookmark_in(state)
        if goal is None:
            state.pop("replication_key_value", None)
        elif bookmark and is_later(bookmark, goal):
            state["replication_key_value"] = goal

    def _advance_to(self, modified: str | None) -> None:
        if modified is None or not self._follows_bookmark():
            return
        bookmark = _bookmark_in(self._progress)
        if bookmark is None or is_later(modified, bookmark):
            self._progress.update(replication_key=CURSOR, replication_key_value=modified)
        elif READ_AGAIN in self._progress:
            self._progress[READ_AGAIN] = modified

    @override
    def compare_start_date(self, value: str, start_date_value: str) -> str:
        """Let a bookmark win over `start_date`, later or not."""
        return value

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Return none: it would be this machine's clock."""
        return


def _bookmark_in(state: Mapping[str, Any]) -> str | None:
    return state.get("replication_key_value") if state.get("replication_key") == CURSOR else None
