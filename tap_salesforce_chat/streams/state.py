"""What STATE says beside the bookmarks, and which states are refused. Pure.

Top-level keys, of which a consumer learns what a sync read: `organization_id`, the org's Id of 18
characters, `sync_reads`, an entry for each stream that is read (see `Reads`), and in the very last
STATE of a finished sync `sync_requests`, the number of API requests that it made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.ids import SHORT
from tap_salesforce_chat.soql import CURSOR
from tap_salesforce_chat.timestamps import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, MutableMapping
    from datetime import datetime

BOOKMARKS = "bookmarks"
ORGANIZATION = "organization_id"
READS = "sync_reads"
REQUESTS = "sync_requests"
STARTED, COMPLETED = "sync_started_at", "sync_completed_at"
# In a stream's bookmark, where null stands for the beginning: from where on its rows were ever
# read, the same of a stream that has none and so no bookmark, from where on they were read without
# which needed field, and from where on they are being read again with one that is back.
READ_SINCE, EMPTY_SINCE = "read_since", "empty_since"
READ_WITHOUT, READ_AGAIN = "read_without", "read_again_since"
# Of whole cases: from where on rows were emitted whose cases are owed older ones, and the bound
# before which older rows were brought when that was last done for all that is out.
OWED_SINCE, WHOLE_BEFORE = "cases_owed_since", "cases_whole_before"

_OWN_KEYS = frozenset({BOOKMARKS, ORGANIZATION, READS, REQUESTS, STARTED, COMPLETED})
# What singer-io's and MeltanoLabs' taps for Salesforce keep beside the name of a replication key.
_FOREIGN_KEYS = frozenset({"version", "offset", "historical_sync_completed"})
_INSTANTS = frozenset(
    {"replication_key_value", READ_SINCE, EMPTY_SINCE, READ_AGAIN, OWED_SINCE, WHOLE_BEFORE}
)
# Salesforce's date-times begin there: an earlier one is none of a row.
_FIRST_YEAR = 1700
# What the clocks of a login host and an org may differ by.
_CLOCK_TOLERANCE = timedelta(minutes=5)
# Salesforce's instants are whole seconds: what was there at one of them lies before the next.
_SECOND = timedelta(seconds=1)


@dataclass(slots=True)
class Reads:
    """What a sync reads of a stream; the entry of `sync_reads`.

    Args:
        since: The first instant of SystemModstamp that is read, None: from the beginning on.
        condition: The condition of `filters` on the stream.
    """

    since: datetime | None
    condition: str | None
    until: datetime | None = None  # all that changed before is out; None: not read to the end
    whole_before: datetime | None = None
    without: tuple[str, ...] = ()

    def entry(self) -> dict[str, Any]:
        """Return the entry, without keys that say nothing."""
        entry: dict[str, Any] = {"since": format_instant(self.since) if self.since else None}
        if self.condition:
            entry["filter"] = sha256(self.condition.encode()).hexdigest()[:12]
        if self.until:
            entry["until"] = format_instant(self.until)
        if self.whole_before:
            entry["whole_before"] = format_instant(self.whole_before)
        if self.without:
            entry["without"] = list(self.without)
        return entry


def end_of(clock: datetime) -> datetime:
    """Return the first instant of which a query that ran at a time can have seen no row."""
    return clock.replace(microsecond=0) + _SECOND


def instant_in(progress: Mapping[str, Any], key: str) -> datetime | None:
    """Return an instant of a stream's part of STATE, None for none and for the beginning."""
    text = progress.get(key)
    return parse_instant(text) if text else None


