"""How many API requests a sync asks for when little has changed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.streams.deletions import DeletableStream
from tap_salesforce_chat.streams.query_stream import QueryStream

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from tap_salesforce_chat.streams.base import SalesforceStream

# By Bulk a query takes a job, two looks at its state or more, its result, and its deletion.
_BY_BULK = 5


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a sync need not ask for.

    Args:
        organization: Whether the login tells of which org it is.
        objects: How many objects it knows by their describes.
        kept: Whether they are kept for later runs.
    """

    organization: bool
    objects: int
    kept: bool


def requests_of_a_sync(
    streams: Collection[type[SalesforceStream]], config: Mapping[str, Any], known: Knowledge
) -> int:
    """Return how many requests a sync of some streams takes, logins aside.

    As long as what has changed of each stream fits on one page, and no older case was touched
    where `start_date` cuts cases. Each request in more is for a page, or for such cases.
    """
    queried = [stream for stream in streams if issubclass(stream, QueryStream)]
    return (
        (1 if known.kept else known.objects)
        + (0 if known.organization else 1)
        + len(queried) * _requests_of_a_query(config)
        + len(streams) - len(queried)  # ended sessions are counted
        + _looks_for_older_cases(queried, config)
        + _looks_for_hard_deletions(queried, config)
    )  # fmt: skip


def _requests_of_a_query(config: Mapping[str, Any]) -> int:
    counts = 1 if config["verify_counts"] else 0
    by = {"REST": 1 + counts, "BULK2": _BY_BULK + counts, "AUTO": 1 + 1 + counts}
    return by[config["api_type"]]


def _looks_for_older_cases(
    streams: Collection[type[QueryStream]], config: Mapping[str, Any]
) -> int:
    if not (config["whole_cases"] and config.get("start_date")):
        return 0
    return sum(bool(stream.case_field) for stream in streams)


def _looks_for_hard_deletions(
    streams: Collection[type[QueryStream]], config: Mapping[str, Any]
) -> int:
    if not config["include_hard_deleted"]:
        return 0
    return sum(issubclass(stream, DeletableStream) for stream in streams)
