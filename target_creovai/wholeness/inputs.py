"""What one input has read: by its SCHEMAs, its STATEs, and the fields that its rows lack."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from target_creovai.kinds import KIND_OF_STREAM, KINDS
from target_creovai.resync import FOLLOWING
from target_creovai.salesforce.rows import parse_time
from target_creovai.wholeness.coverage import UNFILTERED, Read
from target_creovai.wholeness.intervals import BEGINNING, moment_after, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# What tap-salesforce-chat puts into each STATE of a sync, and into the very last one alone.
STARTED, COMPLETED = "sync_started_at", "sync_completed_at"
# The tap's machine and Salesforce.
_CLOCKS_MAY_DIFFER = timedelta(minutes=15)
READS, ORGANIZATION = "sync_reads", "organization_id"
# Ids of 15 or 18 characters; the store keeps no longer ones.
_IS_ORGANIZATION = re.compile(r"00D[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?").fullmatch
# How many requests the sync has asked Salesforce, in the last STATE alone.
REQUESTS = "sync_requests"


class Input:
    """One input, as far as it has come.

    A tap whose STATE never has where it begins is taken to have read everything, at its end.
    """

    def __init__(self, fields: Mapping[str, frozenset[str]]) -> None:
        """`fields` are those that SCHEMAs have announced, by stream; they grow."""
        self._fields = fields
        self.organization: str | None = None
        # Another tap may have anything under that name.
        self.names_no_organization = False
        self.has_state = False
        self._first_bookmarks: dict[str, str | None] | None = None
        self._state: Mapping[str, Any] = {}
        self._marks_its_end = False
        self._lacking: defaultdict[str, set[str]] = defaultdict(set)

    # What comes

    def record_state(self, state: Mapping[str, Any]) -> None:
        """Record a STATE, whether or not the rows before it are committed."""
        self.has_state = True
        if self._first_bookmarks is None:
            self._first_bookmarks = {name: _bookmark(state, name) for name in KIND_OF_STREAM}
        self._marks_its_end |= STARTED in state
        self._state = state
        named = state.get(ORGANIZATION)
        if isinstance(named, str) and _IS_ORGANIZATION(named):
            self.organization = named
        self.names_no_organization = named is not None and self.organization is None

    def record_lacking(self, stream: str, fields: Iterable[str]) -> None:
        """Record a row that came without these fields."""
        self._lacking[stream].update(fields)

    # What that means

    def null_fields(self, stream: str) -> frozenset[str]:
        """Return the fields that are empty, not unread, where a row of a stream leaves them out.

        Our tap writes null for what is empty. Others leave it out, if their SCHEMA has it.
        """
        if READS in self._state:
            return frozenset()
        return self._fields.get(stream, frozenset())

    def ended_well(self) -> bool:
        """Return whether the tap finished; one whose STATE never has that is taken at its end."""
        return not self._marks_its_end or COMPLETED in self._state

    @property
    def requests(self) -> int | None:
        """How many requests the tap has made, None where STATE does not have it."""
        number = self._state.get(REQUESTS)
        return number if isinstance(number, int) and not isinstance(number, bool) else None

    def filters(self) -> dict[str, str]:
        """Return, by kind of conversation, the name of the filter under which rows come."""
        entries = _entries_of(self._state)
        found = {kind: _conditions(entries, KINDS[kind].streams) for kind in KINDS}
        return {kind: _named(conditions) for kind, conditions in found.items() if conditions}

    def reads(self, state: Mapping[str, Any]) -> Iterator[Read]:
        """Yield how far each stream is read by a committed STATE."""
        entries = _entries_of(state)
        latest = max(
            filter(None, (moment_of(e.get("until")) for e in entries.values())), default=""
        )
        for stream, entry in entries.items():
            conditions = _conditions(entries, KIND_OF_STREAM[stream].streams)
            if entry.get("absent") is True:
                yield Read(stream, BEGINNING, latest or None, finished=True)
                continue
            begin = moment_of(entry.get("since")) or BEGINNING
            yield Read(
                stream,
                begin,
                self._end(stream, entry, state, begin),
                finished=self._is_up_to_date(entry, state),
                filter=_named(conditions) if stream in conditions else UNFILTERED,
                whole_before=moment_of(entry.get("whole_before")),
                continues=self._continues(stream, begin),
                first=moment_of(_part_of(state, stream).get("read_since")) or BEGINNING,
                without=self._without(stream, entry),
                of_all=_main_stream(stream) not in conditions,
            )

    def reads_at_end(self, newest: str, *, well: bool) -> Iterator[Read]:
        """Yield what a tap has read whose STATE has nothing of it, at the end of its input.

        Args:
            newest: Up to when rows have come so far, of whatever stream and input.
            well: Whether it came to its end, as all others did that may have brought rows.
        """
        for stream in KIND_OF_STREAM if READS not in self._state else ():
            if stream not in self._fields:
                continue
            without = self._without(stream, {})
            end = moment_after(newest) if well and not without else None
            yield Read(stream, BEGINNING, end, finished=well, without=without)

    @staticmethod
    def _is_up_to_date(entry: Mapping[str, Any], state: Mapping[str, Any]) -> bool:
        """Return whether a stream was read to its end, and that end is now, not some `end_date`."""
        until, started = parse_time(entry.get("until")), parse_time(state.get(STARTED))
        return until is not None and (started is None or until >= started - _CLOCKS_MAY_DIFFER)

    def _continues(self, stream: str, begin: str) -> bool:
        """Return whether an earlier input has read what is before this one.

        Entries are read for sessions, whenever they were.
        """
        known = begin != BEGINNING and self._first(stream) is not None
        return known and stream not in FOLLOWING

    def _first(self, stream: str) -> str | None:
        return (self._first_bookmarks or {}).get(stream)

    def _without(self, stream: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the field without which no row of a stream can be given to a conversation."""
        stated = entry.get("without")
        lacking = self._lacking[stream] | set(stated if isinstance(stated, list) else ())
        return tuple(sorted(lacking & {KIND_OF_STREAM[stream].streams[stream]}))

    def _end(
        self, stream: str, entry: Mapping[str, Any], state: Mapping[str, Any], begin: str
    ) -> str | None:
        """Return up to where all rows are out.

        The bookmark that a sync starts from is none of its own reading.
        """
        if self._without(stream, entry):
            return None
        if "until" in entry:
            return moment_of(entry["until"])
        bookmark = _bookmark(state, stream)
        moved = bookmark is not None and bookmark != self._first(stream) and bookmark > begin
        return bookmark if moved else None