def put_instant(progress: MutableMapping[str, Any], key: str, moment: datetime | None) -> None:
    """Put an instant into a stream's part of STATE, None for the beginning."""
    progress[key] = format_instant(moment) if moment else None


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the earlier of two instants, where None stands for the beginning."""
    return min(one, other) if one and other else None


def note_fields(
    progress: MutableMapping[str, Any], without: Collection[str], since: datetime | None
) -> None:
    """Note from where on rows are read without needed fields, and again with those that are back.

    Args:
        progress: The stream's part of STATE.
        without: The needed fields that are not there.
        since: From where on rows are read.
    """
    known = progress.pop(READ_WITHOUT, {})
    if known.keys() - set(without):
        put_instant(progress, READ_AGAIN, since)
    noted: dict[str, Any] = {}
    for name in without:
        first = earlier(since, instant_in(known, name)) if name in known else since
        put_instant(noted, name, first)
    if noted:
        progress[READ_WITHOUT] = noted


def bounds_of_returned(
    progress: Mapping[str, Any], without: Collection[str]
) -> list[datetime | None]:
    """Return from where on rows lack needed fields that are there again, None: the beginning."""
    known = progress.get(READ_WITHOUT, {})
    bounds = [instant_in(known, name) for name in known if name not in without]
    return [*bounds, *(instant_in(progress, key) for key in (READ_AGAIN,) if key in progress)]


def form_problem(state: object, streams: Collection[str]) -> str | None:
    """Say why a state is not one of this tap, None if it is."""
    if not isinstance(state, dict):
        return "The state is no JSON object: restore or reset it."
    if BOOKMARKS not in state:
        strange = state.keys() - _OWN_KEYS
        return _not_ours("it has no bookmarks") if strange else None
    bookmarks = state[BOOKMARKS]
    if not isinstance(bookmarks, dict):
        return _not_ours("its bookmarks are none")
    if not isinstance(state.get(ORGANIZATION), str | None):
        return _not_ours(f"its {ORGANIZATION} is none")
    if bookmarks and bookmarks.keys().isdisjoint(streams):
        return _not_ours("it has no bookmark of any stream of this tap")
    return next(filter(None, (_bookmark_problem(*item) for item in bookmarks.items())), None)


def _not_ours(reason: str) -> str:
    return f"The state is not one of this tap ({reason}): restore the right one, or reset it."


def _bookmark_problem(name: str, bookmark: object) -> str | None:
    if not isinstance(bookmark, dict) or not all(map(_is_instant, _instants_in(bookmark))):
        return f"The state's bookmark of {name} is none of this tap: restore or reset it."
    key = bookmark.get("replication_key", CURSOR)
    if key != CURSOR or any(word in _FOREIGN_KEYS or word[:1].isupper() for word in bookmark):
        # Other taps name a bookmark by its field, so that ours would not be found in it.
        return f"The state's bookmark of {name} is another tap's: start without a state."
    return None


def _instants_in(bookmark: Mapping[str, object]) -> Iterator[object]:
    """Yield what has to be an instant, or null, in a bookmark."""
    yield from (bookmark.get(name) for name in _INSTANTS)
    without = bookmark.get(READ_WITHOUT, {})
    yield from without.values() if isinstance(without, dict) else [without or ""]


def _is_instant(value: object) -> bool:
    if value is None:
        return True
    try:
        moment = parse_instant(value)  # type: ignore[arg-type] # anything may stand in a state
    except (TypeError, ValueError):
        return False
    return moment.year >= _FIRST_YEAR


def origin_problem(
    bookmarks: Mapping[str, Mapping[str, Any]],
    recorded: str | None,
    actual: str | None,
    now: datetime | None,
) -> str | None:
    """Say why a state cannot be one of this org, None if it can.

    Args:
        bookmarks: Its bookmarks.
        recorded: The Id of the org that it names.
        actual: The Id of the org that is read.
        now: The time by Salesforce's clock.
    """
    if recorded and actual and recorded[:SHORT] != actual[:SHORT]:
        return (
            f"The state is of another org: it names {recorded}, and the login leads to {actual}. "
            "Use the state of this org, or none, or check login_url."
        )
    for name, bookmark in bookmarks.items():
        value = bookmark.get("replication_key_value")
        if value and now and parse_instant(value) > now + _CLOCK_TOLERANCE:
            return (
                f"The state's bookmark of {name} is in the future, {value}, when it is "
                f"{format_instant(now)} at Salesforce: nothing would be read. Restore or reset it."
            )
    return None
