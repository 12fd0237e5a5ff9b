"""From a catalog, or from what the org shows, to the streams of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.discovery.describe import MINIMAL_SCHEMA
from tap_salesforce_chat.discovery.fields import without_paths
from tap_salesforce_chat.errors import NotFoundError, unreadable_object
from tap_salesforce_chat.settings.opt_in import disabled_fields, disabled_streams
from tap_salesforce_chat.streams.declarations import STREAMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from singer_sdk.singerlib import Catalog

    from tap_salesforce_chat.discovery.describe import Discovery
    from tap_salesforce_chat.streams.base import SalesforceStream
    from tap_salesforce_chat.tap import TapSalesforceChat


def streams_of(tap: TapSalesforceChat) -> list[SalesforceStream]:
    """Return the streams of the catalog as it is, or else what the org has."""
    if tap.input_catalog is not None:
        return _catalogued_streams(tap, tap.input_catalog)
    streams = _described_streams(tap)
    tap.services.describe.keep()
    return streams


def _catalogued_streams(tap: TapSalesforceChat, catalog: Catalog) -> list[SalesforceStream]:
    if unknown := sorted(set(catalog) - {stream.sobject for stream in STREAMS}):
        tap.logger.warning("Ignored, unknown streams of the catalog: %s", ", ".join(unknown))
    return [
        stream(
            tap, catalog[stream.sobject].schema.to_dict(), tap.services.client, tap.services.lanes
        )
        for stream in STREAMS
        if stream.sobject in catalog
    ]


def _described_streams(tap: TapSalesforceChat) -> list[SalesforceStream]:
    unasked = disabled_streams(tap.config)
    streams = [stream for stream in STREAMS if stream.sobject not in unasked]
    found = {stream: stream.discovered(tap.services.describe) for stream in streams}
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
    return [_described(tap, stream, found[stream]) for stream in streams if stream not in absent]


def _described(
    tap: TapSalesforceChat, stream: type[SalesforceStream], discovery: Discovery | None
) -> SalesforceStream:
    if discovery is None:
        tap.logger.warning("%s", unreadable_object(stream.sobject))
        return _made(tap, stream, MINIMAL_SCHEMA)
    if discovery.missing:
        tap.logger.warning(
            "The catalog of %s is not complete. If the org has them, give the integration "
            "user's permission set: %s.",
            stream.sobject,
            "; ".join(discovery.missing),
        )
    schema = without_paths(discovery.schema, disabled_fields(tap.config))
    return _made(tap, stream, schema)


def _made(
    tap: TapSalesforceChat, stream: type[SalesforceStream], schema: Mapping[str, Any]
) -> SalesforceStream:
    return stream(tap, schema, tap.services.client, tap.services.lanes)
