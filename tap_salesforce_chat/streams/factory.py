"""Make the streams of a run: those of the catalog, or else those that the org has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from tap_salesforce_chat.discovery.catalogs import refresh_catalog
from tap_salesforce_chat.discovery.describe import MINIMAL_SCHEMA
from tap_salesforce_chat.discovery.fields import without_paths
from tap_salesforce_chat.errors import NotFoundError, unreadable_object
from tap_salesforce_chat.settings.opt_in import disabled_fields, disabled_streams
from tap_salesforce_chat.state.keys import BOOKMARKS, READ_WITHOUT
from tap_salesforce_chat.streams.declarations import STREAMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk.singerlib import Catalog
    from singer_sdk.tap_base import Tap

    from tap_salesforce_chat.discovery.describe import Discovery
    from tap_salesforce_chat.services import Services
    from tap_salesforce_chat.streams.base import SalesforceStream


def make_streams(tap: Tap, services: Services) -> list[SalesforceStream]:
    """Return the streams of the given catalog, brought up to date, or else those of discovery.

    Raises:
        NotFoundError: Discovery finds none.
    """
    if (catalog := tap.input_catalog) is not None:
        if catalog:  # the SDK asks for the streams of an empty one before there is a state
            _update(catalog, tap, services)
        return _catalogued_streams(tap, services, catalog)
    streams = _described_streams(tap, services)
    services.describe.save()
    return streams


def _update(catalog: Catalog, tap: Tap, services: Services) -> None:
    bookmarks = cast("dict[str, Any]", tap.state).get(BOOKMARKS) or {}
    lacking = [name for name, bookmark in bookmarks.items() if READ_WITHOUT in bookmark]
    refresh_catalog(catalog, STREAMS, services.describe, tap.logger, lacking)
    tap.mapper.register_raw_streams_from_catalog(catalog)


def _catalogued_streams(tap: Tap, services: Services, catalog: Catalog) -> list[SalesforceStream]:
    if unknown := sorted(set(catalog) - {stream.sobject for stream in STREAMS}):
        tap.logger.warning("Ignored, unknown streams of the catalog: %s", ", ".join(unknown))
    return [
        stream(tap, catalog[stream.sobject].schema.to_dict(), services)
        for stream in STREAMS
        if stream.sobject in catalog
    ]


def _described_streams(tap: Tap, services: Services) -> list[SalesforceStream]:
    disabled = disabled_streams(tap.config)
    streams = [stream for stream in STREAMS if stream.sobject not in disabled]
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
    return [
        stream(tap, _schema(tap, stream, found[stream]), services)
        for stream in streams
        if stream not in absent
    ]


def _schema(
    tap: Tap, stream: type[SalesforceStream], discovery: Discovery | None
) -> Mapping[str, Any]:
    """Return the schema of a stream; warn if the org does not show all of it."""
    if discovery is None:
        tap.logger.warning("%s", unreadable_object(stream.sobject))
        return MINIMAL_SCHEMA
    if discovery.missing:
        tap.logger.warning(
            "The catalog of %s is not complete. If the org has them, give the integration "
            "user's permission set: %s.",
            stream.sobject,
            "; ".join(discovery.missing),
        )
    return without_paths(discovery.schema, disabled_fields(tap.config))
