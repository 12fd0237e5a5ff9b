"""A sync from its start to its end, and what STATE says about it.

STATE holds more than bookmarks. The first one of a sync, before any SCHEMA, holds
`sync_started_at`; the very last one, only if every selected stream was read to its end, holds
`sync_completed_at` too. A consumer can thereby tell a complete sync from a broken pipe, where the
end of input looks the same. All of them name the org, and what the sync reads. These keys are
dropped when the state is loaded again, and written anew.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.discovery.fields import has_path
from tap_salesforce_chat.errors import InvalidStateError, OutputClosedError
from tap_salesforce_chat.output.summary import log_summary
from tap_salesforce_chat.reading.query_client import query_organization_id
from tap_salesforce_chat.state.checks import origin_problem
from tap_salesforce_chat.state.keys import (
    BOOKMARKS,
    COMPLETED,
    ORGANIZATION,
    READS,
    REQUESTS,
    STARTED,
)
from tap_salesforce_chat.streams.base import SalesforceStream
from tap_salesforce_chat.streams.conversation_entry import ConversationEntry
from tap_salesforce_chat.streams.declarations import Case, EmailMessage
from tap_salesforce_chat.streams.query_stream import QueryStream
from tap_salesforce_chat.streams.whole_cases import WholeCases
from tap_salesforce_chat.timestamps import format_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from singer_sdk import Tap

    from tap_salesforce_chat.services import Services


class Sync:
    """One sync of a tap.

    Args:
        tap: The tap, with its streams and its state.
        services: What the streams share.
        loaded_organization: The Id of the org in the state that was loaded, None if it has none.
    """

    def __init__(self, tap: Tap, services: Services, loaded_organization: str | None) -> None:
        self._tap = tap
        self._services = services
        self._loaded_organization = loaded_organization

    def run(self, sync_streams: Callable[[], None]) -> None:
        """Sync all streams, and write STATE at the start and at the end.

        Args:
            sync_streams: Reads one stream after the other.

        Raises:
            InvalidStateError: The state is of another org, or cannot be right.
            SalesforceError: Salesforce refuses; STATE holds the bookmarks so far.
            RetryLaterError: A request was tried often enough; STATE holds the bookmarks so far.
        """
        began = time.monotonic()
        self._check_origin()
        streams = self._tap.streams
        self._mark(STARTED)
        # In the order of names it would be in the middle. Streams without call limits go first.
        if entries := streams.pop(ConversationEntry.sobject, None):
            streams[ConversationEntry.sobject] = entries
        try:
            self._run(sync_streams)
        except OutputClosedError:
            raise
        except BaseException:
            # Rows that are written need not be read again: bookmarks are valid at any moment.
            self._tap.state_writer.write_state(self._tap.state)
            raise
        finally:
            self._services.prefetcher.close()
            seconds = time.monotonic() - began
            rows = {stream.name: stream.rows_emitted for stream in self._selected_streams()}
            log_summary(rows, self._services.client, seconds)
        self._mark(COMPLETED)
        self._extra_state[REQUESTS] = self._services.client.requests_made
        self._tap.state_writer.write_state(self._tap.state)

    def _run(self, sync_streams: Callable[[], None]) -> None:
        streams = self._selected_streams()
        for stream in streams:
            stream.begin()
        self._note_absence([stream.name for stream in streams])
        queried = [stream for stream in streams if isinstance(stream, QueryStream)]
        cases = WholeCases([stream for stream in queried if stream.case_field])
        cases.begin()
        for stream in queried:
            stream.prefetch()
        sync_streams()
        if self._tap.config["whole_cases"]:
            cases.complete()

    def _selected_streams(self) -> list[SalesforceStream]:
        streams = self._tap.streams.values()
        return [item for item in streams if item.selected and isinstance(item, SalesforceStream)]

    def _note_absence(self, selected: Collection[str]) -> None:
        """Write in STATE if the org has no mails at all, as opposed to a deselected stream.

        Who may see cases may see their mails, so the object does not exist then. It is described
        only if nothing was known of it when the catalog was made.
        """
        mails, catalogued = EmailMessage.sobject, self._tap.streams.get(EmailMessage.sobject)
        if Case.sobject not in selected or mails in selected:
            return
        if (
            not (catalogued and has_path(catalogued.schema, "ParentId"))
            and self._services.describe(mails) is None
        ):
            self._extra_state[READS][mails] = {"absent": True}

    @property
    def _extra_state(self) -> dict[str, Any]:
        """STATE, with keys that the SDK does not use."""
        state: dict[str, Any] = self._tap.state  # type: ignore[assignment] # a TypedDict without our keys
        return state

    def _mark(self, key: str) -> None:
        self._extra_state[key] = format_instant(datetime.now(UTC).replace(microsecond=0))

    def _check_origin(self) -> None:
        """Write the org's Id in STATE; refuse the state of another org, or from the future."""
        client, loaded = self._services.client, self._loaded_organization
        actual = client.session.organization_id or query_organization_id(client)
        bookmarks = self._extra_state.get(BOOKMARKS) or {}
        if problem := origin_problem(bookmarks, loaded, actual, client.now):
            raise InvalidStateError(problem)
        if organization := actual or loaded:
            self._extra_state[ORGANIZATION] = organization
