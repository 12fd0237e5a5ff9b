"""Which org and which user a login has led to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.errors import MissingFieldError, NotFoundError, UnreadableObjectError
from tap_salesforce_chat.reading.query_client import QueryClient
from tap_salesforce_chat.soql import KEY, Query, one_of

if TYPE_CHECKING:
    from tap_salesforce_chat.http.client import SalesforceClient

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


def reached(client: SalesforceClient) -> Reached:
    """Ask for the org's row and for the user's name."""
    rows = _rows(client, Query("Organization", (KEY, *_ORGANIZATION)))
    return Reached(rows[0] if rows else {}, _username(client))


def _username(client: SalesforceClient) -> str | None:
    if client.session.user_id is None:
        return _username_of_token(client)
    me = one_of(KEY, [client.session.user_id])
    rows = _rows(client, Query("User", (KEY, "Username"), condition=me))
    return rows[0]["Username"] if rows else None


def _username_of_token(client: SalesforceClient) -> str | None:
    """Return whose a token is that comes from elsewhere."""
    try:
        answer = client.get("/services/oauth2/userinfo", subject="The token's user")
    except (NotFoundError, UnreadableObjectError):
        return None
    name = answer.document.get("preferred_username")
    return name if isinstance(name, str) else None


def _rows(client: SalesforceClient, query: Query) -> list[dict[str, Any]]:
    query_client = QueryClient(client, "query", page_size=2000, subject=f"Query of {query.sobject}")
    try:
        return query_client.rows(query.unordered())
    except (MissingFieldError, UnreadableObjectError):
        return []
