"""From a catalog, or from what the org shows, to the streams of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tap_salesforce_chat.discovery.catalogs import renew
from tap_salesforce_chat.discovery.describe import MINIMAL_SCHEMA
from tap_salesforce_chat.discovery.fields import without_paths
from tap_salesforce_chat.errors import NotFoundError, unreadable_object
from tap_salesforce_chat.settings.opt_in import disabled_fields, disabled_streams
from tap_salesforce_chat.streams.declarations import STREAMS
from tap_salesforce_chat.streams.state import BOOKMARKS, READ_WITHOUT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk import Tap
    from singer_sdk.singerlib import Catalog

    from tap_salesforce_chat.discovery.describe import Discovery
    from tap_salesforce_chat.services import Services
    from tap_salesforce_chat.streams.base import SalesforceStream


def streams_of(tap: Tap, services: Services) -> list[SalesforceStream]:
    """Return the streams of the catalog, brought up to date, or else of the org."""
    if (catalog := tap.input_catalog) is not None:
        if catalog:  # the SDK wants the streams of an empty one before there is a state
            _update(catalog, tap, services)
        return _catalogued_streams(tap, services, catalog)
    streams = _described_streams(tap, services)
    services.describe.keep()
    return streams


def _update(catalog: Catalog, tap: Tap, services: Services) -> None:
    bookmarks = cast("dict[str, Any]", tap.state).get(BOOKMARKS) or {}
    lacking = [name for name, bookmark in bookmarks.items() if READ_WITHOUT in bookmark]
    renew(catalog, STREAMS, services.describe, tap.logger, lacking)
    tap.mapper.register_raw_streams_from_catalog(catalog)


def _catalogued_streams(tap: Tap, services: Services, catalog: Catalog) -> list[SalesforceStream]:
    if unknown := sorted(set(catalog) - {stream.sobject for stream in STREAMS}):
        tap.logger.warning("Ignored, unknown streams of the catalog: %s", ", ".join(unknown))
    return [
        _made(tap, services, stream, catalog[stream.sobject].schema.to_dict())
        for stream in STREAMS
        if stream.sobject in catalog
    ]


def _described_streams(tap: Tap, services: Services) -> list[SalesforceStream]:
    unasked = disabled_streams(tap.config)
    streams = [stream for stream in STREAMS if stream.sobject not in unasked]
    found = {stream: stream.discovered(services.describe) for stream in streams}
    if not any(found.values()):
        msg = (
            "None of the objects can be described. Check the settings 'api_version' and "
            "'instance_url', and the integration user's permissions: 'API Enabled', and Read "
            f"on the objects {', '.join(stream.sobject for stream in streams)}."
        )
        raise NotFoundError(msg)
    absent = [stream for stream in streams if stream.optional and found[stream] is None]
    if absent:
        tap.logger.warning(
            "Left out: %s. If the org has enhanced chat or another channel of Messaging, give "
            "the integration user's permission set Read on the objects MessagingSession and "
            "Conversation, with all fields.",
            ", ".join(stream.sobject for stream in absent),
        )
    shown = [stream for stream in streams if stream not in absent]
    return [_described(tap, services, stream, found[stream]) for stream in shown]


def _described(
    tap: Tap, services: Services, stream: type[SalesforceStream], discovery: Discovery | None
) -> SalesforceStream:
    if discovery is None:
        tap.logger.warning("%s", unreadable_object(stream.sobject))
        return _made(tap, services, stream, MINIMAL_SCHEMA)
    if discovery.missing:
        tap.logger.warning(
            "The catalog of %s is not complete. If the org has them, give the integration "
            "user's permission set: %s.",
            stream.sobject,
            "; ".join(discovery.missing),
        )
    schema = without_paths(discovery.schema, disabled_fields(tap.config))
    return _made(tap, services, stream, schema)


def _made(
    tap: Tap, services: Services, stream: type[SalesforceStream], schema: Mapping[str, Any]
) -> SalesforceStream:
    return stream(tap, schema, services.client, services.lanes)
