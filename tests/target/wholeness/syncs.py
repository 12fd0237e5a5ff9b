"""What tap-salesforce-chat says in STATE of what a sync reads: the keys of docs/wholeness.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.target.rows import Record, Schema, State, at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CASES = ("Case", "CaseComment", "EmailMessage")
CHATS = ("LiveChatTranscript",)
ORG = "00D000000000001EAA"
# After all rows of the tests' day.
END = at("23:59")


def reads(
    streams: Iterable[str] = (*CASES, *CHATS),
    since: str | None = None,
    until: str | None = END,
    **more: Any,
) -> dict[str, Any]:
    """Return `sync_reads` in which these streams are read alike; without `until`: not to an end."""
    entry = {"since": since} | ({"until": until} if until else {}) | more
    return dict.fromkeys(streams, entry)


def unfinished(entries: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the first STATE of the same sync says: nothing is read to its end yet."""
    late = {"until", "whole_before"}
    return {
        stream: {key: value for key, value in entry.items() if key not in late}
        for stream, entry in entries.items()
    }


def state(
    entries: Mapping[str, Any],
    bookmarks: Mapping[str, str] | None = None,
    *,
    completed: bool = False,
    org: str = ORG,
) -> State:
    """Return a STATE; `bookmarks` are the instants up to which rows are out."""
    value: dict[str, Any] = {
        "sync_started_at": at("18:20"),
        "organization_id": org,
        "sync_reads": dict(entries),
        "bookmarks": {
            stream: {"replication_key": "SystemModstamp", "replication_key_value": moment}
            for stream, moment in (bookmarks or {}).items()
        },
    }
    if completed:
        value["sync_completed_at"] = "2024-05-07T00:01:00Z"
    return State(value)


def sync(
    *records: Record,
    entries: Mapping[str, Any] | None = None,
    start: Mapping[str, str] | None = None,
    end: Mapping[str, str] | None = None,
    org: str = ORG,
) -> list[Record | State | Schema]:
    """Return a sync that ends well: `start` and `end` are its bookmarks, before and after."""
    said = reads() if entries is None else entries
    schemas = [Schema(stream) for stream in said]
    first = state(unfinished(said), start, org=org)
    return [first, *schemas, *records, state(said, end or start, completed=True, org=org)]


def going_on(since: str, streams: Iterable[str] = (*CASES, *CHATS), **more: Any) -> dict[str, Any]:
    """Return the arguments of a sync that goes on from where an earlier one ended."""
    entries = reads(streams, since=since, **more)
    return {"entries": entries, "start": dict.fromkeys(entries, since)}


def without(record: Record, *fields: str) -> Record:
    """Return a row that was read without these fields."""
    row = {name: value for name, value in record.row.items() if name not in fields}
    return record._replace(row=row)
