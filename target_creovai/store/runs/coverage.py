"""What was read of each stream, as the store keeps it: intervals of time, by org and filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import replace

from target_creovai.store.database.tables import (
    COVERAGE,
    META,
    READS,
    ROWS,
    RUNS,
)
from target_creovai.store.rows.arrivals import forget_marks
from target_creovai.wholeness.coverage import (
    UNFILTERED,
    Cover,
    Coverage,
    LatestRead,
    extended,
)
from target_creovai.wholeness.intervals import BEGINNING, Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from target_creovai.model.rows import StagedRow
    from target_creovai.store.database.database import Database
    from target_creovai.store.runs.runs import Runs
    from target_creovai.wholeness.coverage import OpenInput, Read

    Upsert = Callable[[sa.Table], Any]

_ASSUMED, _LATEST_INPUT, _NEWEST, _ORGANIZATION = "assumed", "latest_input", "newest", "org"
_STANDING = "standing_filters"
# After every moment.
_END_OF_TIME = "~"


class _Assumed(msgspec.Struct):
    """Streams with rows from before coverage was recorded, and whether these are whole."""

    streams: list[str]
    whole: bool


class CoverageLog:
    """What was read of each stream, and how far its rows have come."""

    def __init__(self, database: Database, runs: Runs) -> None:
        self._database = database
        self._runs = runs

    def load(self) -> Coverage:
        """Return what was read of each stream of the org whose rows came last."""
        with self._database.reading() as db:
            return load_coverage(db, self._runs.open_input_in(db))

    @property
    def newest_moment(self) -> str:
        """The newest SystemModstamp that any row has come with."""
        with self._database.reading() as db:
            return _notes(db).get(_NEWEST, BEGINNING)

    def record_reads(self, reads: Sequence[Read], organization: str | None = None) -> None:
        """Add what this run's input has read by now, of rows that are committed."""
        with self._database.transaction() as db:
            write_reads(
                db,
                self._database.upsert,
                reads,
                input_id=self._runs.id,
                organization=organization,
            )


def begin_coverage(db: sa.Connection, upsert: Upsert) -> None:
    """Record, once, of which streams a store has rows from before coverage was recorded.

    State and store belonged together then: these streams count as read without a gap up to
    where the next input begins. Until one does, what is stored is whole, unless an input had
    broken off.
    """
    if db.scalar(sa.select(META.c.value).where(META.c.name == _ASSUMED)) is None:
        streams = db.scalars(sa.select(ROWS.c.stream).distinct()).all()
        broken = db.scalar(sa.select(sa.exists().where(RUNS.c.reading)))
        _assume(db, upsert, _Assumed(sorted(streams), whole=not broken))


def load_coverage(db: sa.Connection, open_input: OpenInput | None) -> Coverage:
    """Return what was read of the org whose rows came last."""
    notes = _notes(db)
    covers = _covers(db, notes.get(_ORGANIZATION, ""))
    if (assumed := _assumed(notes)).whole:
        for stream in assumed.streams:
            covers[stream] = {UNFILTERED: Cover(read=(Interval(BEGINNING, _END_OF_TIME),))}
    latest = {
        row.stream: LatestRead(
            finished=row.finished,
            filter=row.filter,
            without=tuple(msgspec.json.decode(row.without)),
            newest=row.input == notes.get(_LATEST_INPUT),
        )
        for row in db.execute(sa.select(READS))
    }
    return Coverage(covers, latest, open_input=open_input)


def write_reads(
    db: sa.Connection,
    upsert: Upsert,
    reads: Sequence[Read],
    *,
    input_id: str,
    organization: str | None,
) -> None:
    """Add what an input has read by now, and what it leaves open."""
    if db.dialect.name == "postgresql":
        db.exec_driver_sql("LOCK TABLE creovai_coverage IN SHARE ROW EXCLUSIVE MODE")
    notes = _notes(db)
    org = _adopted(db, upsert, notes, organization)
    covers = _covers(db, org)
    assumed = _assumed(notes)
    counted = _without_standing_filters(db, upsert, notes, reads)
    for read in counted:
        before = covers.get(read.stream, {})
        if read.stream in assumed.streams and read.continues:
            known = Cover(read=(Interval(BEGINNING, read.begin),))
            before = {**before, UNFILTERED: before.get(UNFILTERED, Cover()) | known}
        _replace(db, org, read.stream, extended(before, read))
        _write_latest(db, upsert, read, input_id)
    streams = {read.stream for read in reads}
    left = [stream for stream in assumed.streams if stream not in streams]
    _assume(db, upsert, _Assumed(left, whole=assumed.whole))
    _set(db, upsert, _LATEST_INPUT, input_id)
    forget_marks(db, counted)


