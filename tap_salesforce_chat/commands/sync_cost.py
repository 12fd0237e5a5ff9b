"""How many API requests a sync sends when little has changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.streams.deletions import DeletableStream
from tap_salesforce_chat.streams.query_stream import QueryStream

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tap_salesforce_chat.streams.base import SalesforceStream

# By Bulk a query takes a job, at least two polls of its state, its result, and its deletion.
_BULK_REQUESTS = 5


@dataclass(frozen=True, slots=True)
class KnownMetadata:
    """What a sync does not have to ask for.

    Args:
        organization: Whether the login's response has the org's Id.
        objects: How many objects have been described.
        kept: Whether the describes are kept for later runs.
    """

    organization: bool
    objects: int
    kept: bool


def requests_of_a_sync(
    streams: Collection[type[SalesforceStream]], config: Mapping[str, Any], known: KnownMetadata
) -> int:
    """Return how many requests a sync of some streams sends, logins aside.

    This holds if the changes of each stream fit on one page, and if no case from before
    `start_date` was touched. Further pages and such cases take further requests.
    """
    queried = [stream for stream in streams if issubclass(stream, QueryStream)]
    return (
        (1 if known.kept else known.objects)
        + (0 if known.organization else 1)
        + len(queried) * _requests_of_a_query(config)
        + len(streams) - len(queried)  # ended sessions are counted
        + _requests_for_older_cases(queried, config)
        + _requests_for_hard_deletions(queried, config)
    )  # fmt: skip


def _requests_of_a_query(config: Mapping[str, Any]) -> int:
    counts = 1 if config["verify_counts"] else 0
    requests = {"REST": 1 + counts, "BULK2": _BULK_REQUESTS + counts, "AUTO": 1 + 1 + counts}
    return requests[config["api_type"]]


def _requests_for_older_cases(
    streams: Collection[type[QueryStream]], config: Mapping[str, Any]
) -> int:
    if not (config["whole_cases"] and config.get("start_date")):
        return 0
    return sum(bool(stream.case_field) for stream in streams)


def _requests_for_hard_deletions(
    streams: Collection[type[QueryStream]], config: Mapping[str, Any]
) -> int:
    if not config["include_hard_deleted"]:
        return 0
    return sum(issubclass(stream, DeletableStream) for stream in streams)
