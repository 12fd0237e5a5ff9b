"""Which org and which user a login has led to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.errors import MissingFieldError, NotFoundError, UnreadableObjectError
from tap_salesforce_chat.reading.query_client import QueryClient
from tap_salesforce_chat.soql import KEY, Query, one_of

if TYPE_CHECKING:
    from tap_salesforce_chat.http.client import Connection

_ORGANIZATION = ("Name", "IsSandbox", "OrganizationType")
_UNKNOWN = "not shown to this user"


@dataclass(frozen=True, slots=True)
class Reached:
    """An org and a user, as far as they let themselves be asked."""

    organization: dict[str, Any]
    username: str | None

    def __str__(self) -> str:
        org = self.organization
        kind = "sandbox" if org.get("IsSandbox") else "production"
        edition = org.get("OrganizationType")
        known = f"{org.get('Name')} ({org[KEY]}), {kind}" if "Name" in org else _UNKNOWN
        return f"{known}{f', {edition}' if edition else ''}; user {self.username or _UNKNOWN}"


def reached(connection: Connection) -> Reached:
    """Ask for the org's row and for the user's name."""
    rows = _rows(connection, Query("Organization", (KEY, *_ORGANIZATION)))
    return Reached(rows[0] if rows else {}, _username(connection))


def _username(connection: Connection) -> str | None:
    if connection.user_id is None:
        return _username_of_token(connection)
    me = one_of(KEY, [connection.user_id])
    rows = _rows(connection, Query("User", (KEY, "Username"), condition=me))
    return rows[0]["Username"] if rows else None


def _username_of_token(connection: Connection) -> str | None:
    """Return whose a token is that comes from elsewhere."""
    try:
        answer = connection.get("/services/oauth2/userinfo", subject="The token's user")
    except (NotFoundError, UnreadableObjectError):
        return None
    name = answer.document.get("preferred_username")
    return name if isinstance(name, str) else None


def _rows(connection: Connection, query: Query) -> list[dict[str, Any]]:
    query_client = QueryClient(
        connection, "query", page_size=2000, subject=f"Query of {query.sobject}"
    )
    try:
        return query_client.rows(query.unordered())
    except (MissingFieldError, UnreadableObjectError):
        return []
