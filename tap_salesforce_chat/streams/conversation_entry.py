"""The stream `ConversationEntry`: the messages of messaging sessions that have ended.

No query returns the text of enhanced chats. So the stream queries the sessions, and reads each of
their conversations by one of two APIs with tight rate limits: a run reads as many as the limits
permit, and the next run goes on behind them. The bookmark moves over sessions whose entries are
emitted; the calls of the last hour are kept in STATE too.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_salesforce_chat.discovery.describe import Discovery
from tap_salesforce_chat.errors import (
    RateLimitReachedError,
    SalesforceError,
    UnreadableConversationError,
    UnreadableObjectError,
    unreadable_object,
)
from tap_salesforce_chat.messaging.entries import SCHEMA, by_session_id, display_names, rows_of
from tap_salesforce_chat.messaging.interfaces import INTERFACES, rate_limits_for
from tap_salesforce_chat.messaging.reader import EntryReader
from tap_salesforce_chat.messaging.sessions import CONVERSATION, SESSIONS, Sessions
from tap_salesforce_chat.reading.query_client import QueryClient
from tap_salesforce_chat.settings.reading import filter_of
from tap_salesforce_chat.soql import REPLICATION_KEY, Position
from tap_salesforce_chat.state.bookmarks import earlier, instant_in, instant_text
from tap_salesforce_chat.state.keys import READ_AGAIN
from tap_salesforce_chat.streams.base import SalesforceStream
from tap_salesforce_chat.timestamps import is_later, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Context, Record

    from tap_salesforce_chat.discovery.describe import Describe
    from tap_salesforce_chat.http.client import SalesforceClient
    from tap_salesforce_chat.messaging.entries import Session
    from tap_salesforce_chat.messaging.rate_limits import RateLimits
    from tap_salesforce_chat.soql import Query

# The opening message of a chat comes before its session begins. Milliseconds.
_LEAD = 3_600_000
# Conversations in one query; more of them would make its URL too long.
_IDS_AT_ONCE = 200
_IDS_SHOWN = 20
# Keys of the stream's part of STATE besides the bookmark.
_LAST_ID, _CALLS, _BLOCKED = "session_id", "calls", "rest_until"


class ConversationEntry(SalesforceStream):
    """Messages and events of messaging sessions that have ended."""

    sobject = "ConversationEntry"
    optional = True
    needed = ("MessagingSessionId", "SenderRole", "Payload", "MessageText")

    @override
    @classmethod
    def discovered(cls, describe: Describe) -> Discovery | None:
        """Return the schema, which is no object's; None if the org shows no conversations."""
        document = describe(SESSIONS)
        names = {field["name"] for field in document["fields"]} if document else set()
        return Discovery(SCHEMA, ()) if CONVERSATION in names else None

    @override
    @classmethod
    def refreshed(cls, schema: dict[str, Any], describe: Describe) -> None:
        """Return None: the schema is no object's."""

    # -- rows ----------------------------------------------------------------------------------

    @override
    def get_records(self, context: Context | None) -> Iterator[Record]:
        """Yield the rows of ended sessions, one session after the other, within the rate limits."""
        self._progress = self.get_context_state(context)
        unreadable: list[Session] = []
        try:
            # The count also logs in, and returns Salesforce's time.
            if self._sessions.count(due := self._due()):
                yield from self._all(due, unreadable)
            self._record_end(due.until or self._horizon())
        except RateLimitReachedError as exc:
            self._warn_of_remaining(self._sessions.count(self._due()), exc)
        except UnreadableObjectError as exc:
            raise unreadable_object(SESSIONS) from exc
        finally:
            self._warn_of_unreadable(unreadable)

    @override
    def post_process(self, row: Record, context: Context | None = None) -> Record:
        """Remove fields that are not selected."""
        return {name: row[name] for name in row if self.mask["properties", name]}

    def _all(self, query: Query, unreadable: list[Session]) -> Iterator[Record]:
        more = True
        while more:
            # One query a page: a run may take longer than Salesforce keeps a query.
            sessions, more = self._sessions.page(query)
            for first in range(0, len(sessions), _IDS_AT_ONCE):
                yield from self._rows_of(sessions[first : first + _IDS_AT_ONCE], unreadable)
            if sessions:
                last = sessions[-1]
                query = replace(query, after=Position(parse_instant(last.modified), last.id))

    def _rows_of(self, sessions: list[Session], unreadable: list[Session]) -> Iterator[Record]:
        """Yield the rows of some sessions; a conversation is read once for all of them."""
        due: dict[str, list[Session]] = defaultdict(list)
        for session in sessions:
            due[session.key].append(session)
        siblings = self._sessions.of_conversations([s.key for s in sessions if s.conversation])
        for session in sessions:
            mine = due.pop(session.key, [])
            if mine and session.conversation is None:
                yield from rows_of(session, [], {})
            elif mine:
                yield from self._rows_of_conversation(mine, siblings[session.key], unreadable)
            self._move_bookmark(session)

    def _rows_of_conversation(
        self, due: list[Session], siblings: list[Session], unreadable: list[Session]
    ) -> Iterator[Record]:
        """Yield the rows of the sessions of a conversation that are due.

        Args:
            due: These sessions.
            siblings: All sessions of the conversation: some entries belong to the others.
            unreadable: Gets the sessions if the conversation cannot be read.
        """
        since = max(0, min(session.began or 0 for session in due) - _LEAD)
        try:
            entries = self._reader.entries(_identifier(due[0]), since)
        except UnreadableConversationError as exc:
            self._check_interface(due[0], exc)
            unreadable += due
            return
        by_session, names = by_session_id(entries, siblings or due), display_names(entries)
        names |= self._sessions.agents_in(entries, names)
        for session in due:
            yield from rows_of(session, by_session[session.id], names)

    def _check_interface(self, session: Session, exc: UnreadableConversationError) -> None:
        """Check that only this conversation cannot be read, by reading another one.

        Raises:
            SalesforceError: The newest other conversation of the org cannot be read either.
        """
        if not self._reader.has_read and (other := self._sessions.newest_other_than(session)):
            with suppress(UnreadableConversationError):
                self._reader.entries(_identifier(other), other.began or 0)
        if not self._reader.has_read:
            raise self._reader.with_advice(exc) from exc

    # -- bookmark ------------------------------------------------------------------------------

    def _due(self) -> Query:
        """Return the query for the sessions whose entries are not emitted yet.

        A session may become visible late. Other streams read the time before the bookmark again
        for that reason; here that would cost calls, so new sessions wait for as long instead.
        """
        since, last_id = self._since(), self._progress.get(_LAST_ID)
        query = replace(self._sessions.ended(self._horizon(), self.condition), since=since)
        if READ_AGAIN in self._progress:
            return replace(query, since=earlier(since, instant_in(self._progress, READ_AGAIN)))
        if since and last_id and self._is_incremental:
            query = replace(query, after=Position(since, last_id))
        return query

    @override
    def _since(self) -> datetime | None:
        bookmark = self.bookmark if self._is_incremental else None
        return parse_instant(bookmark) if bookmark else self._start()

    @property
    @override
    def condition(self) -> str | None:
        return filter_of(self.config, SESSIONS)

    def _horizon(self) -> datetime:
        """Return up to where sessions are read."""
        horizon = self._now() - timedelta(seconds=self.config["lookback_seconds"])
        return self._up_to(horizon.replace(microsecond=0))

    def _move_bookmark(self, session: Session) -> None:
        """Move the bookmark to a session, or the place of reading again."""
        bookmark = self.bookmark
        if READ_AGAIN in self._progress and bookmark and not is_later(session.modified, bookmark):
            self._progress[READ_AGAIN] = session.modified
        elif self._is_incremental:
            self._progress.pop(READ_AGAIN, None)
            self._progress |= {
                "replication_key": REPLICATION_KEY,
                "replication_key_value": session.modified,
                _LAST_ID: session.id,
            }

    # -- requests, and rate limits -------------------------------------------------------------

    @cached_property
    def _sessions(self) -> Sessions:
        ask = partial(QueryClient, self._services.client, subject=f"Query of {SESSIONS}")
        page_size = self.config["page_size"]
        return Sessions(ask("query", page_size=page_size), ask("queryAll", page_size=page_size))

    @cached_property
    def _interface_client(self) -> SalesforceClient:
        login = INTERFACES[self.config["messaging_api"]].login
        return (
            self._services.client.for_host(login(self.config)) if login else self._services.client
        )

    @cached_property
    def _reader(self) -> EntryReader:
        interface = INTERFACES[self.config["messaging_api"]]
        return EntryReader(
            interface, self._interface_client, self._rate_limits, self._now, self._save
        )

    @cached_property
    def _rate_limits(self) -> RateLimits:
        calls, blocked = self._progress.get(_CALLS) or {}, self._progress.get(_BLOCKED)
        try:
            return rate_limits_for(self.config, calls, parse_instant(blocked) if blocked else None)
        except (AttributeError, TypeError, ValueError):
            msg = f"The calls in the state of {self.name} are none of this tap: restore the state."
            raise SalesforceError(msg) from None

    def _now(self) -> datetime:
        """Return Salesforce's time, by which it counts calls."""
        clocks = (self._services.client.now, self._interface_client.now)
        return max(filter(None, clocks), default=datetime.now(UTC))

    def _save(self) -> None:
        """Write the calls into STATE, where the next run finds them however this one ends."""
        self._progress |= {
            _CALLS: self._rate_limits.recorded_calls(),
            _BLOCKED: instant_text(self._rate_limits.blocked_until),
        }
        self.write_state()

    # -- reports -------------------------------------------------------------------------------

    def _warn_of_remaining(self, left: int, exc: RateLimitReachedError) -> None:
        self.logger.warning(
            "The entries of %d ended sessions are left for later runs: stopped by %s. Within the "
            "limits they take about %d h.",
            left,
            exc,
            self._rate_limits.hours_for(left, self._now()),
        )

    def _warn_of_unreadable(self, unreadable: list[Session]) -> None:
        if unreadable:
            self.logger.warning(
                "Salesforce does not know the conversations of %d sessions (any more), or answers "
                "in an unknown form, so there are no entries of them: %s%s.",
                len(unreadable),
                ", ".join(session.id for session in unreadable[:_IDS_SHOWN]),
                ", ..." if len(unreadable) > _IDS_SHOWN else "",
            )


def _identifier(session: Session) -> str:
    if session.identifier:
        return session.identifier
    msg = (
        f"The Conversation of the session {session.id} cannot be seen: give the integration "
        "user's permission set Read on object Conversation."
    )
    raise SalesforceError(msg)
