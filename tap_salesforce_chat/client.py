"""`SalesforceStream`: how any object is read, row by row, and how its bookmark moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib import RecordMessage
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL
from typing_extensions import override

from tap_salesforce_chat.describe import UNSELECTED_FIELDS, Parent, discover
from tap_salesforce_chat.errors import (
    BulkRefusedError,
    MissingFieldError,
    UnreadableObjectError,
    unreadable_object,
)
from tap_salesforce_chat.reading.bulk import JOB_KEY, BulkSource
from tap_salesforce_chat.reading.pagination import Asker
from tap_salesforce_chat.reading.rest import RestSource
from tap_salesforce_chat.reading.rows import plain
from tap_salesforce_chat.soql import CURSOR, KEY, Position, Query
from tap_salesforce_chat.state import READS, Reads, end_of
from tap_salesforce_chat.timestamps import (
    format_instant,
    is_later,
    parse_instant,
)
from tap_salesforce_chat.writer import WholeLineWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Context
    from singer_sdk.mapper import StreamMap
    from singer_sdk.singerlib import Catalog, MetadataMapping
    from singer_sdk.tap_base import Tap

    from tap_salesforce_chat.connection import Connection
    from tap_salesforce_chat.describe import Describe, Discovery
    from tap_salesforce_chat.reading.lanes import Lanes, Reading
    from tap_salesforce_chat.reading.rows import Row
    from tap_salesforce_chat.reading.windows import Batch


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
        self._reads = Reads(None, None)

    @classmethod
    def discovered(cls, describe: Describe) -> Discovery | None:
        """Return what the org shows of the stream, None if it shows nothing."""
        document = describe(cls.sobject)
        return None if document is None else discover(document, cls.parents, describe)

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

    def begin(self) -> dict[str, Any]:
        """Settle what this sync reads; return the stream's entry of `sync_reads` in STATE."""
        self._reads = Reads(self._since(), self._condition)
        return self._reads.entry()

    @property
    def _condition(self) -> str | None:
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
            since=self._since(),
            until=self._end_date,
            condition=self._condition,
        )

    def _since(self) -> datetime | None:
        bookmark = self._bookmark()
        if bookmark and self._follows_bookmark():
            return parse_instant(bookmark) - timedelta(seconds=self.config["lookback_seconds"])
        start_date = self.config.get("start_date")
        return parse_instant(start_date) if start_date else None

    def _follows_bookmark(self) -> bool:
        return bool(self.replication_method == REPLICATION_INCREMENTAL)

    def _up_to(self, moment: datetime) -> datetime:
        """Return a moment, or `end_date` if that is earlier."""
        end_date = self._end_date
        return min(moment, end_date) if end_date else moment

    # -- rows ----------------------------------------------------------------------------------

    @override
    def get_batch_config(self, config: Mapping[str, Any]) -> None:
        """Write rows as messages, whatever `batch_config` says.

        With rows in files a bookmark would move before the message that names their file.
        """
        if config.get("batch_config"):
            self.logger.warning("`batch_config` is ignored: %s comes as records.", self.name)

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
                query = self._without_missing_field(query, exc)
            except UnreadableObjectError as exc:
                raise unreadable_object(self.name) from exc
            else:
                self._advance_to(self._held_back)
                clock = parse_instant(self._clock) if self._clock else datetime.now(UTC)
                self._note_end(self._up_to(end_of(clock)))
                return

    def _note_end(self, until: datetime) -> None:
        """Say in STATE up to where all rows are out."""
        self._reads.until = until
        self._publish()

    def _publish(self) -> None:
        """Bring the entry of `sync_reads` up to date."""
        state: dict[str, Any] = self.tap_state  # type: ignore[assignment] # a TypedDict without our keys
        state.setdefault(READS, {})[self.name] = self._reads.entry()
        self.state_manager.is_flushed = False

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
        return BulkSource(
            self._connection,
            rest,
            operation=self._operation,
            schemas=self.schema["properties"],
            state=self._progress,
            save=self._write_state_message,
            deadline=self.config["bulk_timeout_minutes"] * 60,
        )

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

    def _without_missing_field(self, query: Query, exc: MissingFieldError) -> Query:
        missing = paths_named(query.fields, exc, {"": self.name, **self._parent_objects()})
        if not missing or not missing.isdisjoint({KEY, CURSOR}):
            raise exc
        self.logger.warning(
            "Left out of %s: %s. If the org has it, give the integration user's permission set "
            "field-level security on it (and Read on its object); else discover the catalog again.",
            self.name,
            ", ".join(sorted(missing)),
        )
        fields = tuple(path for path in query.fields if path not in missing)
        return self._continued(replace(query, fields=fields))

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
        # To ask the SDK for a stream's state would put an empty one into STATE.
        return _bookmark_in(self.tap_state.get("bookmarks", {}).get(self.name, {}))

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


def paths_named(
    fields: Iterable[str], missing: MissingFieldError, objects: Mapping[str, str]
) -> set[str]:
    """Return the paths of a SELECT list that Salesforce's complaint is about.

    Args:
        fields: The SELECT list.
        missing: The complaint: a relationship, or a field and the object that lacks it.
        objects: Relationship to the object that it leads to, an empty one to the stream's own.
    """
    split = {path: path.rpartition(".")[::2] for path in fields}
    if missing.entity is None:
        return {path for path, (relationship, _) in split.items() if relationship == missing.name}
    return {
        path
        for path, (relationship, field) in split.items()
        if field == missing.name and objects.get(relationship) == missing.entity
    }
