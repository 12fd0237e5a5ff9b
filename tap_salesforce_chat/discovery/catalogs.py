"""Check a catalog that is given to the tap, and update it to the fields that the org has now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from singer_sdk.singerlib.catalog import Metadata
from singer_sdk.singerlib.schema import Schema

from tap_salesforce_chat.discovery.fields import (
    has_path,
    left_out_warning,
    retyped_warning,
    without_paths,
)
from tap_salesforce_chat.settings.opt_in import disabled_fields, disabled_streams, disabled_warning
from tap_salesforce_chat.soql import PRIMARY_KEY, REPLICATION_KEY

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection, Iterable, Mapping

    from singer_sdk.singerlib import Catalog
    from singer_sdk.singerlib.catalog import CatalogEntry

    from tap_salesforce_chat.discovery.describe import Describe
    from tap_salesforce_chat.discovery.fields import SchemaRefresh


class Refreshable(Protocol):
    """What `refresh_catalog` needs of a class of streams."""

    sobject: ClassVar[str]
    needed: ClassVar[tuple[str, ...]]

    @classmethod
    def refreshed(cls, schema: dict[str, Any], describe: Describe) -> SchemaRefresh | None:
        """Return the schema of a catalog as the org has it now, None if it shows nothing."""


def catalog_problem(catalog: Mapping[str, Any]) -> str | None:
    """Return why an object is no catalog, None if it is one that the SDK accepts."""
    streams = catalog.get("streams")
    if not isinstance(streams, list):
        return "it has no list of streams"
    for number, stream in enumerate(streams, start=1):
        if not isinstance(stream, dict) or not isinstance(stream.get("tap_stream_id"), str):
            return f"its stream {number} has no tap_stream_id"
        if not _is_object_schema(stream.get("schema")):
            return f"its stream {number} has no schema with properties"
        if not _is_metadata(stream.get("metadata", [])):
            return f"the metadata of its stream {number} is no list of breadcrumbs with metadata"
    return None


def _is_object_schema(schema: object) -> bool:
    return isinstance(schema, dict) and "properties" in schema and _is_schema(schema)


def _is_schema(schema: object) -> bool:
    if not isinstance(schema, dict):
        return False
    properties = schema.get("properties", {})
    inner = [*properties.values()] if isinstance(properties, dict) else [None]
    if "items" in schema:
        inner.append(schema["items"])
    return all(map(_is_schema, inner))


def _is_metadata(metadata: object) -> bool:
    return isinstance(metadata, list) and all(
        isinstance(one, dict)
        and isinstance(one.get("breadcrumb"), list)
        and isinstance(one.get("metadata"), dict)
        for one in metadata
    )


def select_keys(catalog: Catalog) -> None:
    """Have the keys of all streams selected, even if the catalog deselects them."""
    for entry in catalog.streams:
        for name in (PRIMARY_KEY, REPLICATION_KEY):
            entry.metadata["properties", name].inclusion = Metadata.InclusionType.AUTOMATIC


def remove_disabled(catalog: Catalog, config: Mapping[str, Any], logger: logging.Logger) -> None:
    """Remove streams and fields that no setting enables; warn of those that are selected."""
    named: set[str] = set()
    for stream in disabled_streams(config) & catalog.keys():
        if catalog.pop(stream).metadata.resolve_selection()[()]:
            named.add(stream)
    fields = disabled_fields(config)
    for entry in catalog.streams:
        if found := fields & (entry.schema.properties or {}).keys():
            selected = entry.metadata.resolve_selection()
            named.update(name for name in found if selected["properties", name])
            entry.schema = Schema.from_dict(without_paths(entry.schema.to_dict(), found))
    if named:
        logger.warning("%s", disabled_warning(named))


def refresh_catalog(
    catalog: Catalog,
    streams: Iterable[type[Refreshable]],
    describe: Describe,
    logger: logging.Logger,
    lacking: Collection[str],
) -> None:
    """Give the selected streams of a catalog the needed fields that the org shows, and no others.

    Fields that were hidden at discovery would otherwise stay left out, and fields that are hidden
    since would look as if they were back at each sync. Only such streams cost a describe.

    Args:
        catalog: The catalog.
        streams: All streams.
        describe: Returns the describe document of an object.
        logger: Gets a line for each change.
        lacking: The streams that the last sync read without a needed field.
    """
    for stream in streams:
        entry = catalog.get(stream.sobject)
        if entry is None or not entry.metadata.resolve_selection()[()]:
            continue
        schema: dict[str, Any] = entry.schema.to_dict()
        complete = all(has_path(schema, path) for path in stream.needed)
        if complete and stream.sobject not in lacking:
            continue
        refresh = stream.refreshed(schema, describe)
        if refresh and refresh.schema != schema:
            entry.schema = Schema.from_dict(refresh.schema)
            _report(stream, entry, refresh, logger)


def _report(
    stream: type[Refreshable], entry: CatalogEntry, refresh: SchemaRefresh, logger: logging.Logger
) -> None:
    selected = entry.metadata.resolve_selection()
    gone = [name for name in refresh.gone if selected["properties", name]]
    # The sync itself warns of needed ones.
    if gone := [name for name in gone if name not in stream.needed]:
        logger.warning("%s", left_out_warning(stream.sobject, gone))
    if changed := [name for name in refresh.retyped if selected["properties", name]]:
        logger.warning("%s", retyped_warning(stream.sobject, changed))
