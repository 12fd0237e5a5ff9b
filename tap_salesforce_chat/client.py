"""`SalesforceStream`: how any object is read, row by row, and how its bookmark moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.singerlib.catalog import REPLICATION_INCREMENTAL
from typing_extensions import override

from tap_salesforce_chat.describe import UNSELECTED_FIELDS, Parent
from tap_salesforce_chat.errors import (
    LocatorLostError,
    MissingFieldError,
    UnreadableObjectError,
    unreadable_object,
)
from tap_salesforce_chat.pagination import pages
from tap_salesforce_chat.soql import CURSOR, KEY, Position, Query
from tap_salesforce_chat.timestamps import (
    canonical,
    format_instant,
    is_later,
    parse_instant,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from singer_sdk.helpers.types import Context, Record
    from singer_sdk.singerlib import Catalog, MetadataMapping
    from singer_sdk.tap_base import Tap

    from tap_salesforce_chat.connection import Connection

# A locator lives for two days: losing more than this without a row in between is no accident.
_MAX_FRUITLESS_RESTARTS = 5


class SalesforceStream(Stream):
    """The rows of one object, oldest change first.

    Two promises shape it. The bookmark moves over emitted rows only, never backwards, and never
    beyond Salesforce's clock at the time of the query. And what the org stops showing in the
    middle of it all costs a field, not the run.
    """

    sobject: ClassVar[str]
    parents: ClassVar[tuple[Parent, ...]] = ()

    primary_keys = (KEY,)
    replication_key = CURSOR
    is_sorted = True
    # Rows are as the schema says: Salesforce made both. `post_process` does the rest.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE
    # About one page, so that a run that is cut off has little to read again.
    STATE_MSG_FREQUENCY = 2000

    def __init__(self, tap: Tap, schema: Mapping[str, Any], connection: Connection) -> None:
        super().__init__(tap, name=self.sobject, schema=dict(schema))
        self._connection = connection
        self._clock: str | None = None
        self._position: tuple[str, str] | None = None
        self._held_back: str | None = None
        self._fruitless_restarts = 0
        self._instants = [
            name
            for name, kind in self.schema["properties"].items()
            if kind.get("format") == "date-time"
        ]
        self._parents = [
            name for name, kind in self.schema["properties"].items() if "properties" in kind
        ]

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

    def _first_query(self, context: Context | None) -> Query:
        end_date = self.config.get("end_date")
        return Query(
            sobject=self.name,
            fields=self.selected_fields(),
            since=self._since(context),
            until=parse_instant(end_date) if end_date else None,
            condition=(self.config.get("filters") or {}).get(self.name),
        )

    def _since(self, context: Context | None) -> datetime | None:
        bookmark = self._bookmark(context)
        if bookmark and self.replication_method == REPLICATION_INCREMENTAL:
            return parse_instant(bookmark) - timedelta(seconds=self.config["lookback_seconds"])
        start_date = self.config.get("start_date")
        return parse_instant(start_date) if start_date else None

    # -- rows ----------------------------------------------------------------------------------

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        """Yield all rows; where Salesforce breaks off, go on behind the last one."""
        query = self._first_query(context)
        while True:
            self._position = None
            try:
                yield from self._rows(query)
            except LocatorLostError as exc:
                query = self._after_lost_locator(query, exc)
            except MissingFieldError as exc:
                query = self._without_missing_field(query, exc)
            except UnreadableObjectError as exc:
                raise unreadable_object(self.name) from exc
            else:
                self._advance_to(self._held_back, context)
                return

    def _rows(self, query: Query) -> Iterator[Record]:
        resource = "queryAll" if self.config["include_deleted"] else "query"
        for page in pages(
            self._connection,
            resource,
            str(query),
            page_size=self.config["page_size"],
            subject=f"Query of {self.name}",
        ):
            self._clock = format_instant(page.queried_at) if page.queried_at else None
            for row in page.rows:
                modified = canonical(row[CURSOR])
                if not self._is_beyond_clock(modified):
                    self._position = (modified, row[KEY])
                yield row

    def _after_lost_locator(self, query: Query, exc: LocatorLostError) -> Query:
        self._fruitless_restarts = 0 if self._position else self._fruitless_restarts + 1
        if self._fruitless_restarts > _MAX_FRUITLESS_RESTARTS:
            raise exc
        self.logger.warning("%s Asking again for the rows that are still missing.", exc)
        return self._continued(query)

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
    def post_process(self, row: Record, context: Context | None = None) -> Record:
        """Drop what describes the answer and not the row; write instants in their one form."""
        row.pop("attributes", None)
        for name in self._parents:
            if parent := row.get(name):
                parent.pop("attributes", None)
        for name in self._instants:
            if text := row.get(name):
                row[name] = canonical(text)
        return row

    # -- bookmark ------------------------------------------------------------------------------

    def _bookmark(self, context: Context | None) -> str | None:
        state = self.get_context_state(context)
        return (
            state.get("replication_key_value") if state.get("replication_key") == CURSOR else None
        )

    @override
    def _increment_stream_state(
        self, latest_record: Record, *, context: Context | None = None
    ) -> None:
        """Move the bookmark to the row just emitted.

        The SDK's own would go back over the rows that the lookback reads again. And it would
        follow a row that was changed after the query began: Salesforce settles the order of all
        rows then, but reads each when its page is asked for, so such a row comes in its old place
        with a new time, and rows in between are still to come. One that was changed in the very
        second of the query may be such a row, so it counts at the end only.
        """
        modified: str = latest_record[CURSOR]
        if self._is_beyond_clock(modified):
            return
        if modified == self._clock:
            self._held_back = modified
        else:
            self._advance_to(modified, context)

    def _is_beyond_clock(self, modified: str) -> bool:
        return self._clock is not None and is_later(modified, self._clock)

    def _advance_to(self, modified: str | None, context: Context | None) -> None:
        if modified is None or self.replication_method != REPLICATION_INCREMENTAL:
            return
        bookmark = self._bookmark(context)
        if bookmark is None or is_later(modified, bookmark):
            state = self.get_context_state(context)
            state.update(replication_key=CURSOR, replication_key_value=modified)

    @override
    def compare_start_date(self, value: str, start_date_value: str) -> str:
        """Let a bookmark win over `start_date`, later or not."""
        return value

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Return none: it would be this machine's clock."""
        return


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
