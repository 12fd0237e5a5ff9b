"""Which org and which user a login belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.errors import MissingFieldError, NotFoundError, UnreadableObjectError
from tap_salesforce_chat.reading.query_client import QueryClient
from tap_salesforce_chat.soql import PRIMARY_KEY, Query, one_of

if TYPE_CHECKING:
    from tap_salesforce_chat.http.client import SalesforceClient

_ORGANIZATION_FIELDS = ("Name", "IsSandbox", "OrganizationType")
_UNKNOWN = "not shown to this user"


@dataclass(frozen=True, slots=True)
class LoginIdentity:
    """An org and a user.

    `organization` is the row of Organization, empty if the user may not read it. `username` is None
    if it cannot be read.
    """

    organization: dict[str, Any]
    username: str | None

    def __str__(self) -> str:
        org = self.organization
        kind = "sandbox" if org.get("IsSandbox") else "production"
        edition = org.get("OrganizationType")
        name = f"{org.get('Name')} ({org[PRIMARY_KEY]}), {kind}" if "Name" in org else _UNKNOWN
        return f"{name}{f', {edition}' if edition else ''}; user {self.username or _UNKNOWN}"


def read_identity(client: SalesforceClient) -> LoginIdentity:
    """Read the org's row and the user's name."""
    rows = _rows(client, Query("Organization", (PRIMARY_KEY, *_ORGANIZATION_FIELDS)))
    return LoginIdentity(rows[0] if rows else {}, _username(client))


def _username(client: SalesforceClient) -> str | None:
    user_id = client.session.user_id
    if user_id is None:
        return _username_of_token(client)
    rows = _rows(
        client, Query("User", (PRIMARY_KEY, "Username"), condition=one_of(PRIMARY_KEY, [user_id]))
    )
    return rows[0]["Username"] if rows else None


def _username_of_token(client: SalesforceClient) -> str | None:
    """Return the user of a token that the tap did not get by a login."""
    try:
        response = client.get("/services/oauth2/userinfo", subject="The token's user")
    except (NotFoundError, UnreadableObjectError):
        return None
    name = response.document.get("preferred_username")
    return name if isinstance(name, str) else None


def _rows(client: SalesforceClient, query: Query) -> list[dict[str, Any]]:
    query_client = QueryClient(client, "query", subject=f"Query of {query.sobject}")
    try:
        return query_client.rows(query.unordered())
    except (MissingFieldError, UnreadableObjectError):
        return []
