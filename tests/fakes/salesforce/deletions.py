"""`/sobjects/X/deleted`: what was deleted in a window, recycle bin or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.fakes.salesforce.errors import Code, SalesforceError
from tests.fakes.salesforce.values import wire_datetime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakes.salesforce.org import SalesforceOrg

_MEMORY = timedelta(days=15)
_MINUTE = timedelta(minutes=1)


def deleted(org: SalesforceOrg, sobject: str, query: Mapping[str, str]) -> dict[str, Any]:
    """Answer a request for deletions.

    Raises:
        SalesforceError: Salesforce would refuse the window.
    """
    start, end = _moment(query.get("start", "")), _moment(query.get("end", ""))
    if end - start <= _MINUTE:
        message = "startDate must precede endDate by more than one minute"
        raise _refused(message)
    known = max(org.now() - _MEMORY, org.deletions_known_since)
    if start < known:
        message = "startDate before org replication enabled date"
        raise _refused(message)
    first, last = wire_datetime(start), wire_datetime(end)
    return {
        "deletedRecords": [
            {"id": record_id, "deletedDate": moment}
            for record_id, moment in org.deletions(sobject).items()
            if first <= moment < last
        ],
        "earliestDateAvailable": wire_datetime(known),
        "latestDateCovered": last,
    }


def _moment(text: str) -> datetime:
    """Seconds do not count."""
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        message = "not a date-time"
        raise _refused(message) from None
    return moment.replace(second=0, microsecond=0)


def _refused(message: str) -> SalesforceError:
    return SalesforceError(Code.INVALID_REPLICATION_DATE, message)