def _entries_of(state: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    entries = state.get(READS)
    if not isinstance(entries, dict):
        return {}
    return {
        stream: entry
        for stream, entry in entries.items()
        if stream in KIND_OF_STREAM and isinstance(entry, dict)
    }


def _bookmark(state: Mapping[str, Any], stream: str) -> str | None:
    return moment_of(_part_of(state, stream).get("replication_key_value"))


def _part_of(state: Mapping[str, Any], stream: str) -> Mapping[str, Any]:
    bookmarks = state.get("bookmarks")
    part = bookmarks.get(stream) if isinstance(bookmarks, dict) else None
    return part if isinstance(part, dict) else {}


def _conditions(entries: Mapping[str, Mapping[str, Any]], streams: Iterable[str]) -> dict[str, str]:
    """Return the filters of these streams, as the tap has named them."""
    found = {stream: entries.get(stream, {}).get("filter") for stream in streams}
    return {stream: str(condition) for stream, condition in found.items() if condition}


def _main_stream(stream: str) -> str:
    streams = KIND_OF_STREAM[stream].streams
    return next(name for name, field in streams.items() if field == "Id")


def _named(conditions: Mapping[str, str]) -> str:
    text = "\n".join(f"{stream} {conditions[stream]}" for stream in sorted(conditions))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
