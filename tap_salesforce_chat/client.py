"""`SalesforceStream`: how any object is read, row by row, and how its bookmark moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib import RecordMessage
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL
from typing_extensions import override

from tap_salesforce_chat.describe import UNSELECTED_FIELDS, Parent, discover, properties_of
from tap_salesforce_chat.errors import (
    BulkRefusedError,
    MissingFieldError,
    UnreadableObjectError,
    unreadable_object,
)
from tap_salesforce_chat.fields import (
    advice,
    has_path,
    left_out,
    paths_named,
    renewed,
    without_paths,
)
from tap_salesforce_chat.reading.bulk import BulkSource
from tap_salesforce_chat.reading.bulk_jobs import JOB_KEY, Jobs
from tap_salesforce_chat.reading.pagination import Asker
from tap_salesforce_chat.reading.rest import RestSource
from tap_salesforce_chat.reading.rows import plain
from tap_salesforce_chat.soql import CURSOR, KEY, Position, Query
from tap_salesforce_chat.state import (
    EMPTY_SINCE,
    READ_AGAIN,
    READ_SINCE,
    READS,
    Reads,
    bounds_of_returned,
    earlier,
    end_of,
    instant_in,
    note_fields,
    put_instant,
)
from tap_salesforce_chat.timestamps import (
    format_instant,
    is_later,
    parse_instant,
)
from tap_salesforce_chat.writer import WholeLineWriter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Context
    from singer_sdk.mapper import StreamMap
    from singer_sdk.singerlib import Catalog, MetadataMapping
    from singer_sdk.tap_base import Tap

    from tap_salesforce_chat.connection import Connection
    from tap_salesforce_chat.describe import Describe, Discovery
    from tap_salesforce_chat.fields import Renewal
    from tap_salesforce_chat.reading.lanes import Lanes, Reading
    from tap_salesforce_chat.reading.rows import Row
    from tap_salesforce_chat.reading.windows import Batch


_BEGINNING = datetime.min.replace(tzinfo=UTC)
# A backlog of more rows is Bulk's, if the API is left to us: by REST it costs 50 requests and more.
_BULK_FROM = 100_000


class SalesforceStream(Stream):
    """The rows of one object, oldest change first.

    Two promises shape it. The bookmark moves over emitted rows only, never backwards, and never
    beyond Salesforce's clock at the time of the query. And what the org stops showing in the
    middle of it all costs a field, not the run.
    """

    sobject: ClassVar[str]
    parents: ClassVar[tuple[Parent, ...]] = ()
    # Whether an org may well be without it: then it is no stream.
    optional: ClassVar[bool] = False
    # The field that holds the Id of the case that a row belongs to, if it may belong to one.
    case_field: ClassVar[str] = ""
    # Fields without which a row cannot be understood.
    needed: ClassVar[tuple[str, ...]] = ()

    primary_keys = (KEY,)
    replication_key = CURSOR
    is_sorted = True
    # Rows are as the schema says: Salesforce made both.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    # About one page, so that a run that is cut off has little to read again.
    STATE_MSG_FREQUENCY = 2000

    def __init__(
        self, tap: Tap, schema: Mapping[str, Any], connection: Connection, lanes: Lanes
    ) -> None:
        super().__init__(tap, name=self.sobject, schema=dict(schema))
        self._connection = connection
        self._lanes = lanes
        self._ahead: dict[Query, Reading] = {}
        self._progress: dict[str, Any] = {}
        self._batch: Batch | None = None
        self._extracted_at: datetime | None = None
        self._position: tuple[str, str] | None = None
        self._held_back: str | None = None
        self._clock: str | None = None  # Salesforce's when it ran the first query

    @classmethod
    def discovered(cls, describe: Describe) -> Discovery | None:
        """Return what the org shows of the stream, None if it shows nothing."""
        document = describe(cls.sobject)
        return None if document is None else discover(document, cls.parents, describe)

    @classmethod
    def renewed(cls, schema: dict[str, Any], describe: Describe) -> Renewal | None:
        """Return the schema of a catalog as the org has it now, None if it shows nothing."""
        document = describe(cls.sobject)
        if document is None:
            return None
        wanted = [path for path in cls.needed if not has_path(schema, path)]
        parents = [parent for parent in cls.parents if parent.has_any(wanted)]
        fields = document["fields"]
        own = renewed(schema, {field["name"] for field in fields}, properties_of(fields), wanted)
        more = discover(document, parents, describe).schema if parents else None
        return own.with_parents(more, wanted) if more else own

    # -- what is asked for ---------------------------------------------------------------------

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take selections from a catalog; the keys stay what they are."""
        super().apply_catalog(catalog)
        self.primary_keys = (KEY,)
        self.replication_key = CURSOR

    @property
    @override
    def metadata(self) -> MetadataMapping:
        """Selection metadata; some fields have to be asked for by name."""
        fresh = self._metadata is None
        mapping = super().metadata
        if fresh and self._tap_input_catalog is None:
            for name in UNSELECTED_FIELDS:
                if name in self.schema["properties"]:
                    mapping["properties", name].selected_by_default = False
        return mapping

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
        self._progress, reads = self.progress, self.reads
        goes_on = self._bookmark() and self._follows_bookmark()
        if not goes_on or READ_SINCE not in self._progress:
            put_instant(self._progress, READ_SINCE, self._start())
        note_fields(self._progress, reads.without, reads.since)
        if reads.without:
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

    def _first_query(self) -> Query:
        return Query(
            sobject=self.name,
            fields=self.selected_fields(),
            since=self.reads.since,
            until=self._end_date,
            condition=self.condition,
        )

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

    # -- rows ----------------------------------------------------------------------------------

    def read_ahead(self) -> None:
        """Have rows read before it is the stream's turn, once streams before it leave time."""
        if self.config["api_type"] == "REST":
            query = self._first_query()
            self._ahead = {query: self._rest().open(query)}

    @override
    def get_records(self, context: Context | None) -> Iterator[Row]:  # type: ignore[override] # structs, not dicts
        """Yield all rows; where a field turns out to be missing, go on without it."""
        self._progress = self.get_context_state(context)
        query = self._first_query()
        while True:
            self._position = None
            try:
                yield from self._rows(query)
            except MissingFieldError as exc:
                query = self._without_missing_field(query, exc, self._here())
                query = self._continued(query)
            except UnreadableObjectError as exc:
                raise unreadable_object(self.name) from exc
            else:
                self._advance_to(self._held_back)
                clock = parse_instant(self._clock) if self._clock else datetime.now(UTC)
                self._note_end(self._up_to(end_of(clock)))
                return

    def _note_end(self, until: datetime) -> None:
        """Say in STATE up to where all rows are out."""
        if self._bookmark() is None and READ_SINCE in self._progress:
            self._progress[EMPTY_SINCE] = self._progress[READ_SINCE]
        self._progress.pop(READ_AGAIN, None)
        self.reads.until = until
        self.publish()

    def rows_by_rest(self, query: Query) -> Iterator[Row]:
        """Yield the rows of another query than that of the sync, which leaves the bookmark alone.

        Raises:
            SalesforceError: Salesforce refuses, or there are other rows than it counts.
        """
        while True:
            try:
                for batch in self._rest().batches(query):
                    self._extracted_at = datetime.now(UTC)
                    yield from batch.rows
                    batch.rows.clear()
            except MissingFieldError as exc:
                # Older rows, too: with them it is all to be read again when the field is back.
                start = instant_in(self._progress, READ_SINCE)
                query = self._without_missing_field(query, exc, start)
            except UnreadableObjectError as exc:
                raise unreadable_object(self.name) from exc
            else:
                return

    def emit(self, rows: Iterable[Any]) -> None:
        """Write rows out, beside those of the sync."""
        with self.get_record_counter() as counter:
            for row in rows:
                self._write_record_message(row)
                counter.increment()
        self._flush()

    def _batches(self, query: Query) -> Iterator[Batch]:
        """Read by the API that the settings name."""
        api, rest = self.config["api_type"], self._rest()
        if api == "AUTO":
            backlog = rest.count(query)
            api = "REST" if backlog is not None and backlog < _BULK_FROM else "BULK2"
        if api == "REST":
            self._progress.pop(JOB_KEY, None)
            ahead = self._ahead.pop(query) if query in self._ahead else rest.open(query)
            yield from self._lanes.batches(ahead)
            return
        try:
            yield from self._bulk(rest).batches(query)
        except BulkRefusedError as exc:
            if self.config["api_type"] != "AUTO":
                raise
            self.logger.warning("%s Reading by REST instead.", exc)
            yield from rest.batches(query)

    def _flush(self) -> None:
        """Let rows that are here not wait for those that are still to come."""
        writer = self._tap.message_writer
        if isinstance(writer, WholeLineWriter):
            writer.flush()

    def _rows(self, query: Query) -> Iterator[Row]:
        for batch in self._batches(query):
            self._batch, self._extracted_at = batch, datetime.now(UTC)
            self._clock = self._clock or batch.clock
            self._hold(batch.newest)
            if batch.lacking:
                self._step_back_to(batch.lacking.since)
            for row in batch.rows:
                if self._is_in_place(row.SystemModstamp, batch):
                    self._position = (row.SystemModstamp, row.Id)
                yield row
            # Whoever still knows the batch must not keep its rows from being freed.
            batch.rows.clear()
            self._flush()

    @property
    def _operation(self) -> str:
        return "queryAll" if self.config["include_deleted"] else "query"

    def _bulk(self, rest: RestSource) -> BulkSource:
        jobs = Jobs(
            self._connection,
            self.name,
            self._operation,
            state=self._progress,
            save=self._write_state_message,
            deadline=self.config["bulk_timeout_minutes"] * 60,
            logger=self.logger,
        )
        return BulkSource(jobs, rest, self.schema["properties"])

    def _rest(self) -> RestSource:
        asker = Asker(
            self._connection,
            self._operation,
            page_size=self.config["page_size"],
            subject=f"Query of {self.name}",
        )
        return RestSource(
            asker,
            self.schema["properties"],
            clock=lambda: self._connection.clock,
            lanes=self._lanes,
            verify=self.config["verify_counts"],
            logger=self.logger,
        )

    def _without_missing_field(
        self, query: Query, exc: MissingFieldError, since: datetime | None
    ) -> Query:
        missing = paths_named(query.fields, exc, {"": self.name, **self._parent_objects()})
        if not missing or not missing.isdisjoint({KEY, CURSOR}):
            raise exc
        self._leave_out(missing, since)
        fields = tuple(path for path in query.fields if path not in missing)
        return replace(query, fields=fields)

    def _leave_out(self, missing: set[str], since: datetime | None) -> None:
        """Do without fields from an instant on: in queries, in SCHEMA, and in what STATE says."""
        self._schema = without_paths(self.schema, missing)
        if needed := [path for path in self.needed if path in missing]:
            self._warn_of_missing_fields(needed)
            self.reads.without = tuple(
                path for path in self.needed if path in {*needed, *self.reads.without}
            )
            note_fields(self._progress, self.reads.without, since)
            self.publish()
        if others := sorted(missing.difference(needed)):
            self.logger.warning("%s", left_out(self.name, others))
        if self.selected:
            raw = without_paths(self.stream_maps[0].raw_schema, missing)
            self._tap.mapper.register_raw_stream_schema(self.name, raw, self.primary_keys)
            self._stream_maps = self._tap.mapper.stream_maps[self.name]
            self._write_schema_message()

    def _here(self) -> datetime | None:
        """Return up to where rows are out in order."""
        return parse_instant(self._position[0]) if self._position else self.reads.since

    def _continued(self, query: Query) -> Query:
        if self._position is None:
            return query
        modified, row_id = self._position
        return replace(query, after=Position(parse_instant(modified), row_id))

    def _parent_objects(self) -> dict[str, str]:
        return {parent.relationship: parent.sobject for parent in self.parents}

    @override
    def generate_child_contexts(self, record: Any, context: Context | None) -> tuple[()]:
        """Return none: there are no child streams."""
        return ()

    @override
    def _generate_record_messages(self, record: Any) -> Iterator[RecordMessage]:  # type: ignore[override] # a generator, too
        """Return what to write for a row.

        The SDK's own looks through each row for what is not selected: none of it was asked for.
        """
        for stream_map in self.stream_maps:
            mapped = record if _changes_nothing(stream_map) else stream_map.transform(plain(record))
            if mapped is not None:
                yield RecordMessage(
                    stream_map.stream_alias, mapped, time_extracted=self._extracted_at
                )

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


def _changes_nothing(stream_map: StreamMap) -> bool:
    return isinstance(stream_map, SameRecordTransform) and not stream_map.flattening_enabled


def _bookmark_in(state: Mapping[str, Any]) -> str | None:
    return state.get("replication_key_value") if state.get("replication_key") == CURSOR else None
