"""`SalesforceStream`: the schema, keys, bookmark and part of STATE that every stream has."""

from __future__ import annotations

import logging
from abc import abstractmethod
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.metrics import DEFAULT_LOG_INTERVAL
from singer_sdk.singerlib import RecordMessage
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL
from typing_extensions import override

from tap_salesforce_chat.discovery.fields import missing_fields_warning
from tap_salesforce_chat.reading.rows import row_as_dict
from tap_salesforce_chat.settings.reading import filter_of
from tap_salesforce_chat.soql import PRIMARY_KEY, REPLICATION_KEY
from tap_salesforce_chat.state.bookmarks import (
    bookmark_in,
    earlier,
    earliest,
    instant_in,
    instant_text,
    missing_since,
    reread_bounds,
)
from tap_salesforce_chat.state.keys import (
    EMPTY_SINCE,
    READ_AGAIN,
    READ_SINCE,
    READ_WITHOUT,
    READS,
)
from tap_salesforce_chat.state.reads import SyncReads
from tap_salesforce_chat.streams.metrics import StreamMetrics
from tap_salesforce_chat.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from singer_sdk.helpers.types import Context
    from singer_sdk.mapper import StreamMap
    from singer_sdk.metrics import Timer
    from singer_sdk.singerlib import Catalog
    from singer_sdk.tap_base import Tap

    from tap_salesforce_chat.discovery.describe import Describe, Discovery
    from tap_salesforce_chat.discovery.fields import SchemaRefresh
    from tap_salesforce_chat.services import Services
    from tap_salesforce_chat.streams.metrics import RecordCounter


