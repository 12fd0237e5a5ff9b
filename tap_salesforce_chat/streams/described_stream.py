"""`DescribedStream`: a stream whose schema is an object's, and follows the org during a sync."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from tap_salesforce_chat.discovery.describe import discover, properties_of
from tap_salesforce_chat.discovery.describe_cache import DescribeClient
from tap_salesforce_chat.discovery.fields import (
    has_path,
    left_out_warning,
    paths_named,
    refreshed,
    retyped_warning,
    with_types,
    without_paths,
)
from tap_salesforce_chat.errors import (
    MissingFieldError,
    SalesforceError,
    UnexpectedResponseError,
    UnreadableObjectError,
    unreadable_object,
)
from tap_salesforce_chat.soql import PRIMARY_KEY, REPLICATION_KEY
from tap_salesforce_chat.streams.base import SalesforceStream

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tap_salesforce_chat.discovery.describe import Describe, Discovery, Parent
    from tap_salesforce_chat.discovery.fields import SchemaRefresh
    from tap_salesforce_chat.soql import Query

# The org differs from the catalog: the stream goes on without a field, or with its new type.
ADAPTABLE = (MissingFieldError, UnexpectedResponseError, UnreadableObjectError)


class DescribedStream(SalesforceStream):
    """A stream of the rows of one object.

    A field that the org hides during a sync is left out from there on; the sync goes on.
    """

    # Parents whose fields are in the row of the child.
    parents: ClassVar[tuple[Parent, ...]] = ()
    # The field with the Id of the case that a row belongs to, empty if rows belong to none.
    case_field: ClassVar[str] = ""

    # -- the org's fields ----------------------------------------------------------------------

    @override
    @classmethod
    def discovered(cls, describe: Describe) -> Discovery | None:
        document = describe(cls.sobject)
        return None if document is None else discover(document, cls.parents, describe)

    @override
    @classmethod
    def refreshed(cls, schema: dict[str, Any], describe: Describe) -> SchemaRefresh | None:
        document = describe(cls.sobject)
        if document is None:
            return None
        wanted = [path for path in cls.needed if not has_path(schema, path)]
        parents = [parent for parent in cls.parents if parent.has_any(cls.needed)]
        fields = document["fields"]
        own = refreshed(schema, {field["name"] for field in fields}, properties_of(fields), wanted)
        more = discover(document, parents, describe).schema if parents else None
        return own.with_parents(more, cls.needed) if more else own

    @classmethod
    def scope(cls, config: Mapping[str, Any]) -> dict[str, str]:  # noqa: ARG003 - a hook
        """Return the stream's own conditions on its rows, by the field that each is about."""
        return {}

    def _scope(self) -> dict[str, str]:
        """Return the conditions whose field the org shows."""
        conditions = self.scope(self.config).items()
        return {name: text for name, text in conditions if has_path(self.schema, name)}

    # -- fields that the org hides or changes during a sync ------------------------------------

    def _adapted_query(self, query: Query, exc: SalesforceError, since: datetime | None) -> Query:
        """Return the query to go on with where the org differs from the catalog.

        Raises:
            SalesforceError: The org does not differ, or shows nothing of the object.
        """
        if isinstance(exc, UnreadableObjectError):
            raise unreadable_object(self.name) from exc
        if isinstance(exc, MissingFieldError):
            return self._without_missing_field(query, exc, since)
        self._take_new_types(exc)
        return query

    def _without_missing_field(
        self, query: Query, exc: MissingFieldError, since: datetime | None
    ) -> Query:
        scope = self._scope()
        objects = {parent.relationship: parent.sobject for parent in self.parents}
        missing = paths_named((*query.fields, *scope), exc, {"": self.name, **objects})
        if not missing or not missing.isdisjoint({PRIMARY_KEY, REPLICATION_KEY}):
            raise exc
        self._remove_fields(missing, since)
        conditions = {scope[path] for path in missing.intersection(scope)}
        return query.without(missing, conditions)

    def _remove_fields(self, missing: set[str], since: datetime | None) -> None:
        """Remove fields from SCHEMA from an instant on, and name needed ones in STATE."""
        self._schema = without_paths(self.schema, missing)
        if needed := [path for path in self.needed if path in missing]:
            self._warn_of_missing_fields(needed)
            without = {*needed, *self.reads.without}
            self.reads.without = tuple(path for path in self.needed if path in without)
            self._record_missing_fields(since)
            self.publish()
        if others := sorted(missing.difference(needed)):
            self.logger.warning("%s", left_out_warning(self.name, others))
        self._write_changed_schema(without_paths(self.stream_maps[0].raw_schema, missing))

    def _take_new_types(self, exc: SalesforceError) -> None:
        """Go on with the types that the org's fields have now."""
        refresh = self.refreshed(self.schema, DescribeClient(self._services.client))
        if not (refresh and refresh.retyped):
            raise exc
        types = {name: refresh.schema["properties"][name] for name in refresh.retyped}
        self.logger.warning("%s", retyped_warning(self.name, types))
        self._schema = with_types(self.schema, types)
        self._write_changed_schema(with_types(self.stream_maps[0].raw_schema, types))

    def _write_changed_schema(self, raw_schema: dict[str, Any]) -> None:
        """Write another SCHEMA message, for the rows that follow."""
        if self.selected:
            self._tap.mapper.register_raw_stream_schema(self.name, raw_schema, self.primary_keys)
            self._stream_maps = self._tap.mapper.stream_maps[self.name]
            self._write_schema_message()
