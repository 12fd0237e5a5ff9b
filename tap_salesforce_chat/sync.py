"""A sync from its start to its end, and what STATE says of it.

STATE tells more than bookmarks. The first one of a sync, before any SCHEMA, holds
`sync_started_at`; the very last one, only if every selected stream was read to its end, holds
`sync_completed_at` too. A consumer can so tell a finished run from a broken pipe, for which the
end of input looks the same. All of them say of which org they are and what the sync reads. These
keys are dropped when the state is loaded again, and written anew.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.discovery.catalogs import refresh_catalog
from tap_salesforce_chat.discovery.fields import has_path
from tap_salesforce_chat.errors import InvalidStateError, OutputClosedError
from tap_salesforce_chat.output.summary import log_summary
from tap_salesforce_chat.reading.query_client import query_organization_id
from tap_salesforce_chat.state.checks import origin_problem
from tap_salesforce_chat.state.keys import (
    BOOKMARKS,
    COMPLETED,
    ORGANIZATION,
    READ_WITHOUT,
    READS,
    REQUESTS,
    STARTED,
)
from tap_salesforce_chat.streams.base import SalesforceStream
from tap_salesforce_chat.streams.conversation_entry import ConversationEntry
from tap_salesforce_chat.streams.declarations import STREAMS, Case, EmailMessage
from tap_salesforce_chat.streams.query_stream import QueryStream
from tap_salesforce_chat.streams.whole_cases import WholeCases
from tap_salesforce_chat.timestamps import format_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tap_salesforce_chat.tap import TapSalesforceChat


class Sync:
    """One sync of a tap.

    Args:
        tap: The tap, with its streams and its state.
        recorded: The org that the state names which was loaded, None if it names none.
    """

    def __init__(self, tap: TapSalesforceChat, recorded: str | None) -> None:
        self._tap = tap
        self._services = tap.services
        self._recorded = recorded

    def run(self, sync_streams: Callable[[], None]) -> None:
        """Sync all streams; say in STATE when that began, what is read, and that it is complete.

        Args:
            sync_streams: Reads one stream after the other.
        """
        began = time.monotonic()
        self._know_origin()
        self._refresh_catalog()
        self._mark(STARTED)
        # By name it would be in the middle. Rows that cost no calls of their own go first.
        if entries := self._tap.streams.pop(ConversationEntry.sobject, None):
            self._tap.streams[ConversationEntry.sobject] = entries
        try:
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
        except OutputClosedError:
            raise
        except BaseException:
            # Rows that are out need not be read again: the bookmarks are true at any moment.
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

    def _selected_streams(self) -> list[SalesforceStream]:
        streams = self._tap.streams.values()
        return [item for item in streams if item.selected and isinstance(item, SalesforceStream)]

    def _note_absence(self, selected: Collection[str]) -> None:
        """Say in STATE if the org has no mails at all; a stream that is left out is another thing.

        Who may see cases may see their mails, so the object is then not there. Only where nothing
        was known of it when the catalog was made is it worth a look.
        """
        mails, known = EmailMessage.sobject, self._tap.streams.get(EmailMessage.sobject)
        if Case.sobject not in selected or mails in selected:
            return
        if (
            not (known and has_path(known.schema, "ParentId"))
            and self._services.describe(mails) is None
        ):
            self._extra_state[READS][mails] = {"absent": True}

    @property
    def _extra_state(self) -> dict[str, Any]:
        """STATE, with keys that the SDK does not know."""
        state: dict[str, Any] = self._tap.state  # type: ignore[assignment] # a TypedDict without our keys
        return state

    def _mark(self, key: str) -> None:
        self._extra_state[key] = format_instant(datetime.now(UTC).replace(microsecond=0))

    def _know_origin(self) -> None:
        """Put the org's Id into STATE; refuse the state of another org, or from the future."""
        client, recorded = self._services.client, self._recorded
        actual = client.session.organization_id or query_organization_id(client)
        bookmarks = self._extra_state.get(BOOKMARKS) or {}
        _refuse(origin_problem(bookmarks, recorded, actual, client.now))
        if known := actual or recorded:
            self._extra_state[ORGANIZATION] = known

    def _refresh_catalog(self) -> None:
        """Bring the catalog that was given up to date, and all that is made of it."""
        if (catalog := self._tap.input_catalog) is not None:
            bookmarks = self._extra_state.get(BOOKMARKS) or {}
            lacking = [name for name, bookmark in bookmarks.items() if READ_WITHOUT in bookmark]
            refresh_catalog(catalog, STREAMS, self._services.describe, self._tap.logger, lacking)
            self._tap.mapper.register_raw_streams_from_catalog(catalog)
            self._tap.forget_streams()


def _refuse(problem: str | None) -> None:
    if problem:
        raise InvalidStateError(problem)
