"""From a query to its pages of rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.errors import SalesforceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tap_salesforce_chat.connection import Answer, Connection


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the order of the query; possibly none, though more pages follow.

    `queried_at` is Salesforce's clock when it ran the query: what changed later is not in any of
    its pages.
    """

    rows: list[dict[str, Any]] = field(repr=False)
    queried_at: datetime | None


def pages(
    connection: Connection, resource: str, soql: str, *, page_size: int, subject: str
) -> Iterator[Page]:
    """Run a query and follow `nextRecordsUrl` until Salesforce sends none.

    The quota is checked before each request, when the rows of the page before are through.
    """
    headers = {"Sforce-Query-Options": f"batchSize={page_size}"}
    connection.check_quota()
    answer = connection.get(resource, subject=subject, params={"q": soql}, headers=headers)
    queried_at, here = answer.date, ""
    while True:
        yield Page(_rows(answer, subject), queried_at)
        following = answer.document.get("nextRecordsUrl")
        if not following:
            return
        here = _checked(following, here, subject)
        connection.check_quota()
        answer = connection.get(here, subject=subject, headers=headers)


def _rows(answer: Answer, subject: str) -> list[dict[str, Any]]:
    rows = answer.document.get("records")
    if not isinstance(rows, list):
        msg = f"{subject}: Salesforce's answer has no list of records."
        raise SalesforceError(msg)
    return rows


def _checked(following: Any, here: str, subject: str) -> str:
    # A path and nothing else, or the token might go to another host; a new one, or it never ends.
    if not isinstance(following, str) or not following.startswith("/") or following == here:
        msg = f"{subject}: Salesforce's answer has a nextRecordsUrl that leads nowhere."
        raise SalesforceError(msg)
    return following
