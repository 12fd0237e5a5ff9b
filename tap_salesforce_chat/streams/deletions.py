"""Hard deletions: rows that were deleted, and are not in the recycle bin any more.

No query returns them. `/sobjects/X/deleted` lists all deletions of a window; a query of their Ids
finds those that are still in the recycle bin, and the others are hard deletions.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from typing_extensions import override

from tap_salesforce_chat.errors import DeletionsExpiredError
from tap_salesforce_chat.reading.query_client import QueryClient
from tap_salesforce_chat.reading.rows import struct_type
from tap_salesforce_chat.soql import PRIMARY_KEY, REPLICATION_KEY, Query, one_of
from tap_salesforce_chat.streams.query_stream import QueryStream
from tap_salesforce_chat.timestamps import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from singer_sdk.helpers.types import Context

    from tap_salesforce_chat.http.client import SalesforceClient
    from tap_salesforce_chat.reading.rows import Row

DELETED = "IsDeleted"

# How long Salesforce lists deletions, less the time from reading its clock to the request.
_LISTED_FOR = timedelta(days=15) - timedelta(minutes=5)
# Seconds do not count in a window, and its ends have to be more than a minute apart.
_MINUTE = timedelta(minutes=1)
_SHORTEST = 2 * _MINUTE
# Ids in one query; more of them would make its URL too long.
_IDS_AT_ONCE = 200


class DeletableStream(QueryStream):
    """A stream that also emits a row for each hard deletion."""

    @override
    def get_records(self, context: Context | None) -> Iterator[Row]:  # type: ignore[override] # as the base
        """Yield all rows; then, with `include_hard_deleted`, one for each hard deletion."""
        had_bookmark, since = self.bookmark is not None, self._since()
        yield from super().get_records(context)
        if self.config["include_hard_deleted"] and DELETED in self.selected_fields():
            yield from self._hard_deleted(since, had_bookmark=had_bookmark)

    def _hard_deleted(self, since: datetime | None, *, had_bookmark: bool) -> Iterator[Row]:
        now = self._services.client.clock
        if now is None:
            return
        if had_bookmark and since and since < now - _LISTED_FOR:
            self._warn_of_gap()
        try:
            yield from hard_deleted(self._services.client, self.name, since, self._up_to(now), now)
        except DeletionsExpiredError:
            self._warn_of_gap()

    def _warn_of_gap(self) -> None:
        self.logger.warning(
            "Salesforce does not know all hard deletions of %s since the last run any more: it "
            "keeps those of 15 days, and fewer where there are very many. Rows that are gone may "
            "still be at the destination; run more often, or compare Ids there.",
            self.name,
        )


def hard_deleted(
    client: SalesforceClient, sobject: str, since: datetime | None, until: datetime, now: datetime
) -> Iterator[Row]:
    """Yield a row for each hard deletion in a window, in the order of time.

    Args:
        client: Sends the requests.
        sobject: The object.
        since: Start of the window, rounded down by a few minutes; None: as far back as listed.
        until: Its end.
        now: Salesforce's time.

    Raises:
        DeletionsExpiredError: Salesforce no longer lists the deletions of that time.
    """
    horizon = now - _LISTED_FOR
    if until <= horizon:
        return
    end = _whole_minute(until)
    start = min(_whole_minute(max(since or horizon, horizon)), end - _SHORTEST)
    deleted = _deleted(client, sobject, start, end)
    in_bin = _in_recycle_bin(client, sobject, list(deleted))
    deletion = struct_type((PRIMARY_KEY, REPLICATION_KEY, DELETED))
    for row_id, moment in sorted(deleted.items(), key=lambda item: item[1]):
        if row_id not in in_bin:
            yield deletion(Id=row_id, SystemModstamp=moment, IsDeleted=True)


def _whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _deleted(
    client: SalesforceClient, sobject: str, start: datetime, end: datetime
) -> dict[str, str]:
    """Return the instant of each deletion, by Id."""
    answer = client.get(
        f"sobjects/{sobject}/deleted/",
        subject=f"Deletions of {sobject}",
        params={"start": start.isoformat(), "end": end.isoformat()},
    )
    records = answer.document["deletedRecords"]
    return {record["id"]: canonical(record["deletedDate"]) for record in records}


def _in_recycle_bin(client: SalesforceClient, sobject: str, ids: list[str]) -> set[str]:
    subject = f"Recycle bin of {sobject}"
    query_client = QueryClient(client, "queryAll", subject=subject)
    found: set[str] = set()
    for first in range(0, len(ids), _IDS_AT_ONCE):
        query = Query(
            sobject,
            (PRIMARY_KEY,),
            condition=one_of(PRIMARY_KEY, ids[first : first + _IDS_AT_ONCE]),
        )
        found.update(row[PRIMARY_KEY] for row in query_client.rows(str(query)))
    return found
