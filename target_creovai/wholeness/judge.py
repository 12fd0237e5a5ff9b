"""Whether all rows of a conversation were read, as of some moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.kinds import KIND_OF_STREAM
from target_creovai.model.outcomes import Code
from target_creovai.wholeness.coverage import UNFILTERED, OpenInput
from target_creovai.wholeness.intervals import BEGINNING, Interval, around, moment_of
from target_creovai.wholeness.reasons import (
    ANOTHER_INPUT,
    CHANGED_MEANWHILE,
    before,
    never_read,
    only_up_to,
    short,
    without,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from target_creovai.model.outcomes import Reason
    from target_creovai.model.rows import Row
    from target_creovai.wholeness.coverage import Coverage

_VERSIONS = ("SystemModstamp", "LastModifiedDate")


def missing_part(
    streams: Mapping[str, str],
    rows: Mapping[str, Sequence[Row]],
    coverage: Coverage,
    *,
    filters: Collection[str] = (),
    accepted: Collection[str] = (),
) -> Reason | None:
    """Return why rows of a conversation may be missing; None where they are all here.

    Args:
        streams: The streams of its kind, with the field that holds the conversation's Id.
        rows: Its rows, by stream.
        coverage: What was read.
        filters: The filters under which the conversation itself arrived.
        accepted: Streams that need not have been read.

    It is whole as of the newest of its rows if each stream was read without a gap from its
    beginning to that moment.
    """
    if coverage.everything:
        return None
    main = [
        row for stream, field in streams.items() if field == "Id" for row in rows.get(stream, ())
    ]
    dated = (_moment(row, "CreatedDate") for row in main if "CreatedDate" in row)
    created = min(dated, default=BEGINNING)
    newest = max((_moment(row, *_VERSIONS) for some in rows.values() for row in some), default="")
    for stream, field in streams.items():
        if stream not in accepted:
            reason = _missing_rows(coverage, stream, filters, created, newest)
            if reason:
                return _missing_key(coverage, stream, field) or reason
    return None


def missing_main_row(
    streams: Mapping[str, str],
    rows: Mapping[str, Sequence[Row]],
    coverage: Coverage,
    filters: Collection[str] = (),
) -> Reason | None:
    """Return why the row that is the conversation itself may be older than what was read.

    None where it would be here if the tap could see it: `filters` or sharing keep it out.
    """
    (stream,) = (stream for stream, field in streams.items() if field == "Id")
    latest = coverage.latest.get(stream)
    if coverage.everything or (latest and latest.filter != UNFILTERED):
        return None
    newest = max((_moment(row, *_VERSIONS) for some in rows.values() for row in some), default="")
    return _missing_rows(coverage, stream, filters, BEGINNING, newest)


def _moment(row: Row, *fields: str) -> str:
    found = (moment_of(row.get(field)) for field in fields)
    return next((moment for moment in found if moment), BEGINNING)


def _missing_rows(
    coverage: Coverage, stream: str, filters: Collection[str], created: str, newest: str
) -> Reason | None:
    cover = coverage.of(stream, filters)
    for gap in cover.gaps:
        if created < gap.end and not _covers(cover.read, max(gap.begin, created), gap.end):
            return before(stream, gap.end)
    if around(cover.whole, newest):
        return None
    reach = around(cover.read, newest)
    if reach is None:
        latest = coverage.latest.get(stream)
        includes_all = latest is None or latest.filter in {UNFILTERED, *filters}
        return _out_of_reach(cover.read, coverage, stream, newest, includes_all=includes_all)
    return None if reach.begin <= created else before(stream, reach.begin)


def _covers(read: Iterable[Interval], begin: str, end: str) -> bool:
    return any(one.begin <= begin and end <= one.end for one in read)


def _out_of_reach(
    read: Sequence[Interval], coverage: Coverage, stream: str, newest: str, *, includes_all: bool
) -> Reason:
    """Return why a stream was not read at a moment: too early, too late, or not at all.

    With `includes_all`, the filter of the latest input leaves out nothing of the conversation.
    """
    latest = coverage.latest.get(stream)
    if later := [one for one in read if newest < one.begin]:
        return before(stream, later[0].begin)
    if coverage.open_input is OpenInput.RUNNING:
        return ANOTHER_INPUT
    if latest is None and not read:
        return never_read(stream)
    is_read_on = latest and latest.finished and latest.newest and includes_all
    if is_read_on and coverage.open_input is None:
        return CHANGED_MEANWHILE
    return only_up_to(stream, max((one.end for one in read), default=BEGINNING))


def _missing_key(coverage: Coverage, stream: str, field: str) -> Reason | None:
    """Return the reason that rows of a stream have no Id of a conversation."""
    latest = coverage.latest.get(stream)
    return without(stream, [field]) if latest and field in latest.without else None


def has_moved(reason: Reason, coverage: Coverage) -> bool:
    """Return whether the reason of a waiting conversation no longer holds.

    Rows that come make their conversation due by themselves; what was read does not.
    """
    look = _MOVES.get(reason.code)
    return look is not None and look(coverage, *reason.args)


def _is_key_read(coverage: Coverage, stream: str, field: str) -> bool:
    """Return whether the field by which rows are given to conversations has come by now."""
    kind, latest = KIND_OF_STREAM.get(stream), coverage.latest.get(stream)
    is_key = kind is not None and kind.streams[stream] == field
    return is_key and not (latest and field in latest.without)


def _begins_elsewhere(coverage: Coverage, stream: str, moment: str) -> bool:
    covers = coverage.covers.get(stream, {}).values()
    gaps = [gap.end for cover in covers for gap in cover.gaps]
    return moment not in map(short, [*gaps, *(one.begin for one in _read(coverage, stream))])


def _ends_elsewhere(coverage: Coverage, stream: str, moment: str) -> bool:
    return moment not in map(short, (one.end for one in _read(coverage, stream)))


def _is_begun(coverage: Coverage, stream: str) -> bool:
    return any(_read(coverage, stream))


def _is_known(coverage: Coverage, stream: str) -> bool:
    return stream in coverage.latest or _is_begun(coverage, stream)


def _read(coverage: Coverage, stream: str) -> Iterator[Interval]:
    for cover in coverage.covers.get(stream, {}).values():
        yield from cover.read


_MOVES: Mapping[Code, Callable[..., bool]] = {
    Code.ANOTHER_INPUT: lambda _: True,
    Code.CHANGED_MEANWHILE: lambda _: True,
    Code.FIELD_UNREAD: _is_key_read,
    Code.STREAM_UNREAD: _is_known,
    Code.EARLIER_UNREAD: _begins_elsewhere,
    Code.LATER_UNREAD: _ends_elsewhere,
    Code.REST_UNREAD: _is_begun,
}
