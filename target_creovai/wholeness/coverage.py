"""What was read of each stream: in what time, under which filter, and where rows may be missing."""

from __future__ import annotations

from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from target_creovai.wholeness.intervals import BEGINNING, Interval, end_before, union, up_to

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


# The filter of an input that leaves nothing out.
UNFILTERED = ""
# Stands among the filters of a conversation whose rows were dropped, with the moment behind the
# last of them: what was read before does not count for it any more.
_FORGOTTEN = "forgotten "


class OpenInput(StrEnum):
    """An input whose rows may be half of what is to come."""

    RUNNING = "another input is being read"
    BROKEN = "the tap did not finish"


class Read(msgspec.Struct, frozen=True):
    """What one input has read of a stream, up to a committed STATE.

    All rows from `begin` on and before `end`, of those that match `filter`; `end` is None as long
    as nothing is certain. It is `finished` if it was read up to the present. `whole_before`: of
    every case that has anything at or after it, and before `end`, all older rows are out as well,
    of this input or of those before it. `continues`: it began where an earlier input had ended,
    the first of which began at `first`. `without` are needed fields that all its rows lack.
    `of_all`: the conversations themselves were read without a filter.
    """

    stream: str
    begin: str
    end: str | None = None
    finished: bool = False
    filter: str = UNFILTERED
    whole_before: str | None = None
    continues: bool = False
    first: str = BEGINNING
    without: tuple[str, ...] = ()
    of_all: bool = False

    @property
    def begins_anew(self) -> bool:
        """Whether it brought all rows of all cases that it had any of, whatever was here before."""
        starts = self.begin == BEGINNING or self.whole_before is not None
        return self.finished and starts and not self.continues and self.filter == UNFILTERED


class Cover(NamedTuple):
    """What was read of one stream under one filter.

    In the time of `read` all rows are here. In that of `whole` so are all older rows of every
    case that has a row in it. In that of `gaps` there may be rows that no input has brought.
    """

    read: tuple[Interval, ...] = ()
    whole: tuple[Interval, ...] = ()
    gaps: tuple[Interval, ...] = ()

    def __or__(self, other: Cover) -> Cover:
        """Return what is covered by either."""
        return Cover(*(union(chain(*both)) for both in zip(self, other, strict=True)))

    def since(self, moment: str) -> Cover:
        """Return what is covered without what was read before a moment."""
        read = (Interval(max(one.begin, moment), one.end) for one in self.read)
        return Cover(union(one for one in read if one.begin < one.end), (), self.gaps)


class LatestRead(NamedTuple):
    """The latest input that had a stream; `newest` where no later input had any.

    `finished` if it was read up to the present.
    """

    finished: bool
    filter: str
    without: tuple[str, ...]
    newest: bool


class Coverage(msgspec.Struct, frozen=True):
    """All that was read, by stream and filter.

    `everything`: all counts as read. `open_input`: of an input whose end has not come.
    """

    covers: Mapping[str, Mapping[str, Cover]] = msgspec.field(default_factory=dict)
    latest: Mapping[str, LatestRead] = msgspec.field(default_factory=dict)
    everything: bool = False
    open_input: OpenInput | None = None

    @property
    def filters(self) -> frozenset[str]:
        """The filters under which anything was read."""
        return frozenset(chain.from_iterable(self.covers.values())) - {UNFILTERED}

    def of(self, stream: str, filters: Iterable[str]) -> Cover:
        """Return what is covered for a conversation that came under these filters."""
        covers = self.covers.get(stream, {})
        found = covers.get(UNFILTERED, Cover())
        if dropped := max(filter(is_forgotten, filters), default=None):
            found = found.since(dropped.removeprefix(_FORGOTTEN))
        for one in filters:
            found |= covers.get(one, Cover())
        return found


EVERYTHING = Coverage(everything=True)


def forgotten(moment: str) -> str:
    """Return what stands among a conversation's filters once its rows before this are dropped."""
    return f"{_FORGOTTEN}{moment}"


def is_forgotten(name: str) -> bool:
    """Return whether this is no filter, but the mark of dropped rows."""
    return name.startswith(_FORGOTTEN)


def extended(covers: Mapping[str, Cover], read: Read) -> dict[str, Cover]:
    """Return what is covered of a stream, by filter, with what an input has read of it."""
    own = covers.get(read.filter, Cover())
    before = own | covers.get(UNFILTERED, Cover())
    piece = [] if read.end is None else [Interval(read.begin, read.end)]
    known = union([*before.read, *piece])
    gaps = _still_open(union([*own.gaps, *_gap(before, read)]), known, read)
    whole = [] if gaps else _whole(known, read)
    new = Cover(union([*own.read, *piece]), union([*own.whole, *whole]), gaps)
    touched = {read.filter: new}
    if read.filter == UNFILTERED:
        touched = dict(covers) | touched
    return dict(covers) | {
        name: cover._replace(gaps=_still_open(cover.gaps, new.read, read))
        for name, cover in touched.items()
    }


def _gap(known: Cover, read: Read) -> list[Interval]:
    """Return the time between the end of what is here and the beginning of an input, if any.

    An input that does not go on from an earlier one begins where it was told to, and before `first`
    none of them has read. Where an earlier one owes older rows of cases, the gap takes in all that
    it has read.
    """
    if not read.continues or up_to(known.read, read.begin):
        return []
    reaches = (end_before(part, read.begin) for part in (known.whole, known.read))
    begin = next(filter(None, reaches), read.first)
    return [Interval(max(begin, read.first), read.begin)]


def _still_open(
    gaps: Iterable[Interval], known: tuple[Interval, ...], read: Read
) -> tuple[Interval, ...]:
    return tuple(gap for gap in gaps if not _is_closed(gap, known, read))


def _is_closed(gap: Interval, known: tuple[Interval, ...], read: Read) -> bool:
    """Return whether all of a gap was read.

    Where it begins may be unknown: at the `start_date` that an input has begun with anew since.
    """
    if gap.begin == BEGINNING and not read.continues:
        return read.end is not None and read.begin < gap.end <= read.end
    return any(one.begin <= gap.begin and gap.end <= one.end for one in known)


def _whole(known: tuple[Interval, ...], read: Read) -> list[Interval]:
    """Return in what time nothing older is missing of any case that has a row in it."""
    if read.whole_before is None or read.end is None:
        return []
    reach = up_to(known, read.begin)
    is_here = reach is not None and reach.begin <= read.whole_before
    return [Interval(read.whole_before, read.end)] if is_here else []