class SalesforceStream(Stream):
    """A stream whose bookmark is the latest SystemModstamp up to which all rows are emitted."""

    sobject: ClassVar[str]
    # Fields without which a row cannot be understood.
    needed: ClassVar[tuple[str, ...]] = ()
    # Further fields that conversations show: `doctor` checks that the user can read them.
    shown: ClassVar[tuple[str, ...]] = ()
    # Whether orgs without the object are usual: the catalog then lacks the stream.
    optional: ClassVar[bool] = False

    primary_keys = (PRIMARY_KEY,)
    replication_key = REPLICATION_KEY
    is_sorted = True
    # Rows match the schema already: both come from Salesforce.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    # About one page: a run that is interrupted leaves little to read again.
    STATE_MSG_FREQUENCY = 2000

    def __init__(self, tap: Tap, schema: Mapping[str, Any], services: Services) -> None:
        super().__init__(tap, name=self.sobject, schema=dict(schema))
        self._services = services
        self._progress: dict[str, Any] = {}
        self._metrics = StreamMetrics(self.name, lambda: self.bookmark)
        self._extracted_at: datetime | None = None

    @classmethod
    def own_fields(cls) -> tuple[str, ...]:
        """Return the fields of the object itself that conversations need or show."""
        return (*(path for path in cls.needed if "." not in path), *cls.shown)

    # -- schema --------------------------------------------------------------------------------

    @classmethod
    @abstractmethod
    def discovered(cls, describe: Describe) -> Discovery | None:
        """Return what the org shows of the stream, None if it shows nothing."""

    @classmethod
    @abstractmethod
    def refreshed(cls, schema: dict[str, Any], describe: Describe) -> SchemaRefresh | None:
        """Return the schema of a catalog as the org has it now, None if it shows nothing."""

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take selections from a catalog, but not keys."""
        super().apply_catalog(catalog)
        self.primary_keys = (PRIMARY_KEY,)
        self.replication_key = REPLICATION_KEY

    def selected_fields(self) -> tuple[str, ...]:
        """Return the selected fields as SOQL paths, `Owner.Name` for a parent's."""
        paths = [PRIMARY_KEY, REPLICATION_KEY]
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

    # -- what this sync reads ------------------------------------------------------------------

    def begin(self) -> None:
        """Put into STATE what this sync reads, and from where on rows were ever read."""
        self._metrics.begin()
        self._progress = self.progress
        goes_on = self.bookmark and self._is_incremental
        if not goes_on or READ_SINCE not in self._progress:
            self._progress[READ_SINCE] = instant_text(self._start())
        self._record_missing_fields(self.reads.since)
        # For an object that cannot be read at all, discovery has warned, and the query will fail.
        if self.reads.without and set(self.schema["properties"]) > {PRIMARY_KEY, REPLICATION_KEY}:
            self._warn_of_missing_fields(self.reads.without)
        self.publish()

    @property
    def progress(self) -> dict[str, Any]:
        """The stream's part of STATE's bookmarks; the SDK creates it if it is missing."""
        return self.get_context_state(None)

    @property
    def bookmark(self) -> str | None:
        """The stream's bookmark, None if it has none."""
        return bookmark_in(self._known_progress)

    @cached_property
    def reads(self) -> SyncReads:
        """What this sync reads, and up to where rows are emitted."""
        selected = self.selected_fields()
        without = tuple(path for path in self.needed if path not in selected)
        # Rows that were read without a field that is back are read again.
        again = reread_bounds(self._known_progress, without)
        since = earliest([self._since(), *again])
        return SyncReads(since, self.condition, without=without)

    def publish(self) -> None:
        """Update the stream's item of `sync_reads` in STATE."""
        state: dict[str, Any] = self.tap_state  # type: ignore[assignment] # a TypedDict without our keys
        state.setdefault(READS, {})[self.name] = self.reads.document()

    @property
    def condition(self) -> str | None:
        """The condition that `filters` puts on the rows."""
        return filter_of(self.config, self.name)

    @property
    def _known_progress(self) -> Mapping[str, Any]:
        # `progress` would put an empty bookmark into STATE.
        bookmarks: dict[str, Any] = self.tap_state.get("bookmarks", {})
        known: dict[str, Any] = bookmarks.get(self.name, {})
        return known

    @property
    def _is_incremental(self) -> bool:
        return bool(self.replication_method == REPLICATION_INCREMENTAL)

    @property
    def _end_date(self) -> datetime | None:
        end_date = self.config.get("end_date")
        return parse_instant(end_date) if end_date else None

    def _since(self) -> datetime | None:
        bookmark = self.bookmark
        if bookmark and self._is_incremental:
            return parse_instant(bookmark) - timedelta(seconds=self.config["lookback_seconds"])
        return self._start()

    def _start(self) -> datetime | None:
        """Return from where on to read without a bookmark, None for the beginning.

        A stream that had no rows has no bookmark: a later start date must not leave a gap.
        """
        start_date, progress = self.config.get("start_date"), self._known_progress
        start = parse_instant(start_date) if start_date else None
        if EMPTY_SINCE in progress and self._is_incremental:
            return earlier(start, instant_in(progress, EMPTY_SINCE))
        return start

    def _up_to(self, moment: datetime) -> datetime:
        """Return a moment, or `end_date` if that is earlier."""
        end_date = self._end_date
        return min(moment, end_date) if end_date else moment

    def _record_end(self, until: datetime) -> None:
        """Put into STATE that all rows up to an instant are emitted."""
        if self.bookmark is None and READ_SINCE in self._progress:
            self._progress[EMPTY_SINCE] = self._progress[READ_SINCE]
        self._progress.pop(READ_AGAIN, None)
        self.reads.until = until
        self.publish()

    # -- needed fields that cannot be read -----------------------------------------------------

    def _record_missing_fields(self, since: datetime | None) -> None:
        """Put into STATE from where on rows lack needed fields, and are read again."""
        known, missing = self._progress.get(READ_WITHOUT, {}), self.reads.without
        if known.keys() - set(missing):
            self._progress[READ_AGAIN] = instant_text(since)
        if found := missing_since(known, missing, since):
            self._progress[READ_WITHOUT] = found
        else:
            self._progress.pop(READ_WITHOUT, None)

    def _warn_of_missing_fields(self, missing: Collection[str]) -> None:
        self.logger.warning("%s", missing_fields_warning(self.name, missing, self.schema))

    # -- messages ------------------------------------------------------------------------------

    def write_state(self) -> None:
        """Write a STATE message, unless STATE is as the last one."""
        self._tap.state_writer.write_state(self.tap_state)

    @override
    def generate_child_contexts(self, record: Any, context: Context | None) -> tuple[()]:
        """Return none: there are no child streams."""
        return ()

    # Streams move their bookmark themselves: the SDK's own would go back over the rows that the
    # lookback reads again, and past rows that are still to come.
    @override
    def _increment_stream_state(
        self, latest_record: Any, *, context: Context | None = None
    ) -> None:
        """Do nothing."""

    # The SDK's own searches each row for fields that are not selected: none of them was queried.
    @override
    def _generate_record_messages(self, record: Any) -> Iterator[RecordMessage]:  # type: ignore[override] # a generator, too
        """Yield the RECORD messages of a row."""
        for stream_map in self.stream_maps:
            mapped = (
                record
                if _changes_nothing(stream_map)
                else stream_map.transform(row_as_dict(record))
            )
            if mapped is not None:
                yield RecordMessage(
                    stream_map.stream_alias, mapped, time_extracted=self._extracted_at
                )

    @override
    def compare_start_date(self, value: str, start_date_value: str) -> str:
        """Return the bookmark: `start_date` does not replace it, even if it is later."""
        return value

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Return None: the SDK would otherwise use this machine's clock."""
        return

    # -- logs and metrics ----------------------------------------------------------------------

    @override
    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:
        """Log the SDK's lines at debug level: the tap itself logs what ends a sync."""
        super().log(message, *args, level=min(level, logging.DEBUG), **kwargs)

    @property
    def rows_emitted(self) -> int:
        """The number of rows emitted so far."""
        return self._metrics.rows_emitted

    @override
    def get_record_counter(
        self, *, endpoint: str | None = None, log_interval: float = DEFAULT_LOG_INTERVAL
    ) -> RecordCounter:
        """Return a counter of rows that logs at INFO if there are new ones."""
        return self._metrics.counter(endpoint, log_interval)

    @override
    def get_sync_timer(self) -> Timer:
        """Return a timer that logs at INFO if there are new rows."""
        return self._metrics.logged(super().get_sync_timer())


def _changes_nothing(stream_map: StreamMap) -> bool:
    return isinstance(stream_map, SameRecordTransform) and not stream_map.flattening_enabled
