"""Query the sessions of conversations, and the names of agents."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

from tap_salesforce_chat.errors import MissingFieldError, UnreadableObjectError
from tap_salesforce_chat.ids import SHORT
from tap_salesforce_chat.messaging.entries import Session
from tap_salesforce_chat.soql import PRIMARY_KEY, REPLICATION_KEY, Query, one_of, quote

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from tap_salesforce_chat.messaging.entries import Entry
    from tap_salesforce_chat.reading.query_client import QueryClient

SESSIONS = "MessagingSession"
CONVERSATION = "ConversationId"

_FIELDS = (
    *(PRIMARY_KEY, REPLICATION_KEY, "StartTime", "EndTime", CONVERSATION),
    "Conversation.ConversationIdentifier",
)
# An inactive session goes on when its customer writes again; one with an end does not.
_ENDED = "(Status = 'Ended' OR EndTime != null) AND IsDeleted = false"
_USER_PREFIX = "005"


class Sessions:
    """The sessions of an org.

    Args:
        query_client: Runs queries.
        query_all_client: Runs queries that return deleted rows, too.
    """

    def __init__(self, query_client: QueryClient, query_all_client: QueryClient) -> None:
        self._query_client = query_client
        self._query_all_client = query_all_client
        self._users: dict[str, str | None] = {}  # names by the short form of the Id

    @staticmethod
    def ended(until: datetime | None, condition: str | None) -> Query:
        """Return the query for ended sessions that meet a condition of the settings."""
        more = f" AND ({condition})" if condition else ""
        return Query(SESSIONS, _FIELDS, until=until, condition=f"{_ENDED}{more}")

    def count(self, query: Query) -> int:
        """Return the number of sessions of a query."""
        return self._query_client.count(query.count())

    def page(self, query: Query) -> tuple[list[Session], bool]:
        """Return the first sessions of a query, and whether there are more."""
        page = next(self._query_client.pages(str(query)))
        return [Session.of(row) for row in page.rows], len(page.rows) < page.total

    def of_conversations(self, conversations: Collection[str]) -> dict[str, list[Session]]:
        """Return all sessions of conversations, by the conversation's Id.

        Active ones and deleted ones, too: their entries belong to no other session.
        """
        found: dict[str, list[Session]] = defaultdict(list)
        if conversations:
            query = Query(SESSIONS, _FIELDS, condition=one_of(CONVERSATION, conversations))
            for session in map(Session.of, self._query_all_client.rows(str(query))):
                found[session.key].append(session)
        return found

    def newest_other_than(self, session: Session) -> Session | None:
        """Return the ended session that changed last, of another conversation."""
        other = f"{CONVERSATION} != null AND {CONVERSATION} != {quote(session.key)}"
        query = Query(SESSIONS, _FIELDS, condition=f"{_ENDED} AND {other}")
        rows = next(self._query_client.pages(query.newest())).rows
        return Session.of(rows[0]) if rows else None

    def agents_in(self, entries: list[Entry], named: Collection[str]) -> dict[str, str]:
        """Return the names of senders that are users, but for those that the entries name."""
        senders = {entry.sender for entry in entries if entry.sender} - set(named)
        agents = {sender for sender in senders if sender.startswith(_USER_PREFIX)}
        self._look_up({agent for agent in agents if agent[:SHORT] not in self._users})
        names = {agent: self._users[agent[:SHORT]] for agent in agents}
        return {agent: name for agent, name in names.items() if name}

    def _look_up(self, users: set[str]) -> None:
        if not users:
            return
        # Users that the query does not return are not queried again.
        self._users |= dict.fromkeys((user[:SHORT] for user in users), None)
        query = Query("User", (PRIMARY_KEY, "Name"), condition=one_of(PRIMARY_KEY, users))
        with suppress(MissingFieldError, UnreadableObjectError):
            rows = self._query_client.rows(str(query))
            self._users |= {row[PRIMARY_KEY][:SHORT]: row["Name"] for row in rows}
