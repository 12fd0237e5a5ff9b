"""The entries of a messaging session: whether all are here, and which of them are messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from target_creovai.errors import RowError
from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.participants import Role
from target_creovai.model.verdicts import Waiting
from target_creovai.parsers.messaging import decoded, member, member_key
from target_creovai.salesforce.rows import number_of, parse_time, text_of, time_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_creovai.model.rows import Row

ROLES = {
    "enduser": Role.CUSTOMER,
    "agent": Role.AGENT,
    "chatbot": Role.BOT,
    "system": Role.SYSTEM,
    "supervisor": Role.AGENT,  # never sent unless internal comments are
}
# Whispers among agents and supervisors; a raised flag may come with words to a supervisor.
NOTE, FLAG = "note", "flagraise"
UPDATE = "messageupdated"  # replaces what an earlier message says
NO_ENTRIES = "noentries"  # what our tap writes for a session that has none
_NOT_READ = Reason(Code.ENTRIES_UNREAD)
_NOT_ALL = Reason(Code.ENTRIES_MISSING)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Reading(msgspec.Struct, frozen=True):
    """The entries of one session. `proven`: they are as many as the tap has counted."""

    entries: tuple[Row, ...]
    proven: bool


def newest_reading(rows: Iterable[Row]) -> Reading | Waiting:
    """Return the entries that the tap found when it last read the session, each once.

    Every row of a reading bears the session's SystemModstamp of then and the number of
    rows that belong together, so half a reading is never taken for a whole one. What an
    earlier reading had and this one lacks is gone from Salesforce, and stays here. Rows
    without a number are a foreign tap's: they are taken as they are.
    """
    each = {str(row.get("Id")): row for row in rows}
    counted = [row for row in each.values() if number_of(row, "SessionEntryCount") is not None]
    if not counted:
        entries = tuple(each.values())
        return Reading(entries, proven=False) if entries else Waiting(_NOT_READ)
    read_at = max(map(_version, counted))
    newest = [row for row in counted if _version(row) == read_at]
    entries = tuple(row for row in newest if _type(row) != NO_ENTRIES)
    if len(entries) < max(number_of(row, "SessionEntryCount") or 0 for row in newest):
        return Waiting(_NOT_ALL)
    return Reading(entries, proven=True)


def _version(row: Row) -> datetime:
    return parse_time(row.get("SystemModstamp")) or _LONG_AGO


def _type(entry: Row) -> str:
    """Return the type of an entry; rows without one may have it in their payload."""
    kind = member_key(entry.get("EntryType"))
    return kind or member_key(member(decoded(entry.get("Payload")), "entrytype"))


def is_of_type(entry: Row, name: str) -> bool:
    """Tell whether an entry is of a type, whose name is given as `member_key` makes it."""
    return _type(entry) == name


def says_something(entry: Row) -> bool:
    """Tell whether an entry is a message, a note or an update, and no event such as typing."""
    kind = _type(entry)
    if kind == FLAG:
        return isinstance(member(decoded(entry.get("Payload")), "abstractmessage"), dict)
    return kind in {"message", NOTE, UPDATE} or (not kind and not is_bare(entry))


def is_bare(entry: Row) -> bool:
    """Tell whether an entry has no type and no content, as menus by the Connect interface."""
    return not (_type(entry) or entry.get("Payload") or text_of(entry, "MessageText"))


def is_internal(entry: Row) -> bool:
    """Tell whether the customer never saw an entry: notes, flags, and what supervisors write."""
    return _type(entry) in {NOTE, FLAG} or member_key(entry.get("SenderRole")) == "supervisor"


def role_of(entry: Row) -> Role:
    """Return who sent an entry, by the role that Salesforce gave them."""
    return ROLES.get(member_key(entry.get("SenderRole")), Role.UNKNOWN)


def in_order(entries: Iterable[Row], start: datetime | None) -> list[tuple[datetime, Row]]:
    """Return entries with their times, the interfaces give them in none.

    The time is the server's: the client's clock may be wrong, and bots have none. An
    entry without it is put at the session's start.

    Raises:
        RowError: Neither the entry nor the session has a time.
    """
    timed = [(time_of(entry, "ServerReceivedTimestamp") or start, entry) for entry in entries]
    dated = [(at, entry) for at, entry in timed if at is not None]
    if len(dated) < len(timed):
        msg = "neither an entry nor the session says when it took place"
        raise RowError(msg)
    return sorted(dated, key=lambda pair: (pair[0], text_of(pair[1], "Id") or ""))
