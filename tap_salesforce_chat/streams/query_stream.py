"""`QueryStream`: a stream whose rows a query returns, oldest change first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_salesforce_chat.output.writer import WholeLineWriter
from tap_salesforce_chat.reading.source import QuerySource
from tap_salesforce_chat.soql import REPLICATION_KEY, Position, Query
from tap_salesforce_chat.state.bookmarks import (
    bookmark_in,
    earlier,
    end_of,
    instant_in,
    instant_text,
    is_in_place,
    is_within,
    latest,
    step_back,
)
from tap_salesforce_chat.state.keys import READ_AGAIN, READ_SINCE
from tap_salesforce_chat.streams.described_stream import ADAPTABLE, DescribedStream
from tap_salesforce_chat.timestamps import is_later, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Context
    from singer_sdk.tap_base import Tap

    from tap_salesforce_chat.reading.prefetch import PrefetchedQuery
    from tap_salesforce_chat.reading.rows import Row
    from tap_salesforce_chat.reading.tasks import Batch
    from tap_salesforce_chat.services import Services


class QueryStream(DescribedStream):
    """The rows of one object, read by REST or Bulk."""

    def __init__(self, tap: Tap, schema: Mapping[str, Any], services: Services) -> None:
        super().__init__(tap, schema, services)
        self._prefetched: dict[Query, PrefetchedQuery] = {}
        self._batch: Batch | None = None
        self._position: tuple[str, str] | None = None  # of the last row that is in its place
        self._held_back: str | None = None  # the bookmark when all rows are emitted
        self._clock: str | None = None  # Salesforce's time when it ran the first query

    # -- the query -----------------------------------------------------------------------------

    def _first_query(self) -> Query:
        return Query(
            sobject=self.name,
            fields=self.selected_fields(),
            since=self.reads.since,
            until=self._end_date,
            condition=self.condition,
            more=tuple(self._scope().values()),
        )

    # -- rows ----------------------------------------------------------------------------------

    def prefetch(self) -> None:
        """Have rows read before it is the stream's turn, if streams before it leave time."""
        if self.config["api_type"] == "REST":
            query = self._first_query()
            self._prefetched = {query: self._source().rest.prefetch(query)}

    @override
    def get_records(self, context: Context | None) -> Iterator[Row]:  # type: ignore[override] # structs, not dicts
        """Yield all rows; if the org lacks a field, go on without it."""
        self._progress = self.get_context_state(context)
        query = self._first_query()
        while True:
            self._position = None
            try:
                yield from self._rows(query)
            except ADAPTABLE as exc:
                query = self._continued_query(
                    self._adapted_query(query, exc, self._position_instant())
                )
            else:
                self._advance_to(self._held_back)
                clock = parse_instant(self._clock) if self._clock else datetime.now(UTC)
                self._record_end(self._up_to(end_of(clock)))
                return

    def _rows(self, query: Query) -> Iterator[Row]:
        prefetched = self._prefetched.pop(query, None)
        for batch in self._source().batches(query, prefetched):
            self._batch, self._extracted_at = batch, datetime.now(UTC)
            self._clock = self._clock or batch.clock
            self._held_back = latest(self._held_back, batch.newest)
            if batch.incomplete:
                self._step_back_to(batch.incomplete.since)
            yield from batch.rows
            # Other references to the batch must not keep its rows in memory.
            batch.rows.clear()
            self._flush()

    def has_no_rows(self, query: Query) -> bool:
        """Return whether Salesforce counts no row of a query; False if `verify_counts` is off."""
        return self.config["verify_counts"] and self._source().rest.count(query) == 0

    def rows_by_rest(self, query: Query) -> Iterator[Row]:
        """Yield the rows of another query than the sync's; the bookmark does not move.

        Raises:
            SalesforceError: Salesforce refuses, or the rows are not as many as it counts.
        """
        while True:
            try:
                for batch in self._source().rest.batches(query):
                    self._extracted_at = datetime.now(UTC)
                    yield from batch.rows
                    batch.rows.clear()
            except ADAPTABLE as exc:
                # Older rows lack the field as well: all are read again when it is back.
                query = self._adapted_query(query, exc, instant_in(self._progress, READ_SINCE))
            else:
                return

    def emit(self, rows: Iterable[Row]) -> None:
        """Write the RECORD messages of rows that are not of the sync's own query."""
        with self.get_record_counter() as counter:
            for row in rows:
                for message in self._generate_record_messages(row):
                    self._tap.write_message(message)
                counter.increment()
        self._flush()

    def _flush(self) -> None:
        """Write what is buffered: rows do not wait for those that are still being read."""
        writer = self._tap.message_writer
        if isinstance(writer, WholeLineWriter):
            writer.flush()

    def _source(self) -> QuerySource:
        return QuerySource(
            self._services.client,
            self._services.prefetcher,
            config=self.config,
            sobject=self.name,
            schemas=self.schema["properties"],
            progress=self._progress,
            write_state=self.write_state,
            logger=self.logger,
        )

    def _continued_query(self, query: Query) -> Query:
        if self._position is None:
            return query
        modified, row_id = self._position
        return replace(query, after=Position(parse_instant(modified), row_id))

    def _position_instant(self) -> datetime | None:
        """Return up to where rows are emitted in order."""
        return parse_instant(self._position[0]) if self._position else self.reads.since

    # -- bookmark ------------------------------------------------------------------------------

    @override
    def _increment_stream_state(
        self, latest_record: Any, *, context: Context | None = None
    ) -> None:
        """Move the bookmark to the row just emitted, if all rows before it are emitted."""
        batch, modified = self._batch, latest_record.SystemModstamp
        if batch is None:
            return
        if is_in_place(modified, batch):
            self._position = (modified, latest_record.Id)
            self._advance_to(modified)
        elif is_within(modified, batch):
            self._held_back = latest(self._held_back, modified)

    def _step_back_to(self, since: datetime | None) -> None:
        """Move the bookmark to before missing rows, but not to before this run.

        It returns to its present place when all rows are emitted.
        """
        progress = self._progress
        if READ_AGAIN in progress:
            again = earlier(since, instant_in(progress, READ_AGAIN))
            progress[READ_AGAIN] = instant_text(again)
        bookmark = bookmark_in(progress)
        self._held_back = latest(self._held_back, bookmark)
        moved = step_back(bookmark, progress.get("starting_replication_value"), since)
        if moved is None:
            progress.pop("replication_key_value", None)
        else:
            progress["replication_key_value"] = moved

    def _advance_to(self, modified: str | None) -> None:
        if modified is None or not self._is_incremental:
            return
        bookmark = bookmark_in(self._progress)
        if bookmark is None or is_later(modified, bookmark):
            self._progress.update(replication_key=REPLICATION_KEY, replication_key_value=modified)
        elif READ_AGAIN in self._progress:
            self._progress[READ_AGAIN] = modified
