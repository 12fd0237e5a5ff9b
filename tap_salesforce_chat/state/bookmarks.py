"""Bookmark arithmetic. Pure: values in, values out.

A bookmark moves over emitted rows only, never backwards over rows that are read again, and never
past Salesforce's time when it ran the query.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.soql import REPLICATION_KEY
from tap_salesforce_chat.state.keys import READ_AGAIN, READ_WITHOUT
from tap_salesforce_chat.timestamps import format_instant, is_later, parse_instant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tap_salesforce_chat.reading.tasks import Batch

# Salesforce's instants are whole seconds: a row that exists at one of them lies before the next.
_SECOND = timedelta(seconds=1)
_BEGINNING = datetime.min.replace(tzinfo=UTC)


def bookmark_in(progress: Mapping[str, Any]) -> str | None:
    """Return the bookmark in a stream's part of STATE, None if it has none of this tap."""
    if progress.get("replication_key") != REPLICATION_KEY:
        return None
    return progress.get("replication_key_value")


def instant_in(progress: Mapping[str, Any], key: str) -> datetime | None:
    """Return an instant in a stream's part of STATE, None if it is missing or the beginning."""
    text = progress.get(key)
    return parse_instant(text) if text else None


def instant_text(moment: datetime | None) -> str | None:
    """Return an instant as STATE has it, None for the beginning."""
    return format_instant(moment) if moment else None


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the earlier of two instants, where None stands for the beginning."""
    return min(one, other) if one and other else None


def earliest(instants: Iterable[datetime | None]) -> datetime | None:
    """Return the earliest of some instants, where None stands for the beginning."""
    return min(instants, key=lambda moment: moment or _BEGINNING)


def latest(*texts: str | None) -> str | None:
    """Return the latest of some instants as text, None if there is none."""
    found: str | None = None
    for text in texts:
        if text and (found is None or is_later(text, found)):
            found = text
    return found


def end_of(clock: datetime) -> datetime:
    """Return the first instant whose rows a query that ran at a time cannot have seen."""
    return clock.replace(microsecond=0) + _SECOND


def is_within(modified: str, batch: Batch) -> bool:
    """Return whether a row lies in the window of its batch, and not after the query."""
    if batch.until is not None and not is_later(batch.until, modified):
        return False
    return batch.clock is None or not is_later(modified, batch.clock)


def is_in_place(modified: str, batch: Batch) -> bool:
    """Return whether all rows that changed before a row came before it.

    Salesforce fixes the order of all rows when it runs the query, but reads each when its page is
    requested: a row that changed meanwhile comes in its old place with a new time, and rows in
    between are still to come. One that changed in the very second of the query may be such a row.
    """
    return batch.in_order and modified != batch.clock and is_within(modified, batch)


def step_back(bookmark: str | None, start: str | None, since: datetime | None) -> str | None:
    """Return the bookmark that leaves missing rows to the next run, None for none.

    Args:
        bookmark: The present one.
        start: That of the beginning of this run: it does not go back further.
        since: From where on rows are missing, None: from the beginning on.
    """
    if since and start:
        since = max(since, parse_instant(start))
    goal = format_instant(since) if since else start
    return goal if goal is None or (bookmark and is_later(bookmark, goal)) else bookmark


def missing_since(
    known: Mapping[str, Any], missing: Iterable[str], since: datetime | None
) -> dict[str, str | None]:
    """Return from where on rows were read without each missing field.

    Args:
        known: What STATE says of that.
        missing: The needed fields that cannot be read now.
        since: From where on rows are read now.
    """
    first = {name: earlier(since, instant_in(known, name)) for name in missing if name in known}
    return {name: instant_text(first.get(name, since)) for name in missing}


def reread_bounds(progress: Mapping[str, Any], missing: Collection[str]) -> list[datetime | None]:
    """Return from where on rows lack needed fields that are back, None for the beginning.

    Args:
        progress: The stream's part of STATE.
        missing: The needed fields that cannot be read now.
    """
    known = progress.get(READ_WITHOUT, {})
    bounds = [instant_in(known, name) for name in known if name not in missing]
    return [*bounds, *(instant_in(progress, key) for key in (READ_AGAIN,) if key in progress)]