def _without_standing_filters(
    db: sa.Connection, upsert: Upsert, notes: Mapping[str, str], reads: Sequence[Read]
) -> list[Read]:
    """Return what was read, where a filter that has always been there is none.

    Mails that are no case's, for instance, are never part of a conversation. It is the one that a
    stream was first read with while the conversations themselves were read without.
    """
    standing: dict[str, str] = msgspec.json.decode(notes.get(_STANDING, "{}"))
    for read in reads:
        if read.of_all:
            standing.setdefault(read.stream, read.filter)
    _set(db, upsert, _STANDING, _json(standing))
    return [
        replace(read, filter=UNFILTERED)
        if read.of_all and standing[read.stream] == read.filter
        else read
        for read in reads
    ]


def record_newest(db: sa.Connection, upsert: Upsert, rows: Iterable[StagedRow]) -> None:
    """Keep the newest SystemModstamp that has come."""
    newest = max((row.modified for row in rows), default=BEGINNING)
    known = db.scalar(sa.select(META.c.value).where(META.c.name == _NEWEST))
    # Asked first, as nearly all commits of a run without changes have nothing to write here.
    if known is None or known < newest:
        insert = upsert(META).values(name=_NEWEST, value=newest)
        set_, later = {"value": newest}, META.c.value < newest
        db.execute(insert.on_conflict_do_update(index_elements=["name"], set_=set_, where=later))


def _adopted(
    db: sa.Connection, upsert: Upsert, notes: Mapping[str, str], organization: str | None
) -> str:
    """Return the org that an input is of; a tap that names none goes on with the last one.

    What was read before any tap named one is of the first org that is named.
    """
    known = notes.get(_ORGANIZATION, "")
    if organization is None or organization == known:
        return known
    if not known:
        unnamed = sa.update(COVERAGE).where(COVERAGE.c.organization == "")
        db.execute(unnamed.values(organization=organization))
    _set(db, upsert, _ORGANIZATION, organization)
    return organization


def _covers(db: sa.Connection, organization: str) -> dict[str, dict[str, Cover]]:
    parts: dict[str, dict[str, dict[str, list[Interval]]]] = {}
    for row in db.execute(sa.select(COVERAGE).where(COVERAGE.c.organization == organization)):
        by_part = parts.setdefault(row.stream, {}).setdefault(row.filter, {})
        by_part.setdefault(row.part, []).append(Interval(row.begin, row.end))
    return {
        stream: {
            condition: Cover(*(tuple(sorted(found.get(part, ()))) for part in Cover._fields))
            for condition, found in by_filter.items()
        }
        for stream, by_filter in parts.items()
    }


def _replace(
    db: sa.Connection, organization: str, stream: str, covers: Mapping[str, Cover]
) -> None:
    same = sa.and_(COVERAGE.c.organization == organization, COVERAGE.c.stream == stream)
    db.execute(sa.delete(COVERAGE).where(same))
    lines = [
        {
            "organization": organization,
            "stream": stream,
            "filter": condition,
            "part": part,
            "begin": one.begin,
            "end": one.end,
        }
        for condition, cover in covers.items()
        for part, intervals in cover._asdict().items()
        for one in intervals
    ]
    if lines:
        db.execute(sa.insert(COVERAGE), lines)


def _write_latest(db: sa.Connection, upsert: Upsert, read: Read, input_id: str) -> None:
    values = {
        "input": input_id,
        "finished": read.finished,
        "filter": read.filter,
        "without": _json(read.without),
    }
    insert = upsert(READS).values(stream=read.stream, **values)
    db.execute(insert.on_conflict_do_update(index_elements=["stream"], set_=values))


def _notes(db: sa.Connection) -> dict[str, str]:
    names = (_ASSUMED, _LATEST_INPUT, _NEWEST, _ORGANIZATION, _STANDING)
    rows = db.execute(sa.select(META.c.name, META.c.value).where(META.c.name.in_(names)))
    return {row.name: row.value for row in rows}


def _assumed(notes: Mapping[str, str]) -> _Assumed:
    return msgspec.json.decode(notes[_ASSUMED], type=_Assumed)


def _assume(db: sa.Connection, upsert: Upsert, assumed: _Assumed) -> None:
    _set(db, upsert, _ASSUMED, _json(assumed))


def _set(db: sa.Connection, upsert: Upsert, name: str, value: str) -> None:
    insert = upsert(META).values(name=name, value=value)
    db.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
