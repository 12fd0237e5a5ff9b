"""The reasons why conversations wait for a part that was not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.model.outcomes import Code, Reason
from target_creovai.wholeness.intervals import BEGINNING

if TYPE_CHECKING:
    from collections.abc import Iterable

# These two change by themselves: nobody has to do anything.
ANOTHER_INPUT = Reason(Code.ANOTHER_INPUT)
CHANGED_MEANWHILE = Reason(Code.CHANGED_MEANWHILE)

_OF_A_PART = frozenset(
    {
        Code.FIELD_UNREAD,
        Code.STREAM_UNREAD,
        Code.EARLIER_UNREAD,
        Code.LATER_UNREAD,
        Code.REST_UNREAD,
    }
)
_OF_THE_REST = frozenset({Code.ANOTHER_INPUT, Code.LATER_UNREAD, Code.REST_UNREAD})


def without(stream: str, fields: Iterable[str]) -> Reason:
    """Return the reason that rows came without these fields, each of which would do."""
    return Reason(Code.FIELD_UNREAD, (stream, " or ".join(fields)))


def never_read(stream: str) -> Reason:
    """Return the reason that no input has had this stream."""
    return Reason(Code.STREAM_UNREAD, (stream,))


def before(stream: str, moment: str) -> Reason:
    """Return the reason that rows of a stream from before this moment were not read."""
    return Reason(Code.EARLIER_UNREAD, (stream, short(moment)))


def only_up_to(stream: str, moment: str) -> Reason:
    """Return the reason that reading ended too early; the beginning: no row was read."""
    if moment == BEGINNING:
        return Reason(Code.REST_UNREAD, (stream,))
    return Reason(Code.LATER_UNREAD, (stream, short(moment)))


def rows_between(stream: str, begin: str, end: str) -> str:
    """Name rows of a stream by the time in which they changed."""
    since = f" from {short(begin)}" if begin != BEGINNING else ""
    return f"{stream}{since} to {short(end)}" if since else f"{stream} before {short(end)}"


def is_incomplete(reason: Reason | None) -> bool:
    """Return whether a reason is one for which somebody has to do something."""
    return reason is not None and reason.code in _OF_A_PART


def waits_for_the_rest(reason: Reason) -> bool:
    """Return whether the next input brings what is missing, if it goes on from there."""
    return reason.code in _OF_THE_REST


def must_be_read(reason: Reason | None) -> bool:
    """Return whether rows have to be read that the tap will not read by itself."""
    return reason is not None and reason.code is Code.EARLIER_UNREAD


def short(moment: str) -> str:
    """Return a moment as reasons name it."""
    return moment.replace(".000000Z", "Z")
