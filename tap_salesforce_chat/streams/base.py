"""`SalesforceStream`: how any object is read, row by row, and how its bookmark moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib import RecordMessage
from typing_extensions import override

from tap_salesforce_chat.discovery.describe import (
    Parent,
    discover,
    properties_of,
)
from tap_salesforce_chat.discovery.describe_cache import Describer
from tap_salesforce_chat.discovery.fields import (
    has_path,
    left_out,
    paths_named,
    renewed,
    retyped,
    with_types,
    without_paths,
)
from tap_salesforce_chat.errors import (
    BulkUnsupportedError,
    MissingFieldError,
    SalesforceError,
    UnexpectedResponseError,
    UnreadableObjectError,
    unreadable_object,
)
from tap_salesforce_chat.output.writer import WholeLineWriter
from tap_salesforce_chat.reading.pagination import Asker
from tap_salesforce_chat.reading.rest import RestSource
from tap_salesforce_chat.reading.rows import plain
from tap_salesforce_chat.soql import CURSOR, KEY, Position, Query
from tap_salesforce_chat.streams.bookmarks import ResumableStream
from tap_salesforce_chat.streams.state import (
    JOB_KEY,
    READ_SINCE,
    end_of,
    instant_in,
    note_fields,
)
from tap_salesforce_chat.timestamps import (
    parse_instant,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Context
    from singer_sdk.mapper import StreamMap
    from singer_sdk.singerlib import Catalog
    from singer_sdk.tap_base import Tap

    from tap_salesforce_chat.discovery.describe import Describe, Discovery
    from tap_salesforce_chat.discovery.fields import Renewal
    from tap_salesforce_chat.http.client import SalesforceClient
    from tap_salesforce_chat.reading.bulk import BulkSource
    from tap_salesforce_chat.reading.prefetch import Lanes, Reading
    from tap_salesforce_chat.reading.rows import Row
    from tap_salesforce_chat.reading.windows import Batch


# What a stream can do something about, if the org has changed since its catalog was made.
_ADAPTABLE = (MissingFieldError, UnexpectedResponseError, UnreadableObjectError)
# A backlog of more rows is Bulk's, if the API is left to us: by REST it costs 50 requests and more.
_BULK_FROM = 100_000


class SalesforceStream(ResumableStream):
    """The rows of one object, oldest change first.

    What the org stops showing in the middle of it all costs a field, not the run.
    """

    sobject: ClassVar[str]
    parents: ClassVar[tuple[Parent, ...]] = ()
    # Whether an org may well be without it: then it is no stream.
    optional: ClassVar[bool] = False
    # The field that holds the Id of the case that a row belongs to, if it may belong to one.
    case_field: ClassVar[str] = ""

    primary_keys = (KEY,)
    replication_key = CURSOR
    is_sorted = True
    # Rows are as the schema says: Salesforce made both.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    # About one page, so that a run that is cut off has little to read again.
    STATE_MSG_FREQUENCY = 2000

    def __init__(
        self, tap: Tap, schema: Mapping[str, Any], client: SalesforceClient, lanes: Lanes
    ) -> None:
        super().__init__(tap, name=self.sobject, schema=dict(schema))
        self._client = client
        self._lanes = lanes
        self._ahead: dict[Query, Reading] = {}
        self._extracted_at: datetime | None = None
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
        parents = [parent for parent in cls.parents if parent.has_any(cls.needed)]
        fields = document["fields"]
        own = renewed(schema, {field["name"] for field in fields}, properties_of(fields), wanted)
        more = discover(document, parents, describe).schema if parents else None
        return own.with_parents(more, cls.needed) if more else own

    # -- what is asked for ---------------------------------------------------------------------

    @override
    def apply_catalog(self, catalog: Catalog) -> None:
        """Take selections from a catalog; the keys stay what they are."""
        super().apply_catalog(catalog)
        self.primary_keys = (KEY,)
        self.replication_key = CURSOR

    @classmethod
    def scope(cls, config: Mapping[str, Any]) -> dict[str, str]:  # noqa: ARG003 - a hook
        """Return the stream's own conditions on its rows, by the field that each is about."""
        return {}

    def _scope(self) -> dict[str, str]:
        """Return those of its own conditions whose field the org shows."""
        conditions = self.scope(self.config).items()
        return {name: text for name, text in conditions if has_path(self.schema, name)}

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
            except _ADAPTABLE as exc:
                query = self._continued(self._adapted(query, exc, self._here()))
            else:
                self._advance_to(self._held_back)
                clock = parse_instant(self._clock) if self._clock else datetime.now(UTC)
                self._note_end(self._up_to(end_of(clock)))
                return

    def has_none(self, query: Query) -> bool:
        """Tell whether Salesforce counts no row of a query, if counts are wanted."""
        return self.config["verify_counts"] and self._rest().count(query) == 0

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
            except _ADAPTABLE as exc:
                # Older rows, too: with them it is all to be read again when the field is back.
                query = self._adapted(query, exc, instant_in(self._progress, READ_SINCE))
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
        except BulkUnsupportedError as exc:
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
        from tap_salesforce_chat.reading.bulk import BulkSource
        from tap_salesforce_chat.reading.bulk_jobs import Jobs

        jobs = Jobs(
            self._client,
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
            self._client,
            self._operation,
            page_size=self.config["page_size"],
            subject=f"Query of {self.name}",
        )
        return RestSource(
            asker,
            self.schema["properties"],
            clock=lambda: self._client.clock,
            lanes=self._lanes,
            verify=self.config["verify_counts"],
            logger=self.logger,
        )

    def _adapted(self, query: Query, exc: SalesforceError, since: datetime | None) -> Query:
        """Return the query to go on with where the org is not as the catalog says (any more).

        Raises:
            SalesforceError: It is as the catalog says, or the object is not there.
        """
        if isinstance(exc, MissingFieldError):
            return self._without_missing_field(query, exc, since)
        if isinstance(exc, UnreadableObjectError):
            raise unreadable_object(self.name) from exc
        self._take_new_types(exc)
        return query

    def _take_new_types(self, exc: SalesforceError) -> None:
        """Read on as the org has the fields now."""
        renewal = self.renewed(self.schema, Describer(self._client))
        if not (renewal and renewal.retyped):
            raise exc
        types = {name: renewal.schema["properties"][name] for name in renewal.retyped}
        self.logger.warning("%s", retyped(self.name, types))
        self._schema = with_types(self.schema, types)
        self._announce(with_types(self.stream_maps[0].raw_schema, types))

    def _announce(self, raw_schema: dict[str, Any]) -> None:
        """Have rows go out under another SCHEMA from here on."""
        if self.selected:
            self._tap.mapper.register_raw_stream_schema(self.name, raw_schema, self.primary_keys)
            self._stream_maps = self._tap.mapper.stream_maps[self.name]
            self._write_schema_message()

    def _without_missing_field(
        self, query: Query, exc: MissingFieldError, since: datetime | None
    ) -> Query:
        scope = self._scope()
        paths = (*query.fields, *scope)
        missing = paths_named(paths, exc, {"": self.name, **self._parent_objects()})
        if not missing or not missing.isdisjoint({KEY, CURSOR}):
            raise exc
        self._leave_out(missing, since)
        fields = tuple(path for path in query.fields if path not in missing)
        gone = {scope[path] for path in missing.intersection(scope)}
        more = tuple(condition for condition in query.more if condition not in gone)
        return replace(query, fields=fields, more=more)

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
        self._announce(without_paths(self.stream_maps[0].raw_schema, missing))

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


def _changes_nothing(stream_map: StreamMap) -> bool:
    return isinstance(stream_map, SameRecordTransform) and not stream_map.flattening_enabled
