"""Which states are refused: other taps' states, those of another org, and those from the future.

Pure: values in, values out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.ids import SHORT
from tap_salesforce_chat.soql import REPLICATION_KEY
from tap_salesforce_chat.state.keys import (
    BOOKMARKS,
    COMPLETED,
    INSTANTS,
    ORGANIZATION,
    READ_WITHOUT,
    READS,
    REQUESTS,
    STARTED,
)
from tap_salesforce_chat.timestamps import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime

_OWN_KEYS = frozenset({BOOKMARKS, ORGANIZATION, READS, REQUESTS, STARTED, COMPLETED})
# What singer-io's and MeltanoLabs' taps for Salesforce keep besides the name of a replication key.
_FOREIGN_KEYS = frozenset({"version", "offset", "historical_sync_completed"})
# Salesforce's date-times begin there: an earlier one is none of a row.
_FIRST_YEAR = 1700
# What the clocks of a login host and an org may differ by.
_CLOCK_TOLERANCE = timedelta(minutes=5)


def form_problem(state: object, streams: Collection[str]) -> str | None:
    """Return why a state is not one of this tap, None if it is."""
    if not isinstance(state, dict):
        return "The state is no JSON object: restore or reset it."
    if BOOKMARKS not in state:
        foreign = state.keys() - _OWN_KEYS
        return _not_ours("it has no bookmarks") if foreign else None
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
    key = bookmark.get("replication_key", REPLICATION_KEY)
    if key != REPLICATION_KEY or any(
        word in _FOREIGN_KEYS or word[:1].isupper() for word in bookmark
    ):
        # Other taps name a bookmark by its field, so that ours would not be found in it.
        return f"The state's bookmark of {name} is another tap's: start without a state."
    return None


def _instants_in(bookmark: Mapping[str, object]) -> Iterator[object]:
    """Yield the values of a bookmark that have to be instants or null."""
    yield from (bookmark.get(name) for name in INSTANTS)
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
    """Return why a state cannot be one of this org, None if it can.

    Args:
        bookmarks: Its bookmarks.
        recorded: The Id of the org that it names.
        actual: The Id of the org that is read.
        now: Salesforce's time.
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
