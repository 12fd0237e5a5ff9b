"""Why a conversation waits for a part that was not read, in words: one reason for many.

The ledger keeps these texts, so what they say can be told from them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from target_creovai.wholeness.intervals import BEGINNING

if TYPE_CHECKING:
    from collections.abc import Iterable

# These two change by themselves: nobody has to do anything.
ANOTHER_INPUT = "another input is being read"
CHANGED_MEANWHILE = "it changed while it was read: the next run reads on"

_WITHOUT = "read without "
_NEVER = "a part was never read: "


class Told(NamedTuple):
    """What a reason says: which stream, and a field of it or a moment, where it names one."""

    stream: str
    field: str | None = None
    before: str | None = None
    up_to: str | None = None


def without(stream: str, fields: Iterable[str]) -> str:
    """Say that rows came without these fields, each of which would do."""
    return f"{_WITHOUT}{stream}.{' or '.join(fields)}"


def never_read(stream: str) -> str:
    """Say that no input has had this stream."""
    return f"{_NEVER}the stream {stream}"


def before(stream: str, moment: str) -> str:
    """Say that older rows of a stream than those of this moment were not read."""
    return f"{_NEVER}{stream} before {short(moment)}"


def only_up_to(stream: str, moment: str) -> str:
    """Say that the reading of a stream ended too early; the beginning: no row was read."""
    if moment == BEGINNING:
        return f"{_NEVER}the rest of {stream}"
    return f"{_NEVER}{stream} from {short(moment)} on"


def rows_between(stream: str, begin: str, end: str) -> str:
    """Name rows of a stream by the time in which they changed."""
    since = f" from {short(begin)}" if begin != BEGINNING else ""
    return f"{stream}{since} to {short(end)}" if since else f"{stream} before {short(end)}"


def is_incomplete(reason: str | None) -> bool:
    """Tell whether a reason is one for which somebody has to do something."""
    return bool(reason and reason.startswith((_WITHOUT, _NEVER)))


def waits_for_the_rest(reason: str) -> bool:
    """Tell whether the next input brings what is missing, if it goes on from there."""
    told = told_by(reason)
    return reason == ANOTHER_INPUT or (told is not None and told.up_to is not None)


def must_be_read(reason: str | None) -> bool:
    """Tell whether rows have to be read that the tap will not read by itself."""
    told = told_by(reason) if reason else None
    return told is not None and told.before is not None


_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"{_WITHOUT}(?P<stream>\w+)\.(?P<field>.+)",
        rf"{_NEVER}the stream (?P<stream>\w+)",
        rf"{_NEVER}(?P<stream>\w+) before (?P<before>\S+)",
        rf"{_NEVER}(?P<stream>\w+) from (?P<up_to>\S+) on",
        rf"{_NEVER}the (?P<rest>rest) of (?P<stream>\w+)",
    )
)


def told_by(reason: str) -> Told | None:
    """Return what a reason says; None for one that is not of this module."""
    for form in _FORMS:
        if match := form.fullmatch(reason):
            parts = match.groupdict()
            up_to = BEGINNING if "rest" in parts else parts.get("up_to")
            return Told(parts["stream"], parts.get("field"), parts.get("before"), up_to)
    return None


def short(moment: str) -> str:
    """Return a moment as reasons name it."""
    return moment.replace(".000000Z", "Z")
